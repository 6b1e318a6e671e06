"""Model cards of packages: what their content may hold, which is less than a card of its own may.

Facts: API ModelPackageModelCard; the members of SageMaker SDK 3, core/shapes/model_card_shapes.py.
"""

from __future__ import annotations

import json

from local.api import ApiError
from local.engine.ports import Document

MEMBERS = frozenset(
    {"model_overview", "intended_uses", "business_details", "training_details", "evaluation_details"}
    | {"additional_information"}
)
OVERVIEW = frozenset({"model_creator", "model_artifact"})


def check(asked: Document) -> None:
    """ApiError where a request's ModelCard has content that is no card of a package."""
    text = (asked.get("ModelCard") or {}).get("ModelCardContent")
    if text is None:
        return
    try:
        content = json.loads(text)
    except ValueError as error:
        raise _refused(f"it is no JSON: {error}") from error
    if not isinstance(content, dict):
        raise _refused("it is no JSON object")
    overview = content.get("model_overview") or {}
    strange = sorted({*content} - MEMBERS) + sorted({*overview} - OVERVIEW)
    if strange:
        raise _refused(f"it has members that a package's card has not: {', '.join(strange)}")


def _refused(reason: str) -> ApiError:
    return ApiError("ValidationException", f"The ModelCardContent does not fit its schema: {reason}.")
