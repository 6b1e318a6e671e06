"""Resource types that the stand-in deploys itself. Others are left to moto, or refused by name."""

from __future__ import annotations

from collections.abc import Mapping

from local.cloudformation.resource import ResourceType
from local.cloudformation.types import functions, iam, messaging, s3, watching
from local.cloudformation.types.sagemaker import SageMakerResource

TYPES: Mapping[str, ResourceType] = {
    "AWS::IAM::Role": iam.Role(),
    "AWS::IAM::Policy": iam.Policy(),
    "AWS::IAM::ManagedPolicy": iam.ManagedPolicy(),
    "AWS::S3::Bucket": s3.Bucket(),
    "AWS::S3::BucketPolicy": s3.BucketPolicy(),
    "AWS::SQS::Queue": messaging.Queue(),
    "AWS::SQS::QueuePolicy": messaging.QueuePolicy(),
    "AWS::SNS::TopicPolicy": messaging.TopicPolicy(),
    "AWS::Events::Rule": messaging.Rule(),
    "AWS::Lambda::Function": functions.Function(),
    "AWS::Lambda::Version": functions.Version(),
    "AWS::Lambda::Alias": functions.Alias(),
    "AWS::Lambda::Permission": functions.Permission(),
    "AWS::Lambda::EventSourceMapping": functions.EventSourceMapping(),
    "AWS::Lambda::EventInvokeConfig": functions.EventInvokeConfig(),
    "AWS::Logs::LogGroup": watching.LogGroup(),
    "AWS::CloudWatch::Alarm": watching.Alarm(),
    "AWS::SageMaker::ModelPackageGroup": SageMakerResource("ModelPackageGroup"),
    "AWS::SageMaker::Pipeline": SageMakerResource("Pipeline", updatable=True, ref_is_arn=False),
    "AWS::SageMaker::Model": SageMakerResource("Model"),
    "AWS::SageMaker::EndpointConfig": SageMakerResource("EndpointConfig"),
    "AWS::SageMaker::Endpoint": SageMakerResource("Endpoint", updatable=True),
}

# Types whose resources moto only pretends to have.
PRETENDED = frozenset({"AWS::SageMaker::NotebookInstance", "AWS::SageMaker::NotebookInstanceLifecycleConfig"})
