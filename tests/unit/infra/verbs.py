"""The AWS calls behind a verb, read from the code: what its command leads to, function by function.

    verb -> its class -> whatever that refers to in commands/ and deploy/ -> calls of clients

An executor of deploy/ counts where its action is made on the way. Annotations do not count, nor what runs
for the stand-in alone.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import botocore.session
from botocore import xform_name

from commands.catalog import VERBS
from tests.unit.infra.template import ROOT

ROOMS = ("commands", "deploy")
# Reached only under --env local.
OF_THE_STAND_IN = frozenset({"commands.local", "commands.making_ready"})
# boto3's own: calls made of others.
TRANSFERS = {"upload_fileobj": "put_object", "download_fileobj": "get_object", "download_file": "get_object"}
Node = tuple[str, str]  # module, name


@dataclass
class Code:
    """One function, class or table of a module: what it refers to, what it constructs, what it calls."""

    refers: set[Node] = field(default_factory=set)
    constructs: set[Node] = field(default_factory=set)
    calls: set[tuple[str, str]] = field(default_factory=set)
    table: dict[Node, Node] = field(default_factory=dict)


def calls_of(words: str) -> set[tuple[str, str]]:
    """(service, Operation) of every call that the verb may make."""
    verb = next(each for each in VERBS if each.words == words)
    module, _, name = verb.carried_out_by.partition(":")
    reached = _reached((module, name))
    return {call for node in reached for call in code()[node].calls}


def known() -> set[str]:
    """The verbs there are."""
    return {verb.words for verb in VERBS}


def _reached(start: Node) -> set[Node]:
    reached: set[Node] = set()
    waiting = {start}
    while waiting:
        reached |= waiting
        found = {other for node in reached for other in code()[node].refers}
        made = {other for node in reached for other in code()[node].constructs}
        for node in reached:
            found |= {executor for action, executor in code()[node].table.items() if action in made}
        waiting = {node for node in found if node in code() and node[0] not in OF_THE_STAND_IN} - reached
    return reached


@cache
def code() -> dict[Node, Code]:
    """Everything that has a name at the top of a module of commands/ or deploy/."""
    found: dict[Node, Code] = {}
    for room in ROOMS:
        for path in (ROOT / room).rglob("*.py"):
            module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            tree = ast.parse(path.read_text(encoding="utf-8"))
            outer = _imported(tree.body)
            named = {name for statement in tree.body for name in _names(statement)}
            outer |= {name: (module, name) for name in named}
            for statement in tree.body:
                for name in _names(statement):
                    found[module, name] = _read(statement, outer)
    return found


def _names(statement: ast.stmt) -> Iterator[str]:
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        yield statement.name
    elif isinstance(statement, ast.Assign):
        yield from (target.id for target in statement.targets if isinstance(target, ast.Name))
    elif isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
        yield statement.target.id


def _imported(body: list[Any]) -> dict[str, Node]:
    """Names to what they stand for; a module stands as (module, "")."""
    found: dict[str, Node] = {}
    for statement in body:
        if isinstance(statement, ast.ImportFrom) and statement.module:
            for alias in statement.names:
                name = alias.asname or alias.name
                inner = f"{statement.module}.{alias.name}"
                is_module = (ROOT / f"{inner.replace('.', '/')}.py").exists()
                found[name] = (inner, "") if is_module else (statement.module, alias.name)
    return found


def _read(statement: ast.stmt, outer: dict[str, Node]) -> Code:
    made = Code()
    nodes = list(_without_annotations(statement))
    scope = {**outer, **_imported(nodes)}
    clients = _clients(nodes)
    is_table = isinstance(statement, ast.Assign | ast.AnnAssign) and isinstance(statement.value, ast.Dict)
    for node in nodes:
        target = _target(node, scope)
        if target and not is_table:
            made.refers.add(target)
        if isinstance(node, ast.Call) and (built := _target(node.func, scope)):
            made.constructs.add(built)
        if isinstance(node, ast.Dict) and is_table:
            made.table |= _table(node, scope)
            made.refers |= _values(node, scope, made.table)
    made.calls = _calls(nodes, clients)
    return made


def _table(node: ast.Dict, scope: dict[str, Node]) -> dict[Node, Node]:
    pairs = (
        (_target(key, scope), _target(value, scope))
        for key, value in zip(node.keys, node.values, strict=True)
    )
    return {key: value for key, value in pairs if key and value}


def _values(node: ast.Dict, scope: dict[str, Node], table: dict[Node, Node]) -> set[Node]:
    inner = {target for each in ast.walk(node) if (target := _target(each, scope))}
    return inner - set(table) - set(table.values())


def _target(node: ast.AST | None, scope: dict[str, Node]) -> Node | None:
    if isinstance(node, ast.Name) and node.id in scope and scope[node.id][1]:
        return scope[node.id]
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in scope:
        module, name = scope[node.value.id]
        return (module, node.attr) if not name else None
    return None


def _without_annotations(node: ast.AST) -> Iterator[ast.AST]:
    yield node
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield from _without_annotations(child)


def _clients(nodes: list[ast.AST]) -> dict[str, str]:
    """Variables that hold a client: by what is assigned, or named like the service."""
    found = {service: service for service in ("sagemaker", "s3", "bedrock", "logs", "sqs", "iam")}
    for node in nodes:
        if isinstance(node, ast.Assign) and (service := _service(node.value)):
            found |= {target.id: service for target in node.targets if isinstance(target, ast.Name)}
    return found


def _service(node: ast.AST) -> str | None:
    """The service of `aws.client("service")`."""
    is_client = (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "client"
        and len(node.args) == 1
    )
    if not is_client or not isinstance(node, ast.Call) or not isinstance(node.args[0], ast.Constant):
        return None
    return str(node.args[0].value)


def _calls(nodes: list[ast.AST], clients: dict[str, str]) -> set[tuple[str, str]]:
    found = set()
    for node in nodes:
        if isinstance(node, ast.Attribute):
            service = _service(node.value)
            if isinstance(node.value, ast.Name):
                service = clients.get(node.value.id)
            method = TRANSFERS.get(node.attr, node.attr)
            if service and method in operations(service):
                found.add((service, operations(service)[method]))
        # Operations that are called by a name in a variable.
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and "_" in node.value:
            for service in ("sagemaker", "bedrock"):
                if node.value in operations(service):
                    found.add((service, operations(service)[node.value]))
    return found


@cache
def operations(service: str) -> dict[str, str]:
    """Methods of a client to operations, as botocore names them."""
    names = botocore.session.get_session().get_service_model(service).operation_names
    return {xform_name(name): name for name in names}
