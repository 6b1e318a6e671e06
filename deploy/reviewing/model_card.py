"""The package's model card: figures, verdict and the page's place, beside what others wrote into it.

Content is the reduced schema of packages: a JSON text of at most 100,000 characters, in which
evaluation_details is a list and custom_details holds texts (API ModelPackageModelCard; SageMaker SDK,
core/shapes/model_card_shapes.py, for the lengths of its members).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from config.errors import PlatformError
from deploy.errors import is_missing
from deploy.reviewing.review import Review
from deploy.session import Aws

LONGEST = 100_000
EVALUATION = "evidence"  # our entry of evaluation_details; the others are left alone
PAGE = "evidence_page"
NEW, ARCHIVED = "Draft", "Archived"


class CardError(PlatformError):
    """A card that cannot take the evidence."""


def link(aws: Aws, review: Review, page: str) -> bool:
    """Writes the evidence into the card of the package; `page` is the URI of the page.

    False where somebody archived the card: it says that it must not change any more.
    """
    card = _card(aws, review)
    if card.get("ModelCardStatus") == ARCHIVED:
        return False
    content = json.dumps(merged(_content(card, review), review, page), ensure_ascii=False)
    if len(content) > LONGEST:
        raise CardError(
            f"the model card of {review.package.name} would have {len(content):,} characters, "
            f"the registry takes {LONGEST:,}",
            hint="shorten it in SageMaker Studio, or review with --no-store",
        )
    if content == card.get("ModelCardContent"):
        return True
    aws.client("sagemaker").update_model_package(
        ModelPackageArn=review.package.arn,
        ModelCard={"ModelCardContent": content, "ModelCardStatus": card.get("ModelCardStatus", NEW)},
    )
    return True


def merged(content: Mapping[str, Any], review: Review, page: str) -> dict[str, Any]:
    """The card's content with our entries in place of earlier ones of ours."""
    others = [each for each in content.get("evaluation_details", []) if each.get("name") != EVALUATION]
    information = dict(content.get("additional_information", {}))
    custom = {**information.get("custom_details", {}), PAGE: page[:1024]}
    return {
        **content,
        "evaluation_details": [*others, _evaluation(review, page)],
        "additional_information": {**information, "custom_details": custom},
    }


def _evaluation(review: Review, page: str) -> dict[str, Any]:
    metadata = {"page": page, "results": review.places.results, "data_hash": _data_hash(review)}
    data = [{"name": "metrics", "metric_data": [_figure(*each) for each in review.figures.items()]}]
    against = review.against
    if against is not None:
        metadata["approved_package"] = against.old.name
        if against.problem:
            metadata["not_comparable"] = against.problem
    if against is not None and against.differences:
        changed = [_difference(name, found, against.old.name) for name, found in against.differences.items()]
        data.append({"name": "against the approved package", "metric_data": changed})
    return {
        "name": EVALUATION,
        "evaluation_observation": observation(review)[:2096],
        "metadata": {name: value[:1024] for name, value in metadata.items() if value},
        "metric_groups": [group for group in data if group["metric_data"]],
    }


def observation(review: Review) -> str:
    """What the evidence comes to, in sentences; nothing of the rows themselves."""
    said = [f"{gap.what}." for gap in review.gaps] or ["The evidence is complete."]
    if review.against is not None and review.against.differences:
        found = review.against.differences.get(review.primary)
        if found is not None:
            said.append(
                f"{review.primary} against {review.against.old.name}: {found.mean:+.4f} "
                f"({found.low:+.4f} to {found.high:+.4f}), {found.verdict()}."
            )
    return " ".join(said)


def _figure(name: str, interval: Mapping[str, float]) -> dict[str, Any]:
    notes = f"95 % interval {interval.get('low')} to {interval.get('high')}"
    return {"name": name[:255], "type": "number", "value": interval.get("mean", 0.0), "notes": notes}


def _difference(name: str, found: Any, old: str) -> dict[str, Any]:
    notes = f"against {old}: {found.low:+.4f} to {found.high:+.4f}, {found.verdict()}"
    return {"name": name[:255], "type": "number", "value": round(found.mean, 6), "notes": notes}


def _data_hash(review: Review) -> str:
    return str(review.package.metadata.get("data_hash", ""))


def _card(aws: Aws, review: Review) -> Mapping[str, Any]:
    """As it is now; empty where the package has none."""
    try:
        described = aws.client("sagemaker").describe_model_package(ModelPackageName=review.package.arn)
    except ClientError as error:
        if is_missing(error):
            raise CardError(f"there is no model package {review.package.name} any more") from error
        raise
    card: Mapping[str, Any] = described.get("ModelCard") or {}
    return card


def _content(card: Mapping[str, Any], review: Review) -> Mapping[str, Any]:
    text = card.get("ModelCardContent") or "{}"
    try:
        content = json.loads(text)
    except ValueError:
        content = None
    if not isinstance(content, Mapping):
        raise CardError(
            f"the model card of {review.package.name} is no JSON object",
            hint="mend it in SageMaker Studio, or review with --no-store",
        )
    return content
