"""CloudFormation stacks: what is there, what differs, waiting for the end, and the reason of a failure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from config.cloudformation import TemplateTextError, read_template
from deploy.actions import CreateStack, Stack, UpdateStack
from deploy.errors import StackError, is_missing
from deploy.paging import entries
from deploy.session import Aws

# After these a stack can be updated; the other final states need a deletion first.
USABLE = frozenset(
    {
        "CREATE_COMPLETE",
        "UPDATE_COMPLETE",
        "UPDATE_ROLLBACK_COMPLETE",
        "IMPORT_COMPLETE",
        "IMPORT_ROLLBACK_COMPLETE",
    }
)
DONE = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE"})
# What a first attempt leaves that failed: nothing but the name, which a second attempt needs.
REMAINS = frozenset({"ROLLBACK_COMPLETE", "CREATE_FAILED", "ROLLBACK_FAILED", "REVIEW_IN_PROGRESS"})
POLL_SECONDS = 3.0
# The same stacks take 2 to 4 minutes on AWS; an hour means that something hangs.
LONGEST_SECONDS = 3600.0


@dataclass(frozen=True)
class Deployed:
    """A stack as CloudFormation tells of it."""

    status: str
    parameters: Mapping[str, str]
    tags: Mapping[str, str]

    @property
    def in_progress(self) -> bool:
        """Whether CloudFormation is at work on it."""
        return self.status.endswith("_IN_PROGRESS") and self.status != "REVIEW_IN_PROGRESS"


def look_up(aws: Aws, name: str) -> Deployed | None:
    """The stack of that name; None when there is none."""
    try:
        answer = aws.client("cloudformation").describe_stacks(StackName=name)
    except ClientError as error:
        if is_missing(error):
            return None
        raise
    stack = answer["Stacks"][0]
    return Deployed(
        status=stack["StackStatus"],
        parameters={
            entry["ParameterKey"]: entry.get("ParameterValue", "") for entry in stack.get("Parameters", [])
        },
        tags={entry["Key"]: entry["Value"] for entry in stack.get("Tags", [])},
    )


def plan(aws: Aws, stack: Stack) -> CreateStack | UpdateStack | None:
    """What brings the stack about; None when it is as it should be. Only reads."""
    deployed = look_up(aws, stack.name)
    if deployed is None:
        return CreateStack(stack)
    if deployed.status in REMAINS:
        return CreateStack(stack, over=deployed.status)
    changed = []
    if not same_template(deployed_template(aws, stack.name), stack.template):
        changed.append("template")
    wanted = dict(stack.parameters)
    changed += [key for key, value in sorted(wanted.items()) if deployed.parameters.get(key) != value]
    if dict(stack.tags) != deployed.tags:
        changed.append("tags")
    return UpdateStack(stack, tuple(changed)) if changed else None


def resources(aws: Aws, name: str) -> Iterator[Mapping[str, Any]]:
    """What a stack holds: ResourceType, LogicalResourceId, PhysicalResourceId."""
    return entries(
        aws.client("cloudformation").list_stack_resources, "StackResourceSummaries", StackName=name
    )


@dataclass(frozen=True)
class Waiting:
    """How to wait: clock (seconds, monotonic), sleep, and who hears what CloudFormation is doing."""

    clock: Callable[[], float]
    sleep: Callable[[float], None]
    tell: Callable[[str], None]


def settle(aws: Aws, name: str, waiting: Waiting) -> Deployed | None:
    """Waits until CloudFormation does nothing more on the stack; what it is then, None when it is gone."""
    begun = waiting.clock()
    while (deployed := look_up(aws, name)) is not None and deployed.in_progress:
        waiting.tell(f"{name} {deployed.status}{_newest_event(aws, name)}")
        if waiting.clock() - begun > LONGEST_SECONDS:
            raise StackError(
                f'stack "{name}" is still {deployed.status} after an hour',
                hint=f"aws cloudformation describe-stack-events --stack-name {name}",
            )
        waiting.sleep(POLL_SECONDS)
    return deployed


def check_done(aws: Aws, name: str, deployed: Deployed | None) -> None:
    """Raises StackError with the reason of the first resource that failed, unless the stack stands."""
    if deployed is not None and deployed.status in DONE:
        return
    status = deployed.status if deployed else "gone"
    raise StackError(
        f'stack "{name}" ended as {status}: {reason(aws, name)}',
        hint=f"mend the cause, then run the command again "
        f"(aws cloudformation describe-stack-events --stack-name {name} shows all events)",
    )


def reason(aws: Aws, name: str) -> str:
    """Why the newest attempt failed: the first failure in it; those after it are its consequences."""
    failures = []
    for event in _events(aws, name):
        if event["ResourceStatus"].endswith("_FAILED"):
            failures.append(event)
        elif _is_begin(event, name):
            break
    if not failures:
        return "CloudFormation gives no reason"
    first = failures[-1]
    said = first.get("ResourceStatusReason", "no reason given")
    return f"{first['LogicalResourceId']} ({first['ResourceType']}): {said}"


def _newest_event(aws: Aws, name: str) -> str:
    """ ": Role CREATE_COMPLETE": what CloudFormation did last."""
    events = aws.client("cloudformation").describe_stack_events(StackName=name)["StackEvents"]
    return f": {events[0]['LogicalResourceId']} {events[0]['ResourceStatus']}" if events else ""


def _is_begin(event: Mapping[str, Any], name: str) -> bool:
    return event["LogicalResourceId"] == name and event["ResourceStatus"] in {
        "CREATE_IN_PROGRESS",
        "UPDATE_IN_PROGRESS",
    }


def _events(aws: Aws, name: str) -> list[Mapping[str, Any]]:
    """All events, newest first."""
    return list(entries(aws.client("cloudformation").describe_stack_events, "StackEvents", StackName=name))


def same_template(one: str, other: str) -> bool:
    """Whether two templates make the same stack: CloudFormation refuses an update of comments alone."""
    if one.strip() == other.strip():
        return True
    try:
        return read_template(one) == read_template(other)
    except TemplateTextError:
        return False


def deployed_template(aws: Aws, name: str) -> str:
    """The template as it was sent; CloudFormation trims it."""
    answer = aws.client("cloudformation").get_template(StackName=name, TemplateStage="Original")
    return str(answer["TemplateBody"]).strip()
