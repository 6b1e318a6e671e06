"""Everything that can be known before people are asked: files, CORS, team, role, functions, and the page.

Each check gives (fact, hint) of what would make the job, or its tasks, fail; all are told at once.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import ClientError

from config import names
from config.models import Environment
from config.models.labeling_job import LabelingJobConfig
from config.rules.labeling_job import TEMPLATE_CHARACTERS
from deploy.errors import DENIED, code_of, is_missing
from deploy.hints import typed
from deploy.labeling.manifest import S3_OBJECT, Manifest
from deploy.labeling.request import function_arn, team_arn
from deploy.objects import split
from deploy.session import Aws

Problem = tuple[str, str]
# https://docs.aws.amazon.com/sagemaker/latest/dg/sms-cors-update.html
CORS: Final = {
    "CORSRules": [
        {
            "AllowedHeaders": [],
            "AllowedMethods": ["GET"],
            "AllowedOrigins": ["*"],
            "ExposeHeaders": ["Access-Control-Allow-Origin"],
        }
    ]
}
# In the place of a hint: something to know, which stops nothing.
NO_FAULT: Final = ""
CROWD: Final = "https://assets.crowd.aws/crowd-html-elements.js"
INPUT_CHARACTERS: Final = 128_000  # shape TaskInput
# So many recordings are looked for; more would be a listing of the bucket.
LOOKED_FOR: Final = 5
_USED: Final = re.compile(r"task\.input(?:\.([\w-]+)|\[\s*['\"]([^'\"]+)['\"]\s*\])")
# The innermost block of a condition; taken out one after the other, what is left is shown for every object.
_CONDITIONAL: Final = re.compile(
    r"\{%-?\s*(if|unless)\b(?:(?!\{%-?\s*(?:if|unless)\b).)*?\{%-?\s*end\1\s*-?%\}", re.DOTALL
)


@dataclass(frozen=True)
class Draft:
    """A job that is about to be created; `template` with its page in place."""

    config: LabelingJobConfig
    manifest: Manifest
    template: str


@dataclass(frozen=True)
class Checked:
    """What came of the checks: problems, things to know, and the page of the first object."""

    problems: tuple[Problem, ...]
    notes: tuple[str, ...]
    page: str


def check(aws: Aws, environment: Environment, draft: Draft) -> Checked:
    """Asks what has to be asked; nothing is written."""
    problems: list[Problem] = [*template_problems(draft), *_team(aws, environment, draft.config)]
    problems += _functions(aws, environment, draft.config)
    for bucket in draft.manifest.buckets:
        problems += cors_problems(aws, environment, bucket)
    page, wrong = _rendered(aws, environment, draft)
    notes = [fact for fact, hint in problems if hint == NO_FAULT]
    faults = [each for each in (*problems, *wrong) if each[1] != NO_FAULT]
    return Checked(tuple(faults), (*notes, *_absent(aws, draft.manifest)), page)


def template_problems(draft: Draft) -> Iterator[Problem]:
    """What can be read in the template itself."""
    text = draft.template
    if "<crowd-form" not in text:
        yield (
            "the template has no <crowd-form>: answers cannot be sent",
            "put the form's fields inside <crowd-form>...</crowd-form>",
        )
    if CROWD not in text:
        yield "the template does not load the crowd elements", f'add <script src="{CROWD}"></script>'
    if draft.config.pre_annotation != "none":
        return  # the function says what the page is given
    for key in dict.fromkeys(_key(found) for found in _USED.findall(_unconditional(text))):
        if key not in draft.manifest.keys:
            line = next(n for n, each in enumerate(draft.manifest.lines, start=1) if key not in each)
            yield (
                f"the template shows task.input.{key}, which object {line} of the manifest does not have",
                f"keys of every object: {', '.join(sorted(draft.manifest.keys))}",
            )


def _unconditional(text: str) -> str:
    before = ""
    while before != text:
        before, text = text, _CONDITIONAL.sub("", text)
    return text


def _key(found: tuple[str, str]) -> str:
    return found[0] or found[1]


def cors_problems(aws: Aws, environment: Environment, bucket: str) -> Iterator[Problem]:
    """Pages fetch recordings across origins: without the rule their tasks fail. The API does not add it."""
    mend = f"aws s3api put-bucket-cors --bucket {bucket} --cors-configuration '{json.dumps(CORS)}'"
    if bucket == names.bucket(environment):
        mend = typed("bootstrap", environment.name)
    try:
        rules = aws.client("s3").get_bucket_cors(Bucket=bucket)["CORSRules"]
    except ClientError as error:
        if code_of(error) == "NoSuchBucket":
            yield f'there is no bucket "{bucket}", which the manifest names', "correct the manifest"
        elif code_of(error) == "NoSuchCORSConfiguration":
            yield f'bucket "{bucket}" has no CORS rule: pages could not load what lies in it', mend
        elif code_of(error) in DENIED:  # another team's bucket: no fault, as far as can be known
            yield f'whether pages may load from bucket "{bucket}" could not be asked', NO_FAULT
        else:
            raise
        return
    if not any(_opens(rule) for rule in rules):
        yield (
            f'no CORS rule of bucket "{bucket}" allows GET from any origin: pages could not load from it',
            mend,
        )


def _opens(rule: dict[str, Any]) -> bool:
    exposed = {each.casefold() for each in rule.get("ExposeHeaders", ())}
    return (
        "GET" in rule.get("AllowedMethods", ())
        and "*" in rule.get("AllowedOrigins", ())
        and "access-control-allow-origin" in exposed
    )


def _team(aws: Aws, environment: Environment, config: LabelingJobConfig) -> Iterator[Problem]:
    """A private team is there; a vendor's is another account's and cannot be asked for by name."""
    arn = team_arn(environment, config)
    if "/vendor-crowd/" in arn:
        return
    try:
        aws.client("sagemaker").describe_workteam(WorkteamName=arn.rpartition("/")[2])
    except ClientError as error:
        if not is_missing(error):
            raise
        yield (
            f'there is no work team "{arn.rpartition("/")[2]}"',
            typed(f"labeling team {config.name} --create", environment.name),
        )


def _functions(aws: Aws, environment: Environment, config: LabelingJobConfig) -> Iterator[Problem]:
    for key, choice, function in (
        ("pre_annotation", config.pre_annotation, "pre_annotation"),
        ("post_annotation", config.post_annotation, "post_annotation"),
    ):
        arn = function_arn(environment, choice, function)
        if arn is None:
            continue
        try:
            aws.client("lambda").get_function(FunctionName=arn)
        except ClientError as error:
            if not is_missing(error):
                raise
            hint = typed("bootstrap", environment.name) if choice == "ours" else "name one of the account"
            yield f"{key}: there is no function {arn}", hint


def _rendered(aws: Aws, environment: Environment, draft: Draft) -> tuple[str, list[Problem]]:
    """The first object's page by RenderUiTemplate, and what the service finds wrong with it."""
    if len(draft.template) > TEMPLATE_CHARACTERS:
        what = "the template with its page has"
        return "", [
            (
                f"{what} {len(draft.template):,} characters; at most {TEMPLATE_CHARACTERS:,}",
                f"shorten page or {draft.config.template}",
            )
        ]
    task_input = json.dumps(task_of(draft), ensure_ascii=False)
    if len(task_input) > INPUT_CHARACTERS:
        return "", [
            (
                f"the first object has {len(task_input):,} characters; a page takes {INPUT_CHARACTERS:,}",
                "put long texts into S3: labeling manifest --text COLUMN",
            )
        ]
    answer = aws.client("sagemaker").render_ui_template(
        UiTemplate={"Content": draft.template},
        Task={"Input": task_input},
        RoleArn=names.role_arn(environment, "labeling"),
    )
    wrong = [
        (
            f"the template cannot be rendered ({each['Code']}): {each['Message']}",
            f"correct {draft.config.template}",
        )
        for each in answer.get("Errors", ())
    ]
    return str(answer.get("RenderedContent", "")), wrong


def task_of(draft: Draft) -> dict[str, Any]:
    """What a page is given as task.input: the line; with a function of ours, what that makes of it."""
    line = dict(draft.manifest.lines[0])
    if draft.config.pre_annotation == "none":
        return line
    source = line.get("source-ref") or line.get("source")
    return {**line, "source-ref": source, "taskObject": source}


def _absent(aws: Aws, manifest: Manifest) -> Iterator[str]:
    """Recordings that are not there; something to know, as they may be on their way."""
    looked_for = list(filter(S3_OBJECT.fullmatch, manifest.sources))[:LOOKED_FOR]
    absent = [uri for uri in looked_for if not _is_there(aws, uri)]
    if absent:
        yield (
            f"of the first {len(looked_for)} recordings {len(absent)} are not there (yet): people could not"
            f" play {absent[0]}"
        )


def _is_there(aws: Aws, uri: str) -> bool:
    bucket, key = split(uri)
    try:
        aws.client("s3").head_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if is_missing(error):
            return False
        if code_of(error) not in DENIED:
            raise
    return True  # what may not be looked at may still be there
