"""What is said of installing is true of the project's own file."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
TRAINING = {"onnx", "onnxscript", "segmentation-models-pytorch", "timm", "torch", "torchvision"}


def test_a_machine_that_only_predicts_needs_all_but_what_trains() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needed = {re.split(r"[<>=\[ ]", one)[0] for one in project["dependencies"]}
    page = (ROOT / "docs" / "predict.md").read_text(encoding="utf-8")
    listed = re.search(r"    pip install (filelock(?:.*\\\n)+.*)\n", page)
    assert listed is not None
    assert set(listed[1].replace("\\", " ").split()) == needed - TRAINING
    assert needed >= TRAINING
