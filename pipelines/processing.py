"""How a step of this repository becomes a Processing step: image, code, settings, inputs, outputs, limits.

The container runs ``python3 /opt/ml/processing/input/code/entrypoint.py <step> --settings ...`` and gets
``--parameter Name=Value`` for each parameter that its settings refer to.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from config import names
from config.models import ProcessingStep
from pipelines import places
from pipelines.bundles import ENTRYPOINT, bundle
from pipelines.context import Context
from pipelines.retries import job_retries
from pipelines.sdk import (
    CacheConfig,
    Join,
    NetworkConfig,
    Parameter,
    ProcessingInput,
    ProcessingOutput,
    ProcessingS3Input,
    ProcessingS3Output,
    Processor,
    PropertyFile,
    StepTypeEnum,
)
from pipelines.settings import FILE, StepSettings
from pipelines.step import RequestStep

INPUTS: Final = "/opt/ml/processing/input"
OUTPUTS: Final = "/opt/ml/processing/output"


@dataclass(frozen=True)
class Job:
    """What one step does: its settings, inputs (name -> URI), outputs, further arguments.

    ``sharded`` inputs are shared out over the step's instances by S3 key. ``raw`` outputs hold personal data
    unmasked, and lie where the bucket lets them expire.
    """

    settings: StepSettings
    inputs: Mapping[str, Any]
    outputs: Sequence[str]
    arguments: Sequence[Any] = ()
    property_files: Sequence[PropertyFile] = ()
    sharded: Sequence[str] = ()
    raw: Sequence[str] = ()

    @property
    def step(self) -> str:
        """The folder of its code."""
        return self.settings.step

    @property
    def name(self) -> str:
        """The step's name in the pipeline."""
        return self.step.replace("_", "-")


def processing_step(context: Context[Any], infrastructure: ProcessingStep, job: Job) -> RequestStep:
    """The Processing step of ``job`` on ``infrastructure``."""
    inputs = {**_shared_inputs(context, job), **job.inputs}
    processor = _processor(context, infrastructure, job.step)
    captured = processor.run(
        inputs=[_input(name, uri, _sharded(name, infrastructure, job)) for name, uri in inputs.items()],
        outputs=[_output(context, job, name) for name in job.outputs],
        arguments=_arguments(context, job),
    )
    expires_after = infrastructure.cache_expires_after
    return RequestStep(
        job.name,
        StepTypeEnum.PROCESSING,
        _request(captured, context),
        response_shape="DescribeProcessingJobResponse",
        property_files=job.property_files,
        cache=CacheConfig(enable_caching=True, expire_after=expires_after) if expires_after else None,
        retries=job_retries(infrastructure.retries),
    )


def _processor(context: Context[Any], infrastructure: ProcessingStep, step: str) -> Processor:
    env = context.env
    return Processor(
        role=names.role_arn(env, "processing"),
        image_uri=names.step_image(env, step, infrastructure),
        instance_count=infrastructure.instance_count,
        instance_type=infrastructure.instance_type,
        entrypoint=["python3", f"{INPUTS}/code/{ENTRYPOINT}"],
        volume_size_in_gb=infrastructure.volume_gb,
        volume_kms_key=env.kms_key,
        output_kms_key=env.kms_key,
        max_runtime_in_seconds=infrastructure.max_runtime_seconds,
        base_job_name=step,
        sagemaker_session=context.session,
        env=dict(infrastructure.environment) or None,
        tags=[{"Key": key, "Value": value} for key, value in context.tags.items()] or None,
        network_config=_network(context, infrastructure),
    )


def _network(context: Context[Any], infrastructure: ProcessingStep) -> NetworkConfig | None:
    network = context.env.network
    if not (network.subnets or infrastructure.network_isolation):
        return None
    return NetworkConfig(
        enable_network_isolation=infrastructure.network_isolation,
        security_group_ids=list(network.security_groups) or None,
        subnets=list(network.subnets) or None,
    )


def _shared_inputs(context: Context[Any], job: Job) -> dict[str, Any]:
    """Code and settings of the step, and the wheelhouse where there is one."""
    env, prefix = context.env, names.key_prefix(context.env)
    archive, _ = (context.upload(asset) for asset in bundle(context.root, job.step).assets(prefix))
    settings = context.upload(job.settings.asset(prefix))
    inputs = {"code": _folder(archive), "settings": _folder(settings)}
    return {**inputs, "wheelhouse": env.wheelhouse} if env.wheelhouse else inputs


def _folder(uri: str) -> str:
    return uri.rpartition("/")[0]


def _sharded(name: str, infrastructure: ProcessingStep, job: Job) -> bool:
    return infrastructure.instance_count > 1 and name in job.sharded


def _input(name: str, uri: Any, sharded: bool) -> ProcessingInput:
    return ProcessingInput(
        input_name=name,
        s3_input=ProcessingS3Input(
            s3_uri=uri,
            local_path=f"{INPUTS}/{name}",
            s3_data_type="S3Prefix",
            s3_input_mode="File",
            s3_data_distribution_type="ShardedByS3Key" if sharded else "FullyReplicated",
            s3_compression_type="None",
        ),
    )


def _output(context: Context[Any], job: Job, name: str) -> ProcessingOutput:
    place = places.raw_of_execution if name in job.raw else places.of_execution
    return ProcessingOutput(
        output_name=name,
        s3_output=ProcessingS3Output(
            s3_uri=place(context, job.name, name),
            local_path=f"{OUTPUTS}/{name}",
            s3_upload_mode="EndOfJob",
        ),
    )


def _arguments(context: Context[Any], job: Job) -> list[Any]:
    values = [
        argument
        for name in job.settings.parameters
        for argument in ("--parameter", _assignment(context.parameters[name]))
    ]
    return [job.step, "--settings", f"{INPUTS}/settings/{FILE}", *job.arguments, *values]


def _assignment(parameter: Parameter) -> Join:
    """``TrainingRows=1200`` as a text, whatever the parameter's type."""
    return Join(on="=", values=[parameter.name, parameter])


def _request(captured: Any, context: Context[Any]) -> dict[str, Any]:
    """The request that ``Processor.run`` would send, without the job's name, which has the time in it."""
    captured.func(*captured.func_args, **captured.func_kwargs)
    request: dict[str, Any] = dict(context.session.context.args)
    request.pop("ProcessingJobName")
    request.pop("ExperimentConfig", None)
    return request


def output_uri(step: RequestStep, name: str) -> Any:
    """Where ``step`` wrote the output ``name``: a property, so that a cached result is found too."""
    return step.properties.ProcessingOutputConfig.Outputs[name].S3Output.S3Uri
