"""Sentences that a plan's text and its Markdown share: what is done to how much, what is in the way."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from definition.comparison import Change
    from deploy.planning.explanation import Explanation, PipelineExplanation, SdkChange
    from deploy.planning.whole_plan import WholePlan

# How a change is shown: new, gone, other.
SIGNS = {(True, False): "+", (False, True): "-", (False, False): "~", (True, True): "~"}
ADDRESSES = ("code", "settings", "data")


def sign(change: Change) -> str:
    """`+` for what was not there, `-` for what is gone, `~` for what is different."""
    return SIGNS[change.before is None, change.after is None]


def named(change: Change) -> str:
    """What a change is of: `code`, an argument by its path, an edge."""
    if change.kind in ADDRESSES:
        return change.kind
    if change.kind == "step":
        return "step"
    if change.kind == "edge":
        return f"edge {change.what}"
    if change.kind == "parameter":
        return f"parameter {change.what}"
    return change.what.removeprefix("Arguments.")


def values(change: Change) -> tuple[str, str]:
    """Before and after; of an address only the hash at its end."""
    texts = change.before or "", change.after or ""
    return (texts[0].rpartition("/")[2], texts[1].rpartition("/")[2]) if change.kind in ADDRESSES else texts


def counted(plan: WholePlan, explanation: Explanation) -> str:
    """`1 pipeline created, 2 changed, 4 unchanged; 1 function; 3 uploads`"""
    from deploy.actions import Upload, size_of

    by_change = Counter(each.change for each in explanation.pipelines)
    parts = [f"{by_change[change]} {change}" for change in ("created", "changed", "unchanged")]
    sentence = f"pipelines: {', '.join(parts)}"
    for what, things in (("function", explanation.functions), ("guardrail", explanation.guardrails)):
        if things:
            sentence += f"; {len(things)} {what}{'s' if len(things) > 1 else ''} changed"
    sizes = [action.size for action in plan.actions if isinstance(action, Upload)]
    if sizes:
        sentence += f"; {len(sizes)} upload{'s' if len(sizes) > 1 else ''} ({size_of(sum(sizes))})"
    return sentence


def sdk_sentence(sdk: SdkChange) -> str:
    """What another version of the SDK has to do with the changes."""
    versions = f"SageMaker SDK {sdk.before} -> {sdk.after}"
    if sdk.alone:
        return f"{versions} alone: the pipeline's file and its steps' sources are the same"
    if sdk.platform_too:
        return (
            f"{versions} or the platform's own code: the pipeline's file and its steps' sources are the same"
        )
    return f"{versions} as well: some of these changes may come from it"


def protected_sentence(each: PipelineExplanation) -> str:
    """Why upsert would refuse."""
    if each.protected == "stranger":
        return "not made by this project (no tag pipelines:prefix): upsert refuses without --force"
    return "changed outside of this project since the last upsert: upsert refuses without --force"
