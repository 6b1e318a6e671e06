"""A plan as `--output json` prints it; the shape is in commands/shapes.py."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from config.models import Project
    from definition.comparison import Change, Detail
    from deploy.planning.explanation import Explanation, PipelineExplanation, ThingExplanation
    from deploy.planning.whole_plan import WholePlan


def plan_document(project: Project, plan: WholePlan, explanation: Explanation) -> dict[str, Any]:
    """The whole plan for programs."""
    environment = project.environment
    return {
        "environment": environment.name,
        "account": environment.account,
        "region": environment.region,
        "changes": plan.has_changes,
        "protected": [each.name for each in explanation.pipelines if each.protected],
        "pipelines": [_pipeline(each) for each in explanation.pipelines],
        "functions": [_thing(each) for each in explanation.functions],
        "stacks": [_thing(each) for each in explanation.stacks],
        "guardrails": [_thing(each) for each in explanation.guardrails],
        "actions": [action.text for action in plan.actions],
    }


def _pipeline(each: PipelineExplanation) -> dict[str, Any]:
    return {
        "name": each.name,
        "arn": each.arn,
        "change": each.change,
        "differs": list(each.differs),
        "protected": each.protected,
        "changes": changes_document(each.changes),
        "outside": None if each.outside is None else changes_document(each.outside),
        "re_running": list(each.re_running),
        "rolled_back_to": each.rolled_back_to,
        "sdk": {"before": each.sdk.before, "after": each.sdk.after, "alone": each.sdk.alone}
        if each.sdk
        else None,
    }


def changes_document(changes: Iterable[Change]) -> list[dict[str, Any]]:
    """Changes of a definition for programs."""
    return [
        {
            "kind": change.kind,
            "step": change.step,
            "what": change.what,
            "before": change.before,
            "after": change.after,
            "marks": list(change.marks),
            "effect": change.effect,
            "details": _details(change.details),
        }
        for change in changes
    ]


def _thing(each: ThingExplanation) -> dict[str, Any]:
    return {
        "name": each.name,
        "change": each.change,
        "by": each.by,
        "details": _details(each.details),
    }


def _details(details: Iterable[Detail]) -> list[dict[str, str]]:
    return [{"what": detail.what, "note": detail.note} for detail in details]
