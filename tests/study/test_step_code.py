"""The code in the keys of a study's steps: all that a value depends on; neither moved files nor settings besides."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import sonoher2
from sonoher2.audit.refit import REFITS
from sonoher2.engine import Step
from sonoher2.engine.fingerprint import Tracer
from sonoher2.explain.feature_shap import FEATURE_SHAP
from sonoher2.study.analyses.performance.comparisons import STEP as COMPARISONS
from sonoher2.study.analyses.performance.model_comparison import STEP as MODELS
from sonoher2.study.analyses.performance.signatures import STEP as SIGNATURES
from sonoher2.study.analyses.performance.subgroups import BETWEEN_LEVELS, BY_LEVEL
from sonoher2.study.analyses.robustness.new_site import STEP as REPAIRS
from sonoher2.study.analyses.robustness.selection_stability import SELECTIONS
from sonoher2.study.analyses.robustness.shift import STEP as TOLD_APART
from sonoher2.study.explain.heat_maps import DELETION, FIRST_MAPS, RANDOMISED, SHARES
from sonoher2.study.fit.networks import ACTIVATIONS, NETWORKS
from sonoher2.study.fit.signatures import FITS
from sonoher2.study.fit.stored_networks import FROZEN
from sonoher2.study.image_networks.enhancers import ENHANCERS
from sonoher2.study.image_networks.segmenters import SEGMENTERS
from sonoher2.study.image_networks.training_images import TRAINING_IMAGES
from sonoher2.study.measure.crops import CROPS
from sonoher2.study.measure.embeddings import EMBEDDINGS
from sonoher2.study.measure.extract import PIXEL_SIZES
from sonoher2.study.measure.features import FEATURES
from sonoher2.study.measure.perturbed_features import PERTURBED
from sonoher2.study.measure.records import PAIRS, RECORDS
from sonoher2.study.measure.segmented import MASKS, SEGMENTED
from sonoher2.study.measure.trained_on import FINGERPRINTS

ROOT = Path(sonoher2.__path__[0])
STEPS: dict[str, Step[Any]] = {
    step.name: step
    for step in (
        FEATURES, RECORDS, CROPS, PERTURBED, EMBEDDINGS, ACTIVATIONS, NETWORKS, FITS, SEGMENTED, MASKS, FINGERPRINTS,
        PIXEL_SIZES, FEATURE_SHAP, SHARES, DELETION, RANDOMISED, SIGNATURES, COMPARISONS, BY_LEVEL, BETWEEN_LEVELS,
        REFITS, SEGMENTERS, ENHANCERS, TRAINING_IMAGES, MODELS, SELECTIONS, PAIRS, FIRST_MAPS,
        FROZEN, REPAIRS, TOLD_APART,
    )
}  # fmt: skip


def code_of(tracer: Tracer) -> dict[str, str]:
    """Fingerprint of each step's code, by the step's name."""
    return {name: tracer.fingerprint(*_modules(step)) for name, step in STEPS.items()}


def _modules(step: Step[Any]) -> list[str]:
    return [name for name in step.modules if not name.startswith("sonoher2.engine")]


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    shutil.copytree(ROOT, tmp_path / "sonoher2", ignore=shutil.ignore_patterns("__pycache__", "*.safetensors"))
    return tmp_path / "sonoher2"


@pytest.fixture(scope="module")
def before() -> dict[str, str]:
    return code_of(Tracer({"sonoher2": ROOT}))


@pytest.fixture(scope="module")
def shared_copy(tmp_path_factory: pytest.TempPathFactory) -> Tracer:
    """A copy of the package whose modules are read once; a test changes one of them and puts it back."""
    root = tmp_path_factory.mktemp("copy") / "sonoher2"
    shutil.copytree(ROOT, root, ignore=shutil.ignore_patterns("__pycache__", "*.safetensors"))
    tracer = Tracer({"sonoher2": root})
    code_of(tracer)
    return tracer


def replaced(copied: Path, name: str, old: str, new: str) -> None:
    text = (copied / name).read_text(encoding="utf-8")
    assert old in text
    (copied / name).write_text(text.replace(old, new), encoding="utf-8")


def changed(copied: Path, before: dict[str, str]) -> set[str]:
    after = code_of(Tracer({"sonoher2": copied}))
    return {name for name in STEPS if after[name] != before[name]}


def test_all_steps_of_the_package_are_here() -> None:
    declared = re.compile(r"^[A-Z_]+(?:: [^=]+)? = Step\(", re.MULTILINE)
    files = [file for file in ROOT.rglob("*.py") if file.relative_to(ROOT).parts[0] != "engine"]
    assert sum(len(declared.findall(file.read_text(encoding="utf-8"))) for file in files) == len(STEPS)


@pytest.mark.parametrize(
    ("name", "old", "new", "steps"),
    [
        # the row layout of features, those under changed masks, and how a model becomes bytes: once in no key
        ("study/measure/features.py", "measured.grey_levels, measured.pixels", "measured.pixels, measured.grey_levels",
         {"features"}),
        ("study/measure/perturbed_features.py", "row[0] = dice", "row[-1] = dice", {"perturbed"}),
        ("bundle/model_bytes.py", "stable_bytes(skops_io().dumps(model))", "skops_io().dumps(model)",
         {"fits", "networks"}),
        ("radiomics/glcm.py", "import numpy as np", "import numpy as np\nX = 1", {"features", "perturbed"}),
        ("radiomics/jit.py", "import os", "import os as os", {"features", "perturbed"}),
        ("enhancement/enhancer.py", "import numpy as np", "import numpy as np\nX = 1",
         {"features", "perturbed", "crops"}),
        ("lesions/perturb.py", "import numpy as np", "import numpy as np\nX = 1", {"perturbed"}),
        ("deep/crop.py", "import numpy as np", "import numpy as np\nX = 1", {"crops", "embeddings", "networks"}),
        ("deep/network.py", "import torch\n", "import torch\nX = 1\n", {"embeddings", "networks", "heat shares"}),
        ("deep/training.py", "import torch\n", "import torch\nX = 1\n", {"networks"}),
        ("images/read.py", "from sonoher2", "X = 1\nfrom sonoher2", {"features", "records", "crops", "segmented",
         "fingerprints", "pixel sizes"}),
        ("selection/lasso.py", "import numpy as np", "import numpy as np\nX = 1", {"fits", "refits"}),
        ("classifiers/candidates.py", "import numpy as np", "import numpy as np\nX = 1", {"fits", "refits"}),
        ("signatures/sites.py", "import numpy as np", "import numpy as np\nX = 1", {"fits", "refits"}),
        ("explain/shapley.py", "import numpy as np", "import numpy as np\nX = 1", {"shap"}),
        ("explain/gradcam.py", "import numpy as np", "import numpy as np\nX = 1", {"heat shares", "heat deletion"}),
        ("evaluation/discrimination.py", "import numpy as np", "import numpy as np\nX = 1",
         {"signatures", "comparisons"}),
        ("segmentation/segment.py", "import numpy as np", "import numpy as np\nX = 1", {"segmented"}),
    ],
)  # fmt: skip
def test_changed_code_changes_the_keys_that_it_matters_to(
    shared_copy: Tracer, before: dict[str, str], name: str, old: str, new: str, steps: set[str]
) -> None:
    file = shared_copy.packages["sonoher2"] / name
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    tracer = Tracer(shared_copy.packages)
    module = f"sonoher2.{name.removesuffix('.py').replace('/', '.')}"
    # all other modules are as they were
    tracer._modules = {one: code for one, code in shared_copy._modules.items() if one != module}
    after = code_of(tracer)
    file.write_text(text, encoding="utf-8")
    missed = {step for step in steps if after[step] == before[step]}
    assert not missed


def test_what_is_shown_or_judged_later_computes_nothing_anew(copied: Path, before: dict[str, str]) -> None:
    for folder in ("report", "cli", "api", "study/checks"):
        for file in (copied / folder).rglob("*.py"):
            file.write_text(file.read_text(encoding="utf-8") + "\nANOTHER = 1\n", encoding="utf-8")
    for name in (
        "study/pipeline.py",
        "study/external.py",
        "bundle/save.py",
        "bundle/load.py",
        "study/results/ledger.py",
    ):
        replaced(copied, name, "from __future__ import annotations\n", "from __future__ import annotations\nX = 1\n")
    assert changed(copied, before) == set()


def test_a_new_setting_computes_nothing_anew(copied: Path, before: dict[str, str]) -> None:
    (copied / "config" / "server.py").write_text(
        '"""A server."""\nfrom __future__ import annotations\nfrom sonoher2.config.base import Strict\n'
        "class ServerConfig(Strict):\n    port: int = 8080\n"
    )
    study = copied / "config" / "study.py"
    text = study.read_text(encoding="utf-8")
    text = text.replace("class StudyConfig", "from sonoher2.config.server import ServerConfig\nclass StudyConfig")
    study.write_text(text.replace("    seed: int", "    server: ServerConfig = ServerConfig()\n    seed: int"))
    # one more in each stage: where a step is given it, its value is in the key
    for name in ("deep.py", "evaluation.py", "images.py", "models.py", "radiomics.py", "selection.py"):
        file = copied / "config" / name
        classes = re.sub(r'(class \w+\(.*\):\n    """[^"]*"""\n)', r"\1\n    later: int = 3\n", file.read_text("utf-8"))
        assert "later" in classes
        file.write_text(classes, encoding="utf-8")
    # reads a table of its own with settings that it makes itself
    assert changed(copied, before) - {"pixel sizes"} == set()


def test_a_moved_file_computes_nothing_anew(copied: Path, before: dict[str, str]) -> None:
    (copied / "rooms" / "far").mkdir(parents=True)
    for folder in (copied / "rooms", copied / "rooms" / "far"):
        (folder / "__init__.py").write_text('"""Far away."""\n')
    moves = {
        "radiomics.glcm": "rooms.far.levels",
        "lesions.rings": "rooms.rings",
        "classifiers.folds": "rooms.far.numbers",
        "deep.crop": "rooms.crop",
        "core.errors": "rooms.errors",
    }
    for old, new in moves.items():
        places = [copied.joinpath(*name.split(".")).with_suffix(".py") for name in (old, new)]
        shutil.move(*places)
    for file in copied.rglob("*.py"):
        text = file.read_text(encoding="utf-8")
        for old, new in moves.items():
            text = re.sub(rf"\bsonoher2\.{re.escape(old)}\b", f"sonoher2.{new}", text)
        file.write_text(text, encoding="utf-8")
    assert not [file for file in copied.rglob("*.py") if "sonoher2.core.errors" in file.read_text(encoding="utf-8")]
    assert changed(copied, before) == set()


SEEN = """
import sys
from pathlib import Path
from sonoher2.engine import ExecutionContext, ArtifactStore
from sonoher2.engine.work import Work
real = Work.__call__
seen = {}

def work(self, job):
    before = set(sys.modules)
    result = real(self, job)
    new = {name for name in set(sys.modules) - before if name.startswith("sonoher2")}
    seen.setdefault(self.step.name.replace(" ", "_"), set()).update(new)
    return result

Work.__call__ = work
from sonoher2.config.load import load_study
from sonoher2.study.measure.checked import checked_cohort
from sonoher2.study.measure.features import measure_lesions
from sonoher2.study.measure.lesion_files import lesion_files
study = load_study(Path(sys.argv[1]))
kept = ExecutionContext(ArtifactStore(Path(sys.argv[2])))
checked = checked_cohort(study, kept)
files = lesion_files(checked.cohort.images)[:1]
measure_lesions(files, checked.study.reading, study.radiomics, checked.hashes, kept)
for name, modules in seen.items():
    print(name, *modules)
"""


def imported(code: str, *arguments: str) -> list[str]:
    run = [sys.executable, "-c", code, *arguments]
    return subprocess.run(run, cwd=ROOT.parent, check=True, capture_output=True, text=True).stdout.splitlines()


def test_what_a_step_imports_while_it_runs_is_in_its_key(small_study_file: Path, tmp_path: Path) -> None:
    lines = imported(SEEN, str(small_study_file), str(tmp_path))
    found = {name.replace("_", " "): set(modules) for name, *modules in map(str.split, lines)}
    assert set(found) == {"features", "records", "same pictures"}
    tracer = Tracer({"sonoher2": ROOT})
    for name, modules in found.items():
        missed = modules - tracer.modules(*_modules(STEPS[name]))
        assert not missed, f"{name} imports {sorted(missed)}"


@pytest.mark.parametrize("name", ["features", "fits", "networks", "heat shares"])
def test_what_the_module_of_a_step_imports_is_in_its_key(name: str) -> None:
    modules = _modules(STEPS[name])
    # the engine keeps values and does not make them
    code = "import sys\nimport sonoher2.engine\nbefore = set(sys.modules)\n"
    code += "".join(f"import {one}\n" for one in modules) + "print(*(set(sys.modules) - before))"
    (line,) = imported(code)
    traced = Tracer({"sonoher2": ROOT}).modules(*modules)
    found = {one for one in line.split() if one.startswith("sonoher2.")}
    # settings count by what is asked of them, and so does what only their checks need
    outside = re.compile(r"sonoher2\.(config\b|core\.spelling)")
    assert {one for one in found - traced if not outside.match(one)} == set()
