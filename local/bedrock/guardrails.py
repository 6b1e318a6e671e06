"""The guardrails of this machine: a draft each, and its published versions, which never change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from local.api import ApiError
from local.bedrock import policies
from local.bedrock.place import in_pages, missing, new_id, quota_exceeded, refused, tags_of, taken
from local.bedrock.quotas import SPOKEN, Quotas
from local.engine.operations.pages import moment, present
from local.engine.ports import Document
from local.resources import Resources

DRAFT = "DRAFT"
# Creating is not done when the request is answered; callers wait for READY.
CREATING_SECONDS = 0.2
OWN = {"clientRequestToken", "tags", "guardrailIdentifier"}


@dataclass(frozen=True)
class Found:
    """One version of a guardrail: `config` as it was given, `shown` as described."""

    document: Document
    version: str
    config: Mapping[str, Any]
    shown: Mapping[str, Any]


class Guardrails:
    """Every method takes and returns what the operation does, and raises ApiError."""

    def __init__(self, resources: Resources, quotas: Quotas, *, has_language_model: bool) -> None:
        self.resources = resources
        self._quotas = quotas
        self._has_language_model = has_language_model

    def create(self, asked: dict[str, Any]) -> dict[str, Any]:
        policies.check(asked)
        there = self.resources.all()
        token = asked.get("clientRequestToken")
        for document in there:
            if token and document["token"] == token:
                return self._made(document)
            if document["draft"]["name"] == asked["name"]:
                raise taken(asked["name"], document["arn"])
        if len(there) >= self._quotas.guardrails:
            raise quota_exceeded(f"The account may have {self._quotas.guardrails} guardrails at most.")
        guardrail_id = new_id()
        fields: dict[str, Any] = {"id": guardrail_id, "token": token, "draft": _config(asked)}
        request = {"Tags": tags_of(asked)}
        document = self.resources.add(guardrail_id, request, versions={}, newest=0, **fields)
        return self._made(document)

    def update(self, asked: dict[str, Any]) -> dict[str, Any]:
        policies.check(asked)
        document = self.resources.write(asked["guardrailIdentifier"], draft=_config(asked))
        return {**_ids(document), "version": DRAFT, "updatedAt": moment(document["modified"])}

    def publish(self, asked: dict[str, Any]) -> dict[str, Any]:
        """A version of the draft as it is now. Numbers are not used twice."""
        token = asked.get("clientRequestToken")

        def published(document: Document) -> Document:
            if token and any(version.get("token") == token for version in document["versions"].values()):
                return document
            if len(document["versions"]) >= self._quotas.versions_per_guardrail:
                raise quota_exceeded(
                    f"The guardrail {document['id']} has {len(document['versions'])} versions; at most "
                    f"{self._quotas.versions_per_guardrail}. Delete some of them."
                )
            number = document["newest"] + 1
            config = dict(document["draft"])
            if asked.get("description"):
                config["description"] = asked["description"]
            version = {"config": config, "created": self.resources.clock(), "token": token}
            return {**document, "newest": number, "versions": {**document["versions"], str(number): version}}

        document = self.resources.change(asked["guardrailIdentifier"], published)
        same = [n for n, each in document["versions"].items() if token and each.get("token") == token]
        return {"guardrailId": document["id"], "version": same[0] if same else str(document["newest"])}

    def described(self, asked: dict[str, Any]) -> dict[str, Any]:
        found = self.find(asked["guardrailIdentifier"], asked.get("guardrailVersion") or DRAFT)
        config = found.config
        reasons = policies.not_looked_for(config, has_language_model=self._has_language_model)
        texts = ("blockedInputMessaging", "blockedOutputsMessaging", "description")
        return present(
            {
                **self._summary(found.document, found.version),
                **{name: config.get(name) for name in texts},
                "guardrailId": found.document["id"],
                "guardrailArn": found.document["arn"],
                **found.shown,
                "statusReasons": reasons or None,
            }
        )

    def listed(self, asked: dict[str, Any]) -> dict[str, Any]:
        """The drafts of all guardrails, or all versions of one."""
        identifier = asked.get("guardrailIdentifier")
        if identifier:
            document = self.resources.get(identifier)
            shown = [self._summary(document, version) for version in (DRAFT, *document["versions"])]
        else:
            shown = [self._summary(document, DRAFT) for document in self.resources.all()]
        return in_pages(shown, asked, "guardrails", lambda each: each)

    def delete(self, asked: dict[str, Any]) -> None:
        identifier, version = asked["guardrailIdentifier"], asked.get("guardrailVersion")
        if version is None:
            self.resources.delete(identifier)
            return
        self.find(identifier, version)

        def without(document: Document) -> Document:
            kept = {number: each for number, each in document["versions"].items() if number != version}
            return {**document, "versions": kept}

        self.resources.change(identifier, without)

    def find(self, identifier: str, version: str) -> Found:
        """ApiError (ResourceNotFoundException) where there is no such guardrail or version."""
        document = self.resources.get(identifier)
        if version == DRAFT:
            config = document["draft"]
        elif version in document["versions"]:
            config = document["versions"][version]["config"]
        else:
            raise missing(identifier, f"{document['arn']} version {version}")
        return Found(document, version, config, policies.described(config))

    def check_size(self, units: Mapping[str, int]) -> None:
        """ApiError (ValidationException) for a request above the size limit of a policy."""
        for policy, amount in units.items():
            most = self._quotas.text_units_per_request[policy]
            if amount > most:
                raise refused(
                    f"Input has {amount} text units, which exceeds the maximum of {most} text units for the "
                    f"{SPOKEN[policy]}."
                )

    def ready(self, document: Document) -> None:
        """ApiError (ConflictException) while it is being created."""
        if self._status(document) != "READY":
            raise ApiError("ConflictException", f"The guardrail {document['id']} is being created.")

    def _made(self, document: Document) -> dict[str, Any]:
        return {**_ids(document), "version": DRAFT, "createdAt": moment(document["created"])}

    def _status(self, document: Document) -> str:
        return "READY" if self.resources.clock() - document["created"] >= CREATING_SECONDS else "CREATING"

    def _summary(self, document: Document, version: str) -> dict[str, Any]:
        config = document["draft"] if version == DRAFT else document["versions"][version]["config"]
        created = document["created"] if version == DRAFT else document["versions"][version]["created"]
        return present(
            {
                "id": document["id"],
                "arn": document["arn"],
                "status": self._status(document),
                "name": config["name"],
                "description": config.get("description"),
                "version": version,
                "createdAt": moment(created),
                "updatedAt": moment(document["modified"] if version == DRAFT else created),
            }
        )


def _config(asked: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in asked.items() if name not in OWN}


def _ids(document: Document) -> dict[str, str]:
    return {"guardrailId": document["id"], "guardrailArn": document["arn"]}
