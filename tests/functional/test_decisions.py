"""From a package that waits to one that is served, in one go: notified, approved, updated, rejected."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from config import names
from config.models import Project
from deploy.infrastructure.bootstrap import bootstrap
from deploy.infrastructure.stacks import Waiting
from deploy.reviewing import deciding, decisions, evidence, registry, standing
from deploy.reviewing.callers import caller
from deploy.reviewing.deciding import DecisionError, Outcome, Wish
from deploy.reviewing.decisions import TakenError
from deploy.reviewing.registry import Package
from deploy.session import Aws
from deploy.upkeep import cleanup
from local import client as stand_in_client
from tests.functional.conftest import RunningStandIn, client_of
from tests.functional.model_jobs import Models, as_csv, facts
from tests.unit.deploy.deciders import decision

pytestmark = pytest.mark.functional

PREFIX = "decides"
GROUP = f"{PREFIX}-facts"
NOTHING = {
    "Version": "2020-12-01",
    "Parameters": [],
    "Steps": [{"Name": "end", "Type": "Fail", "Arguments": {"ErrorMessage": "nothing to do"}}],
}
RULES = {
    "not_launcher": True,
    "notify": True,
    "serving": {"instance_type": None, "instance_count": 1, "without_approved": "keep"},
}


@dataclass(frozen=True)
class Place:
    """An environment that notifies and serves, people who use it, and a model that was trained once."""

    stand_in: RunningStandIn
    project: Project
    model_data: dict[str, Any]
    queue: str
    execution: str

    def aws(self, person: str) -> Aws:
        """AWS as that person sees it."""
        connection = stand_in_client.connect(self.project, identity=person)
        return Aws(
            self.stand_in.account, self.stand_in.region, lambda service: client_of(connection, service)
        )

    @property
    def sagemaker(self) -> Any:
        return self.stand_in.client("sagemaker")

    @property
    def bucket(self) -> str:
        return names.bucket(self.project.environment)

    def register(self) -> str:
        """A further version with all its evidence, as the inference pipeline registers it; its name."""
        number = len(list(registry.packages(self.aws("local"), GROUP))) + 1
        folder = f"{PREFIX}/executions/{PREFIX}-facts-inference/inference{number:03d}/evaluate"
        metrics = json.dumps({"metrics": {"f1": {"mean": 0.7}}, "training_overlap": {"rows": 0}}).encode()
        rows = b"{}\n"
        files = {"evaluation_metrics.json": metrics, "results.jsonl": rows}
        manifest = {"files": {name: hashlib.sha256(body).hexdigest() for name, body in files.items()}}
        for name, body in (
            ("metrics/evaluation_metrics.json", metrics),
            ("report/manifest.json", json.dumps(manifest).encode()),
            ("report/evaluation_report.html", b"<!doctype html>"),
            ("report/results.jsonl", rows),
        ):
            self.stand_in.client("s3").put_object(Bucket=self.bucket, Key=f"{folder}/{name}", Body=body)
        at = f"s3://{self.bucket}/{folder}"
        quality = {"ContentType": "application/json", "S3Uri": f"{at}/metrics/evaluation_metrics.json"}
        package = self.sagemaker.create_model_package(
            ModelPackageGroupName=GROUP,
            InferenceSpecification={
                "Containers": [self.model_data],
                "SupportedContentTypes": ["application/json"],
                "SupportedResponseMIMETypes": ["application/json"],
                "SupportedRealtimeInferenceInstanceTypes": ["ml.g5.12xlarge"],
            },
            ModelMetrics={"ModelQuality": {"Statistics": quality}},
            CustomerMetadataProperties={
                "report": f"{at}/report/evaluation_report.html",
                "data_hash": "0123",
                "execution": self.execution,
            },
        )
        return "/".join(package["ModelPackageArn"].split("/")[1:])

    def decide(self, person: str, package: str, what: str = "Approved") -> Outcome:
        """A decision as the command takes it."""
        aws = self.aws(person)
        found = registry.find(self.project, aws, package, exact=True)
        gaps = evidence.gaps(self.project, aws, found)
        wish = Wish(what, f"{what} by {person}", caller(aws, {}), datetime.now(UTC), gaps)
        return deciding.decide(self.project, aws, found, wish)

    def served(self) -> str:
        """The package behind the endpoint when it is in service; empty before."""
        try:
            found = self.sagemaker.describe_endpoint(EndpointName=GROUP)
        except ClientError:
            return ""
        if found["EndpointStatus"] != "InService":
            return ""
        variant = self.sagemaker.describe_endpoint_config(EndpointConfigName=found["EndpointConfigName"])
        model = self.sagemaker.describe_model(ModelName=variant["ProductionVariants"][0]["ModelName"])
        return "/".join(model["PrimaryContainer"]["ModelPackageName"].split("/")[1:])

    def answer(self) -> Any:
        """What the endpoint says to a question."""
        body = json.dumps({"text_inputs": facts(1)[0][0], "parameters": {"max_new_tokens": 4}})
        runtime = self.stand_in.client("sagemaker-runtime")
        told = runtime.invoke_endpoint(EndpointName=GROUP, ContentType="application/json", Body=body)
        return json.loads(told["Body"].read())

    def message(self, part: str) -> str:
        """The next message on the topic that has this part."""
        found: list[str] = []

        def arrived() -> bool:
            sqs = self.stand_in.client("sqs")
            listed = sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10, WaitTimeSeconds=1)
            for each in listed.get("Messages", []):
                found.append(json.loads(each["Body"])["Message"])
                sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=each["ReceiptHandle"])
            return any(part in text for text in found)

        eventually(arrived, lambda: f"no message with {part!r} in {found}")
        return next(text for text in found if part in text)


def eventually(holds: Callable[[], bool], otherwise: Callable[[], str], *, seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, otherwise()
        time.sleep(0.1)


@pytest.fixture(scope="module")
def place(stand_in: RunningStandIn) -> Iterator[Place]:
    environment = stand_in.project.environment
    rules = type(environment.registry).model_validate(RULES)
    environment = environment.model_copy(update={"prefix": PREFIX, "registry": rules})
    project = dataclasses.replace(stand_in.project, environment=environment)
    place = Place(stand_in, project, {}, "", "")
    models = Models(stand_in, f"{PREFIX}-models")
    models.train(f"{PREFIX}-models", models.put("train/a.csv", as_csv(facts(40))))
    waiting = Waiting(time.monotonic, time.sleep, print)
    bootstrap(project, place.aws("local"), report=print, waiting=waiting)
    stand_in.client("sagemaker").create_model_package_group(ModelPackageGroupName=GROUP)
    job = models.trained(f"{PREFIX}-models")
    assert job["AutoMLJobStatus"] == "Completed", job
    yield dataclasses.replace(
        place,
        model_data=job["BestCandidate"]["InferenceContainers"][0],
        queue=subscribed(stand_in),
        execution=launched(place),
    )
    for rule in ("approval-changed", "endpoint-changed", "serving"):
        stand_in.client("events").disable_rule(Name=f"{PREFIX}-{rule}")
    stand_in.client("sagemaker").delete_endpoint(EndpointName=GROUP)


def subscribed(stand_in: RunningStandIn) -> str:
    """A queue that hears of the topic."""
    sqs, sns = stand_in.client("sqs"), stand_in.client("sns")
    queue = sqs.create_queue(QueueName=f"{PREFIX}-mail")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    topic = f"arn:aws:sns:{stand_in.region}:{stand_in.account}:{PREFIX}-decisions"
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    return str(queue)


def launched(place: Place) -> str:
    """An execution that carol launched, with what `start` says of her in its description."""
    carol = place.aws("carol")
    sagemaker, name = carol.client("sagemaker"), f"{PREFIX}-facts-inference"
    role = names.role_arn(place.project.environment, "pipeline")
    sagemaker.create_pipeline(PipelineName=name, PipelineDefinition=json.dumps(NOTHING), RoleArn=role)
    started = sagemaker.start_pipeline_execution(
        PipelineName=name, PipelineExecutionDescription=f"started by carol; {caller(carol, {}).mark}"
    )
    return str(started["PipelineExecutionArn"])


def test_a_package_is_notified_approved_served_updated_and_fallen_back_from(place: Place) -> None:
    """The whole chain by events; and the button of another tool, which deploys nothing."""
    first = place.register()
    waits = place.message(f"Model package {first} waits for a decision")
    assert f"run_pipeline.py registry review {first} --env local" in waits
    with pytest.raises(DecisionError, match="carol launched the execution that registered it"):
        place.decide("carol", first)
    assert place.decide("alice", first).status == "Approved"
    eventually(lambda: place.served() == first, lambda: f"{place.served()!r} is served")
    assert set(place.answer()[0]) == {"generated_text"}

    second = place.register()
    place.decide("bob", second)
    eventually(lambda: place.served() == second, lambda: f"{place.served()!r} is served")
    assert set(place.answer()[0]) == {"generated_text"}

    place.decide("alice", second, "Rejected")
    eventually(lambda: place.served() == first, lambda: f"{place.served()!r} is served")

    third = place.register()
    [arn] = [each.arn for each in registry.packages(place.aws("bob"), GROUP) if each.name == third]
    place.sagemaker.update_model_package(ModelPackageArn=arn, ModelApprovalStatus="Approved")
    told = place.message(f"{third} is approved but not served: nobody's decision is recorded")
    assert f"run_pipeline.py registry log {GROUP} --env local" in told
    assert not any(person in told + waits for person in ("alice", "bob", "carol"))
    assert place.served() == first
    found = registry.find(place.project, place.aws("bob"), third)
    assert standing.of(place.project, place.aws("bob"), found).text == "NO RECORD"
    lying = cleanup.leftovers(place.project, place.aws("bob"), now=datetime.now(UTC))
    assert not [each for each in lying if each.kind in {kind.name for kind in cleanup.KINDS}]


def test_of_decisions_at_the_same_moment_one_is_written(place: Place) -> None:
    """Eight people claim the same number at once; seven are told that it is another's."""
    begun = datetime.now(UTC)
    environment, people = place.project.environment, [f"racer{number}" for number in range(8)]
    ways = {person: place.aws(person) for person in people}

    def claim(person: str) -> bool:
        record = decision(1, "Approved", caller(ways[person], {}), reason=person)
        try:
            decisions.claim(ways[person], environment, GROUP, 8, record)
        except TakenError:
            return False
        return True

    with ThreadPoolExecutor(len(people)) as pool:
        written = [person for person, done in zip(people, pool.map(claim, people), strict=True) if done]
    package = Package(arn="", group=GROUP, version=8, approval="", created=begun)
    [record] = decisions.read(ways["racer0"], environment, package)
    assert [record.reason] == written


def test_the_bucket_keeps_the_log(place: Place) -> None:
    """Nobody writes a decision in another's name, twice, or takes one away: the policy of the bucket."""
    s3 = place.aws("alice").client("s3")
    key = f"{PREFIX}/decisions/{GROUP}/9/0001.json"
    own = caller(place.aws("alice"), {}).user_id
    put = {"Bucket": place.bucket, "Key": key, "Body": b"{}"}
    for wrong in (
        {"Tagging": f"decided-by={own}"},
        {"Tagging": "decided-by=bob", "IfNoneMatch": "*"},
        {"Tagging": f"decided-by={own}&source-identity=bob", "IfNoneMatch": "*"},
        {"IfNoneMatch": "*"},
    ):
        with pytest.raises(ClientError, match=r"AccessDenied.*explicit deny in a resource-based policy"):
            s3.put_object(**put, **wrong)
    s3.put_object(**put, Tagging=f"decided-by={own}", IfNoneMatch="*")
    with pytest.raises(ClientError, match="PreconditionFailed"):
        s3.put_object(**put, Tagging=f"decided-by={own}", IfNoneMatch="*")
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.delete_object(Bucket=place.bucket, Key=key)
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.delete_objects(Bucket=place.bucket, Delete={"Objects": [{"Key": key}]})
    assert s3.get_object(Bucket=place.bucket, Key=key)["Body"].read() == b"{}"
