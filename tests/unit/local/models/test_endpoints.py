"""Models, configurations and endpoints, with servers that do what a test says."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from local.api import ApiError
from local.hosting import configurations, endpoints, models
from local.hosting.announcements import announce
from local.hosting.configurations import Configurations
from local.hosting.endpoints import Endpoints, description
from local.hosting.invoke import Invoker
from local.hosting.models import Models
from local.hosting.server import ServerError, UnreachableServerError
from tests.unit.local.engine.fakes import FakeDocuments, FakeEvents
from tests.unit.local.models.fakes import ROLE, Clock, resources

Document = dict[str, Any]


class FakeServer:
    """Answers in capitals; dies as often as `crashes` says; answers when `go_on` is set."""

    def __init__(self) -> None:
        self.starts, self.crashes, self.lives, self.status = 0, 0, False, 200
        self.asked, self.go_on = threading.Event(), threading.Event()
        self.go_on.set()

    def ensure(self) -> None:
        if not self.lives:
            self.starts, self.lives = self.starts + 1, True

    def invoke(self, body: bytes, headers: Mapping[str, str]) -> tuple[int, bytes, str]:
        if self.crashes:
            self.crashes, self.lives = self.crashes - 1, False
            raise UnreachableServerError("connection refused")
        self.asked.set()
        assert self.go_on.wait(10)
        return self.status, body.upper(), headers["Accept"]


class FakeFleet:
    """`fails`: the reason why servers of a generation do not come up; `wait`: they come up when it is set."""

    def __init__(self) -> None:
        self.fails: dict[int, str] = {}
        self.wait = threading.Event()
        self.wait.set()
        self.servers: dict[tuple[str, int, str], FakeServer] = {}
        self.down: list[tuple[str, int]] = []
        self.forgotten: list[str] = []

    def server(self, endpoint: str, generation: int, variant: Document) -> FakeServer:
        return self.servers.setdefault((endpoint, generation, variant["name"]), FakeServer())

    def bring_up(self, endpoint: str, generation: int, variants: Sequence[Document]) -> None:
        assert self.wait.wait(10)
        if generation in self.fails:
            raise ServerError(self.fails[generation])
        for variant in variants:
            self.server(endpoint, generation, variant).ensure()

    def take_down(self, endpoint: str, generation: int) -> None:
        self.down.append((endpoint, generation))

    def forget(self, endpoint: str) -> None:
        self.forgotten.append(endpoint)


class Hosting:
    def __init__(self) -> None:
        self.documents, self.clock, self.fleet = FakeDocuments(), Clock(), FakeFleet()
        self.packages: dict[str, Document] = {}
        self.events = FakeEvents()
        self.roles: list[str] = []
        of_models = resources(models.KIND, models, self.documents, self.clock)
        self.models = Models(of_models, self.packages.__getitem__, check_role=self.roles.append)
        self.configurations = Configurations(
            resources(configurations.KIND, configurations, self.documents, self.clock), of_models.get
        )
        self.endpoints = self.restarted()
        self.model("m1")
        self.configuration("c1", [variant("m1")])

    def restarted(self) -> Endpoints:
        kept = resources(endpoints.KIND, endpoints, self.documents, self.clock)
        return Endpoints(
            kept,
            self.configurations,
            self.models,
            self.fleet,
            announce=lambda endpoint: announce(self.events, endpoint),
        )

    def model(self, name: str) -> None:
        container = {"Image": f"image-{name}", "ModelDataUrl": f"s3://bucket/{name}.tar.gz"}
        self.models.create({"ModelName": name, "PrimaryContainer": container, "ExecutionRoleArn": ROLE})

    def configuration(self, name: str, variants: list[Document]) -> None:
        self.configurations.create({"EndpointConfigName": name, "ProductionVariants": variants})

    def create(self, name: str = "e1", configuration: str = "c1") -> None:
        self.endpoints.create({"EndpointName": name, "EndpointConfigName": configuration})

    def settled(self, name: str = "e1") -> Document:
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            found = description(self.endpoints.resources.get(name))
            if found["EndpointStatus"] not in endpoints.CHANGING:
                return found
            time.sleep(0.01)
        raise AssertionError("the endpoint did not settle")


def variant(model: str, name: str = "AllTraffic", **members: Any) -> Document:
    return {
        "VariantName": name,
        "ModelName": model,
        "InstanceType": "ml.g5.12xlarge",
        "InitialInstanceCount": 1,
        **members,
    }


@pytest.fixture
def hosting() -> Hosting:
    return Hosting()


def test_an_endpoint_comes_into_service_and_answers(hosting: Hosting) -> None:
    """Its variants appear with their image, weight and count; names differ in more than case."""
    hosting.fleet.wait.clear()
    hosting.create()
    found = description(hosting.endpoints.resources.get("E1"))
    assert (found["EndpointStatus"], "ProductionVariants" in found) == ("Creating", False)
    hosting.fleet.wait.set()
    found = hosting.settled()
    assert found["EndpointStatus"] == "InService"
    shown = found["ProductionVariants"][0]
    assert (shown["VariantName"], shown["CurrentWeight"], shown["CurrentInstanceCount"]) == (
        "AllTraffic",
        1.0,
        1,
    )
    assert shown["DeployedImages"][0]["SpecifiedImage"] == "image-m1"
    answer = Invoker(hosting.endpoints).invoke({"EndpointName": "e1", "Body": b"abc", "Accept": "text/plain"})
    assert answer == {"Body": b"ABC", "ContentType": "text/plain", "InvokedProductionVariant": "AllTraffic"}


def test_servers_that_do_not_come_up_fail_the_endpoint_with_the_reason(hosting: Hosting) -> None:
    """It can be deleted then, and its name used again."""
    hosting.fleet.fails[1] = "no config.json"
    hosting.create()
    found = hosting.settled()
    assert (found["EndpointStatus"], found["FailureReason"]) == ("Failed", "no config.json")
    hosting.endpoints.delete("e1")
    assert hosting.fleet.forgotten == ["e1"]
    with pytest.raises(ApiError, match=r'ValidationException: Could not find endpoint "arn:.*:endpoint/e1"'):
        hosting.endpoints.resources.get("e1")
    hosting.create()


def test_an_update_answers_with_the_old_until_the_new_is_there(hosting: Hosting) -> None:
    """Afterwards the old servers go."""
    hosting.create()
    hosting.settled()
    hosting.model("m2")
    hosting.configuration("c2", [variant("m2")])
    hosting.fleet.wait.clear()
    hosting.endpoints.update({"EndpointName": "e1", "EndpointConfigName": "c2"})
    found = description(hosting.endpoints.resources.get("e1"))
    assert (found["EndpointStatus"], found["EndpointConfigName"]) == ("Updating", "c1")
    for refused in (hosting.endpoints.update, lambda asked: hosting.endpoints.delete(asked["EndpointName"])):
        with pytest.raises(ApiError, match="in-progress endpoint"):
            refused({"EndpointName": "e1", "EndpointConfigName": "c2"})
    hosting.fleet.wait.set()
    found = hosting.settled()
    assert (found["EndpointStatus"], found["EndpointConfigName"]) == ("InService", "c2")
    assert found["ProductionVariants"][0]["DeployedImages"][0]["SpecifiedImage"] == "image-m2"
    assert hosting.fleet.down == [("e1", 1)]


def test_an_update_that_fails_leaves_the_endpoint_as_it_was(hosting: Hosting) -> None:
    """In service, with the reason beside it."""
    hosting.create()
    hosting.settled()
    hosting.fleet.fails[2] = "no config.json"
    hosting.configuration("c2", [variant("m1")])
    hosting.endpoints.update({"EndpointName": "e1", "EndpointConfigName": "c2"})
    found = hosting.settled()
    assert (found["EndpointStatus"], found["EndpointConfigName"]) == ("InService", "c1")
    assert found["FailureReason"] == "no config.json"
    assert hosting.fleet.down == [("e1", 2)]


def test_what_was_deleted_meanwhile_is_not_missed(hosting: Hosting) -> None:
    """An endpoint keeps serving without its model and configuration, also after a restart."""
    hosting.create()
    hosting.settled()
    hosting.models.resources.delete("m1")
    hosting.configurations.resources.delete("c1")
    hosting.endpoints = hosting.restarted()
    hosting.endpoints.resume()
    assert Invoker(hosting.endpoints).invoke({"EndpointName": "e1", "Body": b"a"})["Body"] == b"A"


@pytest.mark.parametrize(("status", "after"), [("Creating", "InService"), ("Deleting", None)])
def test_after_a_restart_what_was_under_way_goes_on(hosting: Hosting, status: str, after: str | None) -> None:
    """Nothing stays Creating or Deleting for ever."""
    hosting.create()
    hosting.settled()
    hosting.endpoints.resources.write("e1", status=status)
    restarted = hosting.endpoints = hosting.restarted()
    restarted.resume()
    deadline = time.monotonic() + 10
    while (
        (found := restarted.resources.find("e1"))
        and found["status"] == status
        and time.monotonic() < deadline
    ):
        time.sleep(0.01)
    assert (found and found["status"]) == after


def test_what_an_endpoint_needs_must_exist(hosting: Hosting) -> None:
    """In the words that clients recognise."""
    with pytest.raises(ApiError, match='ValidationException: Could not find endpoint configuration "arn:'):
        hosting.create(configuration="none")
    with pytest.raises(ApiError, match='ValidationException: Could not find model "arn:'):
        hosting.configuration("c3", [variant("none")])
    hosting.create()
    with pytest.raises(ApiError, match='ValidationException: Cannot create already existing endpoint "arn:'):
        hosting.create()


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({}, "Exactly one of PrimaryContainer and Containers"),
        ({"PrimaryContainer": {"Image": "i"}, "Containers": [{"Image": "i"}]}, "Exactly one of"),
        ({"PrimaryContainer": {"ModelDataUrl": "s3://b/m"}}, "needs an Image or a ModelPackageName"),
    ],
)
def test_models_that_the_service_refuses(hosting: Hosting, members: Document, reason: str) -> None:
    """Before anything is deployed."""
    with pytest.raises(ApiError, match=f"ValidationException: .*{reason}"):
        hosting.models.create({"ModelName": "bad", "ExecutionRoleArn": ROLE, **members})


def test_a_model_is_made_of_an_approved_package_only(hosting: Hosting) -> None:
    """Its container is the package's, with the model's own variables on top."""
    container = {"Image": "i", "ModelDataUrl": "s3://b/m", "Environment": {"A": "1", "B": "2"}}
    package: Document = {
        "arn": "arn",
        "version": 1,
        "request": {"InferenceSpecification": {"Containers": [container]}},
    }
    hosting.packages["package"] = package
    own = {"ModelPackageName": "package", "Environment": {"B": "3"}}
    asked = {"ModelName": "registered", "Containers": [own], "ExecutionRoleArn": ROLE}
    with pytest.raises(ApiError, match="ValidationException: ModelPackage arn is not Approved"):
        hosting.models.create(asked)
    package["request"]["ModelApprovalStatus"] = "Approved"
    hosting.models.create(asked)
    assert hosting.models.container("registered") == {**container, "Environment": {"A": "1", "B": "3"}}


@pytest.mark.parametrize(
    ("variants", "reason"),
    [
        ([variant("m1"), variant("m1")], "variant names must be unique"),
        ([variant("m1", InitialInstanceCount=None)], "needs an InitialInstanceCount"),
        ([variant("m1", InstanceType=None)], "needs an InstanceType or a ServerlessConfig"),
    ],
)
def test_configurations_that_the_service_refuses(
    hosting: Hosting, variants: list[Document], reason: str
) -> None:
    """With the variant's name."""
    with pytest.raises(ApiError, match=f"ValidationException: .*{reason}"):
        hosting.configuration("c2", variants)


def test_traffic_goes_by_weight_or_to_the_variant_that_is_named(hosting: Hosting) -> None:
    """Weights can be changed while it serves."""
    first, second = variant("m1", "a", InitialVariantWeight=1.0), variant("m1", "b", InitialVariantWeight=0.0)
    hosting.configuration("c2", [first, second])
    hosting.create(configuration="c2")
    hosting.settled()
    invoker = Invoker(hosting.endpoints)

    def asked(**members: Any) -> str:
        return str(
            invoker.invoke({"EndpointName": "e1", "Body": b"x", **members})["InvokedProductionVariant"]
        )

    assert {asked() for _ in range(20)} == {"a"}
    assert asked(TargetVariant="b") == "b"
    desired = [{"VariantName": "a", "DesiredWeight": 0.0}, {"VariantName": "b", "DesiredWeight": 1.0}]
    hosting.endpoints.set_weights({"EndpointName": "e1", "DesiredWeightsAndCapacities": desired})
    assert {asked() for _ in range(20)} == {"b"}
    with pytest.raises(ApiError, match="ValidationError: The endpoint has no variant 'c'"):
        asked(TargetVariant="c")


def test_an_endpoint_that_is_not_there_or_not_yet_is_a_validation_error(hosting: Hosting) -> None:
    """The runtime's own code for it, unlike DescribeEndpoint's."""
    invoker = Invoker(hosting.endpoints)
    with pytest.raises(ApiError, match="ValidationError: Endpoint e1 of account 123456789012 not found"):
        invoker.invoke({"EndpointName": "e1", "Body": b""})
    hosting.fleet.wait.clear()
    hosting.create()
    with pytest.raises(ApiError, match="ValidationError: Endpoint e1 of account 123456789012 is Creating"):
        invoker.invoke({"EndpointName": "e1", "Body": b""})
    hosting.fleet.wait.set()


def test_the_containers_error_is_a_model_error_with_its_status_and_text(hosting: Hosting) -> None:
    """As boto3 shows it: code, message and three members."""
    hosting.create()
    hosting.settled()
    server = hosting.fleet.servers["e1", 1, "AllTraffic"]
    server.status = 400
    with pytest.raises(
        ApiError, match=r'ModelError: Received client error \(400\) from primary with message "BAD"'
    ) as e:
        Invoker(hosting.endpoints).invoke({"EndpointName": "e1", "Body": b"bad"})
    assert e.value.status == 424
    assert e.value.fields["OriginalStatusCode"] == 400
    assert e.value.fields["OriginalMessage"] == "BAD"
    arn = "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/sagemaker/Endpoints/e1"
    assert e.value.fields["LogStreamArn"] == arn


def test_a_server_that_died_is_started_again(hosting: Hosting) -> None:
    """The caller notices nothing but the time; one that dies again is a ModelError."""
    hosting.create()
    hosting.settled()
    server = hosting.fleet.servers["e1", 1, "AllTraffic"]
    invoker = Invoker(hosting.endpoints)
    server.crashes = 1
    assert invoker.invoke({"EndpointName": "e1", "Body": b"a"})["Body"] == b"A"
    assert server.starts == 2
    server.crashes = 2
    with pytest.raises(ApiError, match=r"ModelError: Received server error \(500\) .*the container died"):
        invoker.invoke({"EndpointName": "e1", "Body": b"a"})


def test_more_requests_than_an_endpoint_holds_are_throttled(hosting: Hosting) -> None:
    """And taken again when others have been answered."""
    hosting.create()
    hosting.settled()
    server = hosting.fleet.servers["e1", 1, "AllTraffic"]
    server.go_on.clear()
    invoker = Invoker(hosting.endpoints, most_at_once=1)
    asked = {"EndpointName": "e1", "Body": b"a"}
    first = threading.Thread(target=invoker.invoke, args=(asked,))
    first.start()
    assert server.asked.wait(10)
    with pytest.raises(ApiError, match="ThrottlingException: Rate exceeded"):
        invoker.invoke(asked)
    server.go_on.set()
    first.join()
    assert invoker.invoke(asked)["Body"] == b"A"


def test_a_body_over_six_megabytes_is_refused(hosting: Hosting) -> None:
    """InvokeEndpoint's own limit."""
    with pytest.raises(ApiError, match="ValidationError: The body has 6291457 bytes; 6291456 are allowed"):
        Invoker(hosting.endpoints).invoke({"EndpointName": "e1", "Body": b"x" * 6_291_457})


def test_every_state_of_an_endpoint_is_an_event(hosting: Hosting) -> None:
    """In the order of the states, spelled as EventBridge spells them."""
    hosting.create()
    hosting.settled()
    hosting.model("m2")
    hosting.configuration("c2", [variant("m2")])
    hosting.endpoints.update({"EndpointName": "e1", "EndpointConfigName": "c2"})
    hosting.settled()
    deadline = time.monotonic() + 10
    while len(hosting.events.sent) < 4 and time.monotonic() < deadline:
        time.sleep(0.01)
    hosting.endpoints.delete("e1")
    told = [
        (detail["EndpointStatus"], detail["EndpointConfigName"]) for _, _, detail, _ in hosting.events.sent
    ]
    assert told == [
        ("CREATING", "c1"),
        ("IN_SERVICE", "c1"),
        ("UPDATING", "c1"),
        ("IN_SERVICE", "c2"),
        ("DELETING", "c2"),
    ]
    source, kind, detail, [arn] = hosting.events.sent[0]
    assert (source, kind) == ("aws.sagemaker", "SageMaker Endpoint State Change")
    assert (detail["EndpointName"], detail["EndpointArn"]) == ("e1", arn)
