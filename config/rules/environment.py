"""Rules across the keys of an environment file."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from config import regions
from config.base_models import BASE_MODELS
from config.kinds import KINDS
from config.models.environment import Environment
from config.rules.rule import Finding, Findings, KindRules, PlacedRule, Rule, Surroundings
from config.suggest import did_you_mean, listing

FROM_CODE: Final = "from-code"


def region_is_known(env: Environment) -> Findings:
    """SageMaker is in the region, and the registry of its containers is known."""
    if env.region not in regions.CONTAINER_ACCOUNTS:
        message = f'"{env.region}" is not a region of SageMaker that is known here'
        hint = did_you_mean(env.region, regions.CONTAINER_ACCOUNTS)
        yield Finding(("region",), message, hint or "a newer region is one line in config/regions.py")


def network_is_whole(env: Environment) -> Findings:
    """A VPC is given by subnets and security groups together."""
    subnets, groups = env.network.subnets, env.network.security_groups
    if bool(subnets) != bool(groups):
        missing = "security_groups" if subnets else "subnets"
        message = "is empty, but a VPC needs subnets and security_groups"
        yield Finding(("network", missing), message, "name at least one, or empty both")


def polling_grows(env: Environment) -> Findings:
    """The first pause is not longer than the longest."""
    first, longest = env.polling.first_seconds, env.polling.max_seconds
    if first > longest:
        yield Finding(("polling", "first_seconds"), f"{first} is more than max_seconds, {longest}")


def roles_are_of_the_account(env: Environment) -> Findings:
    """SageMaker takes roles of its own account and partition only."""
    for name in type(env.roles).model_fields:
        arn: str | None = getattr(env.roles, name)
        expected = f"arn:{regions.partition(env.region)}:iam::{env.account}:"
        if arn is not None and not arn.startswith(expected):
            yield Finding(("roles", name), f'"{arn}" is not a role of the account; it starts with {expected}')


def image_steps_exist(env: Environment) -> Findings:
    """Images are given to steps that run as processing jobs."""
    known = [step for kind in KINDS.values() for step in kind.processing_steps]
    for name in env.images.steps:
        if name not in known:
            message = f'no step "{name}"; steps: {listing(known)}'
            yield Finding(("images", "steps", name), message, did_you_mean(name, known), at_key=True)


def stand_in_models_are_known(env: Environment) -> Findings:
    """Folders are given to base models that can be asked for."""
    for name in env.stand_in.automl.base_models if env.stand_in else ():
        if name not in BASE_MODELS:
            message = f'"{name}" is not a base model; base models: {listing(BASE_MODELS)}'
            hint = did_you_mean(name, BASE_MODELS)
            yield Finding(("stand_in", "automl", "base_models", name), message, hint, at_key=True)


def stand_in_files_exist(env: Environment, around: Surroundings) -> Findings:
    """Requirement files and model folders of the stand-in are on this machine."""
    if env.stand_in is None:
        return
    for index, image in enumerate(env.stand_in.images):
        path = ("stand_in", "images", index, "requirements")
        if image.requirements != FROM_CODE and not (around.root / image.requirements).is_file():
            hint = f"name a requirements file, or write {FROM_CODE}"
            yield Finding(path, f'there is no file "{image.requirements}"', hint)
    answers = env.stand_in.labeling.answers
    if answers is not None and not (around.root / Path(answers).expanduser()).is_dir():
        yield Finding(("stand_in", "labeling", "answers"), f'there is no folder "{answers}"')
    automl = env.stand_in.automl
    if not (around.root / automl.requirements).is_file():
        yield Finding(("stand_in", "automl", "requirements"), f'there is no file "{automl.requirements}"')
    for name, folder in automl.base_models.items():
        if name in BASE_MODELS and not (around.root / Path(folder).expanduser()).is_dir():
            yield Finding(("stand_in", "automl", "base_models", name), f'there is no folder "{folder}"')


RULES: Final = KindRules(
    values=(
        Rule(region_is_known, ("region",)),
        Rule(network_is_whole, ("network",)),
        Rule(polling_grows, ("polling",)),
        Rule(roles_are_of_the_account, ("roles", "account", "region")),
        Rule(image_steps_exist, ("images",)),
        Rule(stand_in_models_are_known, ("stand_in",)),
    ),
    placed=(PlacedRule(stand_in_files_exist, ("stand_in",)),),
)
