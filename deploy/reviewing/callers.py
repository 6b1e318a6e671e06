"""Who is calling, who launched an execution, and whether two of them can be told apart.

GetCallerIdentity names the caller. It does not tell the session's source identity; the shell does, in
PIPELINES_SOURCE_IDENTITY, and the bucket's policy refuses a decision whose tag claims another one.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from typing import Any

from botocore.exceptions import ClientError

from deploy.errors import is_missing
from deploy.session import Aws

SOURCE_IDENTITY = "PIPELINES_SOURCE_IDENTITY"
# What the bucket's policy takes for the source identity of a session that has none.
NO_SOURCE = "nobody"
LONGEST_DESCRIPTION = 3072  # StartPipelineExecution.PipelineExecutionDescription
# What `start` writes at the end of an execution's description.
_MARK = re.compile(r"caller (?P<arn>arn:\S+) \(id (?P<id>\S+?)(?:, source identity (?P<source>\S+))?\)$")
_SESSION = re.compile(r"arn:[^:]+:sts::\d+:assumed-role/(?P<role>[^/]+)/(?P<session>[^/]+)")
_USER = re.compile(r"arn:[^:]+:iam::\d+:user/(?:.*/)?(?P<name>[^/]+)")


@dataclass(frozen=True)
class Caller:
    """Somebody as AWS names them. `user_id` is the unique one: of a user, or `<role id>:<session name>`."""

    arn: str
    user_id: str
    account: str = ""
    source_identity: str = ""

    @property
    def session_name(self) -> str:
        """Of an assumed role; empty for others."""
        found = _SESSION.fullmatch(self.arn)
        return found["session"] if found else ""

    @property
    def name(self) -> str:
        """What people call them: source identity, session, user, or else the ARN."""
        user = _USER.fullmatch(self.arn)
        return self.source_identity or self.session_name or (user["name"] if user else self.arn)

    @property
    def mark(self) -> str:
        """What stands at the end of the description of an execution that they launch."""
        source = f", source identity {self.source_identity}" if self.source_identity else ""
        return f"caller {self.arn} (id {self.user_id}{source})"

    @property
    def document(self) -> dict[str, str]:
        """As a decision keeps it."""
        return {**asdict(self), "session_name": self.session_name}


def caller(aws: Aws, variables: Mapping[str, str] = os.environ) -> Caller:
    """Whose credentials these are."""
    found = aws.client("sts").get_caller_identity()
    return Caller(found["Arn"], found["UserId"], found["Account"], variables.get(SOURCE_IDENTITY, ""))


def launcher(aws: Aws, execution: str) -> Caller | None:
    """Who launched an execution; None where it says nothing, or is gone.

    The service keeps no caller with an execution, so this is what `start` wrote into its description.
    """
    if not execution:
        return None
    try:
        described = aws.client("sagemaker").describe_pipeline_execution(PipelineExecutionArn=execution)
    except ClientError as error:
        if is_missing(error):
            return None
        raise
    found = _MARK.search(described.get("PipelineExecutionDescription", ""))
    return Caller(found["arn"], found["id"], source_identity=found["source"] or "") if found else None


def marked(description: str, who: Caller) -> str:
    """An execution's description with who launches it, in the service's terms, at its end."""
    end = f"; {who.mark}"
    return description[: LONGEST_DESCRIPTION - len(end)] + end


def without_mark(description: str) -> str:
    """An execution's description for people: without what `start` wrote at its end for `approve`."""
    return _MARK.sub("", description).removesuffix("; ")


def of_document(content: Mapping[str, Any]) -> Caller:
    """A caller as a decision keeps it."""
    return Caller(
        *(str(content.get(name) or "") for name in ("arn", "user_id", "account", "source_identity"))
    )


def person(who: Caller, sessions_are_people: Sequence[str]) -> frozenset[str]:
    """What tells somebody from others; empty when nothing does.

    Two callers that share one of these count as one person: a user called alice and a session whose source
    identity is alice, too. A session name alone says nothing, whoever assumes a role chooses it, unless the
    environment says of the role that its sessions are named for people.
    """
    if user := _USER.fullmatch(who.arn):
        return frozenset({f"id:{who.user_id}", f"name:{user['name'].casefold()}"})
    session = _SESSION.fullmatch(who.arn)
    if session is None:
        return frozenset()
    if who.source_identity and who.source_identity != NO_SOURCE:
        return frozenset({f"name:{who.source_identity.casefold()}"})
    # The name is taken from the id, to which the bucket holds whoever writes a decision.
    name = who.user_id.partition(":")[2]
    if name and any(fnmatchcase(session["role"], pattern) for pattern in sessions_are_people):
        return frozenset({f"name:{name.casefold()}"})
    return frozenset()
