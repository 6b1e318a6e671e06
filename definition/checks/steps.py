"""Rules on what stands beside the arguments: outputs, addresses, conditions, messages, retries, caches."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from definition.checks.structure import text_of_at_most, unknown, unknown_members
from definition.errors import Problem
from definition.outline import BRANCHES, Outline, Step
from definition.references import Place, function_of, place_text
from definition.step_types import STEP_TYPES
from definition.values import Known, evaluate, text

OUTPUT_TYPES: Final = ("String", "Integer", "Boolean", "Float")
MOST_OUTPUTS: Final = 50  # OutputParameterList of the API
LONGEST_OUTPUT_NAME: Final = 256
LONGEST_URL: Final = 256  # String256 of CallbackStepMetadata
LONGEST_MESSAGE: Final = 3072  # FailStepMetadata of the API
FUNCTION_ARN: Final = re.compile(
    r"arn:aws[a-z-]*:lambda:(?P<region>[a-z0-9-]+):\d{12}:function:[a-zA-Z0-9-_]{1,64}(:(\$LATEST|[a-zA-Z0-9-_]{1,128}))?"
)
COMPARISONS: Final = ("Equals", "GreaterThan", "GreaterThanOrEqualTo", "LessThan", "LessThanOrEqualTo")
STEP_ERRORS: Final = ("Step.SERVICE_FAULT", "Step.THROTTLING")
JOB_ERRORS: Final = ("SageMaker.JOB_INTERNAL_ERROR", "SageMaker.CAPACITY_ERROR", "SageMaker.RESOURCE_LIMIT")
# Developer Guide, page pipelines-retry-policy, and SDK 3.27. (member, types, smallest, largest)
_RETRY_NUMBERS: Final = (
    ("IntervalSeconds", (int,), 1, 43_200),
    ("BackoffRate", (int, float), 0, float("inf")),
    ("MaxAttempts", (int,), 1, 20),
    ("ExpireAfterMin", (int,), 1, 14_400),
)
# ISO 8601, as lenient as the SDK's own examples (p30d, T12H).
DURATION: Final = re.compile(
    r"(?=.*\d)P?(\d+Y)?(\d+M)?(\d+W)?(\d+D)?(T(?=\d)(\d+H)?(\d+M)?(\d+S)?)?", re.IGNORECASE
)


def flat_arguments(outline: Outline) -> Iterator[Problem]:
    """Lambda and Callback take a flat object: texts, numbers, booleans and references."""
    for step in outline.steps:
        if step.type not in ("Lambda", "Callback"):
            continue
        for name, value in step.arguments.items():
            if isinstance(value, Mapping | list) and function_of(value) is None:
                yield Problem(
                    step.name,
                    place_text(("Arguments", name)),
                    "must be a single value or a reference",
                    "pass it as a JSON text",
                )


def declared_outputs(outline: Outline) -> Iterator[Problem]:
    """At most 50 outputs with unique names and known types."""
    for step in outline.steps:
        declared = step.content.get("OutputParameters")
        if step.type not in ("Lambda", "Callback") or declared is None:
            continue
        if not isinstance(declared, list):
            yield Problem(step.name, "OutputParameters", "must be a list")
            continue
        if len(declared) > MOST_OUTPUTS:
            yield Problem(step.name, "OutputParameters", f"{len(declared)} outputs, at most {MOST_OUTPUTS}")
        if len(set(step.outputs)) != len(step.outputs):
            yield Problem(step.name, "OutputParameters", "two outputs have the same name")
        for index, output in enumerate(declared):
            yield from _output(step, f"OutputParameters[{index}]", output)


def _output(step: Step, place: str, output: Any) -> Iterator[Problem]:
    if not isinstance(output, Mapping) or not isinstance(output.get("OutputName"), str):
        yield Problem(step.name, place, "must be an object with OutputName and OutputType")
        return
    yield from text_of_at_most(step.name, place, output["OutputName"], LONGEST_OUTPUT_NAME)
    if output.get("OutputType") not in OUTPUT_TYPES:
        yield Problem(step.name, place, f"OutputType must be one of {', '.join(OUTPUT_TYPES)}")


def addresses(outline: Outline) -> Iterator[Problem]:
    """FunctionArn is the ARN of a function, SqsQueueUrl a URL of at most 256 characters."""
    for step in outline.steps:
        if step.type == "Lambda":
            yield from _function(step, step.content.get("FunctionArn"))
        if step.type == "Callback":
            yield from _queue(step, step.content.get("SqsQueueUrl"))


def _function(step: Step, arn: Any) -> Iterator[Problem]:
    if arn is None or function_of(arn) is not None:
        return
    if not isinstance(arn, str) or FUNCTION_ARN.fullmatch(arn) is None:
        yield Problem(step.name, "FunctionArn", f"{arn!r} is not the ARN of a Lambda function")


def _queue(step: Step, url: Any) -> Iterator[Problem]:
    if url is None or function_of(url) is not None:
        return
    yield from text_of_at_most(step.name, "SqsQueueUrl", url, LONGEST_URL)
    if isinstance(url, str) and not url.startswith(("https://", "http://")):
        yield Problem(step.name, "SqsQueueUrl", f'"{url}" is not the URL of a queue')


def function_regions(outline: Outline, region: str) -> Iterator[Problem]:
    """A Lambda step's function is in the pipeline's region."""
    for step in outline.steps:
        arn = step.content.get("FunctionArn")
        match = FUNCTION_ARN.fullmatch(arn) if isinstance(arn, str) else None
        if match is not None and match["region"] != region:
            yield Problem(step.name, "FunctionArn", f"is in {match['region']}, the pipeline in {region}")


def fail_messages(outline: Outline) -> Iterator[Problem]:
    """A Fail step has a message of at most 3,072 characters."""
    for step in outline.steps:
        if step.type != "Fail":
            continue
        message = step.arguments.get("ErrorMessage", "")
        known = evaluate(message, {})
        if function_of(message) is None and not isinstance(message, str):
            yield Problem(step.name, "Arguments.ErrorMessage", "must be a text or a reference")
            continue
        length = len(text(known.value)) if isinstance(known, Known) else known.at_least
        if length > LONGEST_MESSAGE:
            yield Problem(
                step.name, "Arguments.ErrorMessage", f"{length} characters, at most {LONGEST_MESSAGE}"
            )


def conditions(outline: Outline) -> Iterator[Problem]:
    """Conditions are of a known type and have their operands."""
    for step in outline.steps:
        if step.type != "Condition":
            continue
        listed = step.arguments.get("Conditions")
        if not isinstance(listed, list) or not listed:
            yield Problem(step.name, "Arguments.Conditions", "must be a list with at least one condition")
            continue
        yield from unknown_members(step.name, ("Arguments",), step.arguments, ("Conditions", *BRANCHES))
        for index, condition in enumerate(listed):
            for place, message in _condition(condition, ("Arguments", "Conditions", index)):
                yield Problem(step.name, place_text(place), message)


_OPERANDS: Final[Mapping[str, tuple[str, ...]]] = {
    **dict.fromkeys(COMPARISONS, ("LeftValue", "RightValue")),
    "In": ("QueryValue", "Values"),
    "Not": ("Condition",),
    "Or": ("Conditions",),
}


def _condition(condition: Any, place: Place) -> Iterator[tuple[Place, str]]:
    kind = condition.get("Type") if isinstance(condition, Mapping) else None
    if not isinstance(kind, str) or kind not in _OPERANDS:
        yield place, unknown("type of condition", kind, _OPERANDS)
        return
    operands = _OPERANDS[kind]
    for name in operands:
        if name not in condition:
            yield place, f"{name} is missing; {kind} needs it"
    for name in condition:
        if name not in ("Type", *operands):
            yield place, unknown("member", name, operands)
    if kind == "Not":
        yield from _condition(condition.get("Condition"), (*place, "Condition"))
    if kind in ("Or", "In") and not isinstance(condition.get(operands[-1]), list):
        yield (*place, operands[-1]), "must be a list"
    elif kind == "Or":
        for index, inner in enumerate(condition["Conditions"]):
            yield from _condition(inner, (*place, "Conditions", index))


def retry_policies(outline: Outline) -> Iterator[Problem]:
    """Retry policies stand on types that can be retried, with known errors and numbers in their ranges."""
    for step in outline.steps:
        policies, step_type = step.content.get("RetryPolicies"), STEP_TYPES.get(step.type)
        if policies is None or step_type is None or step_type.open or step_type.retries is None:
            continue
        if not isinstance(policies, list):
            yield Problem(step.name, "RetryPolicies", "must be a list")
            continue
        errors = STEP_ERRORS + (JOB_ERRORS if step_type.retries == "job" else ())
        for index, policy in enumerate(policies):
            for message in _policy(policy, errors):
                yield Problem(step.name, f"RetryPolicies[{index}]", message)


def _policy(policy: Any, errors: tuple[str, ...]) -> Iterator[str]:
    if not isinstance(policy, Mapping):
        yield "must be an object"
        return
    named = policy.get("ExceptionType")
    for error in named if isinstance(named, list) and named else [named]:
        if error not in errors:
            yield f"ExceptionType {error!r}, must be one of {', '.join(errors)}"
    if policy.get("MaxAttempts") is not None and policy.get("ExpireAfterMin") is not None:
        yield "has MaxAttempts and ExpireAfterMin, only one of them is allowed"
    for member in policy:
        if member not in ("ExceptionType", *(row[0] for row in _RETRY_NUMBERS)):
            yield unknown("member", member, [row[0] for row in _RETRY_NUMBERS])
    for name, types, least, most in _RETRY_NUMBERS:
        value = policy.get(name)
        if value is None:
            continue
        if not isinstance(value, types) or isinstance(value, bool) or not least <= value <= most:
            yield f"{name} is {value!r}, must be a number from {least} to {most}"


def caches(outline: Outline) -> Iterator[Problem]:
    """CacheConfig stands on types that are cached; its duration is ISO 8601."""
    for step in outline.steps:
        cache, step_type = step.content.get("CacheConfig"), STEP_TYPES.get(step.type)
        if cache is None or step_type is None or not step_type.cached:
            continue
        if not isinstance(cache, Mapping) or not isinstance(cache.get("Enabled"), bool):
            yield Problem(step.name, "CacheConfig", "must be an object with Enabled true or false")
            continue
        yield from unknown_members(step.name, ("CacheConfig",), cache, ("Enabled", "ExpireAfter"))
        expiry = cache.get("ExpireAfter")
        if expiry is not None and (not isinstance(expiry, str) or DURATION.fullmatch(expiry) is None):
            yield Problem(
                step.name, "CacheConfig.ExpireAfter", f"{expiry!r} is not an ISO 8601 duration such as P30D"
            )


def registrations(outline: Outline) -> Iterator[Problem]:
    """A version of a model package group takes no tags: it has the group's."""
    for step in outline.steps:
        if step.type == "RegisterModel" and {"ModelPackageGroupName", "Tags"} <= step.arguments.keys():
            yield Problem(
                step.name,
                "Arguments.Tags",
                "not allowed together with ModelPackageGroupName",
                "tag the group",
            )
