"""The private work team of a labeling job: shown, or made with its workforce."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import ClientError

from config.models import Environment
from config.models.labeling_job import LabelingJobConfig
from deploy.actions import Action, CreateWorkforce, CreateWorkteam, pairs
from deploy.errors import is_missing
from deploy.hints import typed
from deploy.labeling.errors import LabelingError
from deploy.labeling.request import team_arn
from deploy.session import Aws

# Private workforces are one a region; the console calls the one that it makes so.
WORKFORCE: Final = "default"


@dataclass(frozen=True)
class Team:
    """A work team; `members` are groups, never people: who is in them, the user pool says."""

    name: str
    arn: str
    exists: bool
    description: str = ""
    members: tuple[str, ...] = ()
    portal: str = ""
    workforce: str = ""


def team(aws: Aws, environment: Environment, config: LabelingJobConfig) -> Team:
    """What the account knows of it."""
    arn = team_arn(environment, config)
    name = arn.rpartition("/")[2]
    if "/vendor-crowd/" in arn:
        return Team(name, arn, exists=True, description="a vendor's team", members=("the vendor's people",))
    try:
        found = aws.client("sagemaker").describe_workteam(WorkteamName=name)["Workteam"]
    except ClientError as error:
        if not is_missing(error):
            raise
        return Team(name, arn, exists=False)
    return Team(
        name=name,
        arn=found["WorkteamArn"],
        exists=True,
        description=found.get("Description", ""),
        members=tuple(_members(found.get("MemberDefinitions", ()))),
        portal=found.get("SubDomain", ""),
        workforce=found.get("WorkforceArn", "").rpartition("/")[2],
    )


def plan_team(aws: Aws, environment: Environment, config: LabelingJobConfig) -> tuple[Action, ...]:
    """What makes the team; nothing when it is there. Raises LabelingError where the YAML says too little."""
    found = team(aws, environment, config)
    if found.exists:
        return ()
    wanted, tags = config.team, {**environment.tags, "pipelines:prefix": environment.prefix}
    if wanted.name is None:
        raise LabelingError(
            f'there is no work team "{found.name}"', hint="team.arn names one that exists, or write team.name"
        )
    if wanted.cognito is None and not wanted.oidc_groups:
        raise LabelingError(
            f'the work team "{wanted.name}" would have no members',
            hint=f"write team.cognito or team.oidc_groups in config/labeling/{config.name}.yaml",
        )
    actions: list[Action] = []
    workforce = _workforce(aws)
    if workforce is None:
        actions.append(_new_workforce(config, tags, environment))
        workforce = WORKFORCE
    request = {
        "WorkteamName": wanted.name,
        "WorkforceName": workforce,
        "MemberDefinitions": _definitions(config),
        "Description": wanted.description,
        "Tags": [{"Key": key, "Value": value} for key, value in pairs(tags)],
    }
    return (*actions, CreateWorkteam(wanted.name, json.dumps(request)))


def _new_workforce(
    config: LabelingJobConfig, tags: Mapping[str, str], environment: Environment
) -> CreateWorkforce:
    cognito = config.team.cognito
    if cognito is None:
        raise LabelingError(
            "the account has no private workforce, and one of an OIDC provider needs its secrets",
            hint="create it in the SageMaker console (Labeling workforces), then "
            + typed(f"labeling team {config.name} --create", environment.name),
        )
    return CreateWorkforce(WORKFORCE, cognito.user_pool, cognito.client, pairs(dict(tags)))


def _workforce(aws: Aws) -> str | None:
    found = aws.client("sagemaker").list_workforces()["Workforces"]
    return str(found[0]["WorkforceName"]) if found else None


def _definitions(config: LabelingJobConfig) -> list[dict[str, Any]]:
    cognito = config.team.cognito
    if cognito is None:
        return [{"OidcMemberDefinition": {"Groups": list(config.team.oidc_groups)}}]
    member = {"UserPool": cognito.user_pool, "UserGroup": cognito.group, "ClientId": cognito.client}
    return [{"CognitoMemberDefinition": member}]


def _members(definitions: Sequence[Mapping[str, Any]]) -> list[str]:
    found = []
    for each in definitions:
        cognito, oidc = each.get("CognitoMemberDefinition"), each.get("OidcMemberDefinition")
        if cognito:
            found.append(f"group {cognito['UserGroup']} of user pool {cognito['UserPool']}")
        if oidc:
            found += [f"group {group}" for group in oidc.get("Groups", ())]
    return found
