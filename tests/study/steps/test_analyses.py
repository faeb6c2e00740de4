"""A further analysis needs its own declaration and one line of the registry, and then stands everywhere."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest

from sonoher2.config.load import load_study
from sonoher2.report.page.html import write_report
from sonoher2.study.analyses.analysis import Analysis, Part, Scored
from sonoher2.study.results.saved import open_run
from sonoher2.study.results.schema import Column, SchemaError, declare
from sonoher2.study.run import run_study
from sonoher2.study.steps import analyses as registry


def oldest(scored: Scored) -> pd.DataFrame:
    """The toy: the highest age in each set."""
    rows = [(name, float(part["age"].max())) for name, part in scored.patients.groupby("set")]
    return pd.DataFrame(rows, columns=["set", "oldest"])


TOY = Analysis(
    "oldest",
    "extra",
    declare("Oldest patients", "set", Column("oldest", "number", "highest age", "Age (years)", digits=0)),
    oldest,
    lambda scored: "age" in scored.patients,
)

IN_A_PART = Analysis("eldest", "external", TOY.schema, oldest, TOY.applies)


@pytest.fixture
def begun(finished, tmp_path: Path) -> Path:
    """A run of which all that is slow is kept."""
    shutil.copytree(finished.run / "cache", tmp_path / "run" / "cache")
    shutil.copy(finished.run / "split.json", tmp_path / "run")
    return tmp_path / "run"


def test_a_toy_analysis_is_in_results_report_tables_and_the_opened_run(finished, begun, monkeypatch) -> None:
    monkeypatch.setattr(registry, "ANALYSES", (*registry.ANALYSES, TOY, IN_A_PART))
    result = run_study(load_study(finished.file), begun, jobs=1)
    ages = result.cohort.patients.groupby("set")["age"].max()
    assert result.extra["oldest"].set_index("set")["oldest"].to_dict() == ages.to_dict()
    page = write_report(result, begun).read_text(encoding="utf-8")
    assert "Further analyses" in page
    assert "Oldest patients" in page
    assert "Age (years): highest age" in page
    written = pd.read_csv(begun / "tables" / "oldest.csv", encoding="utf-8-sig")
    assert written.set_index("set")["oldest"].to_dict() == ages.to_dict()
    opened = open_run(begun)
    for name in ("oldest", "eldest"):
        pd.testing.assert_frame_equal(opened.extra[name], result.extra["oldest"])


def test_a_toy_that_does_not_apply_is_absent_and_a_wrong_one_ends_the_run(finished, begun, monkeypatch) -> None:
    never = Analysis("never", "extra", TOY.schema, oldest, lambda scored: False)
    wrong = Analysis("wrong", "extra", TOY.schema, lambda scored: oldest(scored).rename(columns={"oldest": "age"}))
    monkeypatch.setattr(registry, "ANALYSES", (*registry.ANALYSES, never, wrong))
    with pytest.raises(SchemaError, match=r"the table extra\.wrong lacks oldest"):
        run_study(load_study(finished.file), begun, jobs=1)


@pytest.mark.parametrize("part", ["performance", "uncertainty", "robustness", "external", "extra"])
def test_a_table_of_any_part_arrives(part: Part) -> None:
    """A table that its part has no field for stands among the further ones; no name of one part counts in another."""
    table = pd.DataFrame({"x": [1.0]})
    own = {"performance": "sites", "uncertainty": "zones", "robustness": "ablation", "external": "shift", "extra": "x"}
    names = ["toy", *own.values()]
    toys = [Analysis(name, part, TOY.schema, lambda scored, name=name: table.assign(name=name)) for name in names]
    tables = registry.analyse(None, toys)
    placed = {(where, name) for where, held in tables.items() for name in held}
    assert placed == {(part if name == own[part] else "extra", name) for name in names}
    assert all(held[name]["name"].eq(name).all() for held in tables.values() for name in held)


def test_every_analysis_has_a_field_of_its_own_for_its_table() -> None:
    names = [analysis.name for analysis in registry.ANALYSES]
    assert len(set(names)) == len(names)
    assert [analysis.name for analysis in registry.ANALYSES if registry.part_of(analysis) == "extra"] == []
