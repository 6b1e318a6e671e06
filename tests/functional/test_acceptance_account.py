"""Somebody's data in four scripts through both pipelines by YAML alone, in an account, on a very bad day.

The account is the stand-in posing as one. The training loses its preparation and its fine-tuning to kill -9,
its queue delivers twice and delivers rubbish, and the endpoint dies while it is asked.
"""

from __future__ import annotations

import csv
import io
import itertools
import json
import unicodedata
from dataclasses import dataclass
from typing import Any, Literal

import psutil
import pytest

from tests.functional.account import Account, posing
from tests.functional.conftest import RunningStandIn
from tests.functional.engine_pipelines import until
from tests.functional.repository import Done

pytestmark = [pytest.mark.functional, pytest.mark.timeout(600)]

# Question, text and answer in Chinese, Hindi, Arabic, Turkish (dotless and dotted i) and decomposed Turkish.
COLOURS = {
    "zh": ["红色", "蓝色", "绿色"],
    "hi": ["लाल", "नीला", "हरा"],
    "ar": ["أحمر", "أزرق", "أخضر"],
    "tr": ["kırmızı", "mavi", "yeşil"],
}
SENTENCES = {
    "zh": ("{n}号房间是什么颜色？", "{n}号房间是{colour}的。"),
    "hi": ("कमरा संख्या {n} का रंग क्या है?", "कमरा संख्या {n} का रंग {colour} है।"),
    "ar": ("ما لون الغرفة رقم {n}؟", "لون الغرفة رقم {n} هو {colour}."),
    "tr": ("İkinci kattaki {n} numaralı odanın rengi nedir?", "{n} numaralı oda {colour} renktedir."),
}
PROMPT = "Metni okuyun ve soruyu yanıtlayın.\n\n    Metin: {metin}\n    Soru: {soru}\n    Yanıt:"


def rows() -> list[dict[str, str]]:
    """40 rows a language; every fourth Turkish one with its accents apart."""
    made = []
    for language, (question, text) in SENTENCES.items():
        for number in range(1, 41):
            colour = COLOURS[language][number % 3]
            form: Literal["NFC", "NFD"] = "NFD" if language == "tr" and number % 4 == 0 else "NFC"
            values = {
                "soru": question.format(n=number),
                "metin": text.format(n=number, colour=colour),
                "cevap": colour,
            }
            made.append({key: unicodedata.normalize(form, value) for key, value in values.items()})
    return made


def write_pipelines(account: Account) -> None:
    """The shipped files copied, with other data, other names, another prompt: only YAML and a CSV."""
    folder = account.repository.folder
    (folder / "data" / "renkler").mkdir()
    with (folder / "data" / "renkler" / "odalar.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, ["soru", "metin", "cevap", "not"])
        writer.writeheader()
        writer.writerows({**row, "not": "kullanılmıyor"} for row in rows())
    pipelines = folder / "config" / "pipelines"
    for kind in ("training", "inference"):
        text = (pipelines / f"facts-{kind}.yaml").read_text(encoding="utf-8")
        (pipelines / f"renkler-{kind}.yaml").write_text(
            text.replace("facts-", "renkler-").replace("group: facts", "group: renkler"), encoding="utf-8"
        )
    training, inference = (f"config/pipelines/renkler-{kind}.yaml" for kind in ("training", "inference"))
    change = account.repository.change
    change(training, "^description: .*", "description: Renkler 颜色 रंग ألوان")
    change(training, r"source: data/facts/facts\.jsonl", "source: data/renkler/odalar.csv")
    change(training, "format: jsonl", "format: csv")
    change(
        training, r"columns: \{.*\}", "columns: {soru: soru, metin: metin, yanıt: cevap}".replace("ı", "i")
    )
    change(training, r"  prompt: \|\n(?:(?:    .*)?\n)+?(?=  output)", f"  prompt: |\n    {PROMPT}\n")
    change(training, r'output: "\{answer\}"', 'output: "{yanit}"')
    change(training, "group_by: passage", "group_by: null")
    change(training, r"validation: 150, evaluation: 300", "validation: 20, evaluation: 60")
    change(
        training, "TrainingRows: {type: Integer, default: 1200", "TrainingRows: {type: Integer, default: 80"
    )
    change(training, "(EpochCount: .*default:) 8", r"\1 1")
    change(
        inference,
        "EvaluationRows: {type: Integer, default: 300",
        "EvaluationRows: {type: Integer, default: 60",
    )
    change(inference, "normalization: none ", "normalization: unicode ")


@dataclass(frozen=True)
class Day:
    """What happened: the account, both executions, and what was said at each failure."""

    account: Account
    training: dict[str, Any]
    inference: dict[str, Any]
    preparation_killed: Done
    tuning_killed: Done
    evaluated: Done


@pytest.fixture(scope="module")
def account(stand_in: RunningStandIn, tmp_path_factory: pytest.TempPathFactory) -> Account:
    """Deployed by bootstrap and upsert, as an account is."""
    found = posing(stand_in, tmp_path_factory.mktemp("account"))
    write_pipelines(found)
    found.run("bootstrap", code=0)
    found.run("upsert", "renkler-training", "renkler-inference", code=0)
    return found


@pytest.fixture(scope="module")
def day(account: Account, stand_in: RunningStandIn) -> Day:
    """Every fault in its turn, each followed by a retry where one is needed."""
    sagemaker = account.client("sagemaker")
    started = sagemaker.start_pipeline_execution(PipelineName=f"{account.prefix}-renkler-training")
    training = started["PipelineExecutionArn"]
    kill(stand_in, "steps.prepare")
    preparation_killed = account.run("watch", training, code=1)

    account.run("retry", training, code=0)
    disturb(account, training)
    kill(stand_in, "local.training.main")
    tuning_killed = account.run("watch", training, code=1)
    account.run("retry", training, "--wait", code=0)

    words = ("start", "renkler-inference", "--from-training", training, "-p", "MinimumF1=0")
    inference = account.run(*words, code=0).out.split()[0]
    until(lambda: "asking " in account.run("logs", inference, code=0).out, 120)
    kill(stand_in, "local.serving.main")
    evaluated = account.run("watch", inference, code=0)
    return Day(
        account,
        account.status(training),
        account.status(inference),
        preparation_killed,
        tuning_killed,
        evaluated,
    )


def kill(stand_in: RunningStandIn, word: str) -> None:
    """kill -9 for a process of the stand-in that has this word in its command line."""
    server = psutil.Process(json.loads((stand_in.folder / "server.json").read_text())["pid"])

    def victim() -> psutil.Process | None:
        for child in server.children(recursive=True):
            try:
                if word in child.cmdline():
                    return child
            except psutil.Error:
                continue
        return None

    found: psutil.Process = until(victim, 60)
    found.kill()


def disturb(account: Account, execution: str) -> None:
    """The wait's message again, twice, and three that nobody can use."""
    sagemaker, sqs = account.client("sagemaker"), account.client("sqs")

    def waiting() -> dict[str, Any] | None:
        listed = sagemaker.list_pipeline_execution_steps(PipelineExecutionArn=execution)
        for step in listed["PipelineExecutionSteps"]:
            if (step["StepName"], step["StepStatus"]) == ("wait-automl", "Executing"):
                return step.get("Metadata", {}).get("Callback")  # type: ignore[no-any-return]
        return None

    callback = until(waiting, 60)
    name = f"{execution.rpartition('/')[2]}-1"
    arguments = {
        "version": 1,
        "waits_for": "automl",
        "name": name,
        "deadline_seconds": 259200,
        "first_poll_seconds": 1,
        "max_poll_seconds": 2,
    }
    own = {
        "token": callback["CallbackToken"],
        "pipelineExecutionArn": execution,
        "arguments": arguments,
        "status": "Executing",
    }
    unknown = {**own, "token": "ABCDEFGHIJ"}
    for body in (json.dumps(own), json.dumps(own), json.dumps(unknown), "{", "[]"):
        sqs.send_message(QueueUrl=callback["SqsQueueUrl"], MessageBody=body)


def told(done: Done) -> list[str]:
    """The last error: its fact, then its hints."""
    lines = done.err.splitlines()
    hints = list(itertools.takewhile(lambda line: line.startswith("hint: "), reversed(lines)))
    return [lines[-len(hints) - 1], *reversed(hints)]


def steps(document: dict[str, Any]) -> dict[str, str]:
    return {step["name"]: step["status"] for step in document["steps"]}


def test_a_killed_step_fails_with_its_reason(day: Day) -> None:
    """Signal, what it may mean, and what to type."""
    fact, *hints = told(day.preparation_killed)
    assert fact.startswith('"renkler-training" failed in step "prepare": AlgorithmError: ')
    assert "signal 9" in fact
    assert f"run_pipeline.py retry {day.training['id']} --wait --env dev" in hints[-1]


def test_a_killed_fine_tuning_fails_with_autopilots_reason(day: Day) -> None:
    """The job is named; neither doubled nor broken messages hide the reason."""
    fact = told(day.tuning_killed)[0]
    job = f"{day.training['id']}-1"
    assert f"in step \"wait-automl\": AutoML job '{job}' failed: AlgorithmError: " in fact
    assert "signal 9" in fact


def test_retries_finish_what_was_begun(day: Day) -> None:
    """The same execution succeeds in the end, with the second attempt at its job, and nothing runs twice."""
    assert set(steps(day.training).values()) == {"Succeeded"}
    candidate = json.loads(day.account.read(day.inference["parameters"]["CandidateUri"]))
    assert candidate["automl_job_name"] == f"{day.training['id']}-2"
    jobs = day.account.client("sagemaker").list_auto_ml_jobs(NameContains=day.training["id"])
    assert {job["AutoMLJobName"]: job["AutoMLJobStatus"] for job in jobs["AutoMLJobSummaries"]} == {
        f"{day.training['id']}-1": "Failed",
        f"{day.training['id']}-2": "Completed",
    }


def test_an_endpoint_that_dies_costs_no_row(day: Day) -> None:
    """It comes up again; every row has its answer."""
    said = "evaluation of 60 rows, 0 without an answer, scored after Unicode normalization\n"
    assert said in day.evaluated.out
    assert steps(day.inference)["register"] == "Succeeded"


def test_no_sign_of_any_script_is_lost(day: Day) -> None:
    """Training rows and targets are the very texts of the data, in the form in which they were written."""
    answers = {row["metin"]: row["cevap"] for row in rows()}
    folder = day.inference["parameters"]["EvaluationData"].rstrip("/").removesuffix("/evaluation")
    learned = list(csv.DictReader(io.StringIO(day.account.read(f"{folder}/training/training.csv"))))
    asked = day.account.lines(f"{folder}/evaluation/evaluation.jsonl")
    assert (len(learned), len(asked)) == (80, 60)
    for row in (*learned, *asked):
        text = row["input"].splitlines()[2].removeprefix("Metin: ")
        assert row["output"] == answers[text]
    assert any(unicodedata.normalize("NFC", row["output"]) != row["output"] for row in (*learned, *asked))
    assert {script(row["output"]) for row in asked} == {"CJK", "DEVANAGARI", "ARABIC", "LATIN"}


def test_every_answer_is_kept_with_both_scores(day: Day) -> None:
    """fmeval's own figures and those after normalization; the gate read the latter."""
    report = day.account.run("outputs", day.inference["id"], "--output", "json", code=0).json
    (uri,) = [file["uri"] for file in report["files"] if file["uri"].endswith("/results.jsonl")]
    results = day.account.lines(uri)
    assert len(results) == 60
    assert all(set(result["scores"]) == set(result["unicode_scores"]) for result in results)
    assert day.inference["gates"][0]["metric"] == "f1"


def script(text: str) -> str:
    return unicodedata.name(text[0]).split()[0]


def test_nothing_is_left_behind(day: Day, account: Account) -> None:
    """Failed, retried, dead and revived: no endpoint stays."""
    name = f"{account.prefix}-{day.training['id']}"
    until(lambda: not account.client("sagemaker").list_endpoints(NameContains=name)["Endpoints"], 30)


def test_a_description_in_other_scripts_arrives(account: Account) -> None:
    """What the file says is what SageMaker shows."""
    described = account.client("sagemaker").describe_pipeline(
        PipelineName=f"{account.prefix}-renkler-training"
    )
    assert described["PipelineDescription"] == "Renkler 颜色 रंग ألوان"
