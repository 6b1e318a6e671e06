"""Rules across the keys of a labeling job, and between a job and the pipeline that converts its labels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from config import names
from config.models.labeling import LABELING_JOB, LabelingConfig
from config.models.labeling_job import NO_FUNCTION, OWN_FUNCTION, LabelingJobConfig
from config.models.pipeline import PipelineConfig
from config.models.types import seconds
from config.rules.data import is_local
from config.rules.rule import Finding, Findings, KindRules, PlacedRule, Rule, Surroundings
from config.suggest import did_you_mean, listing

TASK_SECONDS: Final = 28_800  # custom tasks (page sms-custom-templates)
AVAILABILITY_SECONDS: Final = 30 * 86_400  # private and vendor teams
PAGE: Final = "@page@"
TEMPLATE_CHARACTERS: Final = 128_000  # shape TemplateContent
_ENDINGS: Final = ("-metadata", "-ref")
_CHOICES: Final = ("choice", "choices")


def attribute_can_be_told(job: LabelingJobConfig) -> Findings:
    """Ground Truth keeps these endings for itself (page sms-data-output)."""
    for ending in _ENDINGS:
        if job.attribute.endswith(ending):
            message = f'"{job.attribute}" ends with {ending}, which Ground Truth keeps for itself'
            yield Finding(("attribute",), message, f"write {job.attribute.removesuffix(ending) or 'labels'}")


def limits_fit(job: LabelingJobConfig) -> Findings:
    """Eight hours for a task, thirty days for all of them, and a task ends before it expires."""
    task, available = seconds(job.limits.task), seconds(job.limits.availability)
    if not 30 <= task <= TASK_SECONDS:
        yield Finding(("limits", "task"), f"found {job.limits.task}; allowed: 30s to 8h")
    if not 60 <= available <= AVAILABILITY_SECONDS:
        yield Finding(("limits", "availability"), f"found {job.limits.availability}; allowed: 1m to 30d")
    elif available < task:
        message = f"found {job.limits.availability}, which ends before one task of {job.limits.task} does"
        yield Finding(("limits", "availability"), message)


def team_is_named(job: LabelingJobConfig) -> Findings:
    """By ARN or by name; members are given once, and to a team that can be made."""
    team = job.team
    if (team.arn is None) == (team.name is None):
        what = "has neither arn nor name" if team.arn is None else "has arn and name: one team labels"
        yield Finding(("team",), what, "write name: annotators, or arn: arn:aws:sagemaker:...:workteam/...")
    if team.cognito is not None and team.oidc_groups:
        yield Finding(("team", "oidc_groups"), "a team has its members by cognito or by oidc_groups")


def questions_have_options(job: LabelingJobConfig) -> Findings:
    """Radio buttons and checkboxes have values, the others have not."""
    page = job.page
    for name, question in (page.questions if page else {}).items():
        path = ("page", "questions", name, "options")
        if question.kind in _CHOICES and len(question.options) < 2:
            yield Finding(path, f"a {question.kind} has two options at least")
        if question.kind not in _CHOICES and question.options:
            yield Finding(path, f"a {question.kind} has no options", "remove them", at_key=True)
        if name == "annotations":
            yield Finding(path[:-1], '"annotations" is the field of the segments', at_key=True)
    wants = page is not None and any(track.emotion for track in page.tracks.values())
    if page is not None and wants and not page.emotions:
        yield Finding(("page", "emotions"), "is empty, but a track asks for an emotion")


def name_fits(job: LabelingJobConfig, around: Surroundings) -> Findings:
    """Prefix, name and time are 63 characters at most (shape LabelingJobName)."""
    longest = names.longest_labeling_job(around.environment)
    if len(job.name) > longest:
        message = f"has {len(job.name)} characters; with prefix and time there is room for {longest}"
        yield Finding(("name",), message)


def output_can_be_written(job: LabelingJobConfig, around: Surroundings) -> Findings:
    """The role that bootstrap makes writes below one prefix of one bucket; a role of one's own elsewhere."""
    own = names.labeling_output(around.environment)
    if job.output is None or around.environment.roles.labeling is not None:
        return
    if job.output.rstrip("/") != own and not job.output.startswith(f"{own}/"):
        message = f"the role that bootstrap makes writes to {own} only"
        yield Finding(("output",), message, "write null, or name roles.labeling in the environment file")


def functions_can_work(job: LabelingJobConfig, around: Surroundings) -> Findings:
    """Roles that bootstrap makes: that of jobs calls our functions only, ours reads answers in one place."""
    roles, own = around.environment.roles, names.labeling_output(around.environment)
    for key in ("pre_annotation", "post_annotation"):
        if getattr(job, key) not in (NO_FUNCTION, OWN_FUNCTION) and roles.labeling is None:
            message = "the role that bootstrap makes calls the platform's functions only"
            yield Finding((key,), message, "write ours, or name roles.labeling in the environment file")
    elsewhere = job.output is not None and not f"{job.output.rstrip('/')}/".startswith(f"{own}/")
    if job.post_annotation == OWN_FUNCTION and elsewhere and roles.functions is None:
        message = f"the role that bootstrap makes reads answers below {own} only"
        yield Finding(
            ("post_annotation",), message, "write none, or name roles.functions in the environment file"
        )


def files_exist(job: LabelingJobConfig, around: Surroundings) -> Findings:
    """Manifest and template of this machine are there."""
    for key in ("manifest", "template"):
        place: str = getattr(job, key)
        if is_local(place) and not (around.root / place).is_file():
            hint = "make it: run_pipeline.py labeling manifest" if key == "manifest" else None
            yield Finding((key,), f'there is no file "{place}"', hint)


def page_is_shown(job: LabelingJobConfig, around: Surroundings) -> Findings:
    """The template has a place for the page exactly when there is one."""
    path = around.root / Path(job.template)
    if not is_local(job.template) or not path.is_file():
        return
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        yield Finding(("template",), f'"{job.template}" cannot be read: {error}')
        return
    if PAGE in text and job.page is None:
        yield Finding(("page",), f'is missing; "{job.template}" shows it at {PAGE}')
    elif PAGE not in text and job.page is not None:
        message = f'"{job.template}" has no {PAGE} where it would be shown'
        yield Finding(("page",), message, "remove page, or name the shipped template", at_key=True)
    if len(text) > TEMPLATE_CHARACTERS:
        yield Finding(("template",), f"has {len(text):,} characters; at most {TEMPLATE_CHARACTERS:,}")


RULES: Final = KindRules(
    values=(
        Rule(attribute_can_be_told, ("attribute",)),
        Rule(limits_fit, ("limits",)),
        Rule(team_is_named, ("team",)),
        Rule(questions_have_options, ("page",)),
    ),
    placed=(
        PlacedRule(name_fits, ("name",)),
        PlacedRule(output_can_be_written, ("output",)),
        PlacedRule(functions_can_work, ("pre_annotation", "post_annotation", "output")),
        PlacedRule(files_exist, ("manifest", "template")),
        PlacedRule(page_is_shown, ("template", "page")),
    ),
)


def pipeline_findings(job: LabelingJobConfig, pipelines: Mapping[str, PipelineConfig]) -> Iterable[Finding]:
    """The pipeline that converts reads this job, this attribute, and what the page offers."""
    if job.pipeline is None:
        return
    config = pipelines.get(job.pipeline)
    if not isinstance(config, LabelingConfig):
        known = [name for name, each in pipelines.items() if isinstance(each, LabelingConfig)]
        message = f'"{job.pipeline}" is not a labeling pipeline without faults; there are: {listing(known)}'
        yield Finding(("pipeline",), message, did_you_mean(job.pipeline, known))
        return
    if config.data.source != LABELING_JOB or config.data.job != job.name:
        message = f'"{job.pipeline}" does not take the output of this job'
        hint = f"write source: {LABELING_JOB} and job: {job.name} under data of {job.pipeline}"
        yield Finding(("pipeline",), message, hint)
    if config.data.attribute not in (None, job.attribute):
        message = f'found {job.attribute}, but "{job.pipeline}" reads {config.data.attribute}'
        yield Finding(("attribute",), message, f"write attribute: {config.data.attribute}")
    yield from _page_findings(job, config)


def _page_findings(job: LabelingJobConfig, config: LabelingConfig) -> Iterable[Finding]:
    page = job.page
    if page is None or config.checks.unknown_tracks == "keep":
        return
    for name, track in page.tracks.items():
        rules = config.tracks.get(name)
        path = ("page", "tracks", name)
        if rules is None:
            message = f'"{config.name}" would set the category aside; it takes: {listing(config.tracks)}'
            yield Finding(path, message, did_you_mean(name, config.tracks), at_key=True)
        elif unknown := [each for each in track.labels if rules.labels and each not in rules.labels]:
            message = f'"{config.name}" would set aside: {listing(unknown)}'
            yield Finding((*path, "labels"), message, f"add them to tracks.{name}.labels of {config.name}")
        elif rules.text == "required" and track.text != "required":
            message = f'found {track.text}, but "{config.name}" sets segments without text aside'
            yield Finding((*path, "text"), message, "write text: required")
        elif rules.overlaps == "forbid" and track.overlaps != "forbid":
            message = f'found allow, but "{config.name}" sets overlapping segments aside'
            yield Finding((*path, "overlaps"), message, "write overlaps: forbid")
    for name, question in page.questions.items():
        kind = config.questions.get(name)
        if kind not in (None, "ignore", question.kind):
            message = f'found {question.kind}, but "{config.name}" reads it as {kind}'
            yield Finding(("page", "questions", name, "kind"), message, f"write kind: {kind}")
