"""doctor: every check finds what it is for and says what mends it; "may not ask" is never "broken"."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from botocore.exceptions import EndpointConnectionError

from config import names
from config.errors import PlatformError
from deploy.doctor import configuration, images, infrastructure, machine, quotas, roles
from deploy.doctor.examine import CHECKS, Here, There, examine
from deploy.doctor.finding import Finding
from deploy.doctor.needs import needs
from deploy.doctor.situation import Account, Machine, Situation
from deploy.infrastructure.bootstrap import bootstrap
from deploy.infrastructure.stacks import Waiting
from deploy.session import Aws
from tests.unit.deploy.fakes import ACCOUNT, BUCKET, REGION, project, refusal
from tests.unit.deploy.whole_account import NOW, WholeAws

ROOT = Path(__file__).resolve().parents[3]
GOLDEN = ROOT / "tests" / "golden"


def definition(name: str = "facts-training") -> dict[str, Any]:
    """A shipped pipeline as it is compiled for the stand-in."""
    loaded: dict[str, Any] = json.loads((GOLDEN / f"{name}.local.json").read_text(encoding="utf-8"))
    return loaded


def healthy() -> Machine:
    """A machine without a fault."""
    locked = (ROOT / "requirements" / "platform.txt").read_text(encoding="utf-8")
    packages = {machine.normal(m["name"]): m["version"] for m in machine.PINNED.finditer(locked)}
    return Machine((3, 12, 1), packages, {}, 50_000_000_000, ("isolated", True))


def situation(**changes: Any) -> Situation:
    """A situation without a fault and without a connection; `changes` are of the machine."""
    return Situation(ROOT, "local", replace(healthy(), **changes), NOW, project=project())


def only(findings: Any) -> Finding:
    """The one finding."""
    [found] = list(findings)
    assert isinstance(found, Finding)
    return found


# ---- The machine ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "changes", "status", "fact", "command"),
    [
        (machine.python_is_supported, {}, "fine", "Python 3.12.1", ""),
        (
            machine.python_is_supported,
            {"python": (3, 13, 0)},
            "broken",
            "Python 3.13.0: 3.11 and 3.12 are supported",
            "make platform PYTHON=python3.12",
        ),
        (
            machine.there_is_room,
            {"free_bytes": 1000},
            "note",
            "1.0 KB are free on this disk: the steps' environments take 2 GB",
            "df -h .",
        ),
        (machine.jobs_are_isolated, {}, "fine", "isolated", ""),
        (
            machine.jobs_are_isolated,
            {"isolation": ("paths only", False)},
            "note",
            "paths only",
            "sysctl kernel.unprivileged_userns_clone=1, on Linux",
        ),
        (
            machine.step_environments_are_built,
            {"missing_environments": ("steps/evaluate/requirements.txt",)},
            "note",
            "Python environments of steps are not built yet: steps/evaluate/requirements.txt",
            "run_pipeline.py local install",
        ),
    ],
)
def test_the_machine(
    rule: Callable[[Situation], Any], changes: dict[str, Any], status: str, fact: str, command: str
) -> None:
    """Python, room, isolation, environments."""
    assert only(rule(situation(**changes))) == Finding(status, fact, command)  # type: ignore[arg-type]


def test_packages_are_held_against_the_lock() -> None:
    """A missing one is broken, another version is worth knowing."""
    packages = dict(healthy().packages)
    del packages["boto3"]
    packages["rich"] = "1.0"
    missing, other = machine.packages_are_the_locked_ones(situation(packages=packages))
    assert (missing.status, missing.fact) == ("broken", "packages are not installed: boto3")
    assert other.status == "note"
    assert other.fact.startswith("packages are not those that were tested: rich 1.0 (locked: ")
    assert only(machine.packages_are_the_locked_ones(situation())).status == "fine"


@pytest.mark.parametrize("pair", machine.BAD_PAIRS, ids=lambda pair: f"{pair.name}-{pair.other}")
def test_every_bad_pair_is_found_where_both_are_installed(pair: machine.BadPair) -> None:
    """And not where one of them is missing."""
    versions = {"<2.2.2": "2.2.1", "<1.31.62": "1.31.0"}
    packages = {pair.name: "99", pair.other: versions.get(pair.other_versions, "99")}
    assert only(machine.no_two_packages_fight(situation(packages=packages))).status == "broken"
    alone = {pair.name: "99"}
    assert only(machine.no_two_packages_fight(situation(packages=alone))).status == "fine"


def test_what_packages_demand_of_each_other_is_held() -> None:
    """As `pip check` does: missing and too old; extras and markers that do not apply count for nothing."""
    demands = {
        "a": ("b>=2", "c", "d; python_version < '3'", "e; extra == 'x'", "F_f>=1"),
    }
    found = list(
        machine.no_two_packages_fight(situation(packages={"a": "1", "b": "1.9", "f-f": "1"}, demands=demands))
    )
    assert [each.fact for each in found] == [
        "a 1 demands b>=2, here is 1.9",
        "a 1 demands c, which is not installed",
    ]


def test_the_stand_ins_address_in_the_shell_of_another_environment_is_noticed() -> None:
    """`local env` was evaluated here, and --env dev would go to the stand-in."""
    variables = {"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}
    stand_in = situation(variables=variables)
    assert only(machine.shell_points_where_it_should(stand_in)).status == "fine"
    environment = project().environment.model_copy(update={"stand_in": None})
    dev = replace(stand_in, project=replace(project(), environment=environment))
    found = only(machine.shell_points_where_it_should(dev))
    assert (found.status, found.command) == ("note", "unset AWS_ENDPOINT_URL")


# ---- Configuration and caller -----------------------------------------------------------------------------


def test_what_is_wrong_with_the_files_is_told_with_the_command() -> None:
    """The first line of the error; a placeholder is no account."""
    found = only(
        configuration.files_are_sound(replace(situation(), problem=PlatformError("x.yaml:1:1: bad\nmore")))
    )
    assert found == Finding("broken", "x.yaml:1:1: bad", "run_pipeline.py validate")
    environment = project().environment.model_copy(update={"account": "111111111111"})
    placeholder = replace(situation(), project=replace(project(), environment=environment))
    assert only(configuration.account_is_filled_in(placeholder)).status == "broken"


def test_refused_credentials_are_broken_and_no_question_is_not() -> None:
    """With the hint of the refusal as the command."""
    refused = replace(situation(), refusal=PlatformError("no AWS credentials", hint="aws sso login"))
    assert only(configuration.caller_is_of_the_account(refused)) == Finding(
        "broken", "no AWS credentials", "aws sso login"
    )
    assert only(configuration.caller_is_of_the_account(situation())).status == "note"


# ---- The account ------------------------------------------------------------------------------------------


@dataclass
class FakeIam:
    """Roles with their trust, and what a simulation denies."""

    trust: dict[str, Any] = field(default_factory=dict)
    denied: set[tuple[str, str]] = field(default_factory=set)
    asked: list[dict[str, Any]] = field(default_factory=list)

    def get_role(self, *, RoleName: str) -> dict[str, Any]:
        if RoleName not in self.trust:
            raise refusal("GetRole", "NoSuchEntity", "The role cannot be found.", 404)
        return {"Role": {"AssumeRolePolicyDocument": self.trust[RoleName]}}

    def simulate_principal_policy(self, **request: Any) -> dict[str, Any]:
        """One result a page."""
        self.asked.append(request)
        at = int(request.get("Marker", 0))
        action = request["ActionNames"][at]
        is_denied = (request["PolicySourceArn"].rpartition("/")[2], action) in self.denied
        more = at + 1 < len(request["ActionNames"])
        result = {"EvalActionName": action, "EvalDecision": "implicitDeny" if is_denied else "allowed"}
        return {"EvaluationResults": [result], "IsTruncated": more, "Marker": str(at + 1)}


@dataclass
class FakeQuotas:
    """Quotas by service: name to value."""

    applied: dict[str, dict[str, float]] = field(default_factory=dict)
    defaults: dict[str, dict[str, float]] = field(default_factory=dict)

    def list_service_quotas(self, *, ServiceCode: str, MaxResults: int, NextToken: str = "0") -> Any:
        return self._page(self.applied.get(ServiceCode, {}), NextToken)

    def list_aws_default_service_quotas(
        self, *, ServiceCode: str, MaxResults: int, NextToken: str = "0"
    ) -> Any:
        if ServiceCode not in self.defaults:
            raise refusal("ListAWSDefaultServiceQuotas", "NoSuchResourceException", "none")
        return self._page(self.defaults[ServiceCode], NextToken)

    def _page(self, quotas: dict[str, float], token: str) -> dict[str, Any]:
        """One a page."""
        listed, at = list(quotas.items()), int(token)
        found = [{"QuotaName": n, "QuotaCode": f"L-{n[:2]}", "Value": v} for n, v in listed[at : at + 1]]
        return {"Quotas": found, **({"NextToken": str(at + 1)} if at + 1 < len(listed) else {})}


@dataclass
class FakeQueues:
    """Queues: name to the number of messages."""

    messages: dict[str, int] = field(default_factory=dict)

    def get_queue_url(self, *, QueueName: str) -> dict[str, str]:
        if QueueName not in self.messages:
            raise refusal("GetQueueUrl", "AWS.SimpleQueueService.NonExistentQueue", "no such queue")
        return {"QueueUrl": QueueName}

    def get_queue_attributes(self, *, QueueUrl: str, AttributeNames: list[str]) -> dict[str, Any]:
        return {"Attributes": {"ApproximateNumberOfMessages": str(self.messages[QueueUrl])}}


@dataclass
class FakeImages:
    """Images by repository and tag."""

    there: set[tuple[str, str]] = field(default_factory=set)

    def batch_get_image(self, *, registryId: str, repositoryName: str, imageIds: Any) -> dict[str, Any]:
        if repositoryName not in {name for name, _ in self.there}:
            raise refusal("BatchGetImage", "RepositoryNotFoundException", "no repository")
        found = [each for each in imageIds if (repositoryName, each.get("imageTag", "")) in self.there]
        return {"images": found}


@dataclass
class Services:
    """The account of the other tests, and the services that only doctor asks."""

    whole: WholeAws = field(default_factory=WholeAws)
    iam: FakeIam = field(default_factory=FakeIam)
    quotas: FakeQuotas = field(default_factory=FakeQuotas)
    queues: FakeQueues = field(default_factory=FakeQueues)
    images: FakeImages = field(default_factory=FakeImages)

    def account(self, **definitions: Mapping[str, Any]) -> Account:
        own = {"iam": self.iam, "service-quotas": self.quotas, "sqs": self.queues, "ecr": self.images}

        def make(service: str) -> Any:
            return own.get(service) or self.whole.aws.client(service)

        aws = Aws(account=ACCOUNT, region=REGION, make=make)
        return Account(project(), aws, definitions or {"facts-training": definition()}, NOW)


def trusts(service: str) -> dict[str, Any]:
    """A trust policy."""
    return {"Statement": [{"Effect": "Allow", "Principal": {"Service": f"{service}.amazonaws.com"}}]}


def all_roles() -> dict[str, Any]:
    """As bootstrap makes them."""
    return {f"local-{role}": trusts(service) for role, service in roles.SERVICES.items()}


def test_a_role_that_is_missing_or_trusts_another_service_is_broken() -> None:
    """Trust is read as boto3 parses it, or as text."""
    services = Services()
    services.iam.trust = all_roles()
    assert only(roles.roles_trust_their_service(services.account())).status == "fine"
    services.iam.trust["local-pipeline"] = quote(json.dumps(trusts("lambda")))
    del services.iam.trust["local-batch"]
    wrong, missing = roles.roles_trust_their_service(services.account())
    arn = f"arn:aws:iam::{ACCOUNT}:role/local-"
    assert wrong.fact == f"role {arn}pipeline does not let sagemaker.amazonaws.com take it on"
    assert missing == Finding("broken", f"role {arn}batch is not there", "run_pipeline.py bootstrap")


@pytest.mark.parametrize(
    "statement",
    [
        {"Effect": "Deny", "Principal": {"Service": "sagemaker.amazonaws.com"}},
        {"Effect": "Allow", "Principal": "*"},
        {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::1:root"}},
    ],
)
def test_trust_in_somebody_else_is_not_trust_in_the_service(statement: dict[str, Any]) -> None:
    """Denied, everybody, an account."""
    services = Services()
    services.iam.trust = all_roles() | {"local-automl": {"Statement": statement}}
    assert only(roles.roles_trust_their_service(services.account())).status == "broken"


def test_needs_are_read_from_the_definition() -> None:
    """Exactly what the steps of the shipped training pipeline ask for."""
    found = needs(project().environment, {"facts-training": definition()})
    by_role = {role.rpartition("/")[2]: set[str]() for role, _, _ in found}
    for role, action, _ in found:
        by_role[role.rpartition("/")[2]].add(action)
    assert by_role == {
        "local-pipeline": {
            "iam:PassRole",
            "lambda:InvokeFunction",
            "sagemaker:AddTags",
            "sagemaker:CreateProcessingJob",
            "sagemaker:DescribeProcessingJob",
            "sagemaker:StopProcessingJob",
            "sqs:SendMessage",
        },
        "local-processing": {"s3:GetObject", "s3:ListBucket", "s3:PutObject"},
        "local-automl": {"s3:GetObject"},
        "local-endpoint": {"s3:GetObject"},
    }
    queue = f"arn:aws:sqs:{REGION}:{ACCOUNT}:local-wait"
    assert [need.resource for need in found if need.action == "sqs:SendMessage"] == [queue]
    bucket = [need.resource for need in found if need.action == "s3:ListBucket"]
    assert bucket == [f"arn:aws:s3:::{BUCKET}"]


def test_registering_needs_the_registry() -> None:
    """The inference pipeline: in the branch behind its gate, and its property files."""
    found = needs(project().environment, {"facts-inference": definition("facts-inference")})
    packages = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:model-package/local-facts/1"
    assert packages in [need.resource for need in found if need.action == "sagemaker:CreateModelPackage"]
    assert ("local-pipeline", "s3:GetObject") in {(n.role.rpartition("/")[2], n.action) for n in found}


def test_what_iam_denies_is_broken_by_action_and_resource() -> None:
    """Asked for each role and resource, with what the conditions of the policies look at; every page."""
    services = Services()
    assert only(roles.roles_may_do_what_steps_need(services.account())).status == "fine"
    services.iam.denied = {("local-pipeline", "sqs:SendMessage")}
    found = only(roles.roles_may_do_what_steps_need(services.account()))
    role = f"arn:aws:iam::{ACCOUNT}:role/local-pipeline"
    queue = f"arn:aws:sqs:{REGION}:{ACCOUNT}:local-wait"
    assert found == Finding(
        "broken", f"role {role} may not sqs:SendMessage on {queue}", "run_pipeline.py bootstrap"
    )
    context = {each["ContextKeyName"] for each in services.iam.asked[0]["ContextEntries"]}
    assert "iam:PassedToService" in context


def test_instances_are_held_against_quotas() -> None:
    """A new account's quota is 0; one that is not listed is not taken for enough."""
    services = Services()
    endpoint, processing = "ml.g5.12xlarge for endpoint usage", "ml.m5.xlarge for processing job usage"
    services.quotas.defaults = {"sagemaker": {endpoint: 0, processing: 4}}
    found = only(quotas.instances_are_within_quotas(services.account()))
    assert found.fact == f'quota "{endpoint}" is 0, definitions ask for 1'
    assert found.command.endswith("--quota-code L-ml --desired-value 1")
    services.quotas.applied = {"sagemaker": {endpoint: 2}}
    assert only(quotas.instances_are_within_quotas(services.account())).status == "fine"
    services.quotas.defaults = {}
    assert [e.status for e in quotas.instances_are_within_quotas(services.account())] == ["unknown"]


def test_an_instance_in_a_parameter_is_its_default() -> None:
    """And several of the largest step count."""
    step = {
        "Name": "a",
        "Type": "Processing",
        "Arguments": {
            "ProcessingResources": {
                "ClusterConfig": {"InstanceType": {"Get": "Parameters.Kind"}, "InstanceCount": 3}
            }
        },
    }
    one = {"Parameters": [{"Name": "Kind", "DefaultValue": "ml.c5.large"}], "Steps": [step]}
    assert quotas.instances({"x": one}) == {"ml.c5.large for processing job usage": 3}


def test_a_rate_above_the_quota_is_noticed() -> None:
    """The file's requests a second against the account's."""
    services = Services()
    configured = project().pipelines["calls-guardrails"]
    apply = configured.apply.model_copy(  # type: ignore[attr-defined]
        update={"from_quotas": False, "requests_per_second": 80.0}
    )
    changed = configured.model_copy(update={"apply": apply})
    account = replace(
        services.account(),
        project=replace(project(), pipelines={**project().pipelines, "calls-guardrails": changed}),
    )
    services.quotas.applied = {"bedrock": {quotas.APPLY_REQUESTS: 50}}
    found = only(quotas.rates_are_within_quotas(account))
    assert found.fact == '"calls-guardrails" applies guardrails 80 times a second, the quota is 50'
    services.quotas.applied = {"bedrock": {quotas.APPLY_REQUESTS: 100}}
    assert only(quotas.rates_are_within_quotas(account)).status == "fine"


def in_an_account(services: Services, *image: str) -> Account:
    """The account without the stand-in's section, and a step that runs in the image."""
    steps = [
        {"Name": "a", "Type": "Processing", "Arguments": {"AppSpecification": {"ImageUri": each}}}
        for each in image
    ]
    environment = project().environment.model_copy(update={"stand_in": None})
    account = services.account(x={"Steps": steps})
    return replace(account, project=replace(project(), environment=environment))


def test_images_are_looked_up_in_their_registry() -> None:
    """There, not there, in another region, and by a registry that cannot be asked."""
    services = Services()
    services.images.there = {("pytorch-training", "2.5.1")}
    base = f"763104351884.dkr.ecr.{REGION}.amazonaws.com"
    there = f"{base}/pytorch-training:2.5.1"
    assert only(images.images_are_in_the_region(in_an_account(services, there))).status == "fine"
    gone, elsewhere = f"{base}/pytorch-training:9", there.replace(REGION, "eu-west-1")
    for image, fact in (
        (gone, f"there is no image {gone}"),
        (f"{base}/other:1", f"there is no image {base}/other:1"),
        (elsewhere, f"{elsewhere} is in eu-west-1, jobs run in {REGION}"),
    ):
        found = only(images.images_are_in_the_region(in_an_account(services, image)))
        assert (found.status, found.fact) == ("broken", fact)
    hub = only(images.images_are_in_the_region(in_an_account(services, "docker.io/x:1")))
    assert hub.status == "note"


def test_an_image_that_no_pattern_of_the_stand_in_stands_for_is_noticed() -> None:
    """Its steps would run in a bare Python."""
    account = Services().account(
        x={
            "Steps": [
                {"Name": "a", "Type": "Processing", "Arguments": {"AppSpecification": {"ImageUri": "x"}}}
            ]
        }
    )
    assert only(images.images_are_in_the_region(account)).status == "note"


def test_queues_that_are_missing_or_hold_the_dead_are_told() -> None:
    """A message in the dead-letter queue is a step that nobody could answer."""
    services = Services()
    services.queues.messages = {"local-wait": 5, "local-wait-dead-letter": 0}
    assert [e.status for e in infrastructure.queues_are_empty_of_the_dead(services.account())] == ["fine"] * 2
    services.queues.messages = {"local-wait-dead-letter": 2}
    missing, dead = infrastructure.queues_are_empty_of_the_dead(services.account())
    assert missing == Finding("broken", 'queue "local-wait" is not there', "run_pipeline.py bootstrap")
    assert dead.status == "note"
    assert dead.fact.endswith("holds 2 messages that nobody could deal with")


def test_stacks_are_missing_stale_or_fine() -> None:
    """Each with the verb that brings it about."""
    services = Services()
    account = services.account()
    base, both = infrastructure.stacks_stand(account)
    assert base == Finding("broken", 'stack "local-base" is not there', "run_pipeline.py bootstrap")
    assert both.status == "broken"
    waiting = Waiting(clock=lambda: 0.0, sleep=lambda _: None, tell=lambda _: None)
    bootstrap(project(), account.aws, report=lambda _: None, waiting=waiting)
    assert [each.status for each in infrastructure.stacks_stand(account)] == ["fine", "fine"]
    for each in services.whole.cloudformation.stacks["local-services"]["Parameters"]:
        each["ParameterValue"] += "x"
    stale = list(infrastructure.stacks_stand(account))[1]
    assert (stale.status, stale.command) == ("note", "run_pipeline.py upsert")


def test_a_bucket_of_another_account_is_broken() -> None:
    """With what the check of every upload says."""
    services = Services()
    services.whole.s3.foreign = {BUCKET}
    found = only(infrastructure.bucket_can_be_used(services.account()))
    assert found.status == "broken"
    assert found.fact.startswith(f'bucket "{BUCKET}" belongs to another account')


def test_leftovers_are_counted_with_what_they_cost() -> None:
    """Only those that nobody needs."""
    services = Services()
    assert only(infrastructure.nothing_is_left_behind(services.account())).status == "fine"
    services.whole.s3.put(f"local/code/prepare/{'a' * 64}/source.tar.gz")
    found = only(infrastructure.nothing_is_left_behind(services.account()))
    assert found == Finding("note", "1 things are left behind", "run_pipeline.py cleanup")


# ---- All together -----------------------------------------------------------------------------------------


def test_names_of_checks_are_different_and_rules_are_documented() -> None:
    """One rule each, in one list."""
    assert len({check.name for check in CHECKS}) == len(CHECKS)
    assert all((check.rule.__doc__ or "").strip().endswith(".") for check in CHECKS)
    assert {type(check) for check in CHECKS} == {Here, There}


def test_without_a_connection_the_rest_is_said_not_to_be_known() -> None:
    """What is offline is looked at all the same."""
    found = list(examine(situation()))
    assert found[-1].check == "the rest"
    assert found[-1].finding.status == "unknown"
    assert {each.check for each in found} >= {"python", "packages", "configuration"}
    assert not [each for each in found if each.finding.status == "broken"]


@pytest.mark.parametrize(
    ("error", "fact"),
    [
        (
            refusal("GetRole", "AccessDenied", "no", 403),
            "these credentials may not ask: GetRole is denied",
        ),
        (refusal("GetRole", "UnsupportedOperation", "no"), "the other end does not have GetRole"),
        (
            refusal("GetRole", "ThrottlingException", "slow down"),
            "AWS refused GetRole (ThrottlingException): slow down",
        ),
        (EndpointConnectionError(endpoint_url="https://x"), "AWS did not answer"),
    ],
)
def test_what_cannot_be_asked_is_unknown_and_not_broken(error: Exception, fact: str) -> None:
    """One service that refuses, or does not answer, stops no other check."""

    class Refuses:
        """Answers nothing."""

        def __getattr__(self, name: str) -> Callable[..., Any]:
            def ask(**_: Any) -> Any:
                raise error

            return ask

    aws = Aws(
        account=ACCOUNT,
        region=REGION,
        make=lambda service: WholeAws().sts if service == "sts" else Refuses(),
    )
    definitions = {"facts-training": definition()}
    found = list(examine(replace(situation(), aws=aws, definitions=definitions)))
    [of_roles] = [each.finding for each in found if each.check == "roles"]
    assert of_roles.status == "unknown"
    assert of_roles.fact.startswith(fact)
    assert {check.name for check in CHECKS} - {each.check for each in found} == set()


def test_names_are_those_of_the_platform() -> None:
    """The queues that are looked at are the two of the template."""
    environment = project().environment
    assert [names.queue_name(environment, each) for each in infrastructure.QUEUES] == [
        "local-wait",
        "local-wait-dead-letter",
    ]
