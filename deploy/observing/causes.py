"""Why things fail, as a table: what the reason or the log says, what that probably means, what to type next.

A row is tried on the reason first, then on the log's lines; the first that fits is taken, so that what is
special stands before what is general. In a command {id}, {step}, {pipeline} and {training} are filled in.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Cause:
    """`commands` are words after run_pipeline.py."""

    name: str
    pattern: str
    text: str
    commands: tuple[str, ...]


RETRY, LOGS, AGAIN = "retry {id} --wait", "logs {id} --step {step}", "start {pipeline} --from {id} --wait"

CAUSES: tuple[Cause, ...] = (
    Cause(
        "time limit of the job",
        r"MaxRuntimeExceeded|MaxRuntimeInSeconds",
        "the job ran into its time limit: raise max_runtime_seconds of the step in the pipeline's file",
        ("upsert {pipeline}", AGAIN),
    ),
    Cause(
        "time limit of the fine-tuning",
        r"MaxAutoMLJobRuntime|MaxRuntimePerTrainingJob",
        "the fine-tuning ran into model.job's time limit: raise it, or train fewer rows or epochs",
        ("upsert {pipeline}", AGAIN),
    ),
    Cause(
        "deadline of the wait",
        r"not ready within",
        "it was not ready by the deadline of the wait: raise wait.deadline_seconds, or see why it is slow",
        (LOGS, "upsert {pipeline}"),
    ),
    Cause(
        "no capacity",
        r"CapacityError|InsufficientInstanceCapacity|[Ii]nsufficient capacity",
        "AWS has no instance of this type free in the region: try later, or choose another instance_type",
        (RETRY,),
    ),
    Cause(
        "quota",
        r"ResourceLimitExceeded|LimitExceeded",
        "a quota of the account is used up: free something, or raise it in the Service Quotas console",
        ("cleanup", RETRY),
    ),
    Cause(
        "permission",
        r"AccessDenied|not authorized to perform|UnauthorizedOperation",
        "a role lacks a permission that the text names: the environment may be older than the code",
        ("bootstrap", RETRY),
    ),
    Cause(
        "input is missing",
        r"No S3 objects found|NoSuchKey|data folder .* does not exist|there is no manifest",
        "an input is not in S3, or not any more: check data.source, or run again what wrote it",
        ("status {id}", AGAIN),
    ),
    Cause(
        "endpoint is gone",
        r"endpoint [\"'].*[\"'] (cannot be looked up|does not exist)|Could not find endpoint"
        r"|endpoint .* is gone",
        "the endpoint that serves the candidate was deleted: train again, or set after_evaluation: keep",
        ("run {training}",),
    ),
    Cause(
        "endpoint serves another model",
        r"does not serve the model|serves '.*', not",
        "the endpoint was updated since the candidate was published: evaluate the candidate of a newer run",
        ("start {pipeline} --from-training latest --wait",),
    ),
    Cause(
        "endpoint fails",
        r"endpoint [\"'].*[\"'] is (Failed|OutOfService)|rows got no answer",
        "the endpoint does not answer as it should: its own log says why",
        ("logs {id}",),
    ),
    Cause(
        "unusable data",
        r"are unusable|set aside, more than|max_rejected_share|max_set_aside_share",
        "too many rows cannot be used: the step's report lists each with its reason",
        ("outputs {id}",),
    ),
    Cause(
        "too few rows",
        r"not enough rows|a sample of .* cannot fill|the data set is empty|the evaluation set is empty"
        r"|records are fewer than|the data have no set",
        "the data have fewer usable rows than the pipeline asks for",
        ("outputs {id}", AGAIN),
    ),
    Cause(
        "column is missing",
        r"has no column|has no header line|is not CSV|is not separated by commas|is not UTF-8|JSON array",
        "the data are not shaped as data.columns and data.format say",
        ("validate {pipeline}", "upsert {pipeline}"),
    ),
    Cause(
        "out of memory",
        r"out of memory|OutOfMemory|MemoryError|SIGKILL|exit code: 137|worker process was killed",
        "the job used more memory than the instance has: choose a larger instance_type, or fewer rows",
        ("upsert {pipeline}", AGAIN),
    ),
    Cause(
        "disk is full",
        r"[Nn]o space left on device|disk is full",
        "the disk is full: raise volume_gb of the step, or free space on this machine",
        ("upsert {pipeline}", AGAIN),
    ),
    Cause(
        "packages cannot be installed",
        r"No matching distribution|Could not find a version|NewConnectionError|name resolution",
        "the job could not install its packages: without internet it needs the environment's wheelhouse",
        ("bootstrap", "upsert {pipeline}"),
    ),
    Cause(
        "package is missing",
        r"ModuleNotFoundError|No module named|ImportError",
        "the image lacks a package: it belongs into the requirements.txt of the step",
        ("upsert {pipeline}", AGAIN),
    ),
    Cause(
        "image cannot be pulled",
        r"CannotPullContainer|ImageNotFound|image .* (not found|does not exist)",
        "the container image is not there, or the role may not pull it: see images in the environment's file",
        ("validate {pipeline}", "upsert {pipeline}"),
    ),
    Cause(
        "licence not accepted",
        r"\bEULA\b|[Aa]ccept_?[Ee]ula",
        "the base model's licence was not accepted: set model.accept_eula: true once you have read it",
        ("upsert {pipeline}", AGAIN),
    ),
    Cause(
        "Lambda ran out of time",
        r"Task timed out|[Ll]ambda.*timed out",
        "the function ran into its time limit (10 minutes at most in a pipeline)",
        (LOGS, RETRY),
    ),
    Cause(
        "throttled",
        r"Throttling|Rate exceeded|TooManyRequests|SlowDown",
        "AWS was asked too often: what else runs in this account?",
        (RETRY,),
    ),
    Cause(
        "wait failed",
        r"failed again and again|wait's message is not understood",
        "the function that waits could not go on: its log says why",
        (LOGS, RETRY),
    ),
    Cause(
        "stopped from outside",
        r"the execution was stopped|was stopped$",
        "somebody stopped it",
        (RETRY,),
    ),
    Cause(
        "wrong settings",
        r"the settings lack|it must be|is not of the type|base model takes at most",
        "a value of the pipeline's file or of this start does not fit",
        ("validate {pipeline}", "status {id}"),
    ),
    Cause(
        "fault of AWS",
        r"InternalServerError|InternalFailure|InternalError|ServiceUnavailable",
        "a fault of the service, which usually passes",
        (RETRY,),
    ),
    Cause(
        "fault of the code",
        r"internal error:|Traceback \(most recent call last\)",
        "the step's code failed in a way that nobody foresaw: the traceback says where",
        (LOGS, RETRY),
    ),
)


def likely(reason: str, lines: Iterable[str]) -> Cause | None:
    """The first row that fits the reason, else the first that fits a log line, newest line first."""
    for text in (reason, *reversed(list(lines))):
        for cause in CAUSES:
            if re.search(cause.pattern, text):
                return cause
    return None
