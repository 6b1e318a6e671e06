"""What an environment needs, brought about by CloudFormation: base, then code, then services.

    base       bucket, roles                              (infra/base.yaml)
    code       the functions' archives, into that bucket  (deploy/infrastructure/bundle.py)
    services   queues, functions, mappings, rules         (infra/services.yaml)
    access     policies of the people, when asked for     (infra/access.yaml)

What the environment file names (roles, bucket, key, functions) is used and not made. Each part is looked at
first and written only where it differs.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from botocore.exceptions import ClientError

from config import names
from config.errors import PlatformError
from config.models import Project
from deploy.actions import Action, CreateStack, Stack, UpdateStack, Upload, pairs
from deploy.apply import Report, apply
from deploy.errors import MovedOnError, NotDeployedError, is_conflict
from deploy.hints import typed
from deploy.infrastructure import stacks
from deploy.infrastructure.bundle import FunctionBundle, function_bundles, function_names, function_uploads
from deploy.infrastructure.stacks import Waiting
from deploy.infrastructure.templates import Which, template
from deploy.labeling.buckets import buckets_of_jobs
from deploy.reviewing import serving
from deploy.session import Aws

# A version is published anew when its resource's name in the template changes: it carries the code's hash.
TOKEN = re.compile(r"@([a-z_]+)@")
TOKEN_LENGTH = 12


class TemplateError(PlatformError):
    """A template that does not fit the functions there are."""


def bootstrap(
    project: Project, aws: Aws, *, report: Report, waiting: Waiting, access: bool = False
) -> tuple[Action, ...]:
    """Creates or updates the stacks and waits for each; returns what was done, nothing when all stood.

    The policies of the people are an administrator's business: only `access` brings them about too.
    """
    done = _bring_about(aws, base_stack(project), report, waiting)
    done = (*done, *update_services(project, aws, report=report, waiting=waiting))
    return (*done, *_bring_about(aws, access_stack(project), report, waiting)) if access else done


def require_base(project: Project, aws: Aws) -> None:
    """Raises NotDeployedError when the environment was never bootstrapped."""
    name = names.stack_name(project.environment, "base")
    if stacks.look_up(aws, name) is None:
        raise NotDeployedError(
            f'environment "{project.environment.name}" has no stack "{name}"',
            hint=typed("bootstrap", project.environment.name),
        )


@dataclass(frozen=True)
class InfrastructurePlan:
    """What brings the stacks about: `uploads` and `services` are upsert's, `base` is bootstrap's alone."""

    bundles: tuple[FunctionBundle, ...]
    uploads: tuple[Upload, ...]
    services: CreateStack | UpdateStack | None
    base: CreateStack | UpdateStack | None


def plan_infrastructure(project: Project, aws: Aws, *, base: bool) -> InfrastructurePlan:
    """What upsert would write, and with `base` what bootstrap would; only reads."""
    bundles = function_bundles(project)
    return InfrastructurePlan(
        bundles=bundles,
        uploads=function_uploads(aws, project.environment, bundles),
        services=stacks.plan(aws, services_stack(project, bundles)),
        base=stacks.plan(aws, base_stack(project)) if base else None,
    )


def update_services(
    project: Project,
    aws: Aws,
    *,
    report: Report,
    waiting: Waiting,
    planned: InfrastructurePlan | None = None,
) -> tuple[Action, ...]:
    """Uploads the functions' code and brings the services stack to it; base must be there.

    With `planned`, nothing is written unless the stack still is what was planned: else MovedOnError.
    """
    bundles = planned.bundles if planned else function_bundles(project)
    uploads = planned.uploads if planned else function_uploads(aws, project.environment, bundles)
    stack = services_stack(project, bundles)
    if planned is not None and stacks.plan(aws, stack) != planned.services:
        raise MovedOnError(
            f'stack "{stack.name}" is not any more what it was a moment ago, when it was compared',
            hint=typed("plan", project.environment.name),
        )
    apply(uploads, aws, report=report)
    return (*uploads, *_bring_about(aws, stack, report, waiting))


def base_stack(project: Project) -> Stack:
    """The stack of infra/base.yaml for this environment."""
    environment = project.environment
    existing = {function_parameter(name): arn for name, arn in environment.functions.items()}
    makes_functions = len(existing) < len(function_names(project))
    parameters = {
        **_shared_parameters(project),
        "MakeBucket": "false" if environment.bucket else "true",
        "EndpointRoleArn": environment.roles.endpoint or "",
        "ProcessingRoleArn": environment.roles.processing or "",
        "AutomlRoleArn": environment.roles.automl or "",
        "BatchRoleArn": environment.roles.batch or "",
        "MakeFunctionRoles": _told(makes_functions and environment.roles.functions is None),
        "ExistingFunctionArns": ",".join(sorted(existing.values())),
        "DataSourceArns": ",".join(_data_source_arns(project)),
        "InVpc": _told(bool(environment.network.subnets)),
    }
    return _stack(project, "base", template(project.root, "base"), parameters)


def services_stack(project: Project, bundles: Sequence[FunctionBundle]) -> Stack:
    """The stack of infra/services.yaml with the code that `bundles` holds."""
    environment = project.environment
    code = {f"{function_parameter(bundle.function)}Code": bundle.key for bundle in bundles}
    existing = {
        f"{function_parameter(name)}Arn": environment.functions.get(name, "")
        for name in function_names(project)
    }
    parameters = {
        "Prefix": environment.prefix,
        "BucketName": names.bucket(environment),
        "FunctionsRoleArn": environment.roles.functions or "",
        "EnvironmentName": environment.name,
        "NoticesOn": _told(environment.registry.notify),
        "ServingOn": _told(environment.registry.serving is not None),
        "ServingSettings": serving.settings(environment),
        **code,
        **existing,
    }
    text = with_code_hashes(template(project.root, "services"), bundles)
    return _stack(project, "services", text, parameters)


def access_stack(project: Project) -> Stack:
    """The stack of infra/access.yaml: what people and CI may do."""
    parameters = {
        **_shared_parameters(project),
        "FunctionsRoleArn": project.environment.roles.functions or "",
    }
    return _stack(project, "access", template(project.root, "access"), parameters)


def function_parameter(function: str) -> str:
    """How a function begins the names of its parameters: start_automl as StartAutoml."""
    return "".join(part.capitalize() for part in function.split("_"))


def _shared_parameters(project: Project) -> dict[str, str]:
    """What both the base and the access template ask for."""
    environment = project.environment
    return {
        "Prefix": environment.prefix,
        "BucketName": names.bucket(environment),
        "PermissionsBoundaryArn": environment.permissions_boundary or "",
        "PipelineRoleArn": environment.roles.pipeline or "",
        "LabelingRoleArn": environment.roles.labeling or "",
        "KmsKeyArn": names.kms_arn(environment),
        "KmsAlias": names.kms_alias(environment),
    }


def _told(value: bool) -> str:
    return "true" if value else "false"


def _data_source_arns(project: Project) -> list[str]:
    """Buckets that jobs read beside the environment's own: data, tokenizers, wheels, what is labeled."""
    environment = project.environment
    uris = [environment.wheelhouse]
    for config in project.pipelines.values():
        data = getattr(config, "data", None)
        uris += [getattr(data, "source", None), getattr(data, "tokenizer", None)]
    buckets = {uri.removeprefix("s3://").partition("/")[0] for uri in uris if uri and uri.startswith("s3://")}
    buckets |= buckets_of_jobs(project)
    arns = (
        f"arn:{names.partition(environment)}:s3:::{bucket}"
        for bucket in sorted(buckets - {names.bucket(environment)})
    )
    return [arn for bucket in arns for arn in (bucket, f"{bucket}/*")]


def with_code_hashes(text: str, bundles: Sequence[FunctionBundle]) -> str:
    """The template with @function@ replaced by the first characters of the hash of that function's code."""
    digests = {bundle.function: bundle.digest for bundle in bundles}

    def digest(token: re.Match[str]) -> str:
        if token[1] not in digests:
            raise TemplateError(
                f'infra/services.yaml names function "{token[1]}", which lambdas/ does not hold',
                hint=f"ls lambdas/{token[1]}/handler.py",
            )
        return digests[token[1]][:TOKEN_LENGTH]

    return TOKEN.sub(digest, text)


def _bring_about(aws: Aws, stack: Stack, report: Report, waiting: Waiting) -> tuple[Action, ...]:
    """Waits, plans, writes, waits. Another command may do the same right now: then it is planned again."""
    for last in (False, False, True):
        stacks.settle(aws, stack.name, waiting)
        action = stacks.plan(aws, stack)
        if action is None:
            return ()
        try:
            apply((action,), aws, report=_nothing)
        except ClientError as error:
            if last or not is_conflict(error):
                raise
            continue
        ended = stacks.settle(aws, stack.name, waiting)
        stacks.check_done(aws, stack.name, ended)
        report(action)
        return (action,)
    raise AssertionError("the last round returns or raises")


def _nothing(action: Action) -> None:
    """A stack is done when CloudFormation is, not when the request was taken."""


def _stack(project: Project, which: Which, text: str, parameters: dict[str, str]) -> Stack:
    environment = project.environment
    return Stack(
        name=names.stack_name(environment, which),
        template=text,
        parameters=pairs(parameters),
        tags=pairs({**environment.tags, **names.ownership(environment)}),
    )
