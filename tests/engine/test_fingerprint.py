"""The code of a step in its keys: everything that the value depends on, and nothing else."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sonoher2.engine import fingerprint as module
from sonoher2.engine.fingerprint import Tracer

TOY = {
    "__init__.py": '"""Public names."""\n',
    "config/__init__.py": "",
    "config/base.py": """
        from pydantic import BaseModel
        class Strict(BaseModel):
            def text(self):
                return "strict"
        def plain(text):
            return text.lower()
        """,
    "config/reading.py": """
        from toy.config.base import Strict
        class Reading(Strict):
            crop: bool = False
        class Scale(Strict):
            factor: float = 2.0
        """,
    "config/study.py": """
        from pydantic import model_validator
        from toy.config.base import Strict, plain
        from toy.config.reading import Reading
        class Study(Strict):
            title: str = "a"
            crop: bool = False
            @model_validator(mode="after")
            def _fits(self):
                return self
            @property
            def name(self):
                return plain(self.title)
        """,
    "core/__init__.py": "",
    "core/deep.py": "def helper(x):\n    return x + 1\n",
    "core/middle.py": "from toy.core.deep import helper\ndef half(x):\n    return helper(x) / 2\n",
    "core/late.py": "def late(x):\n    return x\n",
    "core/typed.py": "class Typed:\n    pass\n",
    "core/whole.py": "LIMIT = 3\n",
    "core/member.py": "LIMIT = 4\n",
    "core/relative.py": "LIMIT = 5\n",
    "core/unused.py": "LIMIT = 6\n",
    "engine/__init__.py": "",
    "engine/step.py": "def run(f):\n    return f\n",
    "steps/__init__.py": "",
    "steps/sibling.py": "LIMIT = 7\n",
    "steps/measure.py": """
        from __future__ import annotations
        from typing import TYPE_CHECKING
        import numpy as np
        import toy.core.whole as whole
        from toy.config.reading import Reading, Scale
        from toy.config.study import Study
        from toy.core import member
        from toy.core.middle import half
        from toy.engine.step import run
        from . import sibling
        from ..core.relative import LIMIT
        if TYPE_CHECKING:
            from toy.core.typed import Typed
        def measure(x: float, reading: Reading, study: Study) -> Typed:
            from toy.core.late import late
            return np.float64(half(x) + late(x) + whole.LIMIT + member.LIMIT + sibling.LIMIT + LIMIT) * Scale().factor
        """,
}
STEP = "toy.steps.measure"


@pytest.fixture
def toy(tmp_path: Path) -> Path:
    for name, text in TOY.items():
        place = tmp_path / "toy" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text.replace("\n        ", "\n"))
    return tmp_path / "toy"


def marked(toy: Path, step: str = STEP) -> str:
    return Tracer({"toy": toy}).fingerprint(step)


def replaced(toy: Path, name: str, old: str, new: str) -> None:
    text = (toy / name).read_text()
    assert old in text
    (toy / name).write_text(text.replace(old, new))


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("steps/measure.py", "half(x) +", "half(x) -"),
        ("steps/measure.py", "import numpy as np", "import math as np"),
        ("steps/sibling.py", "7", "8"),
        ("core/deep.py", "x + 1", "x + 2"),
        ("core/middle.py", "/ 2", "/ 3"),
        ("core/late.py", "return x", "return -x"),
        ("core/whole.py", "3", "4"),
        ("core/member.py", "4", "5"),
        ("core/relative.py", "5", "6"),
        # of the settings: what the code asks for, and defaults of what it makes itself
        ("config/study.py", "plain(self.title)", "plain(self.title) * 2"),
        ("config/base.py", "text.lower()", "text.upper()"),
        ("config/base.py", '"strict"', '"loose"'),
        ("config/reading.py", "2.0", "3.0"),
        # code that runs when the package around a module is imported
        ("steps/__init__.py", "", "import warnings\nwarnings.simplefilter('ignore')\n"),
    ],
)
def test_whatever_the_value_depends_on_is_in_the_key(toy: Path, name: str, old: str, new: str) -> None:
    before = marked(toy)
    replaced(toy, name, old, new)
    assert marked(toy) != before


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("core/unused.py", "6", "7"),
        ("core/typed.py", "pass", "size = 3"),
        ("engine/step.py", "return f", "return f, 1"),
        ("core/deep.py", "def helper(x):\n", '# why\n\n\ndef helper(x):\n    """Say."""\n'),
        ("core/whole.py", "3\n", '3  # limit\n"""A limit."""\n'),
        ("core/deep.py", "x + 1", "(x +\n    1)"),
        ("steps/measure.py", "from toy.core import member\nfrom toy.core.middle import half\n",
         "from toy.core.middle import half\nfrom toy.core import member\n"),
        # a setting that the step does not make itself: its value is in the key where the step is given it
        ("config/reading.py", "crop: bool = False", "crop: bool = False\n    size: int = 3"),
        ("config/study.py", "crop: bool = False", "crop: bool = False\n    server: str = 'x'"),
        ("config/study.py", "        return self\n", "        assert self.title\n        return self\n"),
        ("config/study.py", "class Study", "class Server(Strict):\n    port: int = 80\nclass Study"),
    ],
)  # fmt: skip
def test_nothing_else_is_in_the_key(toy: Path, name: str, old: str, new: str) -> None:
    before = marked(toy)
    replaced(toy, name, old, new)
    assert marked(toy) == before


def test_a_moved_file_changes_no_key(toy: Path) -> None:
    before = marked(toy)
    (toy / "far" / "away").mkdir(parents=True)
    for folder in (toy / "far", toy / "far" / "away"):
        (folder / "__init__.py").write_text('"""A new room."""\n')
    shutil.move(toy / "core" / "middle.py", toy / "far" / "away" / "average.py")
    replaced(toy, "steps/measure.py", "toy.core.middle", "toy.far.away.average")
    assert marked(toy) == before
    shutil.move(toy / "core" / "relative.py", toy / "steps" / "near.py")
    replaced(toy, "steps/measure.py", "..core.relative", ".near")
    assert marked(toy) == before
    shutil.move(toy / "core" / "whole.py", toy / "far" / "whole.py")
    replaced(toy, "steps/measure.py", "toy.core.whole", "toy.far.whole")
    assert marked(toy) == before
    shutil.move(toy / "steps" / "measure.py", toy / "far" / "measure.py")
    replaced(toy, "far/measure.py", "from . import", "from toy.steps import")
    replaced(toy, "far/measure.py", "from .near", "from toy.steps.near")
    assert marked(toy, "toy.far.measure") == before


def test_moved_settings_change_no_key(toy: Path) -> None:
    before = marked(toy)
    shutil.move(toy / "config" / "reading.py", toy / "config" / "images.py")
    for name in ("steps/measure.py", "config/study.py"):
        replaced(toy, name, "toy.config.reading", "toy.config.images")
    assert marked(toy) == before


def test_settings_that_are_passed_on_by_another_module_count_the_same(toy: Path) -> None:
    (toy / "config" / "__init__.py").write_text("from toy.config.reading import Reading, Scale\n")
    replaced(toy, "steps/measure.py", "toy.config.reading", "toy.config")
    before = marked(toy)
    replaced(toy, "config/reading.py", "crop: bool = False", "crop: bool = False\n    size: int = 3")
    assert marked(toy) == before
    replaced(toy, "config/reading.py", "2.0", "3.0")
    assert marked(toy) != before


def test_the_same_name_from_another_module_changes_the_key(toy: Path) -> None:
    (toy / "core" / "other.py").write_text("LIMIT = 9\n")
    before = marked(toy)
    replaced(toy, "steps/measure.py", "..core.relative", "..core.other")
    assert marked(toy) != before


def test_two_modules_that_change_places_change_the_key(toy: Path) -> None:
    before = marked(toy)
    replaced(toy, "steps/measure.py", "from toy.core import member", "from toy.steps import sibling as member")
    replaced(toy, "steps/measure.py", "from . import sibling", "from toy.core import member as sibling")
    assert marked(toy) != before


def test_types_of_fields_that_pydantic_reads_count_as_used(toy: Path) -> None:
    schema = "from pydantic import BaseModel\nfrom toy.config.reading import Reading\n"
    (toy / "schema.py").write_text(f"{schema}class Kept(BaseModel):\n    reading: Reading\n")
    dataclass = "from dataclasses import dataclass\nfrom toy.config.reading import Reading\n"
    (toy / "record.py").write_text(f"{dataclass}@dataclass(frozen=True)\nclass Held:\n    reading: Reading\n")
    before = [marked(toy, "toy.schema"), marked(toy, "toy.record")]
    replaced(toy, "config/reading.py", "crop: bool = False", "crop: bool = True")
    after = [marked(toy, "toy.schema"), marked(toy, "toy.record")]
    assert after[0] != before[0]
    assert after[1] == before[1]


def test_imports_in_a_circle_end(toy: Path) -> None:
    replaced(toy, "core/deep.py", "    return x + 1", "    from toy.core.middle import half\n    return x + 1")
    before = marked(toy)
    replaced(toy, "core/middle.py", "/ 2", "/ 3")
    assert marked(toy) != before


def test_versions_of_the_libraries_that_are_used_count(toy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    versions = {"numpy": "2.4", "pydantic": "2.14", "torch": "2.14"}
    monkeypatch.setattr(module, "library_version", versions.__getitem__)
    before = marked(toy)
    versions["torch"] = "3.0"
    assert marked(toy) == before
    versions["numpy"] = "2.5"
    assert marked(toy) != before
    monkeypatch.setattr(sys, "version_info", (3, 99, 0))
    versions["numpy"] = "2.4"
    assert marked(toy) != before


def test_distributions_of_other_names_are_found() -> None:
    assert module.library_version("numpy")[0].isdigit()
    assert module.library_version("sklearn").startswith("scikit-learn ")
    assert module.library_version("nowhere_at_all") == ""


def imported(folder: Path, code: str, package: str) -> set[str]:
    """Modules of a package that Python has imported when some code has run."""
    last = f"\nimport sys\nprint(*(name for name in sys.modules if name.split('.')[0] == {package!r}))"
    run = [sys.executable, "-c", code + last]
    return set(subprocess.run(run, cwd=folder, check=True, capture_output=True, text=True).stdout.split())


def test_the_closure_is_what_python_imports(toy: Path) -> None:
    code = "from toy.steps.measure import measure; assert measure(1, None, None) == 2 * (1 + 1 + 3 + 4 + 7 + 5)"
    found = imported(toy.parent, code, "toy")
    traced = Tracer({"toy": toy}).modules(STEP)
    # the engine and the outermost package are left out, and of settings the packages around them
    assert found - traced == {"toy", "toy.engine", "toy.engine.step", "toy.config"}
    assert traced <= found
