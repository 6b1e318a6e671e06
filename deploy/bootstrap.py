"""What an environment needs, brought about by CloudFormation: base, then code, then services.

    base       bucket, key, roles                       (infra/base.yaml)
    code       the functions' archives, into that bucket (deploy/bundle.py)
    services   queues, functions, mappings, rules        (infra/services.yaml)

Each part is looked at first and written only where it differs.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from botocore.exceptions import ClientError

from config import names
from config.errors import PlatformError
from config.models import Project
from deploy import serving, stacks
from deploy.actions import Action, Stack, pairs
from deploy.apply import Report, apply
from deploy.bundle import FunctionBundle, function_bundles, function_uploads
from deploy.errors import NotDeployedError, is_conflict
from deploy.hints import typed
from deploy.session import Aws
from deploy.stacks import Waiting

# A version is published anew when its resource's name in the template changes: it carries the code's hash.
TOKEN = re.compile(r"@([a-z_]+)@")
TOKEN_LENGTH = 12


class TemplateError(PlatformError):
    """A template that does not fit the functions there are."""


def bootstrap(project: Project, aws: Aws, *, report: Report, waiting: Waiting) -> tuple[Action, ...]:
    """Creates or updates both stacks and waits for each; returns what was done, nothing when all stood."""
    done = _bring_about(aws, base_stack(project), report, waiting)
    return (*done, *update_services(project, aws, report=report, waiting=waiting))


def require_base(project: Project, aws: Aws) -> None:
    """Raises NotDeployedError when the environment was never bootstrapped."""
    name = names.stack_name(project.environment, "base")
    if stacks.look_up(aws, name) is None:
        raise NotDeployedError(
            f'environment "{project.environment.name}" has no stack "{name}"',
            hint=typed("bootstrap", project.environment.name),
        )


def update_services(project: Project, aws: Aws, *, report: Report, waiting: Waiting) -> tuple[Action, ...]:
    """Uploads the functions' code and brings the services stack to it; base must be there."""
    bundles = function_bundles(project)
    uploads = function_uploads(aws, project.environment, bundles)
    apply(uploads, aws, report=report)
    return (*uploads, *_bring_about(aws, services_stack(project, bundles), report, waiting))


def base_stack(project: Project) -> Stack:
    """The stack of infra/base.yaml for this environment."""
    environment = project.environment
    parameters = {
        "Prefix": environment.prefix,
        "BucketName": names.bucket(environment),
        "KmsKeyArn": environment.kms_key or "",
        "DataSourceArns": ",".join(_data_source_arns(project)),
        "InVpc": _flag(bool(environment.network.subnets)),
    }
    return _stack(project, "base", _template(project, "base"), parameters)


def services_stack(project: Project, bundles: Sequence[FunctionBundle]) -> Stack:
    """The stack of infra/services.yaml with the code that `bundles` holds."""
    code = {f"{_pascal(bundle.function)}Code": bundle.key for bundle in bundles}
    template = with_code_hashes(_template(project, "services"), bundles)
    rules = project.environment.registry
    parameters = {
        "Prefix": project.environment.prefix,
        "BucketName": names.bucket(project.environment),
        "FunctionsRoleArn": project.environment.roles.functions or "",
        "EnvironmentName": project.environment.name,
        "NoticesOn": _flag(rules.notify),
        "ServingOn": _flag(rules.serving is not None),
        "ServingSettings": serving.settings(project.environment),
        **code,
    }
    return _stack(project, "services", template, parameters)


def _flag(on: bool) -> str:
    return "true" if on else "false"


def _data_source_arns(project: Project) -> list[str]:
    """Buckets that jobs read beside the environment's own: data sources, tokenizers, the wheelhouse."""
    environment = project.environment
    uris = [environment.wheelhouse]
    for config in project.pipelines.values():
        data = getattr(config, "data", None)
        uris += [getattr(data, "source", None), getattr(data, "tokenizer", None)]
    buckets = {uri.removeprefix("s3://").partition("/")[0] for uri in uris if uri and uri.startswith("s3://")}
    arns = (
        f"arn:{names.partition(environment)}:s3:::{bucket}"
        for bucket in sorted(buckets - {names.bucket(environment)})
    )
    return [arn for bucket in arns for arn in (bucket, f"{bucket}/*")]


def with_code_hashes(template: str, bundles: Sequence[FunctionBundle]) -> str:
    """The template with @function@ replaced by the first characters of the hash of that function's code."""
    digests = {bundle.function: bundle.digest for bundle in bundles}

    def digest(token: re.Match[str]) -> str:
        if token[1] not in digests:
            raise TemplateError(
                f'infra/services.yaml names function "{token[1]}", which lambdas/ does not hold',
                hint=f"ls lambdas/{token[1]}/handler.py",
            )
        return digests[token[1]][:TOKEN_LENGTH]

    return TOKEN.sub(digest, template)


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


def _stack(project: Project, which: str, template: str, parameters: dict[str, str]) -> Stack:
    environment = project.environment
    return Stack(
        name=names.stack_name(environment, "base" if which == "base" else "services"),
        template=template,
        parameters=pairs(parameters),
        tags=pairs({**environment.tags, "pipelines:prefix": environment.prefix}),
    )


def _template(project: Project, which: str) -> str:
    return (project.root / "infra" / f"{which}.yaml").read_text(encoding="utf-8")


def _pascal(function: str) -> str:
    """start_automl as StartAutoml"""
    return "".join(part.capitalize() for part in function.split("_"))
