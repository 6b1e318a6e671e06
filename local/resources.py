"""Things with a name, an ARN and tags that SageMaker keeps: models, endpoints, jobs, packages.

A document is {"request": as created (with Tags), "arn", "created", "modified", …own fields}. Its kind is the
resource type of the ARN and its key the ARN's name, so that an ARN alone finds it (AddTags, ListTags).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from local.api import ApiError
from local.engine.operations.pages import moment, ordered, page, within
from local.engine.ports import Document, Documents, partition
from local.protocol import operation_model


@dataclass(frozen=True)
class Place:
    """Where ARNs are."""

    account: str
    region: str

    def arn(self, resource: str) -> str:
        return f"arn:{partition(self.region)}:sagemaker:{self.region}:{self.account}:{resource}"


@dataclass(frozen=True)
class Resources:
    """The documents of one kind. Names differ in more than case, as SageMaker wants it."""

    kind: str
    documents: Documents
    place: Place
    missing: Callable[[str, str], ApiError]  # of name and ARN
    taken: Callable[[str, str], ApiError]
    clock: Callable[[], float] = time.time

    def arn(self, name: str) -> str:
        return self.place.arn(f"{self.kind}/{name.lower()}")

    def add(self, name: str, request: Document, **fields: Any) -> Document:
        """ApiError (`taken`) where there is one of this name."""
        now = self.clock()

        def new(found: Document | None) -> Document:
            if found is not None:
                raise self.taken(name, found["arn"])
            return {"request": request, "arn": self.arn(name), "created": now, "modified": now, **fields}

        return self.documents.update(self.kind, self.key(name), new)

    def get(self, name: str) -> Document:
        """By name or ARN; ApiError (`missing`) where there is none."""
        found = self.documents.get(self.kind, self.key(name))
        if found is None:
            raise self.missing(name, name if name.startswith("arn:") else self.arn(name))
        return found

    def find(self, name: str) -> Document | None:
        return self.documents.get(self.kind, self.key(name))

    def change(self, name: str, change: Callable[[Document], Document]) -> Document:
        """Replaces the document by `change(document)`, nothing in between; ApiError where there is none."""

        def changed(found: Document | None) -> Document:
            if found is None:
                raise self.missing(name, self.arn(name))
            return {**change(found), "modified": self.clock()}

        return self.documents.update(self.kind, self.key(name), changed)

    def write(self, name: str, **fields: Any) -> Document:
        return self.change(name, lambda found: {**found, **fields})

    def delete(self, name: str) -> None:
        """ApiError (`missing`) where there is none."""
        self.get(name)
        self.documents.delete(self.kind, self.key(name))

    def all(self) -> list[Document]:
        return [document for _, document in self.documents.list(self.kind)]

    def key(self, name: str) -> str:
        """The ARN's name: what stands behind "<kind>/"."""
        return name.partition(f":{self.kind}/")[2].lower() if name.startswith("arn:") else name.lower()


def as_described(operation: str, request: Document) -> Document:
    """The members of a create request that the describe operation returns too."""
    output = operation_model("sagemaker", operation).output_shape
    return {
        name: request[name] for name in (output.members if output else ()) if request.get(name) is not None
    }


def listed(
    found: list[Document],
    asked: dict[str, Any],
    *,
    member: str,
    name: Callable[[Document], str],
    shown: Callable[[Document], Any],
    order: str = "Descending",
) -> dict[str, Any]:
    """A page of a list operation: NameContains, the time windows, SortBy Name or time, SortOrder."""
    contains = (asked.get("NameContains") or "").lower()
    found = [
        each
        for each in found
        if contains in name(each).lower()
        and within(each["created"], asked, "CreationTimeAfter", "CreationTimeBefore")
        and within(each["modified"], asked, "LastModifiedTimeAfter", "LastModifiedTimeBefore")
    ]
    by_name = asked.get("SortBy") == "Name"
    found = ordered(found, asked, name if by_name else (lambda each: each["created"]), default=order)
    return page(found, asked, member, shown)


def times(document: Document) -> dict[str, Any]:
    """CreationTime and LastModifiedTime of an answer."""
    return {"CreationTime": moment(document["created"]), "LastModifiedTime": moment(document["modified"])}
