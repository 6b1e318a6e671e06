"""Everything that a platform team needs to make an environment without this repository, as files.

    <stack>.yaml              a template, as bootstrap would send it
    <stack>.parameters.json   its parameters
    code/<key>                the functions' archives, by their keys in the bucket
    deploy.sh                 the calls of the `aws` command line, in order, safe to repeat

A bootstrap or upsert afterwards finds the stacks as it would have made them, and writes nothing.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from pathlib import Path

from config import names
from config.models import Project
from deploy import whole_file
from deploy.actions import Pairs, Stack
from deploy.infrastructure.bootstrap import access_stack, base_stack, services_stack
from deploy.infrastructure.bundle import function_bundles

SCRIPT = "deploy.sh"


def files(project: Project) -> Mapping[str, bytes]:
    """The files by name; the same bytes on any day. Asks nobody."""
    bundles = function_bundles(project)
    base, services, access = base_stack(project), services_stack(project, bundles), access_stack(project)
    found: dict[str, bytes] = {}
    for stack in (base, services, access):
        found[f"{stack.name}.yaml"] = stack.template.encode()
        found[f"{stack.name}.parameters.json"] = _parameters(stack).encode()
    found |= {f"code/{bundle.key}": bundle.body for bundle in bundles}
    upload = f"aws s3 cp --recursive code {shlex.quote(names.s3_uri(project.environment, ''))}"
    lines = ["#!/bin/sh", "set -eu", 'cd "$(dirname "$0")"', _export(project), _deploy(base), upload]
    lines += [_deploy(services), _deploy(access)]
    found[SCRIPT] = ("\n".join(lines) + "\n").encode()
    return found


def write(project: Project, folder: Path) -> tuple[Path, ...]:
    """Puts the files into `folder`, which is made; the paths written."""
    written = []
    for name, body in files(project).items():
        path = folder / name
        whole_file.write(path, body, what=name, option="--to DIR")
        written.append(path)
    (folder / SCRIPT).chmod(0o755)
    return tuple(written)


def _export(project: Project) -> str:
    region = project.environment.region
    return f"export AWS_REGION={region} AWS_DEFAULT_REGION={region}"


def _parameters(stack: Stack) -> str:
    listed = [{"ParameterKey": key, "ParameterValue": value} for key, value in stack.parameters]
    return json.dumps(listed, indent=2, ensure_ascii=False) + "\n"


def _deploy(stack: Stack) -> str:
    command = [
        f"aws cloudformation deploy --stack-name {stack.name} --template-file {stack.name}.yaml",
        f"--capabilities CAPABILITY_NAMED_IAM --no-fail-on-empty-changeset --tags {_words(stack.tags)}",
        f"--parameter-overrides {_words(stack.parameters)}",
    ]
    return " \\\n  ".join(command)


def _words(given: Pairs) -> str:
    return " ".join(shlex.quote(f"{key}={value}") for key, value in given)
