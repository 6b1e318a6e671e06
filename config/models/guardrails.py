"""Kind ``guardrails``: records to a model in batch jobs, its answers through a guardrail, and the books."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final, Literal

from pydantic import Field

from config.guidelines import GUIDELINES
from config.models.data import Columns, Source, Template
from config.models.pipeline import PipelineConfig, ProcessingStep
from config.models.types import Duration, Items, Model, Overridable, Share, Text, seconds

RecordFormat = Literal["csv", "jsonl", "parquet", "text"]
ModelFormat = Literal["converse", "anthropic", "nova", "llama"]
GuardrailAction = Literal["mask", "block"]
Policy = Literal["sensitive_information", "word", "content", "topic", "contextual_grounding"]
# Limits and patterns: CreateGuardrail and CreateModelInvocationJob in botocore's service model of Bedrock.
PiiType = Literal[
    "ADDRESS",
    "AGE",
    "AWS_ACCESS_KEY",
    "AWS_SECRET_KEY",
    "CA_HEALTH_NUMBER",
    "CA_SOCIAL_INSURANCE_NUMBER",
    "CREDIT_DEBIT_CARD_CVV",
    "CREDIT_DEBIT_CARD_EXPIRY",
    "CREDIT_DEBIT_CARD_NUMBER",
    "DRIVER_ID",
    "EMAIL",
    "INTERNATIONAL_BANK_ACCOUNT_NUMBER",
    "IP_ADDRESS",
    "LICENSE_PLATE",
    "MAC_ADDRESS",
    "NAME",
    "PASSWORD",
    "PHONE",
    "PIN",
    "SWIFT_CODE",
    "UK_NATIONAL_HEALTH_SERVICE_NUMBER",
    "UK_NATIONAL_INSURANCE_NUMBER",
    "UK_UNIQUE_TAXPAYER_REFERENCE_NUMBER",
    "URL",
    "USERNAME",
    "US_BANK_ACCOUNT_NUMBER",
    "US_BANK_ROUTING_NUMBER",
    "US_INDIVIDUAL_TAX_IDENTIFICATION_NUMBER",
    "US_PASSPORT_NUMBER",
    "US_SOCIAL_SECURITY_NUMBER",
    "VEHICLE_IDENTIFICATION_NUMBER",
]
ContentFilterType = Literal["SEXUAL", "VIOLENCE", "HATE", "INSULTS", "MISCONDUCT", "PROMPT_ATTACK"]
Strength = Literal["NONE", "LOW", "MEDIUM", "HIGH"]
METRICS: Final = ("passed_share", "masked_share", "blocked_share", "failed_share", "set_aside_share")
MetricName = Annotated[str, Field(json_schema_extra={"enum": list(METRICS)})]
GuidelineName = Annotated[str, Text(r"[a-z][a-z0-9_]*", "lower-case letters, digits and underscores", 64)]
GuidelineText = Annotated[str, Field(min_length=1, max_length=2000)]
ModelId = Annotated[
    str, Text(r"[a-zA-Z0-9][\w.:/-]+", "a model id, an inference profile's id or an ARN", 2048)
]
PerSecond = Annotated[float, Field(gt=0, le=1_000_000)]


class RecordData(Model):
    """The records: transcripts, or anything with a text."""

    source: Source = Field(
        description="s3://bucket/key, or a file of this repository; with format: text a folder."
    )
    format: RecordFormat = Field(description="csv, jsonl or parquet; text: every file is one record.")
    columns: Columns = Field(
        default={},
        description="text: column of the text (needed); id: column of a unique id; others for the template."
        " Not with format: text.",
    )
    answer_key: Source | None = Field(
        default=None,
        description="For samples: JSON Lines of {id, planted: [{type, form, text}]}; the report says what"
        " was found of it.",
    )
    max_characters: Annotated[int, Field(ge=1, le=10_000_000)] = Field(
        default=200_000, description="Longer records are set aside."
    )
    max_set_aside_share: Overridable[Share] = Field(
        default=0.05, description="More records set aside than this share fail the step."
    )


class BatchModel(Model):
    """The model that is asked."""

    id: Overridable[ModelId] = Field(description="Model or inference profile; new models need a profile.")
    format: ModelFormat = Field(
        default="converse",
        description="Shape of the bodies: converse fits every model; the others are native.",
    )
    max_tokens: Overridable[Annotated[int, Field(ge=1, le=64_000)]] = Field(
        default=512, description="Tokens of an answer at most."
    )
    temperature: Overridable[Annotated[float, Field(ge=0, le=1)]] = Field(
        default=0.0, description="0 is the most repeatable."
    )
    top_p: Overridable[Annotated[float, Field(gt=0, le=1)]] | None = Field(
        default=None, description="null leaves the model's own."
    )
    input_price: Annotated[float, Field(ge=0)] | None = Field(
        default=None, description="US dollars per million input tokens in batch, for the report."
    )
    output_price: Annotated[float, Field(ge=0)] | None = Field(
        default=None, description="US dollars per million output tokens in batch."
    )


class Prompt(Model):
    """What the model is told."""

    template: Template = Field(
        description="{text} and other columns are filled; {guidelines} stands for the guidelines, else they"
        " follow at the end."
    )
    guidelines: Items[Annotated[str, Field(json_schema_extra={"examples": list(GUIDELINES)})]] = Field(
        default=(), description="Ethical guidelines by name, in this order."
    )
    overrides: Mapping[GuidelineName, GuidelineText] = Field(
        default={}, description="Other words for a shipped guideline."
    )
    custom: Mapping[GuidelineName, GuidelineText] = Field(
        default={}, max_length=50, description="Guidelines of your own; list their names under guidelines."
    )


class Batch(Model):
    """Batch inference jobs: how the records are cut and waited for."""

    max_records_per_job: Annotated[int, Field(ge=1, le=10_000_000)] = Field(
        default=50_000, description="Quota of the model; also of one file."
    )
    min_records_per_job: Annotated[int, Field(ge=1, le=100_000)] = Field(
        default=100, description="Quota: a smaller job is refused."
    )
    max_bytes_per_file: Annotated[int, Field(ge=1_000, le=5_000_000_000)] = Field(
        default=200_000_000, description="Quota: bytes of one input file; 1 GB for most models."
    )
    max_concurrent_jobs: Annotated[int, Field(ge=1, le=1000)] = Field(
        default=10, description="Jobs that are submitted or in progress at once."
    )
    timeout_hours: Annotated[int, Field(ge=24, le=168)] = Field(
        default=24, description="Hours after which the service ends a job."
    )
    deadline: Duration = Field(
        default="3d", description="After this the wait fails and the jobs are stopped."
    )
    on_demand_below_minimum: bool = Field(
        default=False, description="Too few records for a job are asked on demand, at twice the price."
    )
    retry_unfinished: Annotated[int, Field(ge=0, le=10)] = Field(
        default=2, description="How often records that a job left unfinished are tried again."
    )

    @property
    def deadline_seconds(self) -> int:
        """``deadline`` in seconds."""
        return seconds(self.deadline)


class ExistingGuardrail(Model):
    """A guardrail that something else looks after."""

    id: Annotated[str, Text(r"[a-z0-9]+|arn:\S+", "the id or ARN of a guardrail", 2048)] = Field(
        description="Its id or ARN."
    )
    version: Annotated[str, Text(r"DRAFT|[1-9][0-9]{0,7}", 'a version number in quotes, or "DRAFT"', 8)] = (
        Field(description='A version, such as "1".')
    )


class Pii(Model):
    """One type of personal data."""

    type: PiiType = Field(description="Type of Bedrock Guardrails.")
    action: GuardrailAction = Field(
        default="mask", description="mask: {TYPE} in its place; block: the whole text."
    )


class RegexFilter(Model):
    """One pattern; the service knows no lookaround."""

    name: Annotated[str, Field(min_length=1, max_length=100)] = Field(
        description="Stands in the text as {name}."
    )
    pattern: Annotated[str, Field(min_length=1, max_length=500)] = Field(
        description="Regular expression. A match of more than 400 characters may be missed in a text that"
        " takes several requests."
    )
    action: GuardrailAction = Field(default="mask", description="mask or block.")
    description: Annotated[str, Field(min_length=1, max_length=1000)] | None = Field(
        default=None, description="What it finds."
    )


class Topic(Model):
    """A subject that is blocked."""

    name: Annotated[str, Field(min_length=1, max_length=100)] = Field(description="Its name.")
    definition: Annotated[str, Field(min_length=1, max_length=200)] = Field(description="What belongs to it.")
    examples: Annotated[Items[Annotated[str, Field(min_length=1, max_length=100)]], Field(max_length=5)] = (
        Field(default=(), description="Sentences that belong to it.")
    )


class ContentFilter(Model):
    """One kind of harmful content."""

    type: ContentFilterType = Field(description="Kind.")
    input_strength: Strength = Field(default="NONE", description="How sensitive for inputs.")
    output_strength: Strength = Field(default="HIGH", description="How sensitive for outputs.")


class Messages(Model):
    """What stands in the place of a blocked text."""

    blocked_input: Annotated[str, Field(min_length=1, max_length=500)] = Field(
        default="This text cannot be processed.", description="For inputs."
    )
    blocked_output: Annotated[str, Field(min_length=1, max_length=500)] = Field(
        default="This summary was withheld.", description="For outputs."
    )


class GuardrailConfig(Model):
    """The guardrail: described here, or one that exists."""

    existing: ExistingGuardrail | None = Field(default=None, description="A guardrail to use as it is.")
    name: Annotated[str, Text(r"[0-9a-zA-Z_-]+", "letters, digits, - and _", 30)] | None = Field(
        default=None, description="Name of the guardrail that is made; in full `<prefix>-<name>`."
    )
    pii: Items[Pii] = Field(default=(), description="Types of personal data that are looked for.")
    regexes: Annotated[Items[RegexFilter], Field(max_length=30)] = Field(
        default=(), description="Patterns of your own."
    )
    words: Annotated[Items[Annotated[str, Field(min_length=1, max_length=100)]], Field(max_length=10_000)] = (
        Field(default=(), description="Words that block.")
    )
    profanity: bool = Field(default=False, description="Block profanity by the service's own list.")
    topics: Annotated[Items[Topic], Field(max_length=30)] = Field(
        default=(), description="Subjects that block."
    )
    content_filters: Annotated[Items[ContentFilter], Field(max_length=6)] = Field(
        default=(), description="Harmful content."
    )
    messages: Messages = Field(default=Messages(), description="What stands in the place of blocked texts.")

    @property
    def policies(self) -> tuple[Policy, ...]:
        """The policies that cost text units."""
        enabled: tuple[tuple[Policy, bool], ...] = (
            ("sensitive_information", bool(self.pii or self.regexes)),
            ("word", bool(self.words or self.profanity)),
            ("content", bool(self.content_filters)),
            ("topic", bool(self.topics)),
        )
        return tuple(policy for policy, is_on in enabled if is_on)


class Pack(Model):
    """Several records in one call."""

    records: Annotated[int, Field(ge=1, le=100)] = Field(
        default=10, description="At most so many; fewer where many records are masked. 1: one by one."
    )


class LedgerRhythm(Model):
    """When results are made durable."""

    every_records: Annotated[int, Field(ge=10, le=100_000)] = Field(
        default=500, description="After so many records; a killed job repeats at most so many calls."
    )
    every_seconds: Annotated[int, Field(ge=1, le=3600)] = Field(
        default=10, description="After so many seconds."
    )


class CallRetries(Model):
    """Retries of one call."""

    attempts: Annotated[int, Field(ge=1, le=100)] = Field(
        default=6, description="Attempts when the service is at fault; throttled calls are not counted."
    )
    deadline_seconds: Annotated[int, Field(ge=1, le=86_400)] = Field(
        default=300, description="Time for one call, waits included."
    )


class Apply(Model):
    """How ApplyGuardrail is called: quotas are of the account, and are shared out over the instances."""

    from_quotas: bool = Field(
        default=False, description="Read the quotas from Service Quotas when the job starts."
    )
    requests_per_second: Overridable[PerSecond] | None = Field(
        default=None, description="Quota of requests; needed unless from_quotas."
    )
    text_units_per_second: Mapping[Policy, PerSecond] = Field(
        default={}, description="Quota of text units by policy; needed for each policy unless from_quotas."
    )
    max_units_per_request: Annotated[int, Field(ge=1, le=1000)] = Field(
        default=25, description="Text units of 1,000 characters in one request; 25 fits every region."
    )
    concurrency: Overridable[Annotated[int, Field(ge=1, le=512)]] = Field(
        default=32, description="Calls under way at once on each instance."
    )
    pack: Pack = Field(default=Pack(), description="Several records in one call.")
    ledger: LedgerRhythm = Field(default=LedgerRhythm(), description="When results are made durable.")
    retries: CallRetries = Field(default=CallRetries(), description="Retries of one call.")
    also_input: bool = Field(
        default=False,
        description="Mask the records too, before the model sees them; blocked ones are set aside.",
    )
    max_failed_share: Overridable[Share] = Field(
        default=0.01, description="More records without a result than this share fail the pipeline."
    )
    price: Mapping[Policy, Annotated[float, Field(ge=0)]] = Field(
        default={}, description="US dollars per 1,000 text units by policy, for the report."
    )


class GuardrailsGate(Model):
    """One condition on a share of the records; all gates must hold."""

    metric: MetricName = Field(description="A share of the records.")
    at_least: Overridable[float] | None = Field(default=None, description="Smallest share that passes.")
    at_most: Overridable[float] | None = Field(default=None, description="Largest share that passes.")


class GuardrailsSteps(Model):
    """Infrastructure of the steps that run as processing jobs."""

    prepare_batch: ProcessingStep = Field(default=ProcessingStep(), description="Records to batch input.")
    apply_guardrails: ProcessingStep = Field(
        default=ProcessingStep(), description="Answers through the guardrail; may have several instances."
    )
    merge_results: ProcessingStep = Field(default=ProcessingStep(), description="Results, books, report.")


class GuardrailsConfig(PipelineConfig):
    """A guardrails pipeline: batch inference with ethical prompts, a guardrail over the answers."""

    kind: Literal["guardrails"] = Field(description="What the pipeline does.")
    data: RecordData = Field(description="The records.")
    model: BatchModel = Field(description="The model that is asked.")
    prompt: Prompt = Field(description="What it is told.")
    batch: Batch = Field(default=Batch(), description="The batch jobs.")
    guardrail: GuardrailConfig = Field(description="What its answers must pass.")
    apply: Apply = Field(description="How the guardrail is applied.")
    gates: Items[GuardrailsGate] = Field(default=(), description="Conditions on the outcome; may be none.")
    on_missed_gate: Literal["fail", "end"] = Field(
        default="fail", description="fail: the execution fails and says why; end: it ends."
    )
    steps: GuardrailsSteps = Field(default=GuardrailsSteps(), description="Infrastructure per step.")
