"""RenderUiTemplate: a task's page, as a worker would get it, and what is wrong in its Liquid.

Developer Guide, pages sms-custom-templates-step2 and -step2-demo1: `{{ task.input.<key> }}`, escaped unless
`skip_autoescape` says otherwise; `grant_read_access` makes an https address of an S3 URI, `to_json` JSON.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from html import unescape
from typing import Any

from liquid import Environment, Mode
from liquid.exceptions import Error
from markupsafe import Markup, escape

from local.api import ApiError


def render(template: str, task_input: str, *, address: Callable[[str], str]) -> dict[str, Any]:
    """RenderUiTemplate's answer; ApiError for an input that is no JSON."""
    try:
        given = json.loads(task_input)
    except ValueError as error:
        raise ApiError("ValidationException", f"The task's Input is no JSON: {error}") from error
    try:
        page = _environment(address).from_string(template).render(task={"input": given})
    except Error as error:
        return {"RenderedContent": "", "Errors": [{"Code": type(error).__name__, "Message": str(error)}]}
    return {"RenderedContent": page, "Errors": []}


def _environment(address: Callable[[str], str]) -> Environment:
    environment = Environment(autoescape=True, strict_filters=True, tolerance=Mode.STRICT)
    environment.add_filter("grant_read_access", lambda value: address(str(value)))
    environment.add_filter("to_json", lambda value: json.dumps(value, ensure_ascii=False))
    # The template asks for it: this is the filter that turns escaping off.
    environment.add_filter("skip_autoescape", Markup)
    environment.add_filter("escape_once", lambda value: escape(unescape(str(value))))
    return environment
