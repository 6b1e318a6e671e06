"""The executor: carries out a list of actions, in order, through one table of functions."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from deploy.actions import (
    Action,
    CreateGuardrail,
    CreateLabelingJob,
    CreatePackageGroup,
    CreatePipeline,
    CreateStack,
    CreateWorkforce,
    CreateWorkteam,
    DeleteGuardrail,
    DeleteLeftover,
    GuardrailSpec,
    MoveAlias,
    Pairs,
    PipelineSpec,
    Stack,
    TagResource,
    UpdateGuardrail,
    UpdatePipeline,
    UpdateStack,
    Upload,
)
from deploy.errors import MovedOnError, RefusedError, is_missing
from deploy.planning.deployed import definition_of, look_up, versions
from deploy.planning.ownership import APPLIED, definition_hash
from deploy.session import Aws

Report = Callable[[Action], None]
AT_ONCE = 8
# A guardrail is READY some seconds after it was written.
READY_PAUSE, READY_LOOKS = 0.5, 120


def apply(actions: Sequence[Action], aws: Aws, *, report: Report) -> None:
    """Carries the actions out. Uploads that stand together go eight at once; the rest goes in order.

    `report` hears of each action once it is done. What was done before an error stays done; planning
    again finds the rest.
    """
    for are_uploads, together in groupby(actions, key=lambda action: isinstance(action, Upload)):
        if are_uploads:
            _all_at_once(list(together), aws, report)
        else:
            _in_order(together, aws, report)


def _in_order(actions: Iterable[Action], aws: Aws, report: Report) -> None:
    for action in actions:
        EXECUTORS[type(action)](action, aws)
        report(action)


def _all_at_once(actions: Sequence[Action], aws: Aws, report: Report) -> None:
    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        # Results are taken in order, in this thread: reporting needs no lock, and the first error is raised.
        for action, _ in zip(
            actions, pool.map(lambda each: EXECUTORS[type(each)](each, aws), actions), strict=True
        ):
            report(action)


def _upload(action: Upload, aws: Aws) -> None:
    s3 = aws.client("s3")
    place = {"Bucket": action.bucket, "Key": action.key}
    if isinstance(action.body, Path):
        with action.body.open("rb") as stream:
            s3.upload_fileobj(stream, ExtraArgs={"ExpectedBucketOwner": action.owner}, **place)
    else:
        s3.put_object(Body=action.body, ExpectedBucketOwner=action.owner, **place)


def _create_stack(action: CreateStack, aws: Aws) -> None:
    cloudformation = aws.client("cloudformation")
    if action.over:
        cloudformation.delete_stack(StackName=action.stack.name)
        cloudformation.get_waiter("stack_delete_complete").wait(StackName=action.stack.name)
    # A failed creation leaves nothing behind on AWS but the stack's name and its events, which say why.
    cloudformation.create_stack(OnFailure="ROLLBACK", **_stack_request(action.stack))


def _update_stack(action: UpdateStack, aws: Aws) -> None:
    aws.client("cloudformation").update_stack(**_stack_request(action.stack))


def _stack_request(stack: Stack) -> dict[str, Any]:
    return {
        "StackName": stack.name,
        "TemplateBody": stack.template,
        "Parameters": [{"ParameterKey": key, "ParameterValue": value} for key, value in stack.parameters],
        "Capabilities": ["CAPABILITY_NAMED_IAM"],
        "Tags": _tags(stack.tags),
    }


def _create_pipeline(action: CreatePipeline, aws: Aws) -> None:
    request = _pipeline_request(action.pipeline) | {"Tags": _tags(action.pipeline.tags)}
    aws.client("sagemaker").create_pipeline(**request)


def _update_pipeline(action: UpdatePipeline, aws: Aws) -> None:
    """Looks, then writes: the service has no update on a condition, so that moments remain between the two.

    The tags say what is coming before it comes, so that an update that is cut off is not taken for somebody
    else's; which state was applied is said at last.
    """
    pipeline, sagemaker = action.pipeline, aws.client("sagemaker")
    _require_unmoved(action, aws)
    before = [tag for tag in pipeline.tags if tag[0] != APPLIED]
    after = [tag for tag in pipeline.tags if tag[0] == APPLIED]
    if before:
        sagemaker.add_tags(ResourceArn=pipeline.arn, Tags=_tags(tuple(before)))
    sagemaker.update_pipeline(**_pipeline_request(pipeline))
    if after:
        sagemaker.add_tags(ResourceArn=pipeline.arn, Tags=_tags(tuple(after)))


def _require_unmoved(action: UpdatePipeline, aws: Aws) -> None:
    found = look_up(aws, action.pipeline.name, action.pipeline.arn)
    if found is None or found.state != action.found:
        raise MovedOnError(
            f'pipeline "{action.pipeline.name}" is not any more what it was a moment ago, when it was '
            f"compared: {'it is gone' if found is None else 'somebody changed it'}",
            hint="run_pipeline.py plan shows what there is to do now",
        )


def _pipeline_request(pipeline: PipelineSpec) -> dict[str, Any]:
    request: dict[str, Any] = {
        "PipelineName": pipeline.name,
        "PipelineDefinition": pipeline.definition,
        "PipelineDescription": pipeline.description,
        "RoleArn": pipeline.role,
    }
    if pipeline.parallelism is not None:
        request["ParallelismConfiguration"] = {"MaxParallelExecutionSteps": pipeline.parallelism}
    return request


def _tag_resource(action: TagResource, aws: Aws) -> None:
    aws.client("sagemaker").add_tags(ResourceArn=action.arn, Tags=_tags(action.put))


def _move_alias(action: MoveAlias, aws: Aws) -> None:
    """An alias leaves one version before another may have it: for a moment the pipeline is without it."""
    sagemaker = aws.client("sagemaker")
    version = action.version if action.version is not None else _new_version(action, aws)
    if action.holder is not None:
        try:
            sagemaker.update_pipeline_version(
                PipelineArn=action.arn,
                PipelineVersionId=action.holder,
                PipelineVersionAliasOperations={"Remove": [action.alias]},
            )
        except ClientError as error:
            if not is_missing(error):
                raise
    sagemaker.update_pipeline_version(
        PipelineArn=action.arn,
        PipelineVersionId=version,
        PipelineVersionAliasOperations={"Add": [action.alias]},
    )


def _new_version(action: MoveAlias, aws: Aws) -> int:
    """The newest version, which must be the one that was just made."""
    newest = next(versions(aws, action.name)).id
    if definition_hash(definition_of(aws, action.name, newest)) != action.definition:
        raise MovedOnError(
            f'version {newest} of pipeline "{action.name}" is not the one that was just made: '
            f'alias "{action.alias}" was not moved',
            hint="run the command again",
        )
    return newest


def _create_package_group(action: CreatePackageGroup, aws: Aws) -> None:
    aws.client("sagemaker").create_model_package_group(
        ModelPackageGroupName=action.name,
        ModelPackageGroupDescription=action.description,
        Tags=_tags(action.tags),
    )


def _delete_leftover(action: DeleteLeftover, aws: Aws) -> None:
    sagemaker = aws.client("sagemaker")
    if action.kind == "endpoint":
        sagemaker.delete_endpoint(EndpointName=action.name)
    elif action.kind == "endpoint configuration":
        sagemaker.delete_endpoint_config(EndpointConfigName=action.name)
    else:
        sagemaker.delete_model(ModelName=action.name)


def _create_guardrail(action: CreateGuardrail, aws: Aws) -> None:
    guardrail = action.guardrail
    tags = [{"key": key, "value": value} for key, value in guardrail.tags]
    made = aws.client("bedrock").create_guardrail(**_guardrail_request(guardrail), tags=tags)
    _publish(aws, guardrail, made["guardrailId"])


def _update_guardrail(action: UpdateGuardrail, aws: Aws) -> None:
    request = _guardrail_request(action.guardrail)
    aws.client("bedrock").update_guardrail(guardrailIdentifier=action.id, **request)
    _publish(aws, action.guardrail, action.id)


def _guardrail_request(guardrail: GuardrailSpec) -> dict[str, Any]:
    settings: dict[str, Any] = json.loads(guardrail.settings)
    return {"name": guardrail.name, "description": guardrail.description, **settings}


def _publish(aws: Aws, guardrail: GuardrailSpec, identifier: str) -> None:
    """A version of the draft, once the service is done with it."""
    bedrock = aws.client("bedrock")
    for _ in range(READY_LOOKS):
        found = bedrock.get_guardrail(guardrailIdentifier=identifier)
        if found["status"] == "READY":
            bedrock.create_guardrail_version(
                guardrailIdentifier=identifier, description=guardrail.description
            )
            return
        if found["status"] == "FAILED":
            break
        time.sleep(READY_PAUSE)
    reasons = "; ".join(found.get("statusReasons", [])) or "the service gives no reason"
    raise RefusedError(
        f'guardrail "{guardrail.name}" is {found["status"]}: {reasons}',
        hint=f"aws bedrock get-guardrail --guardrail-identifier {identifier}",
    )


def _delete_guardrail(action: DeleteGuardrail, aws: Aws) -> None:
    version = {"guardrailVersion": action.version} if action.version else {}
    aws.client("bedrock").delete_guardrail(guardrailIdentifier=action.id, **version)


def _create_workforce(action: CreateWorkforce, aws: Aws) -> None:
    aws.client("sagemaker").create_workforce(
        WorkforceName=action.name,
        CognitoConfig={"UserPool": action.user_pool, "ClientId": action.client},
        Tags=_tags(action.tags),
    )


def _create_workteam(action: CreateWorkteam, aws: Aws) -> None:
    aws.client("sagemaker").create_workteam(**json.loads(action.request))


def _create_labeling_job(action: CreateLabelingJob, aws: Aws) -> None:
    aws.client("sagemaker").create_labeling_job(**json.loads(action.request))


def _tags(pairs: Pairs) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in pairs]


EXECUTORS: dict[type[Action], Callable[[Any, Aws], None]] = {
    Upload: _upload,
    CreateStack: _create_stack,
    UpdateStack: _update_stack,
    CreatePipeline: _create_pipeline,
    UpdatePipeline: _update_pipeline,
    TagResource: _tag_resource,
    MoveAlias: _move_alias,
    CreatePackageGroup: _create_package_group,
    DeleteLeftover: _delete_leftover,
    CreateGuardrail: _create_guardrail,
    UpdateGuardrail: _update_guardrail,
    DeleteGuardrail: _delete_guardrail,
    CreateWorkforce: _create_workforce,
    CreateWorkteam: _create_workteam,
    CreateLabelingJob: _create_labeling_job,
}
