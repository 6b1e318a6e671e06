"""The templates: complete for the functions there are, valid, and within CloudFormation's limits."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml
from cfnlint import api  # type: ignore[import-untyped]
from cfnlint.config import ManualArgs  # type: ignore[import-untyped]

from config import names
from config.load import load_project
from deploy.infrastructure.templates import compact
from tests.unit.infra.template import (
    CODE_HASH,
    ROOT,
    Loader,
    deployed,
    resolved,
    resources,
    template,
    text,
)

TEMPLATES = ["base", "services", "access"]
FUNCTIONS = sorted(path.parent.name for path in (ROOT / "lambdas").glob("*/handler.py"))


def pascal(function: str) -> str:
    return "".join(part.capitalize() for part in function.split("_"))


@pytest.mark.parametrize("name", TEMPLATES)
def test_the_template_is_valid(name: str) -> None:
    """Types, properties, values and policies, as cfn-lint knows them."""
    matches = api.lint(text(name), config=ManualArgs(regions=["us-east-1"]))
    assert [str(match) for match in matches] == []


@pytest.mark.parametrize("name", TEMPLATES)
def test_the_template_fits_in_a_request(name: str) -> None:
    """51,200 bytes in CreateStack's TemplateBody; beyond that it would have to lie in S3."""
    assert len(compact(text(name)).encode()) <= 51_200


@pytest.mark.parametrize("name", TEMPLATES)
def test_what_is_sent_means_what_the_file_says(name: str) -> None:
    """Comments and indentation go, nothing else."""
    assert yaml.load(compact(text(name)), Loader) == template(name)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_function_has_all_it_needs(function: str) -> None:
    """Code parameter, role, log group, a version named by the code's hash, and the alias `live`."""
    name, dashed = pascal(function), function.replace("_", "-")
    services = template("services")["Resources"]
    properties = services[name]["Properties"]
    assert resolved(properties["FunctionName"]) == f"test-{dashed}"
    assert (properties["Handler"], properties["Runtime"]) == ("handler.handle", "python3.12")
    assert properties["Code"] == {"S3Bucket": {"Ref": "BucketName"}, "S3Key": {"Ref": f"{name}Code"}}
    assert f"{name}Code" in template("services")["Parameters"]
    assert (
        resolved(properties["Role"]["Fn::If"][2]) == f"arn:aws:iam::123456789012:role/test-function-{dashed}"
    )
    assert resources("base", "AWS::IAM::Role")[f"{name}Role"]["RoleName"] == {
        "Fn::Sub": f"${{Prefix}}-function-{dashed}"
    }
    assert set(properties["Environment"]["Variables"]) >= {"PREFIX", "QUEUE_URL", "BUCKET"}
    assert template("services")["Parameters"][f"{name}Arn"]["Default"] == ""
    for part in (f"{name}Logs", name, f"{name}Version{CODE_HASH}", f"{name}Live"):
        assert services[part]["Condition"] == f"Makes{name}"
    version = services[f"{name}Version{CODE_HASH}"]
    assert (version["DeletionPolicy"], version["UpdateReplacePolicy"]) == ("Retain", "Retain")
    assert services[f"{name}Live"]["Properties"] == {
        "Name": "live",
        "FunctionName": {"Ref": name},
        "FunctionVersion": {"Fn::GetAtt": f"{name}Version{CODE_HASH}.Version"},
    }
    assert resolved(services[f"{name}Logs"]["Properties"]["LogGroupName"]) == f"/aws/lambda/test-{dashed}"


def test_there_is_nothing_of_functions_that_do_not_exist() -> None:
    """A function that was removed goes from both templates."""
    assert len(resources("services", "AWS::Lambda::Function")) == len(FUNCTIONS)
    tokens = re.findall(r"@([a-z_]+)@", (ROOT / "infra" / "services.yaml").read_text())
    assert sorted(set(tokens)) == FUNCTIONS


def test_a_versions_name_is_a_logical_id() -> None:
    """Letters and digits only, once the hash is in place."""
    assert all(re.fullmatch(r"[A-Za-z0-9]{1,255}", name) for name in template("services")["Resources"])


def test_mappings_rules_and_permissions_go_to_the_alias() -> None:
    """Never to the function itself, whose code changes under a call."""
    aliases = {f"{pascal(function)}Live" for function in FUNCTIONS}
    targets = called_functions()
    assert len(targets) == 6
    assert set(targets) <= aliases
    assert set(called_functions(ServingOn="true")) - set(targets) == {"ServeApprovedLive"}
    assert len(called_functions(ServingOn="true")) == 12


def called_functions(**parameters: str) -> list[str]:
    """What mappings, rules and permissions go to."""
    made = deployed("services", **parameters).values()
    rules = [each["Properties"] for each in made if each["Type"] == "AWS::Events::Rule"]
    targets = [rule["Targets"][0]["Arn"] for rule in rules]
    for kind in ("AWS::Lambda::EventSourceMapping", "AWS::Lambda::Permission"):
        targets += [each["Properties"]["FunctionName"] for each in made if each["Type"] == kind]
    return targets


def test_a_function_that_is_named_is_not_made_and_called_all_the_same() -> None:
    """Its queue and its rules go to the version that the environment file names."""
    arn = "arn:aws:lambda:us-east-1:123456789012:function:ours:7"
    made = deployed("services", WaitArn=arn, ReleaseArn=arn)
    assert not [name for name in made if re.match(r"(Wait|Release)(Logs|Live|Version.*)?$", name)]
    assert called_functions(WaitArn=arn, ReleaseArn=arn).count(arn) == 3
    assert "ReconcileLive" in called_functions(WaitArn=arn, ReleaseArn=arn)


NAMED = {
    "MakeBucket": "false",
    "MakeFunctionRoles": "false",
    **{
        f"{role}RoleArn": f"arn:aws:iam::123456789012:role/team/{role}"
        for role in ("Pipeline", "Processing", "Automl", "Endpoint", "Batch", "Labeling")
    },
}


def test_an_environment_that_names_everything_makes_nothing() -> None:
    """No bucket, no role, no policy, with a key, a VPC and data sources too."""
    rich = {"KmsKeyArn": "arn:aws:kms:::key/1", "InVpc": "true", "DataSourceArns": "arn:aws:s3:::x"}
    assert deployed("base", **NAMED, **rich) == {}


@pytest.mark.parametrize("role", ["Pipeline", "Processing", "Automl", "Endpoint", "Batch"])
def test_a_role_that_is_named_is_handed_on_in_place_of_ours(role: str) -> None:
    """Nothing refers to a role that is not made."""
    arn = NAMED[f"{role}RoleArn"]
    made = deployed("base", **{f"{role}RoleArn": arn, "KmsKeyArn": "key", "InVpc": "true"})
    assert f"{role}Role" not in made
    assert f"'{role}Role" not in str(made)
    passed = {"Processing": "PipelineRole", "Automl": "StartAutomlRole", "Endpoint": "DeployModelRole"}
    if role in passed:
        assert arn in str(made[passed[role]])


def test_a_boundary_bounds_every_role() -> None:
    """And none is there by default."""
    boundary = "arn:aws:iam::123456789012:policy/boundary"
    for parameters, wanted in (({"PermissionsBoundaryArn": boundary}, boundary), ({}, None)):
        made = deployed("base", **parameters).values()
        roles = [each["Properties"] for each in made if each["Type"] == "AWS::IAM::Role"]
        assert {role.get("PermissionsBoundary") for role in roles} == {wanted}


def test_an_alias_is_granted_as_the_keys_that_carry_it() -> None:
    """IAM knows keys, not aliases: a policy that names an alias grants nothing."""
    alias = {
        "KmsKeyArn": "arn:aws:kms:us-east-1:123456789012:alias/models",
        "KmsAlias": "alias/models",
    }
    made = deployed("base", **alias)
    for name in ("UseOfKey", "FunctionsUseOfKey", "HandingOnOfKey", "FunctionsHandingOnOfKey"):
        [statement] = made[name]["Properties"]["PolicyDocument"]["Statement"]
        assert statement["Resource"] == "arn:aws:kms:us-east-1:123456789012:key/*"
        assert statement["Condition"]["ForAnyValue:StringEquals"] == {"kms:ResourceAliases": "alias/models"}


def test_existing_functions_may_be_called_by_the_pipeline() -> None:
    """Those that the environment file names, and no others."""
    arn = "arn:aws:lambda:us-east-1:123456789012:function:ours:7"
    assert "ExistingFunctions" not in deployed("base")
    [statement] = deployed("base", ExistingFunctionArns=arn)["ExistingFunctions"]["Properties"][
        "PolicyDocument"
    ]["Statement"]
    assert (statement["Action"], statement["Resource"]) == ("lambda:InvokeFunction", arn)


def test_queues_outlast_their_functions() -> None:
    """Visibility six times the timeout, messages for 14 days, five failures to the dead-letter queue."""
    queues = resources("services", "AWS::SQS::Queue")
    functions = resources("services", "AWS::Lambda::Function")
    for queue, function in (("WaitQueue", "Wait"), ("DeadLetterQueue", "DeadLetter")):
        assert queues[queue]["VisibilityTimeout"] >= 6 * functions[function]["Timeout"]
        assert queues[queue]["MessageRetentionPeriod"] == 14 * 86_400
        assert queues[queue]["SqsManagedSseEnabled"] is True
    redrive = queues["WaitQueue"]["RedrivePolicy"]
    assert redrive == {"deadLetterTargetArn": {"Fn::GetAtt": "DeadLetterQueue.Arn"}, "maxReceiveCount": 5}
    for mapping in resources("services", "AWS::Lambda::EventSourceMapping").values():
        assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_a_lambda_step_never_outlives_its_function() -> None:
    """Steps are cut after 10 minutes while the function goes on: functions end well before."""
    functions = resources("services", "AWS::Lambda::Function").values()
    assert all(properties["Timeout"] <= 300 for properties in functions)


def test_the_rule_knows_every_end_of_an_execution_of_ours() -> None:
    """And no other environment's."""
    pattern = resolved(resources("services", "AWS::Events::Rule")["ExecutionEnded"]["EventPattern"])
    assert pattern["detail-type"] == ["SageMaker Model Building Pipeline Execution Status Change"]
    assert set(pattern["detail"]["currentPipelineExecutionStatus"]) >= {"Succeeded", "Failed", "Stopped"}
    prefix = "arn:aws:sagemaker:us-east-1:123456789012:pipeline/test-"
    assert pattern["detail"]["pipelineArn"] == [{"prefix": prefix}]


def made_more(**parameters: str) -> dict[str, Any]:
    """The resources of services.yaml that are there with these parameters and not by default."""
    default = deployed("services")
    found = deployed("services", **parameters).items()
    return {name: each["Properties"] for name, each in found if name not in default}


def test_decisions_are_notified_and_served_only_where_the_file_says_so() -> None:
    """Topic and rules are there under their conditions; by default neither is on."""
    assert set(made_more(NoticesOn="true")) == {"DecisionsTopic", "DecisionsTopicPolicy", "DecisionWaits"}
    rules = {"ApprovalChanged", "EndpointChanged", "ServingLookedAt"}
    assert set(made_more(ServingOn="true")) == rules | {f"{rule}MayCall" for rule in rules}


def test_a_waiting_package_is_told_of_without_a_word_on_people() -> None:
    """Registered, or set back to pending; its name and the command."""
    rule = made_more(NoticesOn="true")["DecisionWaits"]
    detail = rule["EventPattern"]["detail"]
    assert detail["ModelApprovalStatus"] == ["PendingManualApproval"]
    assert detail["ModelPackageGroupName"] == [{"prefix": "test-"}]
    [target] = rule["Targets"]
    assert set(target["InputTransformer"]["InputPathsMap"]) == {"group", "version"}


def test_only_a_real_change_of_the_approval_serves() -> None:
    """Any other edit of an approved package says nothing."""
    pattern = made_more(ServingOn="true")["ApprovalChanged"]["EventPattern"]
    assert pattern["detail-type"] == ["SageMaker Model Package State Change"]
    assert pattern["detail"] == {
        "ModelPackageGroupName": [{"prefix": "test-"}],
        "UpdatedModelPackageFields": ["ModelApprovalStatus"],
    }


def test_the_bucket_is_closed() -> None:
    """Encrypted, private, over TLS only, and kept when the stack goes."""
    bucket = template("base")["Resources"]["Bucket"]
    assert (bucket["DeletionPolicy"], bucket["UpdateReplacePolicy"]) == ("Retain", "Retain")
    assert resolved(bucket["Properties"]["Tags"]) == [{"Key": "pipelines:prefix", "Value": "test"}]
    properties = bucket["Properties"]
    assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}
    assert len(properties["PublicAccessBlockConfiguration"]) == 4
    assert "BucketEncryption" in properties
    [policy] = resources("base", "AWS::S3::BucketPolicy").values()
    statement, *others = policy["PolicyDocument"]["Statement"]
    assert {each["Effect"] for each in (statement, *others)} == {"Deny"}
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_heartbeats_outlive_the_longest_wait() -> None:
    """13 days, and the answer after it."""
    rules = template("base")["Resources"]["Bucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
    [heartbeats] = [rule for rule in rules if rule["Id"] == "heartbeats"]
    assert resolved(heartbeats["Prefix"]) == "test/waits/"
    assert heartbeats["ExpirationInDays"] > 14


def test_raw_batch_output_expires_and_outlives_the_longest_wait() -> None:
    """Prompts and answers with personal data unmasked; the wait takes 13 days at most."""
    rules = template("base")["Resources"]["Bucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
    [raw] = [rule for rule in rules if rule["Id"] == "raw-batch-output"]
    assert resolved(raw["Prefix"]) == "test/raw/"
    days = template("base")["Parameters"]["RawOutputDays"]
    assert (raw["ExpirationInDays"], days["MinValue"], days["Default"]) == ({"Ref": "RawOutputDays"}, 14, 30)


def test_names_are_those_that_the_platform_uses() -> None:
    """Roles, queue, functions and bucket, as config/names.py says them."""
    env = load_project("local", ROOT).environment
    values = {"Prefix": env.prefix, "BucketName": names.bucket(env)}

    def named(value: Any) -> str:
        return re.sub(r"\$\{(\w+)\}", lambda match: values[match[1]], value["Fn::Sub"])

    roles = {named(role["RoleName"]) for role in resources("base", "AWS::IAM::Role").values()}
    for role in ("pipeline", "processing", "automl", "endpoint", "batch", "labeling"):
        assert names.role_arn(env, role).rpartition("/")[2] in roles
    queue = resources("services", "AWS::SQS::Queue")["WaitQueue"]
    assert named(queue["QueueName"]) == names.queue_name(env, "wait")
    functions = resources("services", "AWS::Lambda::Function")
    for function in FUNCTIONS:
        assert named(functions[pascal(function)]["FunctionName"]) == names.function_name(env, function)


def test_no_short_form_hides_from_the_parser() -> None:
    """The templates are JSON once parsed: no anchors, no dates, which CloudFormation does not take."""
    for name in TEMPLATES:
        json.dumps(template(name))
        assert not re.search(r"(^|\s)[&*][a-z_]+\s*$", text(name), re.MULTILINE)
