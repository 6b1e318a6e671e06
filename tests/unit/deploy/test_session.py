"""Who may go on: the caller's account and region against the environment's."""

from __future__ import annotations

from pathlib import Path

import boto3
import pytest

from config.load import load_project
from deploy import session
from deploy.errors import CredentialsError, WrongCallerError
from deploy.session import Aws, check_account
from tests.unit.deploy.fakes import FakeAws, FakeSts, project, refusal


def test_the_right_account_goes_on() -> None:
    """The caller of the environment's account is let through."""
    check_account(FakeAws().aws, project().environment)


def test_another_account_is_stopped_with_both_named() -> None:
    """The wrong account is exit code 2, before anything else was asked."""
    with pytest.raises(WrongCallerError, match="these credentials belong to account") as caught:
        check_account(FakeAws(sts=FakeSts(account="999999999999")).aws, project().environment)
    assert caught.value.exit_code == 2
    assert caught.value.fact == (
        'these credentials belong to account "999999999999", environment "local" is account "123456789012"'
    )


class ExpiredSts:
    """Answers as STS does to an expired token."""

    def get_caller_identity(self) -> dict[str, str]:
        raise refusal("GetCallerIdentity", "ExpiredToken", "The security token included is expired", 403)


def test_expired_credentials_are_said_to_be_expired() -> None:
    """The first question of every verb finds them out."""
    aws = Aws(account="1", region="us-east-1", make=lambda _: ExpiredSts())
    with pytest.raises(CredentialsError, match="the AWS credentials have expired"):
        check_account(aws, project().environment)


def test_a_shell_set_to_another_region_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    """AWS_DEFAULT_REGION that differs from the environment's region is exit code 2, without a question."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    with pytest.raises(WrongCallerError, match="this shell is set to region") as caught:
        session.default_chain(load_project("dev").environment)
    assert (
        caught.value.hint
        == "export AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1, or choose another --env"
    )


def test_each_client_is_made_once() -> None:
    """Making clients is slow and not thread-safe: one of each, when first asked for."""
    made: list[str] = []

    def make(service: str) -> object:
        made.append(service)
        return object()

    aws = Aws(account="1", region="us-east-1", make=make)
    assert aws.client("s3") is aws.client("s3")
    assert made == ["s3"]


def test_nothing_of_the_shell_reaches_the_stand_ins_clients(monkeypatch: pytest.MonkeyPatch) -> None:
    """Profiles, endpoints, certificates and proxies of the shell do not change where the clients go."""
    settings = {
        "AWS_PROFILE": "no-such-profile",
        "AWS_ENDPOINT_URL_S3": "http://example.com",
        "AWS_CA_BUNDLE": "/no/such/file",
        "HTTP_PROXY": "http://127.0.0.1:9",
        "AWS_USE_FIPS_ENDPOINT": "true",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    silent = boto3.Session(
        "key", "secret", region_name="us-east-1", botocore_session=session.without_settings()
    )
    client = silent.client("s3", endpoint_url="http://127.0.0.1:1", config=session.client_config(proxies={}))
    assert client.meta.endpoint_url == "http://127.0.0.1:1"
    assert client.meta.config.proxies == {}
    assert client.meta.config.connect_timeout == 10


@pytest.mark.parametrize(("variables", "renewable"), [(True, False), (False, True)])
def test_credentials_in_variables_cannot_be_renewed_for_a_running_process(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *, variables: bool, renewable: bool
) -> None:
    """Those of a file can: a new connection reads it again."""
    for name in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    file = tmp_path / "credentials"
    file.write_text("[default]\naws_access_key_id = a\naws_secret_access_key = b\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(file))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    if variables:
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    assert session.default_chain(load_project("dev").environment).renewable is renewable
