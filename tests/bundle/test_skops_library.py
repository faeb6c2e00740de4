from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import skops.io
from sklearn.linear_model import LogisticRegression

from sonoher2.bundle.skops_library import VARIABLE

CODE = """
import json, sys
from pathlib import Path
from sonoher2.bundle.skops_library import skops_io
found = skops_io()
data = Path(sys.argv[1]).read_bytes()
unknown = found.get_untrusted_types(data=data)
loaded = found.loads(data, trusted=unknown)
print(json.dumps([unknown, loaded.coef_.tolist(), "torch" in sys.modules]))
"""


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("skops") / "model.skops"
    skops.io.dump(LogisticRegression().fit([[0.0], [1.0], [2.0]], [0, 0, 1]), path)
    return path


@pytest.mark.parametrize("ours", [True, False])
def test_only_a_process_of_ours_asks_for_no_list_of_estimators(model: Path, ours: bool) -> None:
    environment = {name: value for name, value in os.environ.items() if name != VARIABLE} | (
        {VARIABLE: "1"} if ours else {}
    )
    answer = subprocess.run(
        [sys.executable, "-c", CODE, str(model)],
        check=True,
        capture_output=True,
        text=True,
        env=environment,
        timeout=300,
    )
    unknown, coefficients, torch = json.loads(answer.stdout)
    # elsewhere skops trusts what it always trusts
    assert unknown == (["sklearn.linear_model._logistic.LogisticRegression"] if ours else [])
    assert coefficients == skops.io.load(model).coef_.tolist()
    assert not (ours and torch)
