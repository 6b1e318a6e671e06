"""Whose key signed a request: identities of the folder, roles that children act as, and moto's own keys."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Iterable
from typing import Any

from moto.utilities.utils import get_partition

from local.credentials import PREFIX, Identity
from local.store import Store

_KIND = "role-key"


class Identities:
    """Finds secrets and ARNs by access key."""

    def __init__(
        self,
        known: Iterable[Identity],
        *,
        account: str,
        region: str,
        store: Store,
        reread: Callable[[], Iterable[Identity]] = tuple,
    ) -> None:
        self._known = {identity.access_key: identity for identity in known}
        self._reread = reread
        self.own = next(iter(self._known.values()))
        self._account = account
        self._partition = get_partition(region)
        self._store = store

    def for_role(self, role_arn: str) -> Identity:
        """The keys with which a child acts as a role: always the same ones for a role of this folder."""
        digest = hmac.new(self.own.secret_key.encode(), role_arn.encode(), hashlib.sha512).digest()
        access_key = "ROLE" + base64.b32encode(digest[:10]).decode()
        identity = Identity(role_arn, access_key, base64.urlsafe_b64encode(digest[10:40]).decode())
        if self._store.get(_KIND, access_key) is None:
            self._store.put(_KIND, access_key, {"role_arn": role_arn, "secret_key": identity.secret_key})
        return identity

    def secret_of(self, access_key: str) -> str | None:
        if (known := self._of_folder(access_key)) is not None:
            return known.secret_key
        role = self._store.get(_KIND, access_key)
        if role is not None:
            return str(role["secret_key"])
        made = self._made_by_moto(access_key)
        return None if made is None else str(made[1])

    def arn_of(self, access_key: str) -> str:
        """The principal, as GetCallerIdentity names it."""
        if (known := self._of_folder(access_key)) is not None:
            return f"arn:{self._partition}:iam::{self._account}:user/{known.name}"
        role = self._store.get(_KIND, access_key)
        if role is not None:
            name = str(role["role_arn"]).rpartition("/")[2]
            return f"arn:{self._partition}:sts::{self._account}:assumed-role/{name}/SageMaker"
        made = self._made_by_moto(access_key)
        return f"arn:{self._partition}:iam::{self._account}:root" if made is None else made[0]

    def id_of(self, access_key: str) -> str:
        """The principal's unique id: of a session "<id>:<session name>", as on AWS."""
        arn = self.arn_of(access_key)
        return f"{access_key}:{arn.rpartition('/')[2]}" if ":assumed-role/" in arn else access_key

    def principal_of(self, access_key: str) -> str:
        """What aws:PrincipalArn holds: the user, or the role behind a session."""
        arn = self.arn_of(access_key)
        session = re.fullmatch(r"(arn:[^:]+):sts:(:\d+):assumed-role/([^/]+)/.*", arn)
        return f"{session[1]}:iam:{session[2]}:role/{session[3]}" if session else arn

    def _of_folder(self, access_key: str) -> Identity | None:
        """An identity of the folder; `local env --as` may have made one since the start."""
        if access_key.startswith(PREFIX) and access_key not in self._known:
            self._known |= {identity.access_key: identity for identity in self._reread()}
        return self._known.get(access_key)

    def _made_by_moto(self, access_key: str) -> tuple[str, str] | None:
        """(ARN, secret) of a key that CreateAccessKey or AssumeRole handed out here."""
        from moto.iam.models import iam_backends
        from moto.sts.models import sts_backends

        assumed: Any = sts_backends[self._account][self._partition].get_assumed_role_from_access_key(
            access_key
        )
        if assumed is not None:
            return str(assumed.arn), str(assumed.secret_access_key)
        for user in list(iam_backends[self._account][self._partition].users.values()):
            for key in user.access_keys:
                if key.access_key_id == access_key:
                    return str(user.arn), str(key.secret_access_key)
        return None
