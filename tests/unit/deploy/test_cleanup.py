"""Leftovers: ours are found by their tags, strangers' are not touched, what is in use stays."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from deploy.errors import RefusedError
from deploy.infrastructure.stacks import Waiting
from deploy.upkeep import cleanup
from deploy.upkeep.cleanup import Leftover
from deploy.upkeep.removals import remove
from tests.unit.deploy.fakes import ACCOUNT, BUCKET, REGION, FakeRun, execution_arn, project
from tests.unit.deploy.runs import FOLDER, INFERENCE, INFERENCE_ID, TRAINING, TRAINING_ID, training_run
from tests.unit.deploy.whole_account import NOW, OURS, WholeAws

NAME = f"local-{TRAINING_ID}"


def arn(kind: str, name: str) -> str:
    """The ARN of an endpoint, endpoint-config or model."""
    return f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:{kind}/{name}"


def tags(prefix: str = "local", keep: str = "delete") -> dict[str, str]:
    """The tags that the platform puts on what executions make."""
    return {
        "pipelines:execution": TRAINING,
        "pipelines:prefix": prefix,
        "pipelines:after-evaluation": keep,
    }


def account(status: str = "Succeeded") -> WholeAws:
    """An endpoint, a configuration and a model of one execution, beside a stranger's."""
    fake = WholeAws()
    fake.sagemaker.add_run(training_run(status))
    fake.sagemaker.endpoints = {NAME: "InService", "local-strangers": "InService", "elsewhere": "InService"}
    fake.sagemaker.configs = [f"{NAME}-1234"]
    fake.sagemaker.models = [NAME]
    fake.sagemaker.tags = {
        arn("endpoint", NAME): tags(),
        arn("endpointconfig", f"{NAME}-1234"): tags(),
        arn("model", NAME): tags(),
        arn("endpoint", "local-strangers"): {"team": "others"},
    }
    return fake


def found(fake: WholeAws, older_than: timedelta | None = None) -> tuple[Leftover, ...]:
    """What is listed."""
    return cleanup.leftovers(project(), fake.aws, now=NOW, older_than=older_than)


def delete(fake: WholeAws, older_than: timedelta | None = None) -> None:
    """cleanup --yes."""
    remove(
        cleanup.plan(found(fake, older_than)),
        fake.aws,
        report=lambda _: None,
        waiting=Waiting(clock=lambda: 0.0, sleep=lambda _: None, tell=lambda _: None),
    )


def test_only_what_carries_our_tags_is_listed() -> None:
    """A stranger's endpoint called like ours is none of ours."""
    assert [(each.kind, each.name) for each in found(account())] == [
        ("endpoint", NAME),
        ("endpoint configuration", f"{NAME}-1234"),
        ("model", NAME),
    ]


def test_what_serves_an_approved_package_is_no_leftover() -> None:
    """It carries the environment's tag, and that of serving; no execution made it."""
    fake, name = account(), "local-facts"
    fake.sagemaker.endpoints |= {name: "InService"}
    fake.sagemaker.tags[arn("endpoint", name)] = {"pipelines:prefix": "local", "pipelines:serving": name}
    assert name not in {each.name for each in found(fake)}


def test_another_environment_of_the_same_account_is_left_alone() -> None:
    """The prefix tag must be this environment's, though the name contains it."""
    fake = account()
    fake.sagemaker.tags[arn("endpoint", NAME)] = tags(prefix="other-local")
    assert [each.kind for each in found(fake)] == ["endpoint configuration", "model"]


def test_a_running_endpoint_is_shown_with_its_price() -> None:
    """From the file of the pipeline that made it; configurations and models cost nothing."""
    assert [each.price for each in found(account())] == [7.09, None, None]


@pytest.mark.parametrize("status", ["Executing", "Stopping"])
def test_what_a_running_execution_uses_stays(status: str) -> None:
    """It is listed with the reason, and not deleted."""
    listed = found(account(status))
    assert [each.in_use for each in listed] == [f"execution {TRAINING_ID} is {status}"] * 3
    assert cleanup.plan(listed) == ()


def test_what_is_being_evaluated_stays() -> None:
    """An inference execution uses the endpoint of a training that is long over."""
    fake = account()
    fake.sagemaker.add_run(FakeRun(INFERENCE, "Executing", [], {}, {"TrainingExecution": TRAINING}))
    assert {each.in_use for each in found(fake)} == {"execution bbbbbbbbbbbb evaluates it"}


def test_deleting_goes_from_the_endpoint_down() -> None:
    """An endpoint before what it was made from."""
    fake = account()
    delete(fake)
    assert fake.sagemaker.writes() == ["delete_endpoint", "delete_endpoint_config", "delete_model"]


def test_all_pages_are_looked_at() -> None:
    """The hundred-and-first leftover is found too."""
    fake = account()
    fake.sagemaker.page = 2
    names = [f"local-model{n}" for n in range(7)]
    fake.sagemaker.models = names
    fake.sagemaker.tags |= {arn("model", name): tags() for name in names}
    assert [each.name for each in found(fake) if each.kind == "model"] == names


SHA, OTHER_SHA = "a" * 64, "b" * 64
CODE, OTHER_CODE = f"local/code/prepare/{SHA}", f"local/code/prepare/{OTHER_SHA}"


def package(version: int, approval: str, fake: WholeAws) -> str:
    """A model package as `register` makes it: model of the training, evidence of the evaluation."""
    return fake.sagemaker.add_package(
        version,
        approval,
        InferenceSpecification={
            "Containers": [{"Image": "image", "ModelDataUrl": f"{FOLDER}/automl/model.tar.gz"}]
        },
        MetadataProperties={"GeneratedBy": INFERENCE},
        CustomerMetadataProperties={"training_execution": TRAINING, "candidate": f"{FOLDER}/candidate.json"},
    )


def stored(*, age: timedelta = timedelta(days=60)) -> WholeAws:
    """What a training and its evaluation wrote, both long over."""
    fake = WholeAws()
    fake.sagemaker.add_run(training_run("Succeeded"))
    fake.sagemaker.add_run(
        FakeRun(
            INFERENCE, "Succeeded", [], {"code": f"s3://{BUCKET}/{CODE}"}, {"TrainingExecution": TRAINING}
        )
    )
    folders = {TRAINING_ID: "local-facts-training", INFERENCE_ID: "local-facts-inference"}
    for identifier, pipeline in folders.items():
        fake.s3.put(f"local/executions/{pipeline}/{identifier}/a/model.tar.gz", age=age)
        fake.s3.put(f"local/executions/{pipeline}/{identifier}/b.json", b"xyz", age=age)
    return fake


def kinds(listed: tuple[Leftover, ...]) -> dict[str, str]:
    """Name to why it stays."""
    return {each.name: each.in_use for each in listed}


def test_objects_of_executions_are_one_leftover_each_with_their_size() -> None:
    """Found by the execution in their key; deleted key by key."""
    fake = stored()
    listed = found(fake)
    assert [(each.kind, each.size, each.execution) for each in listed] == [
        ("objects of an execution", 4, INFERENCE),
        ("objects of an execution", 4, TRAINING),
    ]
    delete(fake)
    assert fake.s3.deleted == [
        f"local/executions/{pipeline}/{identifier}/{name}"
        for pipeline, identifier in (
            ("local-facts-inference", INFERENCE_ID),
            ("local-facts-training", TRAINING_ID),
        )
        for name in ("a/model.tar.gz", "b.json")
    ]


@pytest.mark.parametrize("approval", ["Approved", "PendingManualApproval"])
def test_what_a_package_needs_stays(approval: str) -> None:
    """Model data, evidence, and the executions that made both, by whatever the package names."""
    fake = stored()
    package(3, approval, fake)
    assert {bool(why) for why in kinds(found(fake)).values()} == {True}
    delete(fake, timedelta())
    assert fake.deletions() == []


def test_a_rejected_package_needs_nothing() -> None:
    """Its objects go once they are old."""
    fake = stored()
    package(3, "Rejected", fake)
    assert set(kinds(found(fake)).values()) == {""}


def test_the_code_of_what_made_an_approved_package_stays() -> None:
    """The definition of its execution points at it; another bundle of the same step goes."""
    fake = stored()
    package(3, "Approved", fake)
    for key in (CODE, OTHER_CODE):
        fake.s3.put(f"{key}/source.tar.gz")
    assert [each.name for each in found(fake) if not each.in_use] == [OTHER_CODE]


def test_data_labeled_for_an_approved_model_stay() -> None:
    """The training names the labeling execution in a parameter: its objects are needed two steps away."""
    fake = stored()
    package(3, "Approved", fake)
    labeling = execution_arn("local-calls-labeling", "cccccccccccc")
    fake.sagemaker.add_run(FakeRun(labeling, "Succeeded", [], {}))
    folder = "local/executions/local-calls-labeling/cccccccccccc"
    fake.sagemaker.runs[TRAINING].values["LabeledData"] = f"s3://{BUCKET}/{folder}/rows/"
    fake.s3.put(f"{folder}/rows/train.csv")
    assert kinds(found(fake))[folder] == "local-facts/3 needs it, approved"


@pytest.mark.parametrize("status", ["Executing", "Stopping"])
def test_what_a_running_execution_reads_stays(status: str) -> None:
    """Its own objects, those of the training it evaluates, and its code."""
    fake = stored()
    fake.sagemaker.runs[INFERENCE].status = status
    fake.s3.put(f"{CODE}/source.tar.gz")
    assert set(kinds(found(fake)).values()) == {f"execution {INFERENCE_ID} is {status}"}
    assert cleanup.plan(found(fake)) == ()


def test_what_a_deployed_definition_points_at_stays() -> None:
    """Code of the definition, of the version with an alias, of the ten newest; older versions' code goes."""
    fake = WholeAws()
    bundles = {number: f"local/code/prepare/{number:064x}" for number in range(1, 16)}
    fake.sagemaker.add_pipeline("local-facts-training", OURS, f"s3://{BUCKET}/{bundles[15]}")
    fake.sagemaker.numbered["local-facts-training"] = {
        number: {
            "PipelineDefinition": f"s3://{BUCKET}/{key}",
            "PipelineVersionAliases": ["staging"] if number == 2 else [],
        }
        for number, key in bundles.items()
    }
    for key in bundles.values():
        fake.s3.put(f"{key}/source.tar.gz")
    assert sorted(kinds(found(fake))) == [bundles[number] for number in (1, 3, 4, 5)]


def test_settings_and_the_data_that_they_name_stay_together() -> None:
    """The definition names the settings, and only they name the data."""
    fake = WholeAws()
    settings = f"local/settings/{SHA}"
    fake.sagemaker.add_pipeline("local-facts-training", OURS, f"s3://{BUCKET}/{settings}")
    fake.s3.put(f"{settings}/settings.json", f'{{"source": "s3://{BUCKET}/local/data/{SHA}"}}'.encode())
    fake.s3.put(f"local/data/{SHA}/facts.jsonl")
    fake.s3.put(f"local/data/{OTHER_SHA}/facts.jsonl")
    assert list(kinds(found(fake))) == [f"local/data/{OTHER_SHA}"]


def test_another_pipelines_definition_keeps_its_code_too() -> None:
    """A pipeline that no file describes any more, or a stranger's, still runs what it points at."""
    fake = WholeAws()
    fake.sagemaker.add_pipeline("local-forgotten", {}, f"s3://{BUCKET}/{CODE}")
    fake.s3.put(f"{CODE}/source.tar.gz")
    assert found(fake) == ()


def test_old_versions_of_functions_go_and_those_behind_an_alias_stay() -> None:
    """The three newest, every alias, and what a definition names by number stay."""
    fake = WholeAws()
    fake.functions.versions = {
        "local-wait": [str(n) for n in range(1, 10)],
        "local-strangers": ["1", "2", "3", "4"],
    }
    fake.functions.aliases = {"local-wait": {"live": "9", "before": "2"}}
    fake.sagemaker.add_pipeline("local-x", OURS, f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:local-wait:4")
    delete(fake)
    assert fake.functions.deleted == [f"local-wait:{n}" for n in (1, 3, 5, 6)]


def test_code_of_functions_that_is_deployed_stays() -> None:
    """What the services stack runs, whatever this checkout holds."""
    fake = WholeAws()
    running, old = (f"local/functions/wait/{digest}.zip" for digest in (SHA, OTHER_SHA))
    fake.cloudformation.add("local-services", OURS, WaitCode=running)
    for key in (running, old):
        fake.s3.put(key)
    assert list(kinds(found(fake))) == [old]


@pytest.mark.parametrize(
    "key",
    [
        "local/decisions/local-facts/3/0001.json",
        "local/reviews/local-facts/3.html",
        "local/waits/aaaaaaaaaaaa.json",
        "local/notes.txt",
        f"other/executions/local-facts-training/{TRAINING_ID}/b.json",
        f"local-too/code/prepare/{SHA}/source.tar.gz",
        "local/executions/notes.txt",
        "local/code/prepare/by-hand/source.tar.gz",
    ],
)
def test_everything_else_in_the_bucket_is_nobodys_business(key: str) -> None:
    """Decisions, reviews, other environments, what people put there."""
    fake = WholeAws()
    fake.s3.put(key)
    assert found(fake, timedelta()) == ()


@pytest.mark.parametrize(
    ("older_than", "listed"), [(None, 0), (timedelta(days=7), 2), (timedelta(days=20), 0), (timedelta(), 2)]
)
def test_young_things_are_left_alone(older_than: timedelta | None, listed: int) -> None:
    """Stored things after a month unless said otherwise; the newest object of a folder counts."""
    fake = stored(age=timedelta(days=10))
    assert len(found(fake, older_than)) == listed
    fake.s3.put(f"local/executions/local-facts-training/{TRAINING_ID}/late.json", age=timedelta(minutes=5))
    late = older_than == timedelta()
    assert len(found(fake, older_than)) == (2 if late else 1 if listed else 0)


def test_what_is_being_deployed_is_not_taken_for_left_over() -> None:
    """An upsert sends code before the definition that names it: an hour is the least age."""
    fake = WholeAws()
    fake.s3.put(f"{CODE}/source.tar.gz", age=timedelta(minutes=30))
    assert found(fake, timedelta()) == ()


def serving(fake: WholeAws, container: dict[str, Any]) -> None:
    """The account's endpoint serves this."""
    fake.sagemaker.served = {NAME: f"{NAME}-1234", f"{NAME}-1234": NAME}
    fake.sagemaker.containers = {NAME: container}


def test_the_endpoint_of_an_approved_package_stays() -> None:
    """That of the execution that made it, and any that serves the package or its model data."""
    for container in ({}, {"ModelPackageName": "arn"}, {"ModelDataUrl": f"{FOLDER}/automl/model.tar.gz"}):
        fake = account()
        arn = package(3, "Approved", fake)
        if container:  # made by an execution that the package does not name
            other = execution_arn("local-facts-training", "dddddddddddd")
            for tagged in fake.sagemaker.tags.values():
                tagged.update({"pipelines:execution": other} if "pipelines:execution" in tagged else {})
            serving(fake, {"ModelPackageName": arn} if "ModelPackageName" in container else container)
        assert [each.in_use for each in found(fake)] == ["local-facts/3 needs it, approved"] * 3
        delete(fake)
        assert fake.deletions() == []


def test_an_endpoint_of_a_package_that_is_not_approved_goes() -> None:
    """It can be made again from the package, and costs until then."""
    fake = account()
    package(3, "PendingManualApproval", fake)
    assert [each.in_use for each in found(fake)] == ["", "", ""]


def test_an_object_that_is_not_deleted_is_an_error() -> None:
    """DeleteObjects says so in an answer that is a success."""
    fake = stored()
    fake.s3.refuses = f"local/executions/local-facts-inference/{INFERENCE_ID}/b.json"
    with pytest.raises(RefusedError, match=r"AWS refused to delete .* \(AccessDenied\): no"):
        delete(fake)


def test_planning_writes_nothing() -> None:
    """Whatever it finds."""
    fake = stored()
    package(3, "Rejected", fake)
    cleanup.plan(found(fake, timedelta()))
    assert fake.deletions() == []
