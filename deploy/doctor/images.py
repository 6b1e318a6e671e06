"""Checks of container images: those that the definitions' steps run in can be pulled in this region."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase

from botocore.exceptions import ClientError

from deploy.doctor.finding import Finding, broken, fine, note
from deploy.doctor.situation import Account
from deploy.errors import code_of
from deploy.executions import declared_steps

ECR = re.compile(
    r"(?P<registry>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.[a-z.]+/(?P<repository>[^:@]+)"
    r"(?:@(?P<digest>sha256:[0-9a-f]+)|:(?P<tag>.+))?"
)
NOT_THERE = frozenset({"RepositoryNotFoundException", "ImageNotFoundException"})


def images_are_in_the_region(account: Account) -> Iterator[Finding]:
    """The service refuses an image of another region, and pulls none that is not there."""
    images = sorted(
        {
            image
            for definition in account.definitions.values()
            for step in declared_steps(definition)
            if isinstance(image := step.get("Arguments", {}).get("AppSpecification", {}).get("ImageUri"), str)
        }
    )
    stand_in = account.environment.stand_in
    if stand_in is not None:
        served = [each.pattern for each in stand_in.images]
        found = [_served(image, served) for image in images]
    else:
        found = [_pulled(account, image) for image in images]
    problems = [finding for finding in found if finding is not None]
    yield from problems or [fine(f"{len(images)} images")]


def _served(image: str, patterns: list[str]) -> Finding | None:
    """The stand-in has Python environments in place of images."""
    if any(fnmatchcase(image, pattern) for pattern in patterns):
        return None
    return note(
        f"no pattern of stand_in.images stands for {image}: its steps run in a bare Python",
        "$EDITOR config/environments/local.yaml",
    )


def _pulled(account: Account, image: str) -> Finding | None:
    parts = ECR.fullmatch(image)
    if parts is None:
        return note(f"{image} is not in ECR: it could not be looked up")
    if parts["region"] != account.environment.region:
        return broken(f"{image} is in {parts['region']}, jobs run in {account.environment.region}")
    wanted = {"imageDigest": parts["digest"]} if parts["digest"] else {"imageTag": parts["tag"] or "latest"}
    try:
        answer = account.aws.client("ecr").batch_get_image(
            registryId=parts["registry"], repositoryName=parts["repository"], imageIds=[wanted]
        )
    except ClientError as error:
        if code_of(error) not in NOT_THERE:
            raise
        answer = {"images": []}
    if answer.get("images"):
        return None
    command = f"aws ecr list-images --registry-id {parts['registry']} --repository-name {parts['repository']}"
    return broken(f"there is no image {image}", command)
