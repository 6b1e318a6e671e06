"""A small project on disk: one environment, one pipeline of each kind, the files that they name."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

ENVIRONMENT = """\
version: 1
name: local
account: "123456789012"
region: us-east-1
prefix: local
bucket: null
roles: {pipeline: null}
images: {default: null, steps: {}}
wheelhouse: null
network: {subnets: [], security_groups: []}
kms_key: null
tags: {}
polling: {first_seconds: 1, max_seconds: 3}
parameters: {}
stand_in:
  folder: .local
  images:
    - {pattern: "*", requirements: from-code}
  automl: {requirements: requirements.txt, base_models: {}}
"""

TRAINING = """\
version: 1
kind: training
name: facts-training
description: Facts.
parameters:
  TrainingRows: {type: Integer, default: 1200, minimum: 10, maximum: 10000, description: Rows.}
  LearningRate: {type: Float, default: 0.001, minimum: 0, maximum: 1}
  BaseModel: {type: String, default: Llama2-7B, allowed: [Llama2-7B, Mistral7B]}
data:
  source: facts.jsonl
  format: jsonl
  columns: {question: question, context: support, answer: correct_answer}
  prompt: |
    {context}
    {question}
  output: "{answer}"
  group_by: passage
  rows: {training: {parameter: TrainingRows}, validation: 150, evaluation: 300}
  validation: channel
  seed: 42
  max_rejected_share: 0.05
  output_format: csv
  tokenizer: null
model:
  base_model: {parameter: BaseModel}
  accept_eula: true
  hyperparameters:
    epoch_count: 8
    learning_rate: {parameter: LearningRate}
    batch_size: 8
    learning_rate_warmup_steps: 50
  job: {max_runtime_seconds: 7200, max_training_job_seconds: 3600}
wait:
  deadline: 3d
endpoint:
  instance_type: ml.g5.12xlarge
  instance_count: 1
  environment: {HF_MODEL_ID: /opt/ml/model}
  after_evaluation: delete
steps:
  prepare:
    instance_type: ml.m5.xlarge
    network_isolation: false
    cache: null
    retries: {attempts: 3}
    environment: {}
parallelism: null
tags: {}
"""

INFERENCE = """\
version: 1
kind: inference
name: facts-inference
training: facts-training
parameters:
  MinimumF1: {type: Float, default: 0.5, minimum: 0, maximum: 1}
data:
  source: candidate
  rows: 100
  seed: 42
evaluation:
  task: question_answering
  generation: {max_new_tokens: 16, do_sample: false, stop: []}
  request: text_inputs
  response_path: "[0].generated_text"
  metrics: [f1, exact_match]
  algorithms: []
  concurrency: 8
gates:
  - {metric: f1, at_least: {parameter: MinimumF1}}
on_missed_gate: fail
registry:
  group: facts
  approval_status: PendingManualApproval
  content_types: [application/json]
  inference_instances: [ml.g5.12xlarge]
steps:
  preprocess: {instance_type: ml.m5.xlarge}
  evaluate: {network_isolation: false}
"""

FILES: Mapping[str, str] = {
    "config/environments/local.yaml": ENVIRONMENT,
    "config/pipelines/facts-training.yaml": TRAINING,
    "config/pipelines/facts-inference.yaml": INFERENCE,
    "facts.jsonl": '{"question": "?", "support": "!", "correct_answer": ".", "passage": "1"}\n',
    "requirements.txt": "",
}

ENVIRONMENT_FILE, TRAINING_FILE, INFERENCE_FILE = tuple(FILES)[:3]


def write_project(root: Path, changed: Mapping[str, str | bytes] = {}) -> Path:  # not written to
    """Writes the project, with some files of other content, and returns its root."""
    for name, content in {**FILES, **changed}.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return root
