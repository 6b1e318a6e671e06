"""Checks of what bootstrap and upsert make: stacks, bucket, queues, functions, pipelines; of leftovers."""

from __future__ import annotations

from collections.abc import Iterator

from botocore.exceptions import ClientError

from config import names
from config.errors import PlatformError
from deploy.actions import CreateStack, Stack
from deploy.doctor.finding import Finding, broken, fine, note
from deploy.doctor.situation import Account
from deploy.errors import code_of, is_missing
from deploy.hints import typed
from deploy.infrastructure import stacks
from deploy.infrastructure.bootstrap import base_stack, services_stack
from deploy.infrastructure.bundle import check_bucket, function_bundles, function_names
from deploy.upkeep import cleanup

QUEUES = ("wait", "wait-dead-letter")


def stacks_stand(account: Account) -> Iterator[Finding]:
    """Both, finished, and as this checkout would make them."""
    project = account.project
    bundles = function_bundles(project)
    for stack, verb in ((base_stack(project), "bootstrap"), (services_stack(project, bundles), "upsert")):
        yield _stack(account, stack, typed(verb, account.environment.name))


def _stack(account: Account, stack: Stack, command: str) -> Finding:
    deployed = stacks.look_up(account.aws, stack.name)
    if deployed is not None and deployed.in_progress:
        return note(f'stack "{stack.name}" is {deployed.status}')
    planned = stacks.plan(account.aws, stack)
    if isinstance(planned, CreateStack):
        said = f"is {planned.over}" if planned.over else "is not there"
        return broken(f'stack "{stack.name}" {said}', typed("bootstrap", account.environment.name))
    if deployed is not None and deployed.status not in stacks.USABLE:
        return broken(
            f'stack "{stack.name}" is {deployed.status}: {stacks.reason(account.aws, stack.name)}', command
        )
    if planned is not None:
        return note(f'stack "{stack.name}" differs from this checkout: {", ".join(planned.changed)}', command)
    return fine(f'stack "{stack.name}"')


def bucket_can_be_used(account: Account) -> Iterator[Finding]:
    """It is there, in this account, in this region."""
    bucket = names.bucket(account.environment)
    try:
        check_bucket(account.aws, account.environment)
    except PlatformError as error:
        yield broken(error.fact, error.hint or "")
        return
    answer = account.aws.client("s3").get_bucket_location(Bucket=bucket)
    region = answer.get("LocationConstraint") or "us-east-1"
    if region != account.environment.region:
        yield broken(f'bucket "{bucket}" is in {region}, jobs run in {account.environment.region}')
    else:
        yield fine(f'bucket "{bucket}"')


def queues_are_empty_of_the_dead(account: Account) -> Iterator[Finding]:
    """Both are there, and no message lies in the dead-letter queue."""
    sqs = account.aws.client("sqs")
    for queue in QUEUES:
        name = names.queue_name(account.environment, queue)
        try:
            url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
        except ClientError as error:
            if "NonExistentQueue" not in code_of(error) and not is_missing(error):
                raise
            yield broken(f'queue "{name}" is not there', typed("bootstrap", account.environment.name))
            continue
        answer = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])
        waiting = int(answer["Attributes"]["ApproximateNumberOfMessages"])
        if queue != "wait" and waiting:
            group = f"/aws/lambda/{names.function_name(account.environment, 'dead_letter')}"
            yield note(
                f'queue "{name}" holds {waiting} messages that nobody could deal with',
                f"aws logs tail {group}",
            )
        else:
            yield fine(f'queue "{name}"')


def functions_can_be_called(account: Account) -> Iterator[Finding]:
    """Each by the alias or version that definitions name."""
    missing = []
    for function in function_names(account.project):
        arn = names.function_arn(account.environment, function)
        try:
            account.aws.client("lambda").get_function_configuration(FunctionName=arn)
        except ClientError as error:
            if not is_missing(error):
                raise
            missing.append(arn)
    for arn in missing:
        yield broken(f"function {arn} is not there", typed("bootstrap", account.environment.name))
    if not missing:
        yield fine(f"{len(function_names(account.project))} functions")


def pipelines_are_deployed(account: Account) -> Iterator[Finding]:
    """Those that there are files of."""
    missing = []
    for name in account.project.pipelines:
        full = names.pipeline_name(account.environment, name)
        try:
            account.aws.client("sagemaker").describe_pipeline(PipelineName=full)
        except ClientError as error:
            if not is_missing(error):
                raise
            missing.append(name)
    if missing:
        yield note(f"not deployed: {', '.join(missing)}", typed("upsert", account.environment.name))
    else:
        yield fine(f"{len(account.project.pipelines)} pipelines are deployed")


def nothing_is_left_behind(account: Account) -> Iterator[Finding]:
    """Endpoints that nobody needs cost by the hour."""
    left = [e for e in cleanup.leftovers(account.project, account.aws, now=account.now) if not e.in_use]
    endpoints = [each for each in left if each.kind == "endpoint"]
    if not left:
        yield fine("nothing is left behind")
        return
    costs = sum(each.price or 0 for each in endpoints)
    cost = f", of them {len(endpoints)} endpoints for {costs:.2f} USD an hour on AWS" if endpoints else ""
    yield note(f"{len(left)} things are left behind{cost}", typed("cleanup", account.environment.name))
