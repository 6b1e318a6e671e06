"""The aws command line as a stranger uses it: pointed at the stand-in by its environment variables."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.functional.conftest import RunningStandIn

AWS = Path(sys.executable).with_name("aws")


def aws(stand_in: RunningStandIn, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Runs `aws <words>` with what `local env` prints."""
    exports = stand_in.connection.environment_exports()
    environment = {"PATH": os.environ["PATH"], "HOME": str(stand_in.folder), "AWS_PAGER": ""}
    environment |= {name: value for name, value in exports.items() if value is not None}
    done = subprocess.run(
        [str(AWS), *words], env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    assert not check or done.returncode == 0, done.stderr
    return done
