"""Rules across the keys of an environment file."""

from __future__ import annotations

from typing import Final

from config import regions
from config.base_models import BASE_MODELS
from config.document import KeyPath
from config.kinds import KINDS
from config.models.environment import Environment
from config.rules.on_disk import at_home, is_file, is_folder
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


def functions_are_within_reach(env: Environment) -> Findings:
    """A queue triggers, and a pipeline calls, functions of its own account and region."""
    expected = f"arn:{regions.partition(env.region)}:lambda:{env.region}:{env.account}:function:"
    for name, arn in env.functions.items():
        if not arn.startswith(expected):
            message = f'"{arn}" is not a function of the account and region; it starts with {expected}'
            yield Finding(("functions", name), message)


def boundary_is_of_the_account(env: Environment) -> Findings:
    """A boundary is a policy of the account, or one of AWS's own."""
    arn, partition = env.permissions_boundary, regions.partition(env.region)
    owners = tuple(f"arn:{partition}:iam::{owner}:" for owner in (env.account, "aws"))
    if arn is not None and not arn.startswith(owners):
        message = f'"{arn}" is not a policy of the account; it starts with {owners[0]}'
        yield Finding(("permissions_boundary",), message)


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
        if image.requirements != FROM_CODE and not is_file(around.root / image.requirements):
            path = ("stand_in", "images", index, "requirements")
            hint = f"name a requirements file, or write {FROM_CODE}"
            yield Finding(path, f'there is no file "{image.requirements}"', hint)
    for section in ("automl", "bedrock"):
        settings = getattr(env.stand_in, section)
        # A default is a file of ours, and no line of theirs could be pointed at.
        named = "requirements" in settings.model_fields_set
        if named and not is_file(around.root / settings.requirements):
            message = f'there is no file "{settings.requirements}"'
            yield Finding(("stand_in", section, "requirements"), message)


def stand_in_folders_exist(env: Environment, around: Surroundings) -> Findings:
    """Model folders of the stand-in are on this machine; `~` is the home folder."""
    if env.stand_in is None:
        return
    folders: dict[KeyPath, str | None] = {
        ("stand_in", "automl", "base_models", name): folder
        for name, folder in env.stand_in.automl.base_models.items()
        if name in BASE_MODELS
    }
    folders["stand_in", "bedrock", "language_model"] = env.stand_in.bedrock.language_model
    folders["stand_in", "labeling", "answers"] = env.stand_in.labeling.answers
    for path, folder in folders.items():
        if folder is not None and not is_folder(around.root / at_home(folder)):
            yield Finding(path, f'there is no folder "{folder}"')


def functions_exist(env: Environment, around: Surroundings) -> Findings:
    """Functions are named that there are, each a folder of lambdas/."""
    known = sorted(path.parent.name for path in (around.root / "lambdas").glob("*/handler.py"))
    for name in env.functions:
        if known and name not in known:
            message = f'no function "{name}"; functions: {listing(known)}'
            yield Finding(("functions", name), message, did_you_mean(name, known), at_key=True)


RULES: Final = KindRules(
    values=(
        Rule(region_is_known, ("region",)),
        Rule(network_is_whole, ("network",)),
        Rule(polling_grows, ("polling",)),
        Rule(roles_are_of_the_account, ("roles", "account", "region")),
        Rule(functions_are_within_reach, ("functions", "account", "region")),
        Rule(boundary_is_of_the_account, ("permissions_boundary", "account", "region")),
        Rule(image_steps_exist, ("images",)),
        Rule(stand_in_models_are_known, ("stand_in",)),
    ),
    placed=(
        PlacedRule(stand_in_files_exist, ("stand_in",)),
        PlacedRule(stand_in_folders_exist, ("stand_in",)),
        PlacedRule(functions_exist, ("functions",)),
    ),
)
