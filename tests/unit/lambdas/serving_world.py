"""Packages with evaluations and decisions, and the endpoint of their group, in the fakes of the functions."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from serve_approved.serving.group import bring_all
from serve_approved.serving.settings import Endpoint, Settings

from tests.unit.lambdas.fakes import ACCOUNT, Aws

GROUP = "test-facts"
TOPIC = "arn:aws:sns:us-east-1:123456789012:test-decisions"
BUCKET = "test-bucket"
ALICE = "arn:aws:iam::123456789012:user/alice"
SERVING = Endpoint(None, 1, 3600, 1800, "keep")
SETTINGS = Settings(
    environment="local",
    approvers=1,
    not_launcher=False,
    sessions_are_people=(),
    serving=SERVING,
    role_arn="arn:aws:iam::123456789012:role/test-endpoint",
    tags={"team": "facts"},
    topic_arn=TOPIC,
)


def arn(version: int, group: str = GROUP) -> str:
    return f"{ACCOUNT}:model-package/{group}/{version}"


@dataclass
class ServingWorld:
    """Everything in one test account; `settings` may be exchanged."""

    aws: Aws = field(default_factory=Aws)
    settings: Settings = SETTINGS

    def with_serving(self, **changes: Any) -> None:
        assert self.settings.serving is not None
        self.settings = replace(self.settings, serving=replace(self.settings.serving, **changes))

    def register(self, version: int, status: str = "PendingManualApproval", *, overlap: int = 0) -> None:
        """A package with all its evidence."""
        folder = self.folder(version)
        metrics = {"metrics": {"f1": {"mean": 0.7}}, "training_overlap": {"rows": overlap}}
        self.put(f"{folder}/metrics/evaluation_metrics.json", metrics)
        files = {"evaluation_metrics.json": metrics, "results.jsonl": "rows"}
        hashes = {name: hashlib.sha256(json.dumps(each).encode()).hexdigest() for name, each in files.items()}
        self.put(f"{folder}/report/manifest.json", {"files": hashes})
        self.put(f"{folder}/report/evaluation_report.html", "page")
        self.put(f"{folder}/report/results.jsonl", "rows")
        self.aws.sagemaker.packages[arn(version)] = {
            "ModelPackageArn": arn(version),
            "ModelPackageGroupName": GROUP,
            "ModelPackageVersion": version,
            "ModelApprovalStatus": status,
            "CreationTime": self.aws.clock.date(),
            "CustomerMetadataProperties": {
                "report": f"s3://{BUCKET}/{folder}/report/evaluation_report.html",
                "data_hash": "abc",
                "execution": f"{ACCOUNT}:pipeline/test-facts-inference/execution/inference{version:03d}",
            },
            "ModelMetrics": {
                "ModelQuality": {
                    "Statistics": {"S3Uri": f"s3://{BUCKET}/{folder}/metrics/evaluation_metrics.json"}
                }
            },
            "InferenceSpecification": {"SupportedRealtimeInferenceInstanceTypes": ["ml.g5.12xlarge"]},
        }

    def folder(self, version: int) -> str:
        return f"test/executions/test-facts-inference/inference{version:03d}/evaluate"

    def put(self, key: str, content: Any) -> None:
        self.aws.s3.objects[f"{BUCKET}/{key}"] = json.dumps(content).encode()

    def decide(self, version: int, decision: str = "Approved", who: str = ALICE, **changes: Any) -> None:
        """A record and the status, as the command writes them."""
        self.record(version, decision, who, **changes)
        self.aws.sagemaker.packages[arn(version)]["ModelApprovalStatus"] = decision

    def record(self, version: int, /, decision: str = "Approved", who: str = ALICE, **changes: Any) -> None:
        below = f"test/decisions/{GROUP}/{version}/"
        number = sum(key.startswith(f"{BUCKET}/{below}") for key in self.aws.s3.objects) + 1
        key, user_id = f"{below}{number:04d}.json", f"AIDA{who.rpartition('/')[2].upper()}"
        self.put(
            key,
            {
                "version": 1,
                "package": arn(version),
                "sequence": number,
                "decision": decision,
                "reason": "looked at it",
                "caller": {"arn": who, "user_id": user_id, "account": "123456789012", "source_identity": ""},
                "time": "2026-11-27T12:00:00+00:00",
                "forced": False,
                "gaps": [],
                "launcher": None,
                "evidence": [],
                "required": {"approvers": 1, "not_launcher": False},
                **changes,
            },
        )
        self.aws.s3.tags[f"{BUCKET}/{key}"] = {"decided-by": user_id}
        self.aws.s3.times[f"{BUCKET}/{key}"] = self.aws.clock.date().replace(microsecond=0)

    def approved(self, version: int) -> None:
        """Registered and approved."""
        self.register(version)
        self.decide(version)

    def package_event(self, version: int) -> str:
        """The event of a package; what its group's endpoint does then."""
        detail = {"ModelPackageGroupName": GROUP, "ModelPackageArn": arn(version)}
        return self.bring({"detail": detail})

    def endpoint_event(self) -> str:
        return self.bring({"detail": {"EndpointName": GROUP, "EndpointStatus": "IN_SERVICE"}})

    def schedule(self) -> str:
        return self.bring({"detail": {}, "detail-type": "Scheduled Event"})

    def bring(self, event: Mapping[str, Any]) -> str:
        return bring_all(self.aws.tools, self.settings, event).get(GROUP, "")

    def settle(self, status: str = "InService") -> None:
        """What was under way is over."""
        self.endpoint["EndpointStatus"] = status

    @property
    def endpoint(self) -> dict[str, Any]:
        return self.aws.sagemaker.endpoints[GROUP]

    @property
    def serves(self) -> str:
        """The package behind the endpoint's configuration."""
        configuration = self.aws.sagemaker.configurations[self.endpoint["EndpointConfigName"]]
        model = self.aws.sagemaker.models[configuration["ProductionVariants"][0]["ModelName"]]
        return str(model["PrimaryContainer"]["ModelPackageName"])
