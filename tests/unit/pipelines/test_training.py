"""Training pipelines: what the YAML turns into."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from config.errors import UnknownNameError
from config.models import Project
from definition.compile import CompiledPipeline, compile_pipeline
from pipelines.sources import LeadsOutError, MissingSourceError
from tests.golden.update import settings_of
from tests.unit.pipelines.variants import compile_changed, inputs, step, with_environment

BUCKET = "s3://local-pipelines-123456789012-us-east-1"


def test_the_steps_follow_each_other(compiled: Mapping[str, CompiledPipeline]) -> None:
    """Prepare, start, wait, deploy, wait, publish."""
    assert [(each["Name"], each["Type"]) for each in compiled["facts-training"].definition["Steps"]] == [
        ("prepare", "Processing"),
        ("start-automl", "Lambda"),
        ("wait-automl", "Callback"),
        ("deploy-model", "Lambda"),
        ("wait-endpoint", "Callback"),
        ("publish-candidate", "Lambda"),
    ]


def test_what_upsert_needs_comes_with_the_definition(project: Project) -> None:
    """Names, kind, description, parallelism and tags; the pipeline's tags win."""
    changed = with_environment(project, {"tags": {"team": "a", "cost": "1"}})
    compiled = compile_changed(changed, "facts-training", {"parallelism": 4, "tags": {"team": "b"}})

    assert (compiled.name, compiled.config_name, compiled.kind) == (
        "local-facts-training",
        "facts-training",
        "training",
    )
    assert compiled.description.startswith("Fine-tunes a model")
    assert compiled.parallelism == 4
    assert compiled.tags == {"team": "b", "cost": "1", "pipelines:prefix": "local"}
    assert step(compiled, "prepare")["Arguments"]["Tags"] == [
        {"Key": "team", "Value": "b"},
        {"Key": "cost", "Value": "1"},
    ]
    assert json.loads(step(compiled, "start-automl")["Arguments"]["tags"]) == {"team": "b", "cost": "1"}


def test_outputs_lie_below_the_execution(compiled: Mapping[str, CompiledPipeline]) -> None:
    """Each in a folder of its step, at a URI with the execution's id."""
    config = step(compiled["facts-training"], "prepare")["Arguments"]["ProcessingOutputConfig"]
    uri = config["Outputs"][0]["S3Output"]["S3Uri"]["Std:Join"]

    assert [each["OutputName"] for each in config["Outputs"]] == [
        "training",
        "validation",
        "evaluation",
        "report",
    ]
    assert uri["Values"] == [
        f"{BUCKET}/local/executions/local-facts-training",
        {"Get": "Execution.PipelineExecutionId"},
        "prepare",
        "training",
    ]


def test_a_parameter_reaches_the_step_as_an_argument(compiled: Mapping[str, CompiledPipeline]) -> None:
    """The settings keep the reference and its type; the argument carries the value as a text."""
    pipeline = compiled["facts-training"]
    arguments = step(pipeline, "prepare")["Arguments"]["AppSpecification"]["ContainerArguments"]
    settings = settings_of(pipeline)["prepare"]

    assert arguments[:3] == ["prepare", "--settings", "/opt/ml/processing/input/settings/settings.json"]
    joined = {"On": "=", "Values": ["TrainingRows", {"Get": "Parameters.TrainingRows"}]}
    assert arguments[-2:] == ["--parameter", {"Std:Join": joined}]
    assert settings["parameters"] == {
        "BaseModel": "String",
        "SampleRows": "Integer",
        "TrainingRows": "Integer",
    }
    assert settings["data"]["rows"]["training"] == {"parameter": "TrainingRows"}


def test_the_environments_default_of_a_parameter_wins(project: Project) -> None:
    """Over the pipeline file's; a whole number for a Float is one."""
    overrides = {"facts-training": {"EpochCount": 2, "LearningRate": 1}}
    compiled = compile_pipeline(with_environment(project, {"parameters": overrides}), "facts-training")
    defaults = {each["Name"]: each.get("DefaultValue") for each in compiled.definition["Parameters"]}

    assert (defaults["EpochCount"], defaults["TrainingRows"]) == (2, 1200)
    assert repr(defaults["LearningRate"]) == "1.0"


def test_the_limits_of_a_base_model_are_known_to_the_step(project: Project) -> None:
    """Context length and rows, of every choice where an execution chooses; the YAML's own length wins."""
    fixed = {"model.base_model": "Falcon7B", "data.rows.training": 800}
    own = {**fixed, "model.context_tokens": 300}
    models = [
        settings_of(compile_changed(project, "facts-training", changes))["prepare"]["model"]
        for changes in ({"model.base_model": {"parameter": "BaseModel"}}, fixed, own)
    ]

    assert models[0]["base_models"]["Dolly7B"] == {"context_tokens": 1024, "max_rows": 10_000}
    assert models[1] == {"base_model": "Falcon7B", "context_tokens": 1024, "max_rows": 1000}
    assert models[2] == {"base_model": "Falcon7B", "context_tokens": 300, "max_rows": 1000}


def test_a_validation_fraction_replaces_the_channel(project: Project) -> None:
    """Never both: Autopilot refuses that."""
    changes = {"data.validation": "fraction", "data.validation_fraction": 0.1, "data.rows.validation": None}
    arguments = step(compile_changed(project, "facts-training", changes), "start-automl")["Arguments"]

    assert (arguments["validation_data"], arguments["validation_fraction"]) == ("", 0.1)


def test_parquet_has_its_content_type(project: Project) -> None:
    """As AutoMLChannel lists it."""
    compiled = compile_changed(project, "facts-training", {"data.output_format": "parquet"})

    assert step(compiled, "start-automl")["Arguments"]["content_type"] == "x-application/vnd.amazon+parquet"


def test_a_local_file_is_uploaded_under_its_hash(compiled: Mapping[str, CompiledPipeline]) -> None:
    """The step reads it from S3, and its settings say where from."""
    pipeline = compiled["facts-training"]
    data = next(asset for asset in pipeline.assets if "/data/" in asset.key)

    assert isinstance(data.body, Path)
    assert data.key.endswith("/facts.jsonl")
    folder = f"{BUCKET}/{data.key.removesuffix('/facts.jsonl')}"
    assert inputs(pipeline, "prepare")["data"]["S3Uri"] == folder
    assert settings_of(pipeline)["prepare"]["data"]["source"] == folder


def test_data_in_s3_is_read_where_it_is(project: Project) -> None:
    """Nothing is uploaded for it."""
    compiled = compile_changed(project, "facts-training", {"data.source": "s3://elsewhere/rows.jsonl"})

    assert inputs(compiled, "prepare")["data"]["S3Uri"] == "s3://elsewhere/rows.jsonl"
    assert not [asset for asset in compiled.assets if "/data/" in asset.key]


def test_a_data_set_of_the_hub_is_fetched_by_the_step(compiled: Mapping[str, CompiledPipeline]) -> None:
    """It has no data input."""
    assert set(inputs(compiled["sciq-training"], "prepare")) == {"code", "settings"}
    assert settings_of(compiled["sciq-training"])["prepare"]["data"]["source"] == "hf://allenai/sciq"


def test_a_tokenizers_folder_is_uploaded_whole(project: Project, tmp_path: Path) -> None:
    """Under one hash over names and contents."""
    (tmp_path / "tokenizer.json").write_text("{}", encoding="utf-8")
    (tmp_path / "config.json").write_text("[]", encoding="utf-8")
    first = compile_changed(project, "facts-training", {"data.tokenizer": str(tmp_path)})
    (tmp_path / "config.json").rename(tmp_path / "other.json")
    second = compile_changed(project, "facts-training", {"data.tokenizer": str(tmp_path)})
    uris = [inputs(each, "prepare")["tokenizer"]["S3Uri"] for each in (first, second)]

    assert uris[0] != uris[1]
    assert {
        f"{BUCKET}/{asset.key}"
        for asset in first.assets
        if asset.key.endswith(("tokenizer.json", "config.json"))
    } == {
        f"{uris[0]}/tokenizer.json",
        f"{uris[0]}/config.json",
    }


def test_a_missing_file_is_named(project: Project) -> None:
    """With the key that names it."""
    with pytest.raises(
        MissingSourceError, match=r'"facts-training" takes data.source from ".*nowhere.jsonl"'
    ):
        compile_changed(project, "facts-training", {"data.source": "data/nowhere.jsonl"})


def test_a_link_that_leads_out_of_a_folder_is_not_uploaded(project: Project, tmp_path: Path) -> None:
    """What it points to was not named; one to a file of the same folder is only another name."""
    (tmp_path / "rows").mkdir()
    (tmp_path / "rows" / "a.jsonl").write_text('{"question": "q", "answer": "a", "support": "s"}\n')
    (tmp_path / "rows" / "b.jsonl").symlink_to("a.jsonl")
    compile_changed(project, "facts-training", {"data.source": str(tmp_path / "rows")})
    (tmp_path / "rows" / "c.jsonl").symlink_to("/etc/hostname")
    with pytest.raises(LeadsOutError, match=r'with a link that leads out of it: ".*c\.jsonl"') as caught:
        compile_changed(project, "facts-training", {"data.source": str(tmp_path / "rows")})
    assert caught.value.hint == "put the file itself there, or take the link away: it points to /etc/hostname"


def test_an_unknown_pipeline_is_named(project: Project) -> None:
    """With those that there are."""
    with pytest.raises(UnknownNameError, match='no pipeline named "fact-training"'):
        compile_pipeline(project, "fact-training")


def test_a_network_a_key_and_a_wheelhouse_reach_every_job(project: Project) -> None:
    """Processing jobs by their request, what functions make by their inputs."""
    environment = {
        "network": {"subnets": ["subnet-0a1b2c3d"], "security_groups": ["sg-0a1b2c3d"]},
        "kms_key": "arn:aws:kms:us-east-1:123456789012:key/k",
        "wheelhouse": "s3://wheels/all",
    }
    compiled = compile_pipeline(with_environment(project, environment), "facts-training")
    job = step(compiled, "prepare")["Arguments"]

    assert job["NetworkConfig"] == {
        "EnableNetworkIsolation": False,
        "VpcConfig": {"SecurityGroupIds": ["sg-0a1b2c3d"], "Subnets": ["subnet-0a1b2c3d"]},
    }
    assert job["ProcessingOutputConfig"]["KmsKeyId"] == environment["kms_key"]
    assert job["ProcessingResources"]["ClusterConfig"]["VolumeKmsKeyId"] == environment["kms_key"]
    assert inputs(compiled, "prepare")["wheelhouse"]["S3Uri"] == "s3://wheels/all"
    for name in ("start-automl", "deploy-model"):
        arguments = step(compiled, name)["Arguments"]
        assert (arguments["subnets"], arguments["security_groups"]) == ("subnet-0a1b2c3d", "sg-0a1b2c3d")
        assert arguments["kms_key"] == environment["kms_key"]


def test_infrastructure_of_a_step_is_the_yamls(project: Project) -> None:
    """Instances, disk, time, image, isolation, cache, retries, environment."""
    changes = {
        "steps.prepare": {
            "instance_type": "ml.c5.4xlarge",
            "instance_count": 3,
            "volume_gb": 200,
            "max_runtime_seconds": 7200,
            "image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/prepare:1",
            "network_isolation": True,
            "cache": "30d",
            "retries": None,
            "environment": {"LEVEL": "debug"},
        }
    }
    made = step(compile_changed(project, "facts-training", changes), "prepare")
    job = made["Arguments"]

    assert job["ProcessingResources"]["ClusterConfig"] == {
        "InstanceType": "ml.c5.4xlarge",
        "InstanceCount": 3,
        "VolumeSizeInGB": 200,
    }
    assert job["StoppingCondition"] == {"MaxRuntimeInSeconds": 7200}
    assert job["AppSpecification"]["ImageUri"].endswith("/prepare:1")
    assert job["NetworkConfig"] == {"EnableNetworkIsolation": True}
    assert job["Environment"] == {"LEVEL": "debug"}
    assert made["CacheConfig"] == {"Enabled": True, "ExpireAfter": "P30D"}
    assert "RetryPolicies" not in made


def test_an_absolute_path_leaves_no_trace_of_the_machine(project: Project) -> None:
    """The definition and the settings name S3 only."""
    path = project.root / "data" / "facts" / "facts.jsonl"
    compiled = compile_changed(project, "facts-training", {"data.source": str(path)})
    texts: list[Any] = [compiled.text, *(asset.body for asset in compiled.assets if "settings" in asset.key)]

    assert not [text for text in texts if str(project.root) in str(text)]


def test_another_root_gives_the_same_definition(project: Project, tmp_path: Path) -> None:
    """Where the repository lies does not matter."""
    for name in ("steps", "data"):
        (tmp_path / name).symlink_to(project.root / name)

    moved = compile_pipeline(replace(project, root=tmp_path), "facts-training")
    assert moved.text == compile_pipeline(project, "facts-training").text
