"""SNS: publishing from inside the stand-in; moto hands the message to the topic's subscriptions."""

from __future__ import annotations

from collections.abc import Callable

from moto.sns import models


class Topics:
    """Publishes to topics by ARN."""

    def __init__(self, *, account: str, region: str, save: Callable[[], None]) -> None:
        self._account = account
        self._region = region
        self._save = save

    def publish(self, arn: str, message: str) -> str:
        """The message's id. moto's error where there is no such topic."""
        backend = models.sns_backends[self._account][self._region]
        published: str = backend.publish(message=message, arn=arn)
        self._save()
        return published
