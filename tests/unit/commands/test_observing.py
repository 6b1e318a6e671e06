"""What is asked of an execution and cannot be had."""

from __future__ import annotations

import re

import pytest

from commands.observing import check_step
from deploy.errors import UnknownExecutionError
from deploy.executions import Execution, Seen, Step
from tests.unit.deploy.fakes import AT
from tests.unit.deploy.runs import TRAINING


def test_a_step_that_there_is_not_is_not_followed() -> None:
    """A slip of the finger would be waited for in silence, to the execution's end."""
    execution = Execution(TRAINING, "local-facts-training", "Executing", AT, AT)
    definition = {"Steps": [{"Name": "prepare", "Type": "Processing"}, {"Name": "train", "Type": "Lambda"}]}
    seen = Seen(execution, definition, (Step("prepare", "Executing", AT, None),))
    for name in (None, "prepare", "train"):
        check_step(seen, name)
    for name in ("prepar", ""):
        with pytest.raises(
            UnknownExecutionError, match=re.escape(f'no step "{name}"; it has prepare, train')
        ):
            check_step(seen, name)
