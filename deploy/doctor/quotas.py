"""Checks of quotas: instances that definitions ask for, rates that guardrails pipelines are set to."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

from config.models import GuardrailsConfig
from deploy.doctor.finding import Finding, broken, fine, note, unknown
from deploy.doctor.situation import Account
from deploy.errors import code_of
from deploy.executions import declared_steps
from deploy.paging import entries

REQUEST = (
    "aws service-quotas request-service-quota-increase --service-code {service} --quota-code {code} "
    "--desired-value {value}"
)
# No defaults of that service are listed here.
NONE_LISTED = frozenset({"NoSuchResourceException"})
APPLY_REQUESTS = "On-demand ApplyGuardrail requests per second"


def instances_are_within_quotas(account: Account) -> Iterator[Finding]:
    """A quota of 0, which new accounts have for most types, fails the job with ResourceLimitExceeded."""
    wanted = instances(account.definitions)
    if not wanted:
        return
    quotas = _quotas(account, "sagemaker")
    found = list(_compared(wanted, quotas))
    yield from found or [
        fine(f"quotas allow {', '.join(f'{n} x {name}' for name, n in sorted(wanted.items()))}")
    ]


def _compared(wanted: Mapping[str, int], quotas: Mapping[str, Mapping[str, Any]]) -> Iterator[Finding]:
    for name, count in sorted(wanted.items()):
        quota = quotas.get(name.lower())
        if quota is None:
            yield unknown(f'Service Quotas lists no "{name}"')
        elif quota["Value"] < count:
            command = REQUEST.format(service="sagemaker", code=quota["QuotaCode"], value=count)
            yield broken(f'quota "{name}" is {quota["Value"]:g}, definitions ask for {count}', command)


def instances(definitions: Mapping[str, Mapping[str, Any]]) -> dict[str, int]:
    """How many of each quota the largest step asks for: {"ml.m5.xlarge for processing job usage": 1}."""
    found: dict[str, int] = {}
    for definition in definitions.values():
        defaults = {each["Name"]: each.get("DefaultValue") for each in definition.get("Parameters", [])}
        for step in declared_steps(definition):
            for kind, count, usage in _of_step(step, defaults):
                name = f"{kind} for {usage}"
                found[name] = max(found.get(name, 0), count)
    return found


def _of_step(step: Mapping[str, Any], defaults: Mapping[str, Any]) -> Iterator[tuple[str, int, str]]:
    arguments = step.get("Arguments", {})
    cluster = arguments.get("ProcessingResources", {}).get("ClusterConfig", {})
    for kind, count, usage in (
        (cluster.get("InstanceType"), cluster.get("InstanceCount", 1), "processing job usage"),
        (arguments.get("instance_type"), arguments.get("instance_count", 1), "endpoint usage"),
    ):
        known = _value(kind, defaults), _value(count, defaults)
        if isinstance(known[0], str) and known[1] is not None:
            yield known[0], int(known[1]), usage


def _value(value: Any, defaults: Mapping[str, Any]) -> Any:
    """The value, or a parameter's default."""
    if isinstance(value, Mapping):
        return defaults.get(str(value.get("Get", "")).removeprefix("Parameters."))
    return value


def rates_are_within_quotas(account: Account) -> Iterator[Finding]:
    """More requests a second than the account may make are throttled and slow everybody down."""
    configured = {
        name: config.apply.requests_per_second
        for name, config in account.project.pipelines.items()
        if isinstance(config, GuardrailsConfig) and not config.apply.from_quotas
    }
    wanted = {name: rate for name, rate in configured.items() if isinstance(rate, int | float)}
    if not wanted:
        return
    quota = _quotas(account, "bedrock").get(APPLY_REQUESTS.lower())
    if quota is None:
        yield unknown(f'Service Quotas lists no "{APPLY_REQUESTS}"')
        return
    over = {name: rate for name, rate in wanted.items() if rate > quota["Value"]}
    for name, rate in over.items():
        yield note(
            f'"{name}" applies guardrails {rate:g} times a second, the quota is {quota["Value"]:g}',
            REQUEST.format(service="bedrock", code=quota["QuotaCode"], value=f"{rate:g}"),
        )
    if not over:
        yield fine(f"ApplyGuardrail {quota['Value']:g} times a second")


def _quotas(account: Account, service: str) -> dict[str, Mapping[str, Any]]:
    """By name in lower case: what applies to the account, over the defaults of AWS."""
    client = account.aws.client("service-quotas")
    applied = {quota["QuotaName"].lower(): quota for quota in _listed(client.list_service_quotas, service)}
    try:
        defaults = list(_listed(client.list_aws_default_service_quotas, service))
    except ClientError as error:
        if code_of(error) not in NONE_LISTED:
            raise
        defaults = []
    return {quota["QuotaName"].lower(): quota for quota in defaults} | applied


def _listed(ask: Callable[..., Mapping[str, Any]], service: str) -> Iterator[Mapping[str, Any]]:
    return entries(ask, "Quotas", ServiceCode=service, MaxResults=100)
