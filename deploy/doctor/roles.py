"""Checks of roles: they are there, the right service may take them on, and they may do what steps need."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

from botocore.exceptions import ClientError

from config import names
from config.names import Role
from deploy.doctor.finding import Finding, broken, fine
from deploy.doctor.needs import needs
from deploy.doctor.situation import Account
from deploy.errors import code_of, is_missing
from deploy.hints import typed

# Who takes on which role. Functions have a role each, unless the environment names one for all.
SERVICES: Mapping[Role, str] = {
    "pipeline": "sagemaker",
    "processing": "sagemaker",
    "automl": "sagemaker",
    "endpoint": "sagemaker",
    "batch": "bedrock",
    "labeling": "sagemaker",
}


def roles_trust_their_service(account: Account) -> Iterator[Finding]:
    """A role that SageMaker may not take on fails every job, minutes after the start."""
    environment = account.environment
    wanted = {names.role_arn(environment, role): service for role, service in SERVICES.items()}
    if environment.roles.functions:
        wanted[environment.roles.functions] = "lambda"
    found = [finding for arn, service in wanted.items() if (finding := _trust(account, arn, service))]
    yield from found or [fine(f"{len(wanted)} roles are there and trust their service")]


def _trust(account: Account, arn: str, service: str) -> Finding | None:
    name = arn.rpartition("/")[2]
    try:
        role = account.aws.client("iam").get_role(RoleName=name)["Role"]
    except ClientError as error:
        if not is_missing(error) and code_of(error) != "NoSuchEntity":
            raise
        return broken(f"role {arn} is not there", typed("bootstrap", account.environment.name))
    principal = f"{service}.amazonaws.com"
    if _trusts(_document(role["AssumeRolePolicyDocument"]), principal):
        return None
    return broken(
        f"role {arn} does not let {principal} take it on",
        f"aws iam get-role --role-name {name}; its trust policy needs Service: {principal}",
    )


def _trusts(document: Mapping[str, Any], principal: str) -> bool:
    statements = document.get("Statement", [])
    for statement in statements if isinstance(statements, list) else [statements]:
        named = statement.get("Principal", {})
        services = named.get("Service", []) if isinstance(named, Mapping) else []
        allowed = services if isinstance(services, list) else [services]
        if statement.get("Effect") == "Allow" and principal in allowed:
            return True
    return False


def _document(value: Any) -> Mapping[str, Any]:
    """boto3 hands the document over parsed; other clients as text, quoted as in a URL."""
    parsed: Mapping[str, Any] = json.loads(unquote(value)) if isinstance(value, str) else value
    return parsed


def roles_may_do_what_steps_need(account: Account) -> Iterator[Finding]:
    """Simulated by IAM for each action and resource of the definitions, boundaries and all."""
    environment = account.environment
    asked: dict[tuple[str, str], list[str]] = defaultdict(list)
    for need in needs(environment, account.definitions):
        asked[need.role, need.resource].append(need.action)
    denied = []
    for (role, resource), actions in asked.items():
        for result in _simulated(account, role, resource, actions):
            if result["EvalDecision"] != "allowed":
                denied.append(f"role {role} may not {result['EvalActionName']} on {resource}")
    for fact in denied:
        yield broken(fact, typed("bootstrap", environment.name))
    if not denied:
        yield fine(f"roles may do the {sum(map(len, asked.values()))} things that the definitions need")


def _simulated(account: Account, role: str, resource: str, actions: list[str]) -> Iterator[Mapping[str, Any]]:
    environment = account.environment
    context = {
        "iam:PassedToService": "sagemaker.amazonaws.com",
        "s3:prefix": f"{names.key_prefix(environment)}/executions/x",
        "aws:SecureTransport": "true",
    }
    marker: str | None = None
    while True:
        page = account.aws.client("iam").simulate_principal_policy(
            PolicySourceArn=role,
            ActionNames=actions,
            ResourceArns=[resource],
            ContextEntries=[
                {"ContextKeyName": key, "ContextKeyValues": [value], "ContextKeyType": "string"}
                for key, value in context.items()
            ],
            **({"Marker": marker} if marker else {}),
        )
        yield from page["EvaluationResults"]
        marker = page.get("Marker") if page.get("IsTruncated") else None
        if not marker:
            return
