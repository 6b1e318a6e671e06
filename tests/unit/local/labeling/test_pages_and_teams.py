"""RenderUiTemplate shows what a worker gets; teams are kept behind one workforce."""

from __future__ import annotations

import json

import pytest

from local.api import ApiError
from local.labeling.render import render
from tests.unit.local.labeling.world import World


def page(template: str, given: object) -> str:
    """The rendered page, without errors."""
    answer = render(template, json.dumps(given), address=lambda uri: f"https://read/{uri}")
    assert answer["Errors"] == []
    return str(answer["RenderedContent"])


def test_values_are_escaped_unless_the_template_says_otherwise() -> None:
    """What data hold cannot become a part of the page."""
    given = {"call-id": '<script>"', "html": "a &amp; <b>", "list": ["<x>"]}
    assert page("{{ task.input.call-id }}", given) == "&lt;script&gt;&#34;"
    assert page("{{ task.input['call-id'] }}", given) == "&lt;script&gt;&#34;"
    assert page("{{ task.input.html | skip_autoescape }}", given) == "a &amp; <b>"
    assert page("{{ task.input.html | escape_once }}", given) == "a &amp; &lt;b&gt;"
    assert page("{% for each in task.input.list %}{{ each }}{% endfor %}", given) == "&lt;x&gt;"
    assert page("{{ task.input.list | to_json }}", given) == "[&#34;&lt;x&gt;&#34;]"


def test_recordings_get_an_address_and_what_is_missing_is_empty() -> None:
    """As on the service, where a page with a wrong key just shows nothing."""
    template = '<audio src="{{ task.input.source-ref | grant_read_access }}">{{ task.input.nothing }}'
    assert page(template, {"source-ref": "s3://b/a b.wav"}) == '<audio src="https://read/s3://b/a b.wav">'


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("{{ task.input.x", "expected '}}'"),
        ("{{ task.input.x | shout }}", "unknown filter 'shout'"),
        ("{% for a in b %}", "expected tag with value 'endfor'"),
        ("{% if %}x{% endif %}", "expected 'expression'"),
    ],
)
def test_errors_of_liquid_are_listed(template: str, message: str) -> None:
    """Nothing is rendered then."""
    answer = render(template, "{}", address=str)
    assert answer["RenderedContent"] == ""
    assert message in answer["Errors"][0]["Message"]


def test_an_input_that_is_no_json_is_refused() -> None:
    """It would be the caller's mistake, not the template's."""
    with pytest.raises(ApiError, match=r"The task's Input is no JSON"):
        render("x", "{", address=str)


def test_teams_are_described_with_their_workforce() -> None:
    """Made, listed, changed, gone."""
    teams = World(None).teams
    found = teams.describe({"WorkteamName": "listeners"})["Workteam"]
    assert found["WorkteamArn"].endswith(":workteam/private-crowd/listeners")
    assert found["WorkforceArn"].endswith(":workforce/default")
    teams.update({"WorkteamName": "listeners", "Description": "new"})
    assert [each["Description"] for each in teams.list({})["Workteams"]] == ["new"]
    assert teams.delete({"WorkteamName": "listeners"}) == {"Success": True}
    with pytest.raises(ApiError, match=r"Could not find workteam or workforce"):
        teams.describe({"WorkteamName": "listeners"})


def test_a_team_needs_a_workforce_and_there_is_one_at_most() -> None:
    """As in an account."""
    teams = World(None).teams
    with pytest.raises(ApiError, match=r"one private workforce in a Region at most"):
        teams.create_workforce({"WorkforceName": "second"})
    with pytest.raises(ApiError, match=r"Could not find workteam or workforce 'other'"):
        teams.create({"WorkteamName": "x", "WorkforceName": "other", "Description": "d"})
    assert not teams.exists("arn:aws:sagemaker:us-east-1:123456789012:workteam/private-crowd/x")
    assert teams.exists("arn:aws:sagemaker:us-east-1:999999999999:workteam/vendor-crowd/x")
