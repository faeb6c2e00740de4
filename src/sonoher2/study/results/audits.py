"""What the audits of a study found, on disk beside its run: the report of that very study shows it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypedDict

import pandas as pd

from sonoher2.core.files import content_key, write_json
from sonoher2.core.table_files import write_table
from sonoher2.study.results import columns as c

FOLDER, MODELS = "audit", "null_models.csv"


class NullSettings(TypedDict, total=False):
    """How an audit on permuted labels was run: with a cheaper pipeline, and with which network."""

    permutations: int
    network: str
    seed: int
    cheap: bool


class SignalSettings(TypedDict, total=False):
    """How a signal was planted: standard deviation of the log-odds, weight of each part, correlation of the parts."""

    runs: int
    strength: float
    mixture: Mapping[str, float]
    correlation: Mapping[str, Mapping[str, float]]
    cheap: bool


@dataclass(frozen=True)
class NullAudit:
    """The AUC of a whole pipeline on permuted labels.

    Attributes
    ----------
    runs
        `run, signature, set, outcome, auc`; run 0 has the real labels, the others permuted ones.
    summary
        `signature, set, outcome, real, runs, mean, se, mean_low, mean_high, p`.
    settings
        How it was run.
    models
        `run, family, model, set, outcome, auc` of a comparison of models; empty without one.
    """

    runs: pd.DataFrame
    summary: pd.DataFrame
    settings: NullSettings = field(default_factory=NullSettings)
    models: pd.DataFrame = field(default_factory=pd.DataFrame)

    @property
    def best(self) -> pd.DataFrame:
        """Best AUC among all models and signatures of each run: `run, set, outcome, auc`.

        Empty unless the models were compared in every run: the best of the signatures alone would be too low.
        """
        if self.models.empty or set(self.models[c.RUN]) != set(self.runs[c.RUN]):
            return pd.DataFrame()
        together = pd.concat([self.models, self.runs], ignore_index=True)
        return together.groupby([c.RUN, c.SET, c.OUTCOME], sort=False)[c.AUC].max().reset_index()

    @property
    def permuted(self) -> pd.DataFrame:
        """The runs with permuted labels."""
        return self.runs[self.runs[c.RUN] > 0]


@dataclass(frozen=True)
class PlantedAudit:
    """What a whole pipeline recovers of a signal that was planted into real data.

    Attributes
    ----------
    runs
        `run, signature, set, auc, best, share`.
    summary
        `signature, set, runs, auc, auc_se, best, share, share_se, gain, gain_se`; see `planted.summarise`.
    settings
        How it was planted.
    """

    runs: pd.DataFrame
    summary: pd.DataFrame
    settings: SignalSettings = field(default_factory=SignalSettings)


@dataclass(frozen=True)
class Audits:
    """The audits of one study; None for one that was not run."""

    null: NullAudit | None = None
    planted: PlantedAudit | None = None


KINDS: dict[str, type[NullAudit] | type[PlantedAudit]] = {"null": NullAudit, "planted": PlantedAudit}


def study_key(predictions: pd.DataFrame) -> str:
    """Name a study by its predictions: an audit of other settings, other data or another split is of another study."""
    return content_key(predictions.round(9).to_csv(index=False))


def write_audit(audit: NullAudit | PlantedAudit, predictions: pd.DataFrame, out: Path) -> None:
    """Write ``audit/<kind>.csv``, ``audit/<kind>_summary.csv`` and ``audit/<kind>.json`` into the run's folder."""
    name = next(name for name, kind in KINDS.items() if isinstance(audit, kind))
    folder = out / FOLDER
    write_table(folder / f"{name}.csv", audit.runs)
    write_table(folder / f"{name}_summary.csv", audit.summary)
    if isinstance(audit, NullAudit):
        (folder / MODELS).unlink(missing_ok=True)  # of an earlier audit
        if not audit.models.empty:
            write_table(folder / MODELS, audit.models)
    # last: it vouches for the two tables
    write_json(folder / f"{name}.json", {"study": study_key(predictions), **audit.settings})


def load_audits(predictions: pd.DataFrame, out: Path) -> Audits:
    """Read the audits beside a run that are of this very study.

    Parameters
    ----------
    predictions
        Of the study, as in `StudyResult`.
    out
        Folder of the run.
    """
    key = study_key(predictions)
    return Audits(**dict(_kept(key, out / FOLDER)))  # type: ignore[arg-type]


def _kept(key: str, folder: Path) -> Iterator[tuple[str, NullAudit | PlantedAudit]]:
    for name, kind in KINDS.items():
        record = folder / f"{name}.json"
        settings: Any = json.loads(record.read_text(encoding="utf-8")) if record.is_file() else {}
        if settings.pop("study", "") == key:
            runs, summary = (pd.read_csv(folder / f"{name}{end}.csv") for end in ("", "_summary"))
            models = folder / MODELS
            more = [pd.read_csv(models)] if kind is NullAudit and models.is_file() else []
            yield name, kind(runs, summary, settings, *more)
