"""A CloudFormation template as plain data: YAML with short forms of functions (``!Sub``, ``!GetAtt``)."""

from __future__ import annotations

from typing import Any

import yaml

from config.errors import PlatformError

_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class TemplateTextError(PlatformError):
    """A text that is no template."""


class _Loader(_Base):  # type: ignore[misc]  # libyaml's loader, where there is one
    """Knows !Ref, !GetAtt and the others."""


def _construct(loader: Any, suffix: str, node: yaml.Node) -> dict[str, Any]:
    name = suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}"
    if isinstance(node, yaml.ScalarNode):
        return {name: loader.construct_scalar(node)}
    if isinstance(node, yaml.SequenceNode):
        return {name: loader.construct_sequence(node, deep=True)}
    return {name: loader.construct_mapping(node, deep=True)}


_Loader.add_multi_constructor("!", _construct)


def read_template(text: str) -> dict[str, Any]:
    """Sections by name; comments, spelling and the description do not count, as for CloudFormation.

    Raises TemplateTextError.
    """
    try:
        loaded = yaml.load(text, _Loader)  # noqa: S506  (a SafeLoader)
    except yaml.YAMLError as error:
        raise TemplateTextError(f"this is no CloudFormation template: {error}") from error
    if not isinstance(loaded, dict):
        raise TemplateTextError("this is no CloudFormation template: it has no sections")
    return {name: section for name, section in loaded.items() if name != "Description"}
