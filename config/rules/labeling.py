"""Rules across the keys of a labeling pipeline; values stand in the place of parameters here."""

from __future__ import annotations

from typing import Final

from config.models.labeling import LABELING_JOB, MANIFEST_FORMAT, LabelingConfig, Targets
from config.rules.data import is_local
from config.rules.infrastructure import isolation_findings, single_instance_findings
from config.rules.naming import NAMING_RULES
from config.rules.on_disk import exists, is_folder
from config.rules.rule import Finding, Findings, KindRules, PlacedRule, Rule, Surroundings, plain
from config.suggest import did_you_mean, listing
from config.templates import parse_template

# What steps/segments/writers/prompts.py fills, beside the fields of the YAML and {whole_QUESTION}.
_OBJECT: Final = ("id", "recording", "source", "duration", "segments", "labels", "text")
_SEGMENT: Final = ("track", "label", "start", "end", "seconds", "emotion")
_TEMPLATES: Final = ("prompt", "output", "a", "b", "completion")


def manifest_fits_format(config: LabelingConfig) -> Findings:
    """A manifest is read with ground_truth only, and needed there."""
    data = config.data
    if data.format == MANIFEST_FORMAT:
        if data.manifest is None:
            hint = "write manifest: manifests/output/output.manifest"
            yield Finding(("data", "manifest"), "is missing; ground_truth reads one", hint)
        return
    for key in ("manifest", "responses", "attribute"):
        if getattr(data, key) is not None:
            message = f"only goes with format: {MANIFEST_FORMAT}; here it is {data.format}"
            yield Finding(("data", key), message, "remove it", at_key=True)


def job_is_named(config: LabelingConfig) -> Findings:
    """The output of a labeling job is of a job, and read as its manifest."""
    data = config.data
    if data.source != LABELING_JOB:
        if data.job is not None:
            message = f"only goes with source: {LABELING_JOB}"
            yield Finding(("data", "job"), message, "remove it", at_key=True)
        return
    if data.job is None:
        yield Finding(
            ("data", "job"), "is missing: which labeling job", "write job: a file of config/labeling"
        )
    if data.format != MANIFEST_FORMAT:
        message = f"found {data.format}; a labeling job leaves {MANIFEST_FORMAT}"
        yield Finding(("data", "format"), message, f"write format: {MANIFEST_FORMAT}")


def job_exists(config: LabelingConfig, around: Surroundings) -> Findings:
    """There is a file of the job; what is in it is checked by itself."""
    job = config.data.job
    if config.data.source != LABELING_JOB or job is None:
        return
    known = sorted(file.stem for file in (around.root / "config" / "labeling").glob("*.yaml"))
    if job not in known:
        message = f'there is no labeling job "{job}" in config/labeling; there are: {listing(known)}'
        yield Finding(("data", "job"), message, did_you_mean(job, known))


def something_is_written(config: LabelingConfig) -> Findings:
    """At least one target."""
    if not any(getattr(config.targets, name) for name in Targets.model_fields):
        message = "names no target"
        yield Finding(("targets",), message, f"write one of them: {listing(Targets.model_fields)}")


def tracks_are_known(config: LabelingConfig) -> Findings:
    """A target takes a category that is checked."""
    if config.checks.unknown_tracks == "keep":
        return
    if not config.tracks and not config.questions:
        hint = "name the categories, or write checks.unknown_tracks: keep"
        yield Finding(("tracks",), "is empty: every segment would be set aside", hint)
    for name in Targets.model_fields:
        track = getattr(getattr(config.targets, name), "track", None)
        if track is not None and track not in config.tracks:
            message = f'"{track}" is not one of tracks; there are: {listing(config.tracks)}'
            yield Finding(("targets", name, "track"), message, did_you_mean(track, config.tracks))


def templates_can_be_filled(config: LabelingConfig) -> Findings:
    """Braces close, and every {name} is a field, a part of an object or segment, or a question."""
    for name in Targets.model_fields:
        target = getattr(config.targets, name)
        rows = getattr(target, "rows", "object")
        for key in _TEMPLATES:
            text = getattr(target, key, None)
            if text is not None:
                known = (*_OBJECT, *config.data.fields, *(_SEGMENT if rows == "segment" else ()))
                yield from _template_findings(config, ("targets", name, key), text, known)
        if target is not None and hasattr(target, "segment_line"):
            known = (*_SEGMENT, "text", *config.data.fields)
            yield from _template_findings(
                config, ("targets", name, "segment_line"), target.segment_line, known, may_be_constant=True
            )


def _template_findings(
    config: LabelingConfig,
    path: tuple[str | int, ...],
    text: str,
    known: tuple[str, ...],
    *,
    may_be_constant: bool = False,
) -> Findings:
    parsed = parse_template(text)
    questions = tuple(f"whole_{name}" for name, kind in config.questions.items() if kind != "ignore")
    for place, mistake in parsed.mistakes:
        yield Finding(path, mistake, "write {{ and }} for braces that are text", within=place)
    for name, place in parsed.names.items():
        if name not in known and name not in questions:
            allowed = listing((*known, *questions))
            yield Finding(
                path,
                f"{{{name}}} is not known here; names: {allowed}",
                did_you_mean(name, known),
                within=place,
            )
    # The answer to a preference may be a constant text; what is asked may not.
    if not (parsed.names or parsed.mistakes or may_be_constant or path[-1] in {"a", "b"}):
        hint = f"write one of these in braces: {listing(known)}"
        yield Finding(path, "names nothing: it would be the same for every row", hint)


def questions_are_asked(config: LabelingConfig) -> Findings:
    """Feedback is read from a question of the right kind."""
    for name, kind in (("preference", "choice"), ("kto", "rating")):
        target = getattr(config.targets, name)
        if target is not None and config.questions.get(target.question) != kind:
            message = f'"{target.question}" is not one of questions with the kind {kind}'
            yield Finding(
                ("targets", name, "question"), message, f"write questions: {{{target.question}: {kind}}}"
            )
    kto = config.targets.kto
    if kto is not None and kto.bad_to >= kto.good_from:
        message = f"found {kto.bad_to:g}, which is not below good_from: {kto.good_from:g}"
        yield Finding(("targets", "kto", "bad_to"), message)


def split_leaves_training(config: LabelingConfig) -> Findings:
    """Validation and test are not everything."""
    split = config.split
    if plain(split.validation) + plain(split.test) >= 1:
        message = f"validation {split.validation} and test {split.test} leave nothing to train on"
        yield Finding(("split",), message)


def folders_exist(config: LabelingConfig, around: Surroundings) -> Findings:
    """Folders and files of this machine are there."""
    source = config.data.source
    for key, folder in (("source", source), ("media", config.data.media)):
        named = folder is not None and folder != LABELING_JOB
        if folder is not None and named and is_local(folder) and not is_folder(around.root / folder):
            yield Finding(("data", key), f'there is no folder "{folder}"')
    if source == LABELING_JOB or not is_local(source) or not is_folder(around.root / source):
        return
    for key in ("manifest", "responses"):
        path = getattr(config.data, key)
        if path is not None and not exists(around.root / source / path):
            yield Finding(("data", key), f'there is no "{path}" in "{source}"')


def steps_can_be_isolated(config: LabelingConfig, around: Surroundings) -> Findings:
    """See isolation_findings."""
    for name in ("convert", "merge"):
        yield from isolation_findings(
            name, getattr(config.steps, name), around.environment, needs_network=None
        )


def merge_is_one(config: LabelingConfig) -> Findings:
    """One instance alone adds up the books."""
    why = {"merge": "merge adds up what all instances of convert found"}
    yield from single_instance_findings(config.steps, why)


RULES: Final = KindRules(
    values=(
        Rule(manifest_fits_format, ("data.format", "data.manifest", "data.responses", "data.attribute")),
        Rule(job_is_named, ("data.source", "data.job", "data.format")),
        Rule(something_is_written, ("targets",)),
        Rule(tracks_are_known, ("tracks", "checks.unknown_tracks", "targets", "questions")),
        Rule(templates_can_be_filled, ("targets", "data.fields", "questions")),
        Rule(questions_are_asked, ("targets", "questions")),
        Rule(split_leaves_training, ("split",)),
        Rule(merge_is_one, ("steps.merge.instance_count",)),
    ),
    placed=(
        *NAMING_RULES,
        PlacedRule(folders_exist, ("data",)),
        PlacedRule(job_exists, ("data",)),
        PlacedRule(steps_can_be_isolated, ("steps",)),
    ),
)
