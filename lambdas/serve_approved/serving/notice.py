"""Messages to the environment's SNS topic, where it has one: names of packages and commands, no people."""

from __future__ import annotations

from waiting.failures import AWS_ERRORS, code
from waiting.tools import Tools

from .settings import Settings

LONGEST_SUBJECT = 100  # ASCII, no line breaks: https://docs.aws.amazon.com/sns/latest/api/API_Publish.html


def notify(tools: Tools, settings: Settings, group: str, text: str) -> None:
    """Sends it; what cannot be sent is logged, since it keeps no model from being served."""
    if not settings.topic_arn:
        return
    command = f"run_pipeline.py registry log {group} --env {settings.environment}"
    try:
        tools.sns.publish(
            TopicArn=settings.topic_arn,
            Subject=f"Serving of {group}"[:LONGEST_SUBJECT],
            Message=f"{text}\n\n{command}",
        )
    except AWS_ERRORS as error:
        tools.log("not notified", group=group, reason=code(error))
