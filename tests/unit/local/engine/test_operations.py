"""Pipeline operations as a client calls them: names, versions, pages, limits, idempotency."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from typing import Any

import pytest

from local.api import ApiError
from tests.unit.local.engine.fakes import ROLE, World, callback, definition, function, processing

ARN = "arn:aws:sagemaker:us-east-1:123456789012:pipeline/p"
TEXT = json.dumps(definition(function("a")))
OTHER = json.dumps(definition(function("b")))
TOKEN = "t" * 32


def create(world: World, **parameters: Any) -> str:
    """A parameter of None is left out."""
    given = {"PipelineName": "p", "PipelineDefinition": TEXT, "RoleArn": ROLE, **parameters}
    given = {name: value for name, value in given.items() if value is not None}
    return str(world.sagemaker("CreatePipeline", **given)["PipelineArn"])


def test_a_pipeline_is_found_by_name_and_by_arn() -> None:
    """Both give the definition as it was sent."""
    world = World()
    assert create(world, PipelineDescription="d", Tags=[{"Key": "a", "Value": "b"}]) == ARN
    for name in ("p", ARN):
        answer = world.sagemaker("DescribePipeline", PipelineName=name)
        assert (answer["PipelineDefinition"], answer["PipelineDescription"]) == (TEXT, "d")
        assert (answer["PipelineStatus"], answer["PipelineDisplayName"]) == ("Active", "p")
    assert world.sagemaker("ListTags", ResourceArn=ARN) == {"Tags": [{"Key": "a", "Value": "b"}]}


def test_a_name_is_taken_once() -> None:
    """The text is what the SDK's upsert looks for; a repeated request is no second one."""
    world = World()
    create(world, ClientRequestToken=TOKEN)
    assert create(world, ClientRequestToken=TOKEN) == ARN
    with pytest.raises(ApiError, match=r"Pipeline with name \(p\) already exists") as caught:
        create(world)
    assert caught.value.code == "ValidationException"


@pytest.mark.parametrize(
    "operation", ["DescribePipeline", "UpdatePipeline", "DeletePipeline", "ListPipelineVersions"]
)
def test_an_unknown_pipeline_is_not_found(operation: str) -> None:
    """ResourceNotFound with the name."""
    with pytest.raises(ApiError, match="ResourceNotFound: Pipeline 'gone' does not exist"):
        World().sagemaker(operation, PipelineName="gone")


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"PipelineDefinition": "not json"}, "The pipeline definition is not JSON"),
        ({"PipelineDefinition": "[" * 5000 + "]" * 5000}, "The pipeline definition is nested too deeply"),
        ({"PipelineDefinition": json.dumps(definition(function("a", x={"Get": "Parameters.Gone"})))}, "Gone"),
        ({"PipelineDefinition": json.dumps(definition(function("a" * 65)))}, "a{65}"),
        ({"PipelineName": "under_score"}, "'under_score' at 'pipelineName' failed to satisfy constraint"),
        ({"RoleArn": "role"}, "at 'roleArn' failed to satisfy constraint"),
        ({"PipelineDefinition": None}, "PipelineDefinition or PipelineDefinitionS3Location is needed"),
        ({"PipelineDefinitionS3Location": {"Bucket": "bucket", "ObjectKey": "k"}}, "exclude each other"),
        (
            {
                "PipelineDefinition": None,
                "PipelineDefinitionS3Location": {"Bucket": "bucket", "ObjectKey": "k"},
            },
            "The definition at s3://bucket/k cannot be read: The specified key does not exist",
        ),
    ],
)
def test_what_aws_would_refuse_is_refused(parameters: dict[str, Any], message: str) -> None:
    """As a ValidationException that names the place."""
    world = World()
    with pytest.raises(ApiError, match=message) as caught:
        create(world, **parameters)
    assert caught.value.code == "ValidationException"
    assert world.sagemaker("ListPipelines")["PipelineSummaries"] == []


def test_a_definition_may_lie_in_s3() -> None:
    """Read when the pipeline is made, shown as text; a version of the object is refused, not passed over."""
    world = World()
    world.files["s3://bucket/k"] = TEXT.encode()
    location = {"Bucket": "bucket", "ObjectKey": "k"}
    create(world, PipelineDefinition=None, PipelineDefinitionS3Location=location)
    assert world.sagemaker("DescribePipeline", PipelineName="p")["PipelineDefinition"] == TEXT
    with pytest.raises(ApiError, match="reads the newest version of an object only"):
        create(world, PipelineDefinition=None, PipelineDefinitionS3Location={**location, "VersionId": "v"})


def test_every_new_definition_is_a_version() -> None:
    """The same definition is not; old ones can be described and started."""
    world = World()
    create(world)
    same = world.sagemaker("UpdatePipeline", PipelineName="p", PipelineDefinition=TEXT)
    other = world.sagemaker("UpdatePipeline", PipelineName="p", PipelineDefinition=OTHER)
    assert (same["PipelineVersionId"], other["PipelineVersionId"]) == (1, 2)
    described = world.sagemaker("DescribePipeline", PipelineName="p", PipelineVersionId=1)
    assert described["PipelineDefinition"] == TEXT
    execution = world.start(PipelineVersionId=1)
    assert world.ended(execution) == "Succeeded"
    assert list(world.steps(execution)) == ["a"]
    versions = world.sagemaker("ListPipelineVersions", PipelineName="p")["PipelineVersionSummaries"]
    assert [(v["PipelineVersionId"], v.get("LastExecutionPipelineExecutionArn")) for v in versions] == [
        (2, None),
        (1, execution),
    ]


def test_an_alias_belongs_to_one_version() -> None:
    """It must leave its version before another takes it; it finds the version meanwhile."""
    world = World()
    create(world, PipelineVersionAliases=["prod"])
    world.sagemaker("UpdatePipeline", PipelineName="p", PipelineDefinition=OTHER)
    add = {"PipelineArn": ARN, "PipelineVersionId": 2, "PipelineVersionAliasOperations": {"Add": ["prod"]}}
    with pytest.raises(ApiError, match="The alias 'prod' belongs to version 1") as caught:
        world.sagemaker("UpdatePipelineVersion", **add)
    assert caught.value.code == "ConflictException"
    remove = {
        "PipelineArn": ARN,
        "PipelineVersionId": 1,
        "PipelineVersionAliasOperations": {"Remove": ["prod"]},
    }
    world.sagemaker("UpdatePipelineVersion", **remove)
    world.sagemaker("UpdatePipelineVersion", **add)
    described = world.sagemaker("DescribePipeline", PipelineName="p", PipelineVersionAlias="prod")
    assert described["PipelineDefinition"] == OTHER


def test_unknown_parameters_start_nothing() -> None:
    """The refusal comes from the start itself."""
    world = World()
    create(world)
    with pytest.raises(ApiError, match=r"does not declare the parameters \[X\]"):
        world.start(PipelineParameters=[{"Name": "X", "Value": "1"}])
    assert world.sagemaker("ListPipelineExecutions", PipelineName="p")["PipelineExecutionSummaries"] == []


def test_a_start_repeated_by_its_token_is_one_execution() -> None:
    """boto3 sends the token again when it tries again."""
    world = World()
    create(world)
    assert world.start(ClientRequestToken=TOKEN) == world.start(ClientRequestToken=TOKEN)
    assert world.start(ClientRequestToken="u" * 32) != world.start()


def test_a_token_that_comes_with_another_request_is_refused() -> None:
    """A script with a constant token must not take the first one's ARN for its own; a delete forgets it."""
    world = World()
    create(world, ClientRequestToken=TOKEN)
    with pytest.raises(ApiError, match=f"ConflictException: ClientRequestToken '{TOKEN}' was used with"):
        create(world, PipelineName="q", ClientRequestToken=TOKEN)
    execution = world.start(ClientRequestToken=TOKEN)
    world.create(function("a"), name="r")
    with pytest.raises(ApiError, match="was used with another request"):
        world.start("r", ClientRequestToken=TOKEN)
    world.ended(execution)
    world.sagemaker("DeletePipeline", PipelineName="p")
    assert create(world, ClientRequestToken=TOKEN) == ARN
    assert world.sagemaker("DescribePipeline", PipelineName="p")["PipelineArn"] == ARN
    assert world.start(ClientRequestToken=TOKEN) != execution


def test_what_an_execution_was_started_with_can_be_read_back() -> None:
    """Definition, merged parameters, names; also after the pipeline has changed."""
    world = World()
    integer = {"Name": "N", "Type": "Integer", "DefaultValue": 3}
    text = {"Name": "S", "Type": "String"}
    world.create(function("a", n={"Get": "Parameters.N"}), parameters=(integer, text))
    before = world.sagemaker("DescribePipeline", PipelineName="p")["PipelineDefinition"]
    execution = world.start(
        PipelineParameters=[{"Name": "S", "Value": "x"}],
        PipelineExecutionDisplayName="run",
        PipelineExecutionDescription="why",
    )
    world.sagemaker("UpdatePipeline", PipelineName="p", PipelineDefinition=OTHER)
    shown = world.sagemaker("DescribePipelineDefinitionForExecution", PipelineExecutionArn=execution)
    assert shown["PipelineDefinition"] == before
    parameters = world.sagemaker("ListPipelineParametersForExecution", PipelineExecutionArn=execution)
    assert parameters == {"PipelineParameters": [{"Name": "N", "Value": "3"}, {"Name": "S", "Value": "x"}]}
    described = world.describe(execution)
    assert described["PipelineExecutionDisplayName"] == "run"
    assert described["PipelineExecutionDescription"] == "why"
    assert described["PipelineVersionId"] == 1


def test_an_execution_without_a_name_gets_the_services() -> None:
    """`execution-` and the milliseconds of its start, in every answer that has the name."""
    world = World()
    create(world)
    arn = world.start()
    (listed,) = world.sagemaker("ListPipelineExecutions", PipelineName="p")["PipelineExecutionSummaries"]
    for answer in (world.describe(arn), listed):
        assert answer["PipelineExecutionDisplayName"] == "execution-1800000000000"


def test_lists_come_in_pages() -> None:
    """The token leads on; the newest step stands first unless asked otherwise."""
    world = World()
    world.create(function("a"), function("b", after=("a",)), function("c", after=("b",)))
    execution = world.start()
    assert world.ended(execution) == "Succeeded"
    names: list[str] = []
    token: dict[str, str] = {}
    while True:
        page = world.sagemaker(
            "ListPipelineExecutionSteps", PipelineExecutionArn=execution, MaxResults=2, **token
        )
        names += [step["StepName"] for step in page["PipelineExecutionSteps"]]
        if "NextToken" not in page:
            break
        token = {"NextToken": page["NextToken"]}
    assert names == ["c", "b", "a"]
    for strange in ("zzz", "LTU="):  # no base64; "-5", which would count from the end
        with pytest.raises(ApiError, match="is not one of this list"):
            world.sagemaker("ListPipelineExecutionSteps", PipelineExecutionArn=execution, NextToken=strange)


def test_executions_are_found_by_time_and_order() -> None:
    """CreatedAfter and CreatedBefore cut, SortOrder turns."""
    world = World()
    create(world)
    first = world.start()
    world.now += 100
    second = world.start()

    def listed(**parameters: Any) -> list[str]:
        answer = world.sagemaker("ListPipelineExecutions", PipelineName="p", **parameters)
        return [each["PipelineExecutionArn"] for each in answer["PipelineExecutionSummaries"]]

    assert listed() == [second, first]
    assert listed(SortOrder="Ascending") == [first, second]
    assert listed(CreatedAfter=world.now - 50) == [second]
    assert listed(CreatedBefore=world.now - 50) == [first]


def test_deleting_takes_the_history_along_but_waits_for_runs() -> None:
    """ConflictException while something runs; afterwards nothing is left."""
    world = World()
    world.jobs.ending = lambda _: None
    world.create(processing("a"))
    execution = world.start()
    world.until(lambda: world.jobs.requests)
    with pytest.raises(ApiError, match="ConflictException: Pipeline 'p' has running executions"):
        world.sagemaker("DeletePipeline", PipelineName="p")
    world.jobs.finish(world.jobs.of_step("a")[0], {"ProcessingJobStatus": "Completed"})
    assert world.ended(execution) == "Succeeded"
    world.sagemaker("DeletePipeline", PipelineName="p")
    assert world.documents.list("pipeline-step") == []
    with pytest.raises(ApiError, match="ResourceNotFound"):
        world.describe(execution)


class DeletedMeanwhile(World):
    """In which somebody deletes the pipeline while an execution of it starts."""

    def __init__(self) -> None:
        super().__init__()
        self.answers_to_deletion: list[str] = []
        self.deletion = threading.Thread(target=self._delete)

    def _check_role(self, role: str) -> None:
        self.deletion.start()
        self.deletion.join(0.1)

    def _delete(self) -> None:
        try:
            self.sagemaker("DeletePipeline", PipelineName="p")
            self.answers_to_deletion.append("deleted")
        except ApiError as error:
            self.answers_to_deletion.append(error.code)


def test_a_pipeline_is_not_deleted_under_a_start() -> None:
    """The deletion waits for the start, and is then refused for the execution that runs."""
    world = DeletedMeanwhile()
    world.create(callback("ask"))
    execution = world.start()
    world.deletion.join(5)
    assert world.answers_to_deletion == ["ConflictException"]
    assert world.status(execution) == "Executing"


def test_an_end_told_late_does_not_bring_back_what_was_deleted() -> None:
    """Half an entry would break every list."""
    world = World()
    create(world)
    arn = world.start()
    assert world.ended(arn) == "Succeeded"
    execution = replace(world.engine.ledger.executions("p")[0], announced="Executing")
    world.sagemaker("DeletePipeline", PipelineName="p")
    world.engine.ledger.announce(execution)
    assert world.documents.list("pipeline-execution") == []


def open_callback() -> tuple[World, str, str]:
    world = World()
    world.create(callback("wait", outputs={"a": "String"}))
    execution = world.start()
    return world, execution, world.token(execution, "wait")


def test_a_token_is_answered_once() -> None:
    """A second answer is a conflict, the same request again is not, an unknown token is not found."""
    world, execution, token = open_callback()
    answer = {"CallbackToken": token, "ClientRequestToken": TOKEN}
    assert world.sagemaker("SendPipelineExecutionStepSuccess", **answer) == {
        "PipelineExecutionArn": execution
    }
    assert world.sagemaker("SendPipelineExecutionStepSuccess", **answer) == {
        "PipelineExecutionArn": execution
    }
    with pytest.raises(
        ApiError, match=r"ConflictException: The callback with the token .* is answered already"
    ):
        world.sagemaker("SendPipelineExecutionStepFailure", CallbackToken=token)
    other = [{"Name": "a", "Value": "b"}]  # the same request's token, but another answer
    with pytest.raises(ApiError, match=r"ConflictException: .* is answered already"):
        world.sagemaker("SendPipelineExecutionStepSuccess", **answer, OutputParameters=other)
    with pytest.raises(ApiError, match="ResourceNotFound: There is no callback with the token 'abcdefghij'"):
        world.sagemaker("SendPipelineExecutionStepSuccess", CallbackToken="abcdefghij")
    assert world.ended(execution) == "Succeeded"


@pytest.mark.parametrize(
    ("operation", "parameters", "message"),
    [
        (
            "SendPipelineExecutionStepFailure",
            {"FailureReason": "x" * 257},
            "length less than or equal to 256",
        ),
        (
            "SendPipelineExecutionStepSuccess",
            {"OutputParameters": [{"Name": "a", "Value": "x" * 1025}]},
            "'outputParameters.1.member.value' failed to satisfy constraint",
        ),
        (
            "SendPipelineExecutionStepSuccess",
            {"OutputParameters": [{"Name": f"n{i}", "Value": ""} for i in range(51)]},
            "'outputParameters' failed .* less than or equal to 50",
        ),
        (
            "SendPipelineExecutionStepSuccess",
            {"OutputParameters": [{"Name": "a", "Value": "1"}, {"Name": "a", "Value": "2"}]},
            "given twice",
        ),
        (
            "SendPipelineExecutionStepSuccess",
            {"CallbackToken": "too-long-a-token"},
            "at 'callbackToken' failed",
        ),
    ],
)
def test_answers_are_within_the_services_limits(
    operation: str, parameters: dict[str, Any], message: str
) -> None:
    """A refused answer leaves the token open."""
    world, execution, token = open_callback()
    with pytest.raises(ApiError, match=message):
        world.sagemaker(operation, **{"CallbackToken": token, **parameters})
    world.sagemaker("SendPipelineExecutionStepSuccess", CallbackToken=token)
    assert world.ended(execution) == "Succeeded"


def test_executions_can_be_searched() -> None:
    """Filters by member, also nested in Or."""
    world = World()
    create(world)
    arn = world.start(PipelineExecutionDisplayName="one")
    world.start(PipelineExecutionDisplayName="two")
    wanted = {
        "Filters": [{"Name": "PipelineArn", "Value": ARN}],
        "SubExpressions": [
            {
                "Operator": "Or",
                "Filters": [
                    {"Name": "PipelineExecutionDisplayName", "Operator": "Contains", "Value": "on"},
                    {"Name": "PipelineExecutionStatus", "Value": "Stopped"},
                ],
            }
        ],
    }
    found = world.sagemaker("Search", Resource="PipelineExecution", SearchExpression=wanted)["Results"]
    assert [each["PipelineExecution"]["PipelineExecutionArn"] for each in found] == [arn]


@pytest.mark.parametrize(
    "wanted",
    [
        {"Name": "CreationTime", "Operator": "GreaterThan", "Value": "junk"},
        {"Name": "PipelineVersionId", "Operator": "GreaterThan", "Value": "junk"},
        {"Name": "PipelineVersionId", "Operator": "Equals"},
    ],
)
def test_a_filter_that_cannot_be_compared_is_refused(wanted: dict[str, str]) -> None:
    """As the caller's mistake, not a failure of the machine."""
    world = World()
    create(world)
    world.start()
    with pytest.raises(ApiError, match=f"of the filter on '{wanted['Name']}' cannot be compared") as caught:
        world.sagemaker("Search", Resource="PipelineExecution", SearchExpression={"Filters": [wanted]})
    assert caught.value.code == "ValidationException"


def test_objects_have_no_order() -> None:
    """A search by a member that is an object finds nothing by it, and sorts by nothing."""
    world = World()
    create(world, ParallelismConfiguration={"MaxParallelExecutionSteps": 2})
    arns = {world.start(), world.start()}
    name = "ParallelismConfiguration"
    sorted_by = world.sagemaker("Search", Resource="PipelineExecution", SortBy=name)["Results"]
    assert {each["PipelineExecution"]["PipelineExecutionArn"] for each in sorted_by} == arns
    filters = {"Filters": [{"Name": name, "Operator": "Equals", "Value": "x"}]}
    assert world.sagemaker("Search", Resource="PipelineExecution", SearchExpression=filters)["Results"] == []


def test_tags_are_added_replaced_and_taken_away() -> None:
    """Of a pipeline; an unknown one is not found."""
    world = World()
    create(world, Tags=[{"Key": "a", "Value": "1"}])
    world.sagemaker("AddTags", ResourceArn=ARN, Tags=[{"Key": "a", "Value": "2"}, {"Key": "b", "Value": "3"}])
    world.sagemaker("DeleteTags", ResourceArn=ARN, TagKeys=["a"])
    assert world.sagemaker("ListTags", ResourceArn=ARN)["Tags"] == [{"Key": "b", "Value": "3"}]
    with pytest.raises(ApiError, match="ResourceNotFound"):
        world.sagemaker("ListTags", ResourceArn=f"{ARN}-gone")


def test_a_role_that_cannot_be_taken_starts_nothing() -> None:
    """The pipeline's own, or the one that the start names."""
    world = World()
    create(world)
    world.untrusting = {ROLE}
    with pytest.raises(ApiError, match=f"Could not assume role {ROLE}"):
        world.sagemaker("StartPipelineExecution", PipelineName="p")
    assert world.sagemaker("ListPipelineExecutions", PipelineName="p")["PipelineExecutionSummaries"] == []
    other = ROLE.replace("role/", "role/other-")
    world.untrusting = {other}
    with pytest.raises(ApiError, match=f"Could not assume role {other}"):
        world.sagemaker("StartPipelineExecution", PipelineName="p", RoleArn=other)
