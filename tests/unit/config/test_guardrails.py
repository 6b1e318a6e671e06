"""Guardrails files: what is refused, and in which words; guidelines and what contradicts them."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.errors import ConfigurationError
from config.guidelines import GUIDELINES, contradictions
from config.load import load_project
from config.models.guardrails import GuardrailsConfig
from tests.unit.config.project_folder import write_project

FILE = "config/pipelines/calls-guardrails.yaml"
SOUND = """\
version: 1
kind: guardrails
name: calls-guardrails
data:
  source: calls.jsonl
  format: jsonl
  columns: {id: id, text: transcript}
model: {id: amazon.nova-lite-v1:0}
prompt:
  template: "Summarize: {text} {guidelines}"
  guidelines: [privacy_protection, transparency]
guardrail:
  name: calls
  pii: [{type: EMAIL, action: mask}]
apply:
  requests_per_second: 25.0
  text_units_per_second: {sensitive_information: 25.0}
"""
# What is changed, what stands there instead, how the problem begins, a part of its hint.
BROKEN = [
    ("{id: id, text: transcript}", "{id: id}", "data.columns: names no column for text", "text: transcript"),
    ("source: calls.jsonl", "source: hf://owner/calls", "data.source: records come from S3 or a file", "S3"),
    (
        "{text} {g",
        "{txt} {text} {g",
        "prompt.template: {txt} is not one of the columns",
        'did you mean "text"',
    ),
    ("Summarize: {text}", "Summarize:", "prompt.template: does not use {text}", ""),
    (
        "transparency]",
        "transparancy]",
        'prompt.guidelines[1]: "transparancy" is no guideline',
        '"transparency"',
    ),
    (
        "transparency]",
        "privacy_protection]",
        'prompt.guidelines[1]: "privacy_protection" stands here twice',
        "",
    ),
    (
        "Summarize: {text}",
        "State the customer's name. {text}",
        'prompt.guidelines[0]: "privacy_protection" contradicts the template, which says: State',
        "prompt.overrides",
    ),
    (
        "transparency]",
        "transparency]\n  overrides: {transparency: Quote the call verbatim.}",
        'prompt.guidelines[0]: "privacy_protection" contradicts the guideline "transparency"',
        "take one of the two out",
    ),
    (
        "transparency]",
        "transparency]\n  custom: {tone: Be brief.}",
        "prompt.custom.tone: is not one of prompt.guidelines",
        "add tone",
    ),
    (
        "transparency]",
        "transparency]\n  overrides: {tone: Be brief.}",
        'prompt.overrides.tone: "tone" is no shipped guideline',
        "prompt.custom",
    ),
    ("type: EMAIL", "type: EMAILS", 'guardrail.pii[0].type: found "EMAILS"', '"EMAIL"'),
    ("name: calls\n  pii", "pii", "guardrail: has no name", "existing"),
    ("  pii: [{type: EMAIL, action: mask}]\n", "", "guardrail: looks for nothing", "pii"),
    (
        "action: mask}]",
        'action: mask}]\n  regexes: [{name: a, pattern: "a(?=b)"}]',
        "guardrail.regexes[0].pattern: uses lookaround",
        "",
    ),
    (
        "  requests_per_second: 25.0\n  text_units_per_second: {sensitive_information: 25.0}\n",
        "  from_quotas: true\n  also_input: true\n",
        "apply.from_quotas: has no effect on the records before the model sees them",
        "requests_per_second",
    ),
    (
        "action: mask}]",
        'action: mask}]\n  regexes: [{name: a, pattern: "[0-9]*"}]',
        "guardrail.regexes[0].pattern: fits an empty text",
        "+ where * stands",
    ),
    (
        "action: mask}]",
        'action: mask}]\n  regexes: [{name: a, pattern: "a("}]',
        "guardrail.regexes[0].pattern: is not a regular expression",
        "",
    ),
    (
        "action: mask}]",
        "action: mask}]\n  words: [x]",
        "apply.text_units_per_second: has no quota for word",
        "word: 25",
    ),
    (
        "pii: [{type: EMAIL, action: mask}]",
        'existing: {id: abc, version: "1"}',
        "guardrail.name: has no effect beside existing",
        "remove",
    ),
    ("  requests_per_second: 25.0\n", "", "apply: has no requests_per_second", "from_quotas"),
    (
        "guardrail:\n",
        "batch: {min_records_per_job: 100, max_records_per_job: 50}\nguardrail:\n",
        "batch.min_records_per_job: 100 is more than",
        "",
    ),
    (
        "guardrail:\n",
        "batch: {timeout_hours: 48, deadline: 1d}\nguardrail:\n",
        "batch.deadline: 1d is less than the 48 hours",
        "48h",
    ),
    (
        "guardrail:\n",
        "steps: {prepare_batch: {cache: 12d}}\nguardrail:\n",
        "steps.prepare_batch.cache: 12d and batch.deadline, 3d, are more than 14d",
        "null",
    ),
    (
        "guardrail:\n",
        "steps: {merge_results: {instance_count: 2}}\nguardrail:\n",
        "steps.merge_results.instance_count: found 2; merge_results holds all records",
        "1",
    ),
    (
        "guardrail:\n",
        "gates: [{metric: blocked_share, at_most: 2.0}]\nguardrail:\n",
        "gates[0].at_most: found 2; shares lie between 0 and 1",
        "write 0.02 for 2 %",
    ),
    (
        "{sensitive_information: 25.0}",
        "{sensitive_information: 25.0, sensitive: 25.0}",
        'apply.text_units_per_second.sensitive: "sensitive" cannot be a name here; allowed: sensitive_inf',
        'did you mean "sensitive_information"?',
    ),
    (
        "  columns:",
        "  answer_key: keys.jsonl\n  columns:",
        'data.answer_key: there is no file "keys.jsonl"',
        "",
    ),
    (
        "guardrail:\n",
        "gates: [{metric: blocked, at_most: 0.2}]\nguardrail:\n",
        'gates[0].metric: "blocked" is no metric',
        "",
    ),
]


def _project(root: Path, text: str) -> Path:
    return write_project(root, {FILE: text, "calls.jsonl": '{"id": "a", "transcript": "b"}\n'})


def test_the_sound_file_is_sound(tmp_path: Path) -> None:
    """What the cases change is accepted as it is."""
    assert "calls-guardrails" in load_project("local", _project(tmp_path, SOUND)).pipelines


def test_a_guardrail_of_two_pipelines_is_described_alike(tmp_path: Path) -> None:
    """The same words are one guardrail; other words under the same name are a mistake of the later file."""
    other = FILE.replace("calls-guardrails", "chats-guardrails")
    texts = {FILE: SOUND, "calls.jsonl": '{"id": "a", "transcript": "b"}\n'}
    same = SOUND.replace("calls-guardrails", "chats-guardrails")
    write_project(tmp_path, {**texts, other: same})
    assert {"calls-guardrails", "chats-guardrails"} <= set(load_project("local", tmp_path).pipelines)
    write_project(tmp_path, {**texts, other: same.replace("type: EMAIL", "type: PHONE")})
    with pytest.raises(ConfigurationError, match=r"chats-guardrails\.yaml") as caught:
        load_project("local", tmp_path)
    [problem] = caught.value.problems
    assert problem.key == "guardrail.name"
    assert problem.message == '"calls" is described otherwise by "calls-guardrails"'


@pytest.mark.parametrize(("old", "new", "says", "hint"), BROKEN, ids=[each[2][:60] for each in BROKEN])
def test_broken_file_is_explained(old: str, new: str, says: str, hint: str, tmp_path: Path) -> None:
    """One mistake gives one problem: key path, what is wrong, what to do."""
    assert old in SOUND
    with pytest.raises(ConfigurationError, match=r"calls-guardrails\.yaml") as caught:
        load_project("local", _project(tmp_path, SOUND.replace(old, new, 1)))
    (problem,) = caught.value.problems
    assert f"{problem.key}: {problem.message}".startswith(says)
    assert hint in (problem.hint or "")


def test_the_posts_prompt_contradicts_its_gender_guideline() -> None:
    """The shipped prompt keeps to neutral words even where gender is mentioned; the guideline does not."""
    config = load_project("local").pipelines["calls-guardrails"]
    assert isinstance(config, GuardrailsConfig)
    texts = {name: each.text for name, each in GUIDELINES.items()}
    (found,) = contradictions(config.prompt.template, texts)
    assert (found.guideline, found.other) == ("gender_neutrality", None)
    assert "even if gender is explicitly mentioned" in found.sentence


def test_all_fourteen_go_together() -> None:
    """Our own words ask for nothing that another of our guidelines forbids."""
    assert len(GUIDELINES) == 14
    assert list(contradictions("Summarize.", {name: each.text for name, each in GUIDELINES.items()})) == []


@pytest.mark.parametrize(
    ("sentence", "guideline"),
    [
        ("Include the customer's name and account number.", "privacy_protection"),
        ("List every e-mail address that occurs.", "privacy_protection"),
        ("Extract the callers' names.", "privacy_protection"),
        ("Use 'he' or 'she' for the customer.", "gender_neutrality"),
        ("Do not highlight improvements.", "continuous_improvement"),
        ("Do not flag unclear passages.", "transparency"),
        ("Infer the reason for the call where it is not said.", "factual_accuracy"),
        ("Do not mention any accent.", "accent_awareness"),
        ("Leave out feelings.", "emotional_context"),
        ("Always include the city.", "location_neutrality"),
        ("Do not give recommendations.", "continuous_improvement"),
        ("Quote offensive words.", "ethical_behaviour_flagging"),
        ("Prioritize premium customers.", "socioeconomic_neutrality"),
        ("Do not indicate what is unclear.", "transparency"),
    ],
)
def test_opposites_are_seen_and_negations_understood(sentence: str, guideline: str) -> None:
    """A sentence that asks for the opposite is a contradiction; the sentence turned round is none."""
    texts = {guideline: GUIDELINES[guideline].text}
    assert [each.guideline for each in contradictions(sentence, texts)] == [guideline]
    turned = (
        sentence.removeprefix("Do not ") if sentence.startswith("Do not") else f"Do not {sentence.lower()}"
    )
    assert list(contradictions(turned, texts)) == []
