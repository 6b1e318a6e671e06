"""Decisions: recorded once, followed by the registry's status, refused where they would not count."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from config.models import Project
from deploy.reviewing import deciding, decisions, evidence, registry, standing
from deploy.reviewing.callers import Caller
from deploy.reviewing.deciding import DecisionError, HalfDoneError, Outcome, Wish
from tests.unit.deploy.deciders import ALICE, AT, BOB, session, user
from tests.unit.deploy.evaluated import add_package, folder, remove
from tests.unit.deploy.fakes import AT as CREATED
from tests.unit.deploy.fakes import BUCKET, FakeAws, FakeRun, execution_arn, project, refusal

RECORDS = "local/decisions/local-facts/1"
INFERENCE = execution_arn("local-facts-inference", "inference001")


def account() -> FakeAws:
    """An account with one package, its evidence complete."""
    fake = FakeAws()
    add_package(fake, 1)
    return fake


def under(**rules: Any) -> Project:
    """The shipped configuration with other rules for decisions."""
    shipped = project()
    changed = shipped.environment.registry.model_copy(update=rules)
    environment = shipped.environment.model_copy(update={"registry": changed})
    return dataclasses.replace(shipped, environment=environment)


def decide(
    fake: FakeAws, who: Caller, what: str = "Approved", *, on: Project | None = None, **more: Any
) -> Outcome:
    """A decision on version 1, as the command takes it."""
    on = on or project()
    package = registry.find(on, fake.aws, "facts/1", exact=True)
    gaps = evidence.gaps(on, fake.aws, package)
    wish = Wish(what, more.pop("reason", "f1 0.71"), who, AT, gaps, **more)
    return deciding.decide(on, fake.aws, package, wish)


def status(fake: FakeAws) -> str:
    [package] = fake.sagemaker.packages.values()
    return str(package["ModelApprovalStatus"])


def written(fake: FakeAws) -> list[str]:
    return [key for key in fake.s3.written if "/decisions/" in key]


def test_a_decision_is_a_record_and_then_a_status() -> None:
    """Who, why, on what: the whole object; then the registry, in one call."""
    fake = account()
    launched(fake, "carol")
    assert decide(fake, ALICE).status == "Approved"
    record = json.loads(fake.s3.objects[BUCKET, f"{RECORDS}/0001.json"])
    files = [f"{folder(1)}/metrics/evaluation_metrics.json"]
    files += [
        f"{folder(1)}/report/{name}" for name in ("evaluation_report.html", "results.jsonl", "manifest.json")
    ]
    assert [each["uri"] for each in record["evidence"]] == files
    assert all(len(each["etag"]) == 32 for each in record.pop("evidence"))
    assert record.pop("launcher")["arn"] == "arn:aws:iam::123456789012:user/carol"
    assert record == {
        "version": 1,
        "package": "arn:aws:sagemaker:us-east-1:123456789012:model-package/local-facts/1",
        "sequence": 1,
        "decision": "Approved",
        "reason": "f1 0.71",
        "caller": {
            "arn": "arn:aws:iam::123456789012:user/team/alice",
            "user_id": "AIDAALICE",
            "account": "123456789012",
            "source_identity": "",
            "session_name": "",
        },
        "time": "2026-11-27T12:00:00+00:00",
        "forced": False,
        "gaps": [],
        "required": {"approvers": 1, "not_launcher": False},
    }
    assert fake.s3.tags[f"{RECORDS}/0001.json"] == "decided-by=AIDAALICE"
    assert fake.sagemaker.calls == [
        (
            "update_model_package",
            {
                "ModelPackageArn": record["package"],
                "ModelApprovalStatus": "Approved",
                "ApprovalDescription": "f1 0.71",
            },
        )
    ]


def launched(fake: FakeAws, name: str, mark: str | None = None) -> None:
    """The execution that registered the package, with who launched it in its description."""
    caller = f"caller arn:aws:iam::123456789012:user/{name} (id AIDA{name.upper()})"
    said = f"started by x at commit 0123; {caller}" if mark is None else mark
    fake.sagemaker.add_run(FakeRun(INFERENCE, "Succeeded", [], {}, description=said))


def test_lines_of_a_reason_are_kept_in_the_record() -> None:
    """The registry takes one line; any script goes into both."""
    fake = account()
    decide(fake, ALICE, reason="好的：\n\tF1 hält 🦜")
    assert json.loads(fake.s3.objects[BUCKET, f"{RECORDS}/0001.json"])["reason"] == "好的：\n\tF1 hält 🦜"
    assert fake.sagemaker.calls[0][1]["ApprovalDescription"] == "好的： F1 hält 🦜"


@pytest.mark.parametrize(
    ("reason", "fact"),
    [
        ("  ", "a decision needs a reason"),
        ("x" * 1025, "the reason has 1025 characters, the registry takes 1024"),
    ],
)
def test_a_reason_must_be_one_and_fit(reason: str, fact: str) -> None:
    """Nothing is written without it."""
    fake = account()
    with pytest.raises(DecisionError, match=fact):
        decide(fake, ALICE, reason=reason)
    assert (written(fake), fake.sagemaker.calls) == ([], [])


def test_of_two_racing_decisions_one_is_told_what_the_other_said() -> None:
    """The other one came between reading the log and writing the record."""
    fake = account()

    def meanwhile(key: str) -> None:
        if key.endswith("0001.json"):
            fake.s3.before_put = lambda _: None
            decide(fake, BOB, "Rejected", reason="answers in German")

    fake.s3.before_put = meanwhile
    with pytest.raises(DecisionError, match=r'as decision 0001: Rejected by bob: "answers in German"'):
        decide(fake, ALICE)
    assert (written(fake), status(fake)) == ([f"{RECORDS}/0001.json"], "Rejected")
    assert decide(fake, ALICE).status == "Approved"
    assert written(fake)[1:] == [f"{RECORDS}/0002.json"]


def test_a_later_record_decides_the_status() -> None:
    """Somebody rejects between the record and the status: the status is that of the whole log."""
    fake = account()
    put = fake.s3.put_object

    def and_then_bob(**request: Any) -> None:
        put(**request)
        fake.s3.put_object = put  # type: ignore[method-assign]
        decide(fake, BOB, "Rejected")

    fake.s3.put_object = and_then_bob  # type: ignore[method-assign]
    assert decide(fake, ALICE).status == "Rejected"
    assert status(fake) == "Rejected"


def test_a_decision_between_the_look_and_the_update_is_not_overwritten() -> None:
    """Bob's rejection is recorded and followed while alice's update is on its way: hers comes last."""
    fake = account()
    update = fake.sagemaker.update_model_package

    def after_bob(**request: Any) -> None:
        fake.sagemaker.update_model_package = update  # type: ignore[method-assign]
        decide(fake, BOB, "Rejected", reason="answers in German")
        update(**request)

    fake.sagemaker.update_model_package = after_bob  # type: ignore[method-assign]
    assert decide(fake, ALICE).status == "Rejected"
    assert status(fake) == "Rejected"
    assert fake.sagemaker.calls[-1][1]["ApprovalDescription"] == "answers in German"


def test_a_package_that_is_deleted_meanwhile_is_said_to_be() -> None:
    """The record is written; the same command again could complete nothing."""
    fake = account()

    def gone(**_: Any) -> None:
        raise refusal("UpdateModelPackage", "ValidationException", "ModelPackage x does not exist.")

    fake.sagemaker.update_model_package = gone  # type: ignore[method-assign]
    with pytest.raises(DecisionError, match=r"local-facts/1 was deleted meanwhile: the decision is recorded"):
        decide(fake, ALICE)


def test_a_decision_on_a_deleted_package_of_the_same_name_does_not_count() -> None:
    """Its group was deleted and made again: numbers begin at 1, and the log in the bucket is still there."""
    fake, two = account(), under(approvers=2)
    decide(fake, ALICE, on=two)
    # S3 tells whole seconds: what was written right after the package was made is this one's.
    fake.s3.times[f"{RECORDS}/0001.json"] = CREATED - timedelta(milliseconds=900)
    assert standing_of(fake, two).tally.text == "1 of 2"
    fake.s3.times[f"{RECORDS}/0001.json"] = CREATED - timedelta(seconds=2)
    stood = standing_of(fake, two)
    assert (stood.tally.text, [each.of_former for each in stood.log]) == ("0 of 2", [True])
    assert decide(fake, BOB, on=two).tally.text == "1 of 2"
    assert written(fake)[1:] == [f"{RECORDS}/0002.json"]


def standing_of(fake: FakeAws, on: Project) -> standing.Standing:
    return standing.of(on, fake.aws, registry.find(on, fake.aws, "facts/1"))


def failing_update(fake: FakeAws) -> Callable[..., None]:
    """UpdateModelPackage is throttled once."""
    update = fake.sagemaker.update_model_package

    def fail(**_: Any) -> None:
        fake.sagemaker.update_model_package = update  # type: ignore[method-assign]
        raise refusal("UpdateModelPackage", "ThrottlingException", "Rate exceeded")

    return fail


def test_half_done_work_is_completed_by_the_same_command() -> None:
    """A record without its status: no second record, the status follows."""
    fake = account()
    fake.sagemaker.update_model_package = failing_update(fake)  # type: ignore[method-assign]
    with pytest.raises(
        HalfDoneError, match=r"is recorded, the registry's status is not changed \(Throttling"
    ):
        decide(fake, ALICE)
    assert status(fake) == "PendingManualApproval"
    outcome = decide(fake, ALICE)
    assert (outcome.record, outcome.was, outcome.status) == (None, "PendingManualApproval", "Approved")
    assert (written(fake), status(fake)) == ([f"{RECORDS}/0001.json"], "Approved")


def test_what_is_decided_already_is_not_written_again() -> None:
    """A third call writes nothing, whoever makes it."""
    fake = account()
    decide(fake, ALICE)
    for who in (ALICE, BOB):
        assert decide(fake, who, reason="again").record is None
    assert (written(fake), len(fake.sagemaker.calls)) == ([f"{RECORDS}/0001.json"], 1)


def test_a_package_without_its_evidence_is_refused_and_can_be_forced() -> None:
    """The record keeps that it was forced, and what was missing."""
    fake = account()
    remove(fake, f"{folder(1)}/report/results.jsonl")
    with pytest.raises(DecisionError, match="local-facts/1 cannot be approved: results by row: the file is"):
        decide(fake, ALICE)
    assert written(fake) == []
    record = decide(fake, ALICE, force=True).record
    assert record is not None
    assert (record.forced, len(record.gaps), len(record.evidence)) == (True, 1, 3)
    stood = standing.of(project(), fake.aws, registry.find(project(), fake.aws, "facts/1"))
    assert stood.text == "by alice (forced)"


def test_rows_that_were_learned_are_refused() -> None:
    """The overlap that the evaluation counted."""
    fake = FakeAws()
    add_package(fake, 1, overlap={"rows": 3, "training_rows": 1200})
    with pytest.raises(DecisionError, match="3 rows that were asked stand in its training set"):
        decide(fake, ALICE)


def test_a_rejection_needs_no_evidence() -> None:
    """That is a reason for one."""
    fake = account()
    remove(fake, f"{folder(1)}/report/results.jsonl")
    assert decide(fake, ALICE, "Rejected").status == "Rejected"
    stood = standing.of(project(), fake.aws, registry.find(project(), fake.aws, "facts/1"))
    assert stood.text == "by alice"


def test_the_first_of_two_leaves_the_package_pending() -> None:
    """ "1 of 2", no write to the registry; the second approves."""
    fake, two = account(), under(approvers=2)
    first = decide(fake, ALICE, on=two)
    assert (first.status, first.tally.text, fake.sagemaker.calls) == ("PendingManualApproval", "1 of 2", [])
    assert decide(fake, ALICE, on=two).record is None
    with pytest.raises(DecisionError, match="alice has approved it already"):
        decide(fake, ALICE, on=two, reason="and again")
    assert decide(fake, BOB, on=two).status == "Approved"
    assert status(fake) == "Approved"
    stood = standing.of(two, fake.aws, registry.find(two, fake.aws, "facts/1"))
    assert (stood.text, stood.disagreement) == ("by alice, bob", "")


@pytest.mark.parametrize(
    ("rules", "who", "mark", "fact"),
    [
        ({"approvers": 2}, session("alice"), "", "nobody can tell who arn:aws:sts::.*/alice is: sessions of"),
        ({"not_launcher": True}, user("carol"), None, "carol launched the execution that registered it"),
        ({"not_launcher": True}, session("x", source="Carol"), None, "Carol launched the execution"),
        (
            {"not_launcher": True},
            ALICE,
            "started in Studio",
            "who launched .*: it was started by another tool",
        ),
        (
            {"not_launcher": True},
            ALICE,
            "x; caller arn:aws:sts::123456789012:assumed-role/ci/run-7 (id AROACI:run-7)",
            "who launched the execution that registered it: arn:aws:sts::123456789012:assumed-role/ci/run-7",
        ),
        ({"not_launcher": True}, session("alice"), None, "nobody can tell who"),
    ],
)
def test_an_approval_that_would_not_count_is_refused(
    rules: dict[str, Any], who: Caller, mark: str | None, fact: str
) -> None:
    """Closed where people cannot be told apart; nothing is written."""
    fake = account()
    launched(fake, "carol", mark)
    with pytest.raises(DecisionError, match=f"this approval would not count.*{fact}"):
        decide(fake, who, on=under(**rules))
    assert (written(fake), fake.sagemaker.calls) == ([], [])


def test_a_launcher_with_a_source_identity_is_known_by_it() -> None:
    """The mark that `start` writes can be read back."""
    fake = account()
    caller = session("ci", source="carol")
    launched(fake, "", f"started by x at commit 0123; {caller.mark}")
    with pytest.raises(DecisionError, match="carol launched"):
        decide(fake, user("carol"), on=under(not_launcher=True))
    assert decide(fake, ALICE, on=under(not_launcher=True)).status == "Approved"


def test_a_status_without_a_record_shows() -> None:
    """Studio's button: listing, package and log say so, and a decision here puts it right."""
    fake = account()
    [package] = fake.sagemaker.packages.values()
    package["ModelApprovalStatus"] = "Approved"
    found = registry.find(project(), fake.aws, "facts/1")
    stood = standing.of(project(), fake.aws, found)
    assert stood.disagreement == "Approved without a record: changed in another way than by this tool"
    [listed] = standing.of_all(project(), fake.aws, "local-facts", [found])
    assert listed.text == "NO RECORD"
    two = under(approvers=2)
    assert decide(fake, ALICE, on=two).status == "PendingManualApproval"
    assert status(fake) == "PendingManualApproval"


def test_a_status_against_the_log_shows() -> None:
    """Approved here, rejected by another tool; the same approval again is a new decision."""
    fake = account()
    decide(fake, ALICE)
    [package] = fake.sagemaker.packages.values()
    package["ModelApprovalStatus"] = "Rejected"
    stood = standing.of(project(), fake.aws, registry.find(project(), fake.aws, "facts/1"))
    assert stood.disagreement == "Rejected in the registry, Approved by the log of decisions"
    assert stood.text == "log says Approved"
    assert decide(fake, BOB, reason="still good").record is not None
    assert status(fake) == "Approved"


def test_a_record_of_another_format_stops_everything() -> None:
    """What cannot be read is not guessed at."""
    fake = account()
    fake.s3.put_json(f"s3://{BUCKET}/{RECORDS}/0001.json", {"version": 2})
    with pytest.raises(decisions.RecordError, match=r"0001.json cannot be read: it is not one of version 1"):
        decide(fake, ALICE)


def test_a_record_in_somebody_elses_name_does_not_count() -> None:
    """The tag that the bucket's policy holds to the writer's identity says another."""
    fake = account()
    decide(fake, BOB)
    fake.s3.tags[f"{RECORDS}/0001.json"] = f"decided-by={ALICE.user_id}"
    stood = standing.of(project(), fake.aws, registry.find(project(), fake.aws, "facts/1"))
    assert stood.tally.status == "PendingManualApproval"


def test_a_source_identity_counts_only_with_its_tag() -> None:
    """Two sessions of one role, told apart by what the bucket has confirmed."""
    fake, two = account(), under(approvers=2)
    decide(fake, session("x", source="alice"), on=two)
    key = f"{RECORDS}/0001.json"
    assert fake.s3.tags[key] == "decided-by=AROAREVIEWERS%3Ax&source-identity=alice"
    fake.s3.tags[key] = "decided-by=AROAREVIEWERS%3Ax"
    stood = standing.of(two, fake.aws, registry.find(two, fake.aws, "facts/1"))
    assert stood.tally.approvals == ()
