"""The tokens of Callback steps: handed out, answered once, waited for; they outlive the process."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from local.api import ApiError
from local.engine.ids import callback_token
from local.engine.ports import Document, Documents
from local.engine.records import CALLBACKS


@dataclass(frozen=True)
class Answer:
    """`outputs` are the texts as sent; `failure` is None where the step succeeded."""

    outputs: Mapping[str, str]
    failure: str | None


class Callbacks:
    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self._changed = threading.Condition()

    def open(self, execution_key: str, execution_arn: str, step: str) -> str:
        """A new token, kept before anybody can hear of it."""
        token = callback_token()
        document = {
            "execution": execution_key,
            "arn": execution_arn,
            "step": step,
            "sent": False,
            "answer": None,
        }
        self._documents.put(CALLBACKS, token, document)
        return token

    def answer(self, token: str, answer: Answer, *, request_token: str | None) -> str:
        """Keeps the answer and returns the execution's ARN; ApiError for an unknown or answered token.

        The same request sent again (same ClientRequestToken, same answer) is no second answer.
        """

        def change(document: Document | None) -> Document:
            if document is None:
                raise ApiError("ResourceNotFound", f"There is no callback with the token '{token}'.")
            given = {"outputs": dict(answer.outputs), "failure": answer.failure}
            if document["answer"] is None:
                return {**document, "answer": given, "request": request_token}
            repeated = request_token is not None and document.get("request") == request_token
            if not repeated or document["answer"] != given:
                raise ApiError(
                    "ConflictException", f"The callback with the token '{token}' is answered already."
                )
            return document

        document = self._documents.update(CALLBACKS, token, change)
        with self._changed:
            self._changed.notify_all()
        return str(document["arn"])

    def wait(self, token: str) -> Answer:
        """Blocks until the token is answered: there is no limit, as on the service."""
        with self._changed:
            while (given := self._given(token)) is None:
                self._changed.wait()
        return Answer(given["outputs"], given["failure"])

    def is_open(self, token: str) -> bool:
        """Whether an answer is still waited for."""
        return self._given(token) is None

    def is_sent(self, token: str) -> bool:
        document = self._documents.get(CALLBACKS, token)
        return document is not None and bool(document["sent"])

    def mark_sent(self, token: str) -> None:
        self._documents.update(CALLBACKS, token, lambda document: {**(document or {}), "sent": True})

    def _given(self, token: str) -> dict[str, Any] | None:
        document = self._documents.get(CALLBACKS, token)
        if document is None:
            return {"outputs": {}, "failure": "the callback's token was deleted"}
        answer: dict[str, Any] | None = document["answer"]
        return answer
