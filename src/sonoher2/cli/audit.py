"""`sonoher2 audit`: whether a pipeline, this package's or another tool's, fools its user."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sonoher2.core.errors import UsageError
from sonoher2.core.files import run_lock
from sonoher2.core.terminal import say

if TYPE_CHECKING:
    from sonoher2.study.results import StudyResult

app = typer.Typer(
    name="audit", help="Check whether a pipeline fools its user: this study's, or another tool's.", no_args_is_help=True
)

StudyFile = Annotated[Path, typer.Argument(metavar="STUDY", help="The study file (YAML).")]
RunFolder = Annotated[Path, typer.Option("--out", help="Folder of the study's run; it is run first where unfinished.")]
DataFolder = Annotated[
    Path | None, typer.Option("--data", help="Folder that the study's tables and files lie in, instead of its own.")
]
Jobs = Annotated[int | None, typer.Option("--jobs", min=1, help="Processes; all processors unless told.")]
Cheap = Annotated[bool, typer.Option("--cheap", help="Use the smallest network, frozen, instead of the study's own.")]


@app.command()
def null(
    study: StudyFile,
    out: RunFolder,
    runs: Annotated[int, typer.Option(min=2, help="Permutations; 20 show a leak, 199 give a p value.")] = 20,
    data: DataFolder = None,
    jobs: Jobs = None,
    cheap: Cheap = False,
) -> None:
    """Run the whole pipeline on permuted labels: its AUC must be 0.5. A killed audit resumes."""
    from sonoher2.config.load import load_study

    config = load_study(study, data)
    from sonoher2.audit.null import audit_null

    with run_lock(out):
        result = audit_null(config, out, runs=runs, jobs=jobs, cheap=cheap)
        columns = ["signature", "set", "real", "mean", "se", "p"]
        _show(result, out, "null", columns if len(result.classes) == 2 else [*columns[:2], "outcome", *columns[2:]])


@app.command()
def planted(
    study: StudyFile,
    out: RunFolder,
    strength: Annotated[float, typer.Option(help="Standard deviation of the planted log-odds.")] = 2.0,
    mixture: Annotated[
        str, typer.Option(help="Weights such as clinical=1,radiomics=1,deep=1; equal ones unless told.")
    ] = "",
    runs: Annotated[int, typer.Option(min=2, help="Draws of the signal and of the labels.")] = 10,
    data: DataFolder = None,
    jobs: Jobs = None,
    cheap: Cheap = False,
) -> None:
    """Plant a known signal into the labels and tell what share of it each signature finds."""
    from sonoher2.config.load import load_study

    config = load_study(study, data)
    from sonoher2.audit.simulated_signal import audit_planted

    weights = read_mixture(mixture)
    columns = ["signature", "set", "auc", "auc_se", "best", "share", "share_se", "gain", "gain_se"]
    with run_lock(out):
        result = audit_planted(config, out, strength=strength, mixture=weights, runs=runs, jobs=jobs, cheap=cheap)
        _show(result, out, "planted", columns)


def read_mixture(text: str) -> dict[str, float]:
    """Weights from ``clinical=1,radiomics=0.5``.

    Raises
    ------
    UsageError
        It is not written so.
    """
    pairs = [part.partition("=") for part in text.split(",") if part.strip()]
    try:
        return {name.strip(): float(weight) for name, _, weight in pairs}
    except ValueError:
        raise UsageError(f"cannot read the mixture '{text}'; write it as clinical=1,radiomics=1,deep=1.") from None


def _show(result: StudyResult, out: Path, name: str, columns: list[str]) -> None:
    from sonoher2.report.page.html import write_report

    audit = getattr(result.audits, name)
    say(audit.summary[columns].to_string(index=False, float_format="{:.3f}".format))
    say(f"Runs: {out / 'audit' / f'{name}.csv'}")
    say(f"Report: {write_report(result, out)}")


@app.command()
def table(
    features: Annotated[list[Path], typer.Argument(help="Table of features; one for each set where there are two.")],
    predictions: Annotated[
        list[Path] | None, typer.Option("--predictions", help="Table of scores; repeat it for each set or model.")
    ] = None,
    labels: Annotated[
        list[Path] | None, typer.Option("--labels", help="Table of labels or sets, where the others lack them.")
    ] = None,
    selected: Annotated[Path | None, typer.Option(help="Table that names the selected features.")] = None,
    threshold: Annotated[float | None, typer.Option(help="The reported threshold.")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Write the checks as a table (.csv or .xlsx).")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Look for leakage in the tables of another tool: Onekey, FAE or any with patient, set, label and features."""
    from sonoher2.audit.tables.audit import audit_tables
    from sonoher2.core.table_files import check_suffix, write_table

    if out is not None:
        check_suffix(out)
    audit = audit_tables(features, predictions or [], labels or [], selected, threshold)
    if out is not None:
        write_table(out, audit.table())
    say(audit.json() if as_json else audit.text())
