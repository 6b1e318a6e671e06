"""Which troubles a verb that follows something outlasts, for how long, and how it says that it gives up."""

from __future__ import annotations

from dataclasses import dataclass

from deploy.errors import EXPIRED_FOR_NOW, CredentialsError, passing
from deploy.session import Aws

# After this many looks in a row without an answer following gives up: an hour on AWS. Credentials that have
# expired are waited for as long as it takes: somebody has to renew them.
MOST_FAILED_LOOKS = 360


@dataclass
class Patience:
    """`what` goes on without whoever looks; `again` is what to type to look at it again."""

    what: str
    again: str
    _failed: int = 0

    def answered(self) -> None:
        """A look succeeded."""
        self._failed = 0

    def outlast(self, error: Exception, aws: Aws) -> str | None:
        """The trouble in words; None when looking again would not help, or did not for long: then raise it.

        Raises CredentialsError for expired credentials in variables: those of a process that runs do not
        change, whatever is exported in the shell.
        """
        why = why_passing(error)
        if why == EXPIRED_FOR_NOW and not aws.renewable:
            raise CredentialsError(
                f"the AWS credentials in this shell's variables have expired; {self.what} goes on",
                hint=f"export new ones, then: {self.again}",
            ) from error
        self._failed += why != EXPIRED_FOR_NOW
        return None if self._failed > MOST_FAILED_LOOKS else why


def why_passing(error: BaseException) -> str | None:
    """Why a failed look may be repeated; None when it may not."""
    cause: BaseException | None = error
    while cause is not None:  # connect() raises our own errors from botocore's
        why = passing(cause) if isinstance(cause, Exception) else None
        if why:
            return why
        cause = cause.__cause__
    return None
