"""A labeling job is created after everything was checked, once, and its request is what the file says."""

from __future__ import annotations

import dataclasses
import json
import shutil
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from config.labeling_jobs import load_labeling_job
from config.models.labeling_job import LabelingJobConfig
from deploy.apply import apply
from deploy.errors import CredentialsError
from deploy.infrastructure.bootstrap import base_stack
from deploy.labeling import jobs
from deploy.labeling.buckets import buckets_of_jobs
from deploy.labeling.converting import job_output, output_of
from deploy.labeling.create import carry_out, plan
from deploy.labeling.errors import LabelingError, ManifestError, PreflightError, RefusedJobError
from deploy.labeling.manifest import read
from deploy.labeling.preflight import CORS, CROWD, Draft, template_problems
from deploy.labeling.request import page_of
from deploy.labeling.teams import plan_team, team
from deploy.session import Aws
from tests.unit.deploy.fakes import ACCOUNT, AT, BUCKET, REGION, FakeS3, project, refusal
from tests.unit.lambdas.botocore_check import check

CONFIG = load_labeling_job(project(), "calls-segments")
NAME = "local-calls-segments-261122-120000"


@dataclass
class LabelingS3(FakeS3):
    """S3 with CORS rules by bucket."""

    cors: dict[str, Any] = field(default_factory=lambda: {BUCKET: CORS["CORSRules"]})

    def get_bucket_cors(self, *, Bucket: str) -> dict[str, Any]:
        if Bucket not in self.buckets:
            raise refusal("GetBucketCors", "NoSuchBucket", "The specified bucket does not exist", 404)
        if Bucket not in self.cors:
            raise refusal(
                "GetBucketCors", "NoSuchCORSConfiguration", "The CORS configuration does not exist", 404
            )
        return {"CORSRules": self.cors[Bucket]}

    def head_object(self, *, Bucket: str, Key: str, ExpectedBucketOwner: str = "") -> dict[str, Any]:
        return super().head_object(Bucket=Bucket, Key=Key, ExpectedBucketOwner=ExpectedBucketOwner)


@dataclass
class GroundTruth:
    """SageMaker as far as labeling asks; every request is held against the service model."""

    teams: dict[str, dict[str, Any]] = field(default_factory=dict)
    workforces: list[str] = field(default_factory=list)
    jobs: list[dict[str, Any]] = field(default_factory=list)
    errors: list[dict[str, str]] = field(default_factory=list)
    rendered: list[dict[str, Any]] = field(default_factory=list)
    refuses: str = ""

    def describe_workteam(self, *, WorkteamName: str) -> dict[str, Any]:
        if WorkteamName not in self.teams:
            raise refusal("DescribeWorkteam", "ValidationException", "Could not find workteam")
        return {"Workteam": self.teams[WorkteamName]}

    def list_workforces(self) -> dict[str, Any]:
        return {"Workforces": [{"WorkforceName": name} for name in self.workforces]}

    def create_workforce(self, **request: Any) -> None:
        check("sagemaker", "CreateWorkforce", request)
        self.workforces.append(request["WorkforceName"])

    def create_workteam(self, **request: Any) -> None:
        check("sagemaker", "CreateWorkteam", request)
        arn = f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:workteam/private-crowd/{request['WorkteamName']}"
        self.teams[request["WorkteamName"]] = {**request, "WorkteamArn": arn}

    def render_ui_template(self, **request: Any) -> dict[str, Any]:
        check("sagemaker", "RenderUiTemplate", request)
        self.rendered.append(request)
        return {"RenderedContent": "<page>", "Errors": self.errors}

    def create_labeling_job(self, **request: Any) -> None:
        check("sagemaker", "CreateLabelingJob", request)
        if self.refuses:
            raise refusal("CreateLabelingJob", self.refuses, "This account is not onboarded")
        self.add(request["LabelingJobName"], "InProgress", request=request)

    def add(self, name: str, status: str, *, labeled: int = 0, request: Any = None, hours: int = 0) -> None:
        """A job, newest last."""
        self.jobs.append(
            {
                "LabelingJobName": name,
                "LabelingJobArn": f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:labeling-job/{name}",
                "LabelingJobStatus": status,
                "CreationTime": AT + timedelta(hours=hours),
                "LastModifiedTime": AT,
                "LabelCounters": {"TotalLabeled": labeled, "Unlabeled": 2},
                "InputConfig": {"DataSource": {"S3DataSource": {"ManifestS3Uri": "s3://b/m"}}},
                "HumanTaskConfig": {"NumberOfHumanWorkersPerDataObject": 3, "WorkteamArn": "arn:x/team"},
                "LabelingJobOutput": {
                    "OutputDatasetS3Uri": f"s3://b/jobs/{name}/manifests/output/output.manifest"
                },
                "request": request,
            }
        )

    def list_labeling_jobs(
        self, *, NameContains: str, SortBy: str, SortOrder: str, NextToken: str = "0"
    ) -> dict[str, Any]:
        assert (SortBy, SortOrder) == ("CreationTime", "Descending")
        found = sorted(
            (each for each in self.jobs if NameContains in each["LabelingJobName"].lower()),
            key=lambda each: each["CreationTime"],
            reverse=True,
        )
        begin = int(NextToken)
        more = {"NextToken": str(begin + 1)} if begin + 1 < len(found) else {}
        return {"LabelingJobSummaryList": found[begin : begin + 1], **more}

    def describe_labeling_job(self, *, LabelingJobName: str) -> dict[str, Any]:
        for each in self.jobs:
            if each["LabelingJobName"] == LabelingJobName:
                return each
        raise refusal("DescribeLabelingJob", "ResourceNotFound", "Could not find the job")

    def get_function(self, *, FunctionName: str) -> dict[str, Any]:
        raise refusal("GetFunction", "ResourceNotFoundException", "Function not found", 404)


@dataclass
class Account:
    """Clients of one account; the team is there unless a test takes it away."""

    truth: GroundTruth = field(default_factory=lambda: GroundTruth(teams={"call-listeners": {}}))
    s3: LabelingS3 = field(default_factory=LabelingS3)

    @property
    def aws(self) -> Aws:
        clients = {"s3": self.s3, "sagemaker": self.truth, "lambda": self.truth}
        return Aws(account=ACCOUNT, region=REGION, make=clients.__getitem__)

    def create(self, config: LabelingJobConfig = CONFIG, *, again: bool = False, now: datetime = AT) -> str:
        planned = plan(project(), self.aws, config, now=now, again=again)
        carry_out(planned, self.aws, report=lambda action: None)
        return planned.name

    def problems(self, config: LabelingJobConfig = CONFIG) -> str:
        with pytest.raises(PreflightError, match=r".") as caught:
            plan(project(), self.aws, config, now=AT)
        assert self.truth.jobs == []
        assert self.s3.written == []
        return str(caught.value)


def changed(**values: Any) -> LabelingJobConfig:
    """The shipped job with other values."""
    return CONFIG.model_copy(update=values)


def test_a_job_is_what_its_file_says() -> None:
    """Every member of the request, held against the service model; files under the hash of their content."""
    account = Account()
    assert account.create() == NAME
    asked = account.truth.jobs[0]["request"]
    task = asked["HumanTaskConfig"]
    assert asked["LabelAttributeName"] == "labels"
    assert asked["OutputConfig"] == {"S3OutputPath": f"s3://{BUCKET}/local/labeling/jobs"}
    assert asked["RoleArn"] == f"arn:aws:iam::{ACCOUNT}:role/local-labeling"
    assert task["WorkteamArn"].endswith(":workteam/private-crowd/call-listeners")
    assert (task["TaskTimeLimitInSeconds"], task["TaskAvailabilityLifetimeInSeconds"]) == (3600, 864_000)
    assert (task["NumberOfHumanWorkersPerDataObject"], task["MaxConcurrentTaskCount"]) == (3, 1000)
    assert "PreHumanTaskLambdaArn" not in task
    assert "AnnotationConsolidationConfig" not in task
    assert {"Key": "pipelines:labeling-job", "Value": "calls-segments"} in asked["Tags"]
    manifest = asked["InputConfig"]["DataSource"]["S3DataSource"]["ManifestS3Uri"]
    body = account.s3.objects[BUCKET, manifest.removeprefix(f"s3://{BUCKET}/")]
    assert b"@" not in body
    assert len(read(body, "m").lines) == 66


def test_everything_that_can_be_chosen_is_sent() -> None:
    """Functions of ours and of others, stopping conditions, categories, a key."""
    account = Account()
    account.truth.get_function = lambda **named: {}  # type: ignore[method-assign]
    other = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:other"
    limits = CONFIG.limits.model_copy(update={"objects": 10})
    account.create(
        changed(pre_annotation="ours", post_annotation=other, categories=("a", "b"), limits=limits)
    )
    asked = account.truth.jobs[0]["request"]
    task = asked["HumanTaskConfig"]
    assert task["PreHumanTaskLambdaArn"].endswith(":function:local-pre-annotation:live")
    assert task["AnnotationConsolidationConfig"] == {"AnnotationConsolidationLambdaArn": other}
    assert asked["StoppingConditions"] == {"MaxHumanLabeledObjectCount": 10}
    place = asked["LabelCategoryConfigS3Uri"].removeprefix(f"s3://{BUCKET}/")
    assert json.loads(account.s3.objects[BUCKET, place]) == {
        "document-version": "2018-11-28",
        "labels": [{"label": "a"}, {"label": "b"}],
    }
    shown = json.loads(account.truth.rendered[0]["Task"]["Input"])
    assert shown["taskObject"] == shown["source-ref"]


def test_what_is_wrong_is_told_at_once_and_nothing_is_written() -> None:
    """CORS, team and template together, each with what to type."""
    account = Account()
    account.s3.cors.clear()
    account.truth.teams.clear()
    account.truth.errors.append({"Code": "LiquidError", "Message": "unknown filter"})
    said = account.problems()
    assert f'bucket "{BUCKET}" has no CORS rule' in said
    assert "hint: run_pipeline.py bootstrap" in said
    assert 'there is no work team "call-listeners"' in said
    assert "hint: run_pipeline.py labeling team calls-segments --create" in said
    assert "the template cannot be rendered (LiquidError): unknown filter" in said


@pytest.mark.parametrize(
    "rule",
    [
        {"AllowedMethods": ["PUT"]},
        {"AllowedOrigins": ["https://example.com"]},
        {"ExposeHeaders": []},
    ],
)
def test_a_cors_rule_that_does_not_open_enough(rule: dict[str, Any]) -> None:
    """GET, from anywhere, with the header exposed."""
    account = Account()
    account.s3.cors[BUCKET] = [{**CORS["CORSRules"][0], **rule}]
    assert "allows GET from any origin" in account.problems()


def test_cors_rules_that_may_not_be_read_are_told_but_no_fault() -> None:
    """The bucket may be another team's."""
    account = Account()
    denied = refusal("GetBucketCors", "AccessDenied", "Access Denied", 403)

    def refuse(*, Bucket: str) -> dict[str, Any]:
        raise denied

    account.s3.get_bucket_cors = refuse  # type: ignore[method-assign]
    notes = plan(project(), account.aws, CONFIG, now=AT).notes
    assert notes[0] == f'whether pages may load from bucket "{BUCKET}" could not be asked'


def test_a_bucket_that_is_not_there() -> None:
    """Of the manifest, in words."""
    account = Account()
    account.s3.objects["lists", "m"] = b'{"source-ref": "s3://gone/a.wav"}\n'
    assert 'there is no bucket "gone"' in account.problems(changed(manifest="s3://lists/m"))


def test_functions_that_are_not_there() -> None:
    """Ours comes with bootstrap."""
    said = Account().problems(changed(post_annotation="ours"))
    assert "post_annotation: there is no function" in said
    assert said.endswith("hint: run_pipeline.py bootstrap")


def test_recordings_that_are_not_there_are_told_but_no_fault() -> None:
    """They may be on their way."""
    planned = plan(project(), Account().aws, CONFIG, now=AT)
    assert planned.notes[0].startswith("of the first 5 recordings 5 are not there (yet)")


def test_people_do_not_label_twice_because_a_command_was_repeated() -> None:
    """A running job of the same file stands in the way, unless asked for; another file's does not."""
    account = Account()
    account.truth.add("local-calls-segments-other-261122-110000", "InProgress", hours=-1)
    account.truth.add("local-calls-segments-261121-110000", "Completed", hours=-2)
    assert account.create() == NAME
    with pytest.raises(LabelingError, match=rf'labeling job "{NAME}" is InProgress\nhint: .*labeling wait'):
        account.create(now=AT + timedelta(seconds=1))
    assert account.create(again=True, now=AT + timedelta(seconds=1)).endswith("-120001")


def test_a_refusal_says_what_the_account_cannot_do() -> None:
    """Ground Truth is closed to new customers: what remains is said."""
    account = Account()
    account.truth.refuses = "AccessDeniedException"
    with pytest.raises(
        RefusedJobError,
        match=r"refused the labeling job \(AccessDeniedException\): This account is not onboarded\n"
        r"hint: Ground Truth takes no new customers.*label_studio",
    ) as caught:
        account.create()
    assert caught.value.exit_code == 3


def test_a_template_shows_only_what_every_object_has() -> None:
    """A key of a condition may be missing; ours is sound for the shipped manifest."""
    manifest = read(b'{"source": "a", "b": 1}\n{"source": "c"}\n', "m")
    page = f'<script src="{CROWD}"></script><crowd-form>{{{{ task.input.b }}}}</crowd-form>'
    (problem,) = template_problems(Draft(CONFIG, manifest, page))
    assert problem[0] == "the template shows task.input.b, which object 2 of the manifest does not have"
    asked = f"{{% if task.input.b %}}{page}{{% endif %}}{CROWD}<crowd-form>"
    assert list(template_problems(Draft(CONFIG, manifest, asked))) == []
    missing = list(template_problems(Draft(CONFIG, manifest, "x")))
    assert [fact for fact, _ in missing] == [
        "the template has no <crowd-form>: answers cannot be sent",
        "the template does not load the crowd elements",
    ]


def test_a_page_is_no_way_into_the_template() -> None:
    """Titles with Liquid and the end of a script stay texts."""
    assert CONFIG.page is not None
    hostile = "</script><b> {{ task.input.x }} {% raw %} \u2028"
    page = CONFIG.page.model_copy(update={"instructions": hostile})
    made = page_of(changed(page=page), "<script>@page@</script>")
    inside = made.removeprefix("<script>").removesuffix("</script>")
    assert not {"<", "{{", "{%"} & {inside[at : at + size] for at in range(len(inside)) for size in (1, 2)}
    assert json.loads(inside)["instructions"] == hostile


def test_a_team_is_made_with_its_workforce_once() -> None:
    """Members by the group of a user pool; a second time there is nothing to do."""
    account = Account(truth=GroundTruth())
    environment = project().environment
    assert not team(account.aws, environment, CONFIG).exists
    actions = plan_team(account.aws, environment, CONFIG)
    assert [action.text for action in actions] == [
        "create workforce default of user pool us-east-1_Example1",
        "create work team call-listeners",
    ]
    apply(actions, account.aws, report=lambda action: None)
    found = team(account.aws, environment, CONFIG)
    assert found.members == ("group call-listeners of user pool us-east-1_Example1",)
    assert plan_team(account.aws, environment, CONFIG) == ()


def test_a_team_without_members_or_of_a_provider_without_workforce() -> None:
    """What the YAML would have to say, and what only the console can make."""
    account, environment = Account(truth=GroundTruth()), project().environment
    nobody = CONFIG.team.model_copy(update={"cognito": None})
    with pytest.raises(LabelingError, match=r"would have no members\nhint: write team.cognito"):
        plan_team(account.aws, environment, changed(team=nobody))
    oidc = nobody.model_copy(update={"oidc_groups": ("listeners",)})
    with pytest.raises(LabelingError, match=r"has no private workforce"):
        plan_team(account.aws, environment, changed(team=oidc))
    account.truth.workforces.append("mine")
    (action,) = plan_team(account.aws, environment, changed(team=oidc))
    assert json.loads(action.request)["MemberDefinitions"] == [  # type: ignore[union-attr]
        {"OidcMemberDefinition": {"Groups": ["listeners"]}}
    ]


def test_a_job_is_found_by_file_name_and_arn() -> None:
    """A file stands for its newest job; listings come in pages."""
    account, environment = Account(), project().environment
    for hours in range(3):
        account.truth.add(f"local-calls-segments-26112{hours}-110000", "Completed", hours=hours, labeled=1)
    known = ("calls-segments",)
    for wanted in (
        "calls-segments",
        "local-calls-segments-261122-110000",
        "arn:aws:sagemaker:us-east-1:1:labeling-job/local-calls-segments-261122-110000",
    ):
        assert jobs.find(account.aws, environment, wanted, known).name == "local-calls-segments-261122-110000"
    with pytest.raises(LabelingError, match=r'there is no labeling job "nothing"'):
        jobs.find(account.aws, environment, "nothing", known)
    with pytest.raises(LabelingError, match=r'"other" has no labeling job .*\nhint: .*labeling create other'):
        jobs.find(account.aws, environment, "other", ("other",))


def test_the_output_of_a_job_fills_the_pipelines_parameter() -> None:
    """Of the latest that has ended; one that labeled nothing, or goes on, has none."""
    account = Account()
    account.truth.add("local-calls-segments-261120-110000", "Completed", labeled=5, hours=1)
    account.truth.add("local-calls-segments-261121-110000", "Failed", hours=2)
    account.truth.add("local-calls-segments-261122-110000", "InProgress", hours=3)
    known = ("calls-segments",)
    found = job_output(project(), account.aws, "calls-segments-labeling", wanted="latest", known=known)
    assert found.parameters == {"LabelsUri": "s3://b/jobs/local-calls-segments-261120-110000"}
    with pytest.raises(LabelingError, match=r"is InProgress\nhint: run_pipeline.py labeling wait"):
        job_output(project(), account.aws, "calls-segments-labeling", wanted="calls-segments", known=known)
    with pytest.raises(LabelingError, match=r'"calls-labeling" does not convert a labeling job'):
        job_output(project(), account.aws, "calls-labeling", wanted="latest", known=known)
    failed = jobs.look(account.aws, "local-calls-segments-261121-110000")
    with pytest.raises(LabelingError, match=r"is Failed and has labeled nothing"):
        output_of(failed, "local")


def test_following_outlasts_throttling_and_ends_with_the_job() -> None:
    """Trouble is told, the job is looked at again with new clients."""
    account = Account()
    account.truth.add(NAME, "InProgress")
    looks = iter(["InProgress", "throttled", "Completed"])
    original = account.truth.describe_labeling_job

    def describe(*, LabelingJobName: str) -> dict[str, Any]:
        state = next(looks)
        if state == "throttled":
            raise refusal("DescribeLabelingJob", "ThrottlingException", "Rate exceeded")
        account.truth.jobs[0]["LabelingJobStatus"] = state
        return original(LabelingJobName=LabelingJobName)

    account.truth.describe_labeling_job = describe  # type: ignore[method-assign]
    pauses: list[float] = []
    seen = [
        (job.status, trouble)
        for job, trouble in jobs.follow(
            lambda: account.aws, NAME, pause=3.0, sleep=pauses.append, again="labeling wait"
        )
    ]
    assert seen == [("InProgress", ""), ("InProgress", "AWS throttles the questions"), ("Completed", "")]
    assert pauses == [3.0, 3.0]


def test_a_wait_whose_credentials_cannot_be_renewed_ends() -> None:
    """Those in variables: the job goes on, and what to type then is said; it does not look for ever."""
    account = Account()
    account.create()
    fixed = Aws(account=ACCOUNT, region=REGION, make=account.aws.make, renewable=False)
    looks = jobs.follow(lambda: fixed, NAME, pause=3.0, sleep=lambda _: None, again="labeling wait calls")
    next(looks)

    def expired(*, LabelingJobName: str) -> dict[str, Any]:
        raise refusal("DescribeLabelingJob", "ExpiredTokenException", "The security token is expired")

    account.truth.describe_labeling_job = expired  # type: ignore[method-assign]
    with pytest.raises(CredentialsError, match="have expired; the labeling job goes on") as caught:
        next(looks)
    assert caught.value.hint == "export new ones, then: labeling wait calls"


def test_a_job_in_the_name_of_another_time_zone_is_of_one_time() -> None:
    """Names carry the time in UTC."""
    at = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert Account().create(now=at) == "local-calls-segments-260102-030405"


def test_buckets_of_manifests_are_opened_to_the_labeling_role(tmp_path: Path) -> None:
    """Those that a manifest of the repository names; the environment's own needs no mention."""
    here = project()
    assert buckets_of_jobs(here) == {BUCKET}
    assert dict(base_stack(here).parameters)["DataSourceArns"] == ""
    for folder in ("config/labeling", "data/calls-labels", "infra", "lambdas"):
        shutil.copytree(here.root / folder, tmp_path / folder)
    (tmp_path / "data/calls-labels/calls.manifest").write_text('{"source-ref": "s3://recordings/a.wav"}\n')
    moved = dataclasses.replace(here, root=tmp_path)
    arns = dict(base_stack(moved).parameters)["DataSourceArns"]
    assert arns == "arn:aws:s3:::recordings,arn:aws:s3:::recordings/*"


@pytest.mark.parametrize(
    ("code", "hint"),
    [("ResourceInUse", "type it again"), ("ResourceLimitExceeded", "wait for a labeling job to end")],
)
def test_a_refusal_that_is_not_the_account_s_says_so(code: str, hint: str) -> None:
    """Two commands in one second; too many jobs."""
    account = Account()
    account.truth.refuses = code
    with pytest.raises(RefusedJobError, match=hint):
        account.create()


def test_a_manifest_of_s3_is_used_as_it_is() -> None:
    """Also with a mark at its beginning, which would fail the job after everything was in order."""
    account = Account()
    account.s3.objects["lists", "m"] = b'\xef\xbb\xbf{"source-ref": "s3://b/a.wav"}\n'
    with pytest.raises(ManifestError, match="s3://lists/m: begins with a byte order mark"):
        account.create(changed(manifest="s3://lists/m"))


@pytest.mark.parametrize(
    ("content", "page", "says"),
    [
        (b"<crowd-form>\xff", None, "s3://lists/t: byte 12 is not UTF-8"),
        (b"<crowd-form>@page@", None, "s3://lists/t shows a page at @page@"),
        (b"<crowd-form>", CONFIG.page, "s3://lists/t has no @page@ where page would be shown"),
    ],
)
def test_a_template_of_s3_is_held_against_what_files_are(content: bytes, page: Any, says: str) -> None:
    """The rules of the YAML see files of the repository only."""
    account = Account()
    account.s3.objects["lists", "t"] = content
    with pytest.raises(LabelingError, match=says):
        account.create(changed(template="s3://lists/t", page=page))


def test_a_page_that_makes_the_template_too_long_is_told() -> None:
    """The template alone would do."""
    assert CONFIG.page is not None
    labels = tuple(f"{number} {'x' * 250}" for number in range(100))
    track = CONFIG.page.tracks["speaker"].model_copy(update={"labels": labels})
    page = CONFIG.page.model_copy(update={"tracks": {str(number): track for number in range(5)}})
    account = Account()
    assert "the template with its page has 15" in account.problems(changed(page=page))
    assert account.truth.rendered == []
