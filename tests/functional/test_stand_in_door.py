"""Who the stand-in answers, and what it says to the others."""

from __future__ import annotations

import http.client
import time
import urllib.error
import urllib.request
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.functional.conftest import RunningStandIn, client_of

pytestmark = pytest.mark.functional

SERVICES = (
    ("sts", "get_caller_identity", "InvalidClientTokenId"),
    ("s3", "list_buckets", "InvalidAccessKeyId"),
    ("sagemaker", "list_pipelines", "UnrecognizedClientException"),
    ("lambda", "list_functions", "UnrecognizedClientException"),
    ("sqs", "list_queues", "UnrecognizedClientException"),
)


def request(
    stand_in: RunningStandIn, path: str, headers: dict[str, str], method: str = "GET"
) -> tuple[int, str]:
    port = int(stand_in.connection.endpoint.rpartition(":")[2])
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request(method, path, headers=headers)
    response = connection.getresponse()
    return response.status, response.read().decode()


def test_the_caller_is_a_user_of_the_environments_account(stand_in: RunningStandIn) -> None:
    """GetCallerIdentity names the account of the environment file and the identity of the folder."""
    identity = stand_in.client("sts").get_caller_identity()
    assert identity["Account"] == stand_in.account
    assert identity["Arn"] == f"arn:aws:iam::{stand_in.account}:user/local"


@pytest.mark.parametrize(("service", "operation", "code"), SERVICES)
def test_a_key_of_another_account_is_refused(
    stand_in: RunningStandIn, service: str, operation: str, code: str
) -> None:
    """A real-looking key that is not of this folder gets AWS's own error for it, at once."""
    stranger = replace(stand_in.connection, access_key="AKIAIOSFODNN7EXAMPLE", secret_key="x" * 40)
    with pytest.raises(ClientError, match=r"security token included in the request is invalid") as caught:
        getattr(client_of(stranger, service), operation)()
    assert caught.value.response["Error"]["Code"] == code
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


@pytest.mark.parametrize(("service", "operation", "_code"), SERVICES)
def test_the_right_key_with_a_wrong_secret_is_refused(
    stand_in: RunningStandIn, service: str, operation: str, _code: str
) -> None:
    """Signatures are checked, not only the name of the key."""
    impostor = replace(stand_in.connection, secret_key="x" * 40)
    with pytest.raises(ClientError, match="signature we calculated does not match") as caught:
        getattr(client_of(impostor, service), operation)()
    assert caught.value.response["Error"]["Code"] == "SignatureDoesNotMatch"


def test_an_unsigned_request_is_refused(stand_in: RunningStandIn) -> None:
    """Nobody gets in without a signature, not even to read."""
    status, body = request(stand_in, "/some-bucket/key", {})
    assert status == 403
    assert "MissingAuthenticationToken" in body


def test_a_web_page_is_refused(stand_in: RunningStandIn) -> None:
    """Whatever carries an Origin comes from a browser; no CORS header ever answers it."""
    port = int(stand_in.connection.endpoint.rpartition(":")[2])
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("OPTIONS", "/", headers={"Origin": "https://example.com"})
    response = connection.getresponse()
    assert response.status == 403
    assert not [name for name, _ in response.getheaders() if name.lower().startswith("access-control")]


def test_a_rebound_host_name_is_refused(stand_in: RunningStandIn) -> None:
    """A DNS name that points at this machine does not open the door."""
    status, body = request(stand_in, "/_stand_in/health", {"Host": "evil.example.com"})
    assert status == 403
    assert "evil.example.com" in body


@pytest.mark.parametrize(
    "path", ["/moto-api/", "/moto-api/data.json", "/moto-api/reset", "/latest/meta-data/"]
)
def test_motos_own_pages_are_closed(stand_in: RunningStandIn, path: str) -> None:
    """No dashboard, no reset, no metadata service."""
    for method in ("GET", "POST"):
        status, _ = request(stand_in, path, {}, method)
        assert status == 403


def test_a_presigned_url_works_until_it_is_tampered_with(stand_in: RunningStandIn, name: str) -> None:
    """Query-string signatures open one object and no other."""
    s3 = stand_in.client("s3", signature_version="s3v4")
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="a b.txt", Body=b"hello")
    url = s3.generate_presigned_url("get_object", Params={"Bucket": name, "Key": "a b.txt"})
    with urllib.request.urlopen(url) as response:
        assert response.read() == b"hello"
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(url.replace("a%20b.txt", "other.txt"))


def test_keys_made_here_open_the_door_too(stand_in: RunningStandIn, name: str) -> None:
    """CreateAccessKey and AssumeRole hand out keys that work, and callers are who they say."""
    iam, sts = stand_in.client("iam"), stand_in.client("sts")
    iam.create_user(UserName=name)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    user = replace(stand_in.connection, access_key=key["AccessKeyId"], secret_key=key["SecretAccessKey"])
    assert client_of(user, "sts").get_caller_identity()["Arn"].endswith(f":user/{name}")
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    made = sts.assume_role(RoleArn=role, RoleSessionName="me")["Credentials"]
    session = replace(stand_in.connection, access_key=made["AccessKeyId"], secret_key=made["SecretAccessKey"])
    assert client_of(session, "sts").get_caller_identity()["Arn"].endswith(f":assumed-role/{name}/me")


@pytest.mark.parametrize(
    ("service", "operation", "parameters"),
    [
        ("sagemaker", "list_ai_benchmark_jobs", {}),
        ("kendra", "list_indices", {}),
        (
            "bedrock-agent-runtime",
            "retrieve",
            {"knowledgeBaseId": "ABCDEFGHIJ", "retrievalQuery": {"text": "a"}},
        ),
        (
            "iam",
            "simulate_principal_policy",
            {"PolicySourceArn": "arn:aws:iam::1:role/a" * 2, "ActionNames": ["a:b"]},
        ),
        ("s3", "list_bucket_metrics_configurations", {"Bucket": "any-bucket"}),
    ],
)
def test_a_missing_operation_says_so_at_once(
    stand_in: RunningStandIn, service: str, operation: str, parameters: dict[str, Any]
) -> None:
    """An error of the service's protocol that names the operation; no page, no retries."""
    started = time.monotonic()
    client = stand_in.client(service, retries={"mode": "legacy"})
    with pytest.raises(ClientError, match="the stand-in does not have") as caught:
        getattr(client, operation)(**parameters)
    assert caught.value.response["ResponseMetadata"]["RetryAttempts"] == 0
    assert time.monotonic() - started < 5


def test_what_moto_only_pretends_is_refused(stand_in: RunningStandIn) -> None:
    """A training job that never ran is not Completed."""
    with pytest.raises(ClientError, match="does not run CreateTrainingJob"):
        stand_in.client("sagemaker").create_training_job(
            TrainingJobName="a",
            AlgorithmSpecification={"TrainingInputMode": "File", "TrainingImage": "a"},
            RoleArn=f"arn:aws:iam::{stand_in.account}:role/a-role-name",
            OutputDataConfig={"S3OutputPath": "s3://bucket/out"},
            ResourceConfig={"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
            StoppingCondition={"MaxRuntimeInSeconds": 60},
        )


def test_aws_own_policies_are_there(stand_in: RunningStandIn, name: str) -> None:
    """They can be attached and read; one that AWS does not have cannot."""
    iam = stand_in.client("iam")
    iam.create_role(RoleName=name, AssumeRolePolicyDocument="{}")
    arn = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
    iam.attach_role_policy(RoleName=name, PolicyArn=arn)
    attached = iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
    assert [policy["PolicyArn"] for policy in attached] == [arn]
    version = iam.get_policy_version(PolicyArn=arn, VersionId="v1")["PolicyVersion"]
    assert "logs:PutLogEvents" in version["Document"]["Statement"][0]["Action"]
    with pytest.raises(ClientError, match="NoSuchEntity"):
        iam.attach_role_policy(RoleName=name, PolicyArn="arn:aws:iam::aws:policy/NobodysPolicy")
