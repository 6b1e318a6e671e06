"""An environment: the account, region and networks that pipelines run in, or the stand-in of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from config.models.pipeline import ParameterValue
from config.models.prices import Prices
from config.models.types import EntityName, ImageUri, InstanceType, Items, KmsKey, Model, S3Uri, Tags, Text
from config.regions import CONTAINER_ACCOUNTS

RoleArn = Annotated[
    str,
    Text(
        r"arn:aws[a-z-]*:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+",
        "the ARN of a role, arn:aws:iam::...:role/...",
        2048,
    ),
]
PolicyArn = Annotated[
    str,
    Text(
        r"arn:aws[a-z-]*:iam::(?:\d{12}|aws):policy/[a-zA-Z_0-9+=,.@\-_/]+",
        "the ARN of a managed policy, arn:aws:iam::...:policy/...",
        2048,
    ),
]
FunctionArn = Annotated[
    str,
    Text(
        r"arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:function:[a-zA-Z0-9-_]{1,64}:[a-zA-Z0-9-_]{1,128}",
        "the ARN of a function with an alias or a version, arn:aws:lambda:...:function:NAME:ALIAS",
        256,
    ),
]
BucketName = Annotated[
    str,
    Text(
        r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]",
        "lower case letters, digits, dots and dashes, 3 to 63 of them",
        63,
    ),
]


class Roles(Model):
    """Roles that work is done with; null is the one that bootstrap makes, `<prefix>-<what>`."""

    pipeline: RoleArn | None = Field(default=None, description="Role of pipeline executions.")
    processing: RoleArn | None = Field(default=None, description="Role of processing jobs.")
    automl: RoleArn | None = Field(default=None, description="Role of fine-tuning jobs.")
    endpoint: RoleArn | None = Field(default=None, description="Role of models behind endpoints.")
    functions: RoleArn | None = Field(default=None, description="Role of the Lambda functions.")
    batch: RoleArn | None = Field(default=None, description="Role of Bedrock batch inference jobs.")
    labeling: RoleArn | None = Field(default=None, description="Role of Ground Truth labeling jobs.")


class Images(Model):
    """Container images of processing steps."""

    default: ImageUri | None = Field(
        default=None, description="Image of every step; null: the pinned AWS CPU container."
    )
    steps: Mapping[str, ImageUri] = Field(default={}, description="Image per step name.")


class Network(Model):
    """The VPC that jobs and models are attached to; empty: none."""

    subnets: Items[
        Annotated[str, Text(r"subnet-[0-9a-f]{8,17}", "a subnet id such as subnet-0a1b2c3d", 32)]
    ] = Field(default=(), max_length=16, description="Subnet ids.")
    security_groups: Items[
        Annotated[str, Text(r"sg-[0-9a-f]{8,17}", "a security group id such as sg-0a1b2c3d", 32)]
    ] = Field(default=(), max_length=5, description="Security group ids.")


class Polling(Model):
    """How often a wait looks; the pause grows from the first to the largest."""

    first_seconds: int = Field(default=60, ge=0, le=900, description="Pause after the first look.")
    max_seconds: int = Field(
        default=900, ge=1, le=900, description="Longest pause (SQS delays 900 s at most)."
    )


class Serving(Model):
    """The endpoint `<prefix>-<group>` that serves the newest approved package of each group."""

    instance_type: InstanceType | None = Field(
        default=None, description="Instance type; null: the first that the package says can serve it."
    )
    instance_count: int = Field(default=1, ge=1, le=100, description="Instances.")
    model_data_download_timeout_seconds: int = Field(
        default=3600, ge=60, le=3600, description="Time for loading the model from S3."
    )
    startup_health_check_timeout_seconds: int = Field(
        default=3600, ge=60, le=3600, description="Time for the container to answer its first ping."
    )
    without_approved: Literal["keep", "delete"] = Field(
        description="What becomes of the endpoint when no approved package is left: keep serves the last one "
        "on, delete deletes it; no default, it costs by the hour."
    )


class RegistryRules(Model):
    """Who decides on model packages, and what follows from a decision."""

    approvers: int = Field(default=1, ge=1, le=10, description="People who must approve a package.")
    not_launcher: bool = Field(
        default=False, description="true: whoever launched the execution that registered it may not approve."
    )
    sessions_are_people: Items[Annotated[str, Field(min_length=1, max_length=64)]] = Field(
        default=(),
        description="Names of roles (* stands for anything) whose session name is the person's and cannot be "
        "chosen, such as AWSReservedSSO_*; sessions of other roles tell nobody apart.",
    )
    notify: bool = Field(
        default=False, description="true: an SNS topic hears of packages that wait for a decision."
    )
    serving: Serving | None = Field(
        default=None, description="null: approval deploys nothing; else how the approved package is served."
    )


class StandInImage(Model):
    """Which requirements serve images of a pattern on the stand-in."""

    pattern: str = Field(min_length=1, description="Image pattern; * stands for anything.")
    requirements: str = Field(
        min_length=1, description="A requirements file, or from-code: the one in the job's code bundle."
    )


class StandInAutoML(Model):
    """The fine-tuning of the stand-in."""

    requirements: str = Field(
        default="steps/evaluate/requirements.txt",
        min_length=1,
        description="Requirements file with torch and transformers.",
    )
    base_models: Mapping[str, str] = Field(
        default={},
        description="Base model: Hugging Face folder; a model not named is a tiny one made from scratch.",
    )
    concurrent_jobs: int | None = Field(
        default=None, ge=1, description="Jobs that may run at once; null: Autopilot's quota of the region."
    )


class StandInQuotas(Model):
    """Quotas of Bedrock that the stand-in enforces."""

    apply_requests_per_second: float = Field(default=100, gt=0, description="ApplyGuardrail calls.")
    text_units_per_second: Mapping[str, Annotated[float, Field(gt=0)]] = Field(
        default={},
        description="By policy: sensitive_information, word, content, topic, contextual_grounding.",
    )
    text_units_per_request: Mapping[str, Annotated[int, Field(gt=0)]] = Field(
        default={}, description="Size limit of one call, by policy."
    )
    guardrails: int = Field(default=100, ge=1, description="Guardrails of the account.")
    versions_per_guardrail: int = Field(default=20, ge=1, description="Published versions of one.")
    jobs_per_model: int = Field(default=100, ge=1, description="Batch jobs submitted and in progress.")
    records_per_job: int = Field(default=100_000, ge=1, description="Records of a batch job at most.")
    records_per_file: int = Field(default=100_000, ge=1, description="Records of one of its files.")
    minimum_records_per_job: int = Field(default=100, ge=0, description="Records of a batch job at least.")
    bytes_per_file: int = Field(default=1_000_000_000, ge=1, description="Size of an input file.")
    bytes_per_job: int = Field(default=5_000_000_000, ge=1, description="Size of a job's input.")


class StandInBatch(Model):
    """How batch inference jobs behave on the stand-in."""

    queue_seconds: float = Field(default=0.3, ge=0, description="Queued before and after the validation.")
    records_per_second: float | None = Field(default=None, gt=0, description="null: as fast as it goes.")
    hour_seconds: float = Field(
        default=3600, gt=0, description="How long an hour of a job's timeout takes; less shows timeouts."
    )
    error_share: float = Field(
        default=0, ge=0, le=1, description="Share of records that meet an internal error in a job."
    )


class StandInBedrock(Model):
    """Bedrock on this machine."""

    requirements: str = Field(
        default="local/bedrock/detection/requirements.txt",
        min_length=1,
        description="Requirements file with Presidio.",
    )
    language_model: str | None = Field(
        default=None,
        min_length=1,
        description="Folder of a spaCy model. null: types that need one (NAME, ADDRESS) are not looked for.",
    )
    quotas: StandInQuotas = Field(default=StandInQuotas(), description="Quotas that are enforced.")
    batch: StandInBatch = Field(default=StandInBatch(), description="Batch inference jobs.")


class StandInLabeling(Model):
    """Who answers the tasks of labeling jobs on this machine."""

    answers: str | None = Field(
        default=None,
        min_length=1,
        description="Folder with answers: the output of another labeling job, or a file"
        ' {"answers": [...]} an object, named after it. null: nobody answers.',
    )
    seconds_per_object: float = Field(default=0, ge=0, le=3600, description="Time that an object takes.")


class StandIn(Model):
    """Makes the environment the stand-in of AWS on this machine."""

    folder: str = Field(default=".local", min_length=1, description="Where it keeps everything.")
    port: int | None = Field(
        default=None, ge=1024, le=65535, description="Port on 127.0.0.1; null: any free one."
    )
    environments: str = Field(
        default=".local/environments",
        min_length=1,
        description="Where the Python environments of steps lie, one per content of a requirements file.",
    )
    images: Items[StandInImage] = Field(
        default=(), description="First match serves; an image that none matches gets a bare Python."
    )
    automl: StandInAutoML = Field(default=StandInAutoML(), description="Fine-tuning on this machine.")
    bedrock: StandInBedrock = Field(default=StandInBedrock(), description="Bedrock on this machine.")
    labeling: StandInLabeling = Field(default=StandInLabeling(), description="Ground Truth on this machine.")


class Environment(Model):
    """Where pipelines run."""

    version: Literal[1] = Field(description="Version of this file's format.")
    name: EntityName = Field(description="Name of the environment, the same as the file's.")
    account: Annotated[str, Text(r"\d{12}", "twelve digits, in quotes", 12)] = Field(
        description="AWS account id, in quotes; writing verbs compare it with the caller's."
    )
    region: Annotated[str, Field(json_schema_extra={"enum": list(CONTAINER_ACCOUNTS)})] = Field(
        description="AWS region."
    )
    prefix: Annotated[
        str,
        Text(
            r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*",
            "lower case letters, digits and dashes, starting with a letter",
            20,
        ),
    ] = Field(description="Begins every name, so that environments can share an account.")
    bucket: BucketName | None = Field(
        default=None,
        description="An existing bucket, which bootstrap leaves as it is; null: "
        "`<prefix>-pipelines-<account>-<region>`, made by bootstrap.",
    )
    permissions_boundary: PolicyArn | None = Field(
        default=None, description="Managed policy that bounds every role made by bootstrap."
    )
    functions: Mapping[str, FunctionArn] = Field(
        default={}, description="Existing Lambda functions, such as {wait: arn:...:live}; others are made."
    )
    roles: Roles = Field(default=Roles(), description="Roles; null ones are made by bootstrap.")
    images: Images = Field(default=Images(), description="Container images of processing steps.")
    wheelhouse: S3Uri | None = Field(
        default=None, description="S3 prefix with wheels, for networks without internet."
    )
    network: Network = Field(default=Network(), description="VPC of jobs and models.")
    kms_key: KmsKey | None = Field(
        default=None, description="Key that volumes and outputs are encrypted with."
    )
    tags: Tags = Field(default={}, description="Tags on everything.")
    polling: Polling = Field(default=Polling(), description="How often waits look.")
    registry: RegistryRules = Field(
        default=RegistryRules(), description="Who decides on model packages, and what follows."
    )
    parameters: Mapping[str, Mapping[str, ParameterValue]] = Field(
        default={},
        description="Defaults of pipelines' parameters in this environment: pipeline: {Name: value}.",
    )
    prices: Prices = Field(default=Prices(), description="What instances cost, for estimates.")
    stand_in: StandIn | None = Field(
        default=None, description="Only for the environment that is the stand-in of AWS on this machine."
    )
