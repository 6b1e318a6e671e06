"""Makes fmeval importable where no hub can be reached, and quiet.

Importing its question answering module runs `evaluate.load("bertscore")`, which asks the Hugging Face hub
unless the working directory has a folder of that name. So this process works in a folder of its own, with
links to this step's metric modules and, under their hub names, to models that the job was given.
"""

from __future__ import annotations

import contextlib
import logging
import os
import warnings
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

_MODULES = Path(__file__).parent / "metric_modules"


@contextlib.contextmanager
def workplace(models: Path | None) -> Iterator[Path]:
    """A working directory with the metric modules and models, left again at the end."""
    before = Path.cwd()
    with TemporaryDirectory(prefix="evaluate-") as name:
        folder = Path(name)
        for module in _MODULES.iterdir():
            if module.is_dir() and not module.name.startswith("_"):
                (folder / module.name).symlink_to(module, target_is_directory=True)
        for name_of, model in _model_folders(models):
            (folder / name_of).parent.mkdir(exist_ok=True)
            (folder / name_of).symlink_to(model, target_is_directory=True)
        for variable in ("HF_MODULES_CACHE", "HF_METRICS_CACHE", "TORCHINDUCTOR_CACHE_DIR"):
            os.environ[variable] = str(folder / "cache" / variable.lower())
        os.chdir(folder)
        quiet()
        try:
            yield folder
        finally:
            os.chdir(before)


def quiet() -> None:
    """Warnings and information of libraries are not this step's log."""
    warnings.filterwarnings("ignore")
    for name in (
        "sagemaker",
        "sagemaker.config",
        "fmeval",
        "absl",
        "transformers",
        "ray",
        "evaluate",
        "datasets",
    ):
        logging.getLogger(name).setLevel(logging.ERROR)
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("HF_DATASETS_DISABLE_PROGRESS_BARS", "1")


def _model_folders(models: Path | None) -> Iterator[tuple[Path, Path]]:
    """Hub name and folder of each model: `<name>` or `<owner>/<name>` with a config.json in it."""
    for pattern in ("*/config.json", "*/*/config.json") if models else ():
        for path in sorted(models.glob(pattern) if models else ()):
            yield path.parent.relative_to(models or ""), path.parent.resolve()
