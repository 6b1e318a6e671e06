"""RegisterModel: a model package by this machine's own CreateModelPackage."""

from __future__ import annotations

import hashlib

from local.engine.steps.contract import StepResult, StepRun, jsonable

TOKEN_LENGTH = 36  # API shape ClientToken


class RegisterModelStep:
    def run(self, step: StepRun) -> StepResult:
        """The properties are DescribeModelPackage's answer.

        The client token is the same for every attempt of this step, so that one that was cut off after the
        package was made does not make a second.
        """
        seed = f"{step.execution.arn}/{step.spec.name}".encode()
        token = {"ClientToken": hashlib.sha256(seed).hexdigest()[:TOKEN_LENGTH]}
        arn = step.call("CreateModelPackage", {**token, **step.arguments})["ModelPackageArn"]
        package = step.call("DescribeModelPackage", {"ModelPackageName": arn})
        return StepResult(metadata={"RegisterModel": {"Arn": arn}}, properties=jsonable(package))
