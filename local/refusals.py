"""What moto would only pretend to do: refused by name, because a job that never ran must not be Completed."""

from __future__ import annotations

from local.api import ApiError

# Operations whose result in moto is made up (a status that is terminal at once, a canned body).
_PRETENDED = {
    "sagemaker": frozenset(
        {
            "CreateTrainingJob",
            "CreateTransformJob",
            "CreateHyperParameterTuningJob",
            "CreateCompilationJob",
            "CreateNotebookInstance",
            "CreateCluster",
            "CreateAutoMLJobV2",
            "CreateProcessingJob",
            "CreateEndpoint",
            "StartPipelineExecution",
        }
    ),
    "sagemaker-runtime": frozenset({"InvokeEndpoint", "InvokeEndpointAsync"}),
    "bedrock": frozenset({"CreateModelCustomizationJob"}),
    "bedrock-runtime": frozenset({"InvokeModel"}),
    "scheduler": frozenset({"CreateSchedule"}),
    "pipes": frozenset({"CreatePipe"}),
    "stepfunctions": frozenset({"StartExecution", "StartSyncExecution"}),
    "batch": frozenset({"SubmitJob"}),
    "ecs": frozenset({"RunTask", "CreateService"}),
    "ec2": frozenset({"RunInstances"}),
    "codebuild": frozenset({"StartBuild"}),
    "glue": frozenset({"StartJobRun", "StartCrawler"}),
    "athena": frozenset({"StartQueryExecution"}),
    "emr": frozenset({"RunJobFlow"}),
    "emr-serverless": frozenset({"StartJobRun"}),
    "transcribe": frozenset({"StartTranscriptionJob"}),
    "comprehend": frozenset({"DetectSentiment", "DetectPiiEntities", "DetectKeyPhrases"}),
    "rekognition": frozenset({"DetectLabels", "DetectText"}),
    "textract": frozenset({"DetectDocumentText", "StartDocumentTextDetection"}),
    "polly": frozenset({"SynthesizeSpeech"}),
}

# moto's S3 takes a request that it does not know for one that it does (a missing configuration for a list of
# objects), so the operations that it has are named here.
_ON_BUCKETS = ("Accelerate", "Acl", "Cors", "Encryption", "Location", "Logging", "Notification", "Policy")
_S3_OF_BUCKETS = frozenset(
    {
        f"{verb}Bucket{thing}{ending}"
        for verb in ("Get", "Put", "Delete")
        for thing in (*_ON_BUCKETS, "OwnershipControls", "Replication", "Tagging", "Versioning", "Website")
        for ending in ("", "Configuration")
    }
    | {
        f"{verb}BucketLifecycle{ending}"
        for verb in ("Get", "Put", "Delete")
        for ending in ("", "Configuration")
    }
    | {f"{verb}BucketInventoryConfiguration" for verb in ("Get", "Put")}
    | {f"{verb}PublicAccessBlock" for verb in ("Get", "Put", "Delete")}
    | {"CreateBucket", "DeleteBucket", "HeadBucket", "ListBuckets", "GetBucketPolicyStatus"}
    | {"ListBucketInventoryConfigurations"}
)
_S3_OF_OBJECTS = frozenset(
    {
        *("GetObject", "HeadObject", "PutObject", "CopyObject", "DeleteObject", "DeleteObjects"),
        *("ListObjects", "ListObjectsV2", "ListObjectVersions", "GetObjectAttributes", "RestoreObject"),
        *("CreateMultipartUpload", "UploadPart", "UploadPartCopy", "CompleteMultipartUpload"),
        *("AbortMultipartUpload", "ListMultipartUploads", "ListParts", "SelectObjectContent"),
        *("GetObjectAcl", "PutObjectAcl", "GetObjectLegalHold", "PutObjectLegalHold", "PutObjectRetention"),
        *("GetObjectLockConfiguration", "PutObjectLockConfiguration"),
        *("GetObjectTagging", "PutObjectTagging", "DeleteObjectTagging"),
    }
)


def refusal(service: str, operation: str) -> ApiError | None:
    """Asked only where no handler of ours answers."""
    if service == "s3" and operation not in _S3_OF_BUCKETS | _S3_OF_OBJECTS:
        return ApiError("NotImplemented", f"the stand-in does not have {operation} of s3")
    if operation not in _PRETENDED.get(service, frozenset()):
        return None
    return ApiError("UnsupportedOperation", f"the stand-in does not run {operation} of {service}")
