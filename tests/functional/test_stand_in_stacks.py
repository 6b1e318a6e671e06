"""CloudFormation on the stand-in: what a template says is there, and what fails says why."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, WaiterError

from tests.functional.bundles import invoke, zipped
from tests.functional.conftest import RunningStandIn
from tests.functional.shell import aws

pytestmark = pytest.mark.functional

TEMPLATE = """
Parameters:
  Name: {Type: String, AllowedPattern: "[a-z0-9-]+"}
  Code: {Type: String}
  Key: {Type: String, Default: ""}
  Words: {Type: CommaDelimitedList, Default: "first,second"}
Conditions:
  HasKey: !Not [!Equals [!Ref Key, ""]]
Resources:
  Mapping:
    Type: AWS::Lambda::EventSourceMapping
    Properties: {FunctionName: !Ref Live, EventSourceArn: !GetAtt Queue.Arn, BatchSize: 1}
  Live:
    Type: AWS::Lambda::Alias
    Properties: {FunctionName: !Ref Function, Name: live, FunctionVersion: !GetAtt VersionTOKEN.Version}
  VersionTOKEN:
    Type: AWS::Lambda::Version
    DeletionPolicy: Retain
    UpdateReplacePolicy: Retain
    Properties: {FunctionName: !Ref Function}
  Function:
    Type: AWS::Lambda::Function
    Properties:
      FunctionName: !Ref Name
      Runtime: python3.11
      Handler: handler.handle
      Role: !GetAtt Role.Arn
      Timeout: 20
      Code: {S3Bucket: !Sub "${Name}-code", S3Key: !Ref Code}
      Environment: {Variables: {QUEUE_URL: !Ref Queue, WORD: !Select [1, !Ref Words]}}
  Role:
    Type: AWS::IAM::Role
    Properties:
      RoleName: !Ref Name
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement: [{Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: "sts:AssumeRole"}]
      Policies:
        - PolicyName: main
          PolicyDocument:
            Version: "2012-10-17"
            Statement:
              - {Effect: Allow, Action: "sqs:SendMessage", Resource: !GetAtt Queue.Arn}
              - !If [HasKey, {Effect: Allow, Action: "kms:Decrypt", Resource: !Ref Key}, !Ref "AWS::NoValue"]
  Dead:
    Type: AWS::SQS::Queue
    Properties: {QueueName: !Sub "${Name}-dead", MessageRetentionPeriod: 1209600}
  Queue:
    Type: AWS::SQS::Queue
    Properties:
      QueueName: !Ref Name
      VisibilityTimeout: VISIBILITY
      RedrivePolicy: {deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: 5}
  QueuePolicy:
    Type: AWS::SQS::QueuePolicy
    Properties:
      Queues: [!Ref Queue]
      PolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Principal: {Service: events.amazonaws.com}
            Action: "sqs:SendMessage"
            Resource: "*"
  Bucket:
    Type: AWS::S3::Bucket
    Properties:
      BucketName: !Sub "${Name}-data"
      VersioningConfiguration: {Status: Enabled}
      PublicAccessBlockConfiguration:
        {BlockPublicAcls: true, BlockPublicPolicy: true, IgnorePublicAcls: true, RestrictPublicBuckets: true}
      OwnershipControls: {Rules: [{ObjectOwnership: BucketOwnerEnforced}]}
      CorsConfiguration:
        CorsRules: [{AllowedMethods: [GET], AllowedOrigins: ["https://a.example"], MaxAge: 60}]
      LifecycleConfiguration: {Rules: [{Id: tidy, Status: Enabled, Prefix: tmp/, ExpirationInDays: 3}]}
      BucketEncryption:
        ServerSideEncryptionConfiguration:
          - {BucketKeyEnabled: true, ServerSideEncryptionByDefault: {SSEAlgorithm: AES256}}
  BucketPolicy:
    Type: AWS::S3::BucketPolicy
    Properties:
      Bucket: !Ref Bucket
      PolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Deny
            Principal: "*"
            Action: "s3:*"
            Resource: [!GetAtt Bucket.Arn, !Sub "${Bucket.Arn}/*"]
            Condition: {Bool: {"aws:SecureTransport": "false"}}
  Rule:
    Type: AWS::Events::Rule
    Properties: {Name: !Ref Name, EventPattern: {source: [somewhere]}, Targets: [{Id: live, Arn: !Ref Live}]}
  Permission:
    Type: AWS::Lambda::Permission
    Properties:
      FunctionName: !Ref Live
      Action: lambda:InvokeFunction
      Principal: events.amazonaws.com
      SourceArn: !GetAtt Rule.Arn
  Logs:
    Type: AWS::Logs::LogGroup
    Properties: {LogGroupName: !Sub "/aws/lambda/${Name}", RetentionInDays: DAYS}
  Alarm:
    Type: AWS::CloudWatch::Alarm
    Properties:
      AlarmName: !Sub "${Name}-dead"
      Namespace: AWS/SQS
      MetricName: ApproximateNumberOfMessagesVisible
      Dimensions: [{Name: QueueName, Value: !GetAtt Dead.QueueName}]
      Statistic: Maximum
      Period: 300
      EvaluationPeriods: 1
      Threshold: "0"
      ComparisonOperator: GreaterThanThreshold
  Group:
    Type: AWS::SageMaker::ModelPackageGroup
    Properties: {ModelPackageGroupName: !Ref Name, ModelPackageGroupDescription: models}
Outputs:
  Function: {Value: !Ref Live, Export: {Name: !Sub "${Name}-function"}}
  Queue: {Value: !Ref Queue}
"""


def template(token: str = "A", days: int = 7, visibility: int = 60) -> str:
    return TEMPLATE.replace("TOKEN", token).replace("DAYS", str(days)).replace("VISIBILITY", str(visibility))


class Stack:
    """One stack of the template, its function's two bundles lying in a bucket."""

    def __init__(self, stand_in: RunningStandIn, name: str) -> None:
        self.cloudformation = stand_in.client("cloudformation")
        self.stand_in = stand_in
        self.name = name
        s3 = stand_in.client("s3")
        s3.create_bucket(Bucket=f"{name}-code")
        for key in ("one", "two"):
            s3.put_object(Bucket=f"{name}-code", Key=key, Body=zipped(f"def handle(e, c): return {key!r}"))

    def parameters(self, code: str) -> list[dict[str, str]]:
        given = {"Name": self.name, "Code": code}
        return [{"ParameterKey": key, "ParameterValue": value} for key, value in given.items()]

    def create(self, code: str = "one", body: str | None = None) -> dict[str, Any]:
        self.cloudformation.create_stack(
            StackName=self.name, TemplateBody=body or template(), Parameters=self.parameters(code)
        )
        return self.described()

    def update(self, body: str, code: str) -> dict[str, Any]:
        self.cloudformation.update_stack(
            StackName=self.name, TemplateBody=body, Parameters=self.parameters(code)
        )
        return self.described()

    def described(self) -> dict[str, Any]:
        found: dict[str, Any] = self.cloudformation.describe_stacks(StackName=self.name)["Stacks"][0]
        return found

    def events(self) -> list[tuple[str, str]]:
        events = self.cloudformation.describe_stack_events(StackName=self.name)["StackEvents"]
        return [(event["LogicalResourceId"], event["ResourceStatus"]) for event in reversed(events)]


@pytest.fixture
def stack(stand_in: RunningStandIn, name: str) -> Stack:
    return Stack(stand_in, name)


def test_everything_of_a_template_is_made(stand_in: RunningStandIn, stack: Stack) -> None:
    """In the order of references, not of the text, with every property that moto drops."""
    made = stack.create()
    name = stack.name
    assert made["StackStatus"] == "CREATE_COMPLETE"
    outputs = {output["OutputKey"]: output["OutputValue"] for output in made["Outputs"]}
    assert outputs["Queue"] == f"https://sqs.{stand_in.region}.amazonaws.com/{stand_in.account}/{name}"
    assert outputs["Function"].endswith(f":function:{name}:live")
    s3, logs = stand_in.client("s3"), stand_in.client("logs")
    data = f"{name}-data"
    assert s3.get_bucket_versioning(Bucket=data)["Status"] == "Enabled"
    assert s3.get_public_access_block(Bucket=data)["PublicAccessBlockConfiguration"]["BlockPublicPolicy"]
    assert s3.get_bucket_cors(Bucket=data)["CORSRules"][0]["MaxAgeSeconds"] == 60
    assert s3.get_bucket_lifecycle_configuration(Bucket=data)["Rules"][0]["Expiration"] == {"Days": 3}
    rules = s3.get_bucket_encryption(Bucket=data)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rules[0]["BucketKeyEnabled"] is True
    assert "SecureTransport" in s3.get_bucket_policy(Bucket=data)["Policy"]
    s3.put_object(Bucket=data, Key="k", Body=b"the policy's condition does not hold here")
    policy = stand_in.client("iam").get_role_policy(RoleName=name, PolicyName="main")["PolicyDocument"]
    assert [statement["Action"] for statement in policy["Statement"]] == ["sqs:SendMessage"]
    assert (
        logs.describe_log_groups(logGroupNamePrefix=f"/aws/lambda/{name}")["logGroups"][0]["retentionInDays"]
        == 7
    )
    alarm = stand_in.client("cloudwatch").describe_alarms(AlarmNames=[f"{name}-dead"])["MetricAlarms"][0]
    assert alarm["Threshold"] == 0
    group = stand_in.client("sagemaker").describe_model_package_group(ModelPackageGroupName=name)
    assert group["ModelPackageGroupDescription"] == "models"
    assert invoke(stand_in, f"{name}:live") == (None, "one")
    configuration = stand_in.client("lambda").get_function_configuration(FunctionName=name)
    assert configuration["Environment"]["Variables"] == {"QUEUE_URL": outputs["Queue"], "WORD": "second"}


def test_an_update_changes_what_changed(stand_in: RunningStandIn, stack: Stack) -> None:
    """New code, then a version of it, then the alias: in that order; the old version stays."""
    stack.create()
    before = len(stack.events())
    assert stack.update(template("B", days=14, visibility=90), "two")["StackStatus"] == "UPDATE_COMPLETE"
    touched = [name for name, status in stack.events()[before:] if status.endswith("_COMPLETE")]
    assert set(touched) == {"Queue", "Function", "VersionB", "Live", "Logs", stack.name}
    assert touched.index("Function") < touched.index("VersionB") < touched.index("Live")
    assert invoke(stand_in, f"{stack.name}:live") == (None, "two")
    assert invoke(stand_in, f"{stack.name}:1") == (None, "one")
    sqs = stand_in.client("sqs")
    url = sqs.get_queue_url(QueueName=stack.name)["QueueUrl"]
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert attributes["VisibilityTimeout"] == "90"
    with pytest.raises(ClientError, match=r"No updates are to be performed\."):
        stack.update(template("B", days=14, visibility=90), "two")


def test_a_failed_update_goes_back(stand_in: RunningStandIn, stack: Stack) -> None:
    """Everything is as before, and the stack says what failed."""
    stack.create()
    failed = stack.update(template("B", days=14), "missing")
    assert failed["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert "[Function]" in failed["StackStatusReason"]
    assert "The specified key does not exist" in failed["StackStatusReason"]
    assert invoke(stand_in, f"{stack.name}:live") == (None, "one")
    groups = stand_in.client("logs").describe_log_groups(logGroupNamePrefix=f"/aws/lambda/{stack.name}")
    assert groups["logGroups"][0]["retentionInDays"] == 7
    assert stack.update(template("B", days=14), "two")["StackStatus"] == "UPDATE_COMPLETE"


def test_a_failed_create_leaves_nothing_and_can_be_repeated(stand_in: RunningStandIn, stack: Stack) -> None:
    """ROLLBACK_COMPLETE with the reason; after its deletion the same name works."""
    failed = stack.create("missing")
    assert failed["StackStatus"] == "ROLLBACK_COMPLETE"
    assert "Function: Error occurred while GetObject" in failed["StackStatusReason"]
    assert "Outputs" not in failed
    with pytest.raises(WaiterError, match="ROLLBACK_COMPLETE"):
        stack.cloudformation.get_waiter("stack_create_complete").wait(
            StackName=stack.name, WaiterConfig={"Delay": 1, "MaxAttempts": 2}
        )
    assert stand_in.client("sqs").list_queues(QueueNamePrefix=stack.name).get("QueueUrls") is None
    with pytest.raises(ClientError, match="AlreadyExists"):
        stack.create()
    stack.cloudformation.delete_stack(StackName=stack.name)
    assert stack.create()["StackStatus"] == "CREATE_COMPLETE"


def test_a_stack_with_objects_in_its_bucket_stays(stand_in: RunningStandIn, stack: Stack) -> None:
    """DELETE_FAILED by name; emptied, it goes with everything but what is retained."""
    stack.create()
    s3 = stand_in.client("s3")
    data = f"{stack.name}-data"
    s3.put_object(Bucket=data, Key="k", Body=b"")
    stack.cloudformation.delete_stack(StackName=stack.name)
    assert stack.described()["StackStatus"] == "DELETE_FAILED"
    assert "[Bucket]" in stack.described()["StackStatusReason"]
    for version in s3.list_object_versions(Bucket=data)["Versions"]:
        s3.delete_object(Bucket=data, Key="k", VersionId=version["VersionId"])
    stack.cloudformation.delete_stack(StackName=stack.name)
    with pytest.raises(ClientError, match="does not exist"):
        stack.described()
    names = [function["FunctionName"] for function in stand_in.client("lambda").list_functions()["Functions"]]
    assert stack.name not in names


def test_an_export_in_use_keeps_its_stack(stand_in: RunningStandIn, stack: Stack) -> None:
    """The importer has to go first."""
    stack.create()
    imports = f"""
Resources:
  Parameter:
    Type: AWS::SSM::Parameter
    Properties: {{Name: {stack.name}, Type: String, Value: !ImportValue {stack.name}-function}}
"""
    stack.cloudformation.create_stack(StackName=f"{stack.name}-importer", TemplateBody=imports)
    value = stand_in.client("ssm").get_parameter(Name=stack.name)["Parameter"]["Value"]
    assert value.endswith(f":function:{stack.name}:live")
    stack.cloudformation.delete_stack(StackName=stack.name)
    assert "in use by" in stack.described()["StackStatusReason"]
    stack.cloudformation.delete_stack(StackName=f"{stack.name}-importer")
    stack.cloudformation.delete_stack(StackName=stack.name)
    with pytest.raises(ClientError, match="does not exist"):
        stack.described()


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            "Resources: {A: {Type: AWS::Kendra::Index}}",
            r"does not deploy resources of type AWS::Kendra::Index",
        ),
        (
            "Resources: {A: {Type: AWS::SQS::Queue, Properties: {QueueName: !Ref B}}}",
            r"Unresolved resource dependencies \[B\] in the Resources block",
        ),
        (
            "Resources: {A: {Type: AWS::SQS::Queue, DependsOn: B}, B: {Type: AWS::SQS::Queue, DependsOn: A}}",
            r"Circular dependency between resources: \[A, B\]",
        ),
        (
            "Resources: {A: {Type: AWS::SQS::Queue}}\nOutputs: {X: {Value: !GetAtt A.Colour}}",
            r"resource A does not support attribute type Colour",
        ),
        (
            "Parameters: {P: {Type: String}}\nResources: {A: {Type: AWS::SQS::Queue}}",
            r"\[P\] must have values",
        ),
        ("Resources: {}", r"At least one Resources member must be defined"),
    ],
)
def test_a_template_that_makes_no_sense_is_refused_at_once(
    stand_in: RunningStandIn, name: str, body: str, message: str
) -> None:
    """A ValidationError before anything is made; no stack stays behind."""
    cloudformation = stand_in.client("cloudformation")
    with pytest.raises(ClientError, match=message) as caught:
        cloudformation.create_stack(StackName=name, TemplateBody=body)
    assert caught.value.response["Error"]["Code"] == "ValidationError"
    with pytest.raises(ClientError, match="does not exist"):
        cloudformation.describe_stacks(StackName=name)


def test_a_property_that_would_be_dropped_fails_its_resource(stand_in: RunningStandIn, name: str) -> None:
    """Nothing is ignored silently."""
    body = "Resources: {A: {Type: AWS::S3::Bucket, Properties: {ReplicationConfiguration: {}}}}"
    cloudformation = stand_in.client("cloudformation")
    cloudformation.create_stack(StackName=name, TemplateBody=body)
    reason = cloudformation.describe_stacks(StackName=name)["Stacks"][0]["StackStatusReason"]
    assert "A: the stand-in does not have ReplicationConfiguration of this type" in reason


def test_aws_cloudformation_deploy(stand_in: RunningStandIn, stack: Stack, tmp_path: Path) -> None:
    """The command line creates and updates by change sets, and says when nothing changes."""
    file = tmp_path / "template.yaml"

    def deploy(code: str, token: str, *, check: bool = True) -> subprocess.CompletedProcess[str]:
        file.write_text(template(token), encoding="utf-8")
        words = ["cloudformation", "deploy", "--stack-name", stack.name, "--template-file", str(file)]
        words += ["--capabilities", "CAPABILITY_NAMED_IAM"]
        words += ["--parameter-overrides", f"Name={stack.name}", f"Code={code}"]
        return aws(stand_in, *words, check=check)

    assert "Successfully created/updated stack" in deploy("one", "A").stdout
    started = time.monotonic()
    assert "Successfully created/updated stack" in deploy("two", "B").stdout
    assert time.monotonic() - started < 20
    assert invoke(stand_in, f"{stack.name}:live") == (None, "two")
    assert "No changes to deploy" in deploy("two", "B", check=False).stderr
    shown = json.loads(aws(stand_in, "cloudformation", "describe-stacks", "--stack-name", stack.name).stdout)
    assert shown["Stacks"][0]["StackStatus"] == "UPDATE_COMPLETE"
