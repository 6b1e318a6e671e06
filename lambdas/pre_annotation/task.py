"""What a page is given of one line of the input manifest: the line itself, and its source by three names.

https://docs.aws.amazon.com/sagemaker/latest/dg/sms-custom-templates-step3-lambda-requirements.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# AWS's templates show task.input.taskObject, templates without a function task.input.source-ref.
SOURCES = ("source-ref", "source")


def task(event: Mapping[str, Any]) -> dict[str, Any]:
    """The answer of a pre-annotation function; raises ValueError for a line without a source."""
    line = event["dataObject"]
    source = next((line[key] for key in SOURCES if isinstance(line.get(key), str) and line[key]), None)
    if source is None:
        raise ValueError(f"the line has neither {' nor '.join(SOURCES)}; its keys: {', '.join(sorted(line))}")
    # A boolean, as the contract says; "true" as a text is what samples return.
    return {
        "taskInput": {**line, "source-ref": source, "taskObject": source},
        "isHumanAnnotationRequired": True,
    }
