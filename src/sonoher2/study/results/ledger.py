"""Openings of a test set: what was opened, and with what; kept beside the data, so that another folder resets nothing.

An opening is told from others by its test patients, their labels, values and pictures, the masks of all patients, the
filter that chose them and the model and settings, seed included, that were tested. The folder and the versions of
libraries are not what makes it a new one. The ledger holds hashes, no identifier and no value.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TypedDict, TypeGuard

import numpy as np
import pandas as pd
from filelock import FileLock

from sonoher2.bundle.schema import BundleSchema
from sonoher2.cohort.patients.cohort import Cohort
from sonoher2.cohort.patients.identity import identity
from sonoher2.config.study import StudyConfig
from sonoher2.core import columns as c
from sonoher2.core.errors import Finding, InputError
from sonoher2.core.files import content_key, write_json
from sonoher2.engine import ArtifactStore
from sonoher2.networks.own import ENHANCER, SEGMENTER

LEDGER, BESIDE = "ledger.json", ".sonoher2-ledger.json"
SAME_ROWS = 0.8
"""Share of test patients with equal values from which on a test set is known again under other identifiers."""
ENOUGH_ROWS, ENOUGH_COLUMNS = 10, 3
CHOICES = {"seed", "split", "target", "timing", "regions", "enhance", "radiomics", "deep", "selection", "models",
           "harmonise", "validation"}  # fmt: skip
"""Settings that make another model or another test set; titles, paths and what a report shows besides do not."""
DESCRIBING = {"selection": {"bootstraps"}}
"""Settings among them that only describe: the model is the same without."""
JUDGING = {"threshold", "threshold_at", "coverage", "rule_out_sensitivity", "rule_in_specificity"}

LONGEST_WAIT = 30
"""Seconds to wait for another run that writes the ledger."""


class Opening(TypedDict, total=False):
    """One opening, as it stands in a ledger; those of old ledgers tell nothing of columns, patients and data."""

    opened: str
    model: str
    set: str
    labels: str
    filter: str
    data: str
    columns: str
    patients: dict[str, list[str]]


@dataclass(frozen=True)
class Ledger:
    """What is known of the openings of one test set.

    Attributes
    ----------
    entries
        Openings that share patients with the present one, itself included, in order: `opened`, `model`, `set`,
        `labels`, `filter` and `data`.
    findings
        Whether the ledger could not be kept beside the data.
    """

    entries: tuple[dict[str, str], ...]
    findings: tuple[Finding, ...] = ()


def settings_key(
    study: StudyConfig,
    cohort: Cohort,
    training: Sequence[str],
    hashes: Mapping[str, str],
    weights: Mapping[str, str] | None = None,
) -> str:
    """Hash of what a study is fitted with: settings, training patients, their labels, values and pictures.

    Parameters
    ----------
    study
        Its settings; paths and titles do not count.
    cohort
        Its patients and images.
    training
        The training patients.
    hashes
        Sha256 of every file, by path.
    weights
        Sha256 of weights that the study file names, by network: they count instead of their paths.
    """
    chosen = study.model_dump(mode="json", include=CHOICES, exclude=DESCRIBING)
    for name, setting in ((SEGMENTER, "regions"), (ENHANCER, "enhance")):
        if weights and name in weights:
            chosen[setting] = weights[name]
    judging = study.evaluation.model_dump(mode="json", include=JUDGING)
    columns = {name: column.kind for name, column in study.clinical.columns.items()}
    reading = study.reading.model_dump(mode="json") if study.reading else None
    patients = cohort.patients.loc[list(training)]
    return content_key(chosen, judging, columns, reading, _labels_key(patients), _patients(cohort, training, hashes))


def bundle_key(schema: BundleSchema, given: Iterable[str], images: bool, recalibrate: float | None) -> str:
    """Hash of a frozen model and of the way it is used; the versions that wrote it do not count.

    Parameters
    ----------
    schema
        Of the bundle.
    given
        Clinical columns that the cohort has.
    images
        Whether it has images.
    recalibrate
        Share of the cohort on which probabilities are updated, if asked for.
    """
    cosmetic = {"sonoher2", "format", "title", "notice", "uncertainty", "training", "thresholds"}
    thresholds = {
        name: {outcome: f"{value:.6f}" for outcome, value in values.items()}
        for name, values in schema.thresholds.items()
    }
    kept = schema.model_dump(mode="json", exclude=cosmetic)
    return content_key(kept, thresholds, sorted(given), images, recalibrate)


def new_entry(
    study: StudyConfig,
    cohort: Cohort,
    tested: Sequence[str],
    hashes: Mapping[str, str],
    model: str,
    made: Collection[str] = (),
) -> Opening:
    """Describe an opening, as it stands in the ledger.

    Parameters
    ----------
    study, cohort
        Settings and patients.
    tested
        The test patients.
    hashes
        Sha256 of every file, by path.
    model
        From `settings_key` or `bundle_key`.
    made
        Paths of masks that a network made.
    """
    patients = _patients(cohort, tested, hashes)
    wheres = [study.clinical.where, study.images.where if study.images else {}]
    return {
        "model": model,
        "set": content_key(sorted(patients))[:16],
        "labels": _labels_key(cohort.patients.loc[list(tested)])[:16],
        "filter": content_key(wheres)[:16],
        "data": _data_key(cohort, patients, hashes, made)[:16],
        "columns": content_key(sorted(cohort.clinical))[:16] if len(cohort.clinical) >= ENOUGH_COLUMNS else "",
        "patients": patients,
    }


def _token(*parts: object) -> str:
    return content_key("sonoher2 ledger", *parts)[:12]


def _patients(cohort: Cohort, names: Sequence[str], hashes: Mapping[str, str]) -> dict[str, list[str]]:
    """Hashes of each patient: the identifier, and the list of the hashes of the values and of each picture."""
    values = cohort.patients.loc[list(names), list(cohort.clinical)]
    rows = dict(zip(names, values.to_dict("records"), strict=True))
    pictures: dict[str, set[str]] = {}
    if not cohort.images.empty:
        for patient, image in cohort.images[[c.PATIENT_ID, c.IMAGE]].itertuples(index=False):
            pictures.setdefault(patient, set()).add(_token("picture", hashes[image]) if image in hashes else "")
    return {
        _token("patient", *identity(str(name))): [_row(rows[name]), *sorted(pictures.get(name, set()) - {""})]
        for name in names
    }


def _data_key(cohort: Cohort, tested: Mapping[str, list[str]], hashes: Mapping[str, str], made: Collection[str]) -> str:
    """Hash of what is measured: values and pictures of the test patients, and the lesions of all.

    Masks that a network made count as the network does, in the settings: their last pixel may change with a library.
    """
    columns = [c.PATIENT_ID, c.IMAGE, c.FRAME, c.MM_PER_PIXEL, c.MASKS, c.SECOND_MASK]
    rows = () if cohort.images.empty else cohort.images[columns].itertuples(index=False)
    lesions = []
    for patient, image, frame, size, masks, second in rows:
        paths = [*masks, *([second] if isinstance(second, str) else [])]
        given = [hashes.get(path, "") for path in paths if path not in made]
        lesions.append(_token("lesion", *identity(str(patient)), hashes.get(image, ""), f"{frame} {size}", *given))
    return content_key(sorted(tested.items()), sorted(lesions))


def _row(values: Mapping[Hashable, object]) -> str:
    cells = [
        f"{name}={value:.6g}" if isinstance(value, float | int | np.number) else f"{name}={value}"
        for name, value in values.items()
    ]
    return _token("values", *sorted(cells))


def _labels_key(patients: pd.DataFrame) -> str:
    return content_key(
        sorted((_token("patient", *identity(str(name))), int(label)) for name, label in patients[c.LABEL].items())
    )


def shares_patients(one: Opening, other: Opening) -> bool:
    """Whether two openings have test patients in common.

    Equal identifiers count, unless the values under them are mostly others: then two hospitals number alike. Equal
    pictures count whatever the patients are called, and so do equal values of four test patients in five, where there
    are columns and patients enough.
    """
    first, second = one["patients"], other["patients"]
    comparable = bool(one["columns"]) and one["columns"] == other["columns"]
    pictures = [{picture for hashes in part.values() for picture in hashes[1:]} for part in (first, second)]
    if pictures[0] & pictures[1]:
        return True
    rows = [{hashes[0] for hashes in part.values()} for part in (first, second)]
    smaller = min(map(len, rows))
    if comparable and smaller >= ENOUGH_ROWS and len(rows[0] & rows[1]) >= SAME_ROWS * smaller:
        return True
    named_alike = first.keys() & second.keys()
    alike = sum(first[name][0] == second[name][0] for name in named_alike)
    return bool(named_alike) and not (comparable and alike < len(named_alike) / 2)


def enter(entry: Opening, study: StudyConfig, out: Path, store: ArtifactStore, now: str) -> Ledger:
    """Enter an opening in every ledger, unless it stands there.

    The ledgers are a file beside the clinical table and one in the run's folder. What either of them lacks is taken
    from the other, from `run.json`, from the cache and from the runs beside this one.

    Parameters
    ----------
    entry
        From `new_entry`.
    study
        Says where the tables are.
    out
        Folder of the run.
    store
        Of the run's finished steps.
    now
        Date and time.
    """
    beside = study.path(study.clinical.table).parent / BESIDE
    own = [out / LEDGER, out / "run.json", *sorted((store.folder / "ledger").rglob("*.json"))]
    known: dict[str, Opening] = {}
    for path in [beside, *own, *_neighbours(out)]:
        for found in _read(path):
            # entries without patients are of the folder that they lie in
            if "patients" in found or path in own:
                known[_name(found)] = max(known.get(_name(found), found), found, key=len)
    known.setdefault(_name(entry), {"opened": now, **entry})
    _fill(known)
    related = [found for found in known.values() if "patients" not in found or shares_patients(entry, found)]
    related.sort(key=lambda found: str(found.get("opened", "")))
    write_json(out / LEDGER, related)
    if not store.path("ledger", _name(entry), ".json").is_file():
        store.write("ledger", _name(entry), ".json", json.dumps([known[_name(entry)]]).encode())
    findings = _keep_beside(beside, known)
    return Ledger(tuple(map(_shown, related)), findings)


def _shown(entry: Opening) -> dict[str, str]:
    told = {key: str(value) for key, value in entry.items()}
    return {key: told[key] for key in ("opened", "model", "set", "labels", "filter", "data") if key in told}


def _name(entry: Opening) -> str:
    return content_key([*_older_name(entry), entry.get("data")])


def _older_name(entry: Opening) -> tuple[str | None, ...]:
    return entry.get("model"), entry.get("set"), entry.get("labels"), entry.get("filter")


def _fill(known: dict[str, Opening]) -> None:
    """Take an entry that tells nothing of the data for the first of those that agree in all else."""
    for name, found in [(name, found) for name, found in known.items() if "data" not in found]:
        same = [one for one in known.values() if "data" in one and _older_name(one) == _older_name(found)]
        if same:
            del known[name]
            first = min(same, key=lambda one: str(one.get("opened", "")))
            first["opened"] = min(str(found.get("opened", "")), str(first.get("opened", "")))


def _read(path: Path) -> list[Opening]:
    """Entries of a ledger or of `run.json`; none where there is no such file, or it is no ledger."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    entries = found.get("ledger", []) if isinstance(found, dict) else found
    if not isinstance(entries, list):
        return []
    return [entry for entry in entries if _is_entry(entry)]


def _is_entry(entry: object) -> TypeGuard[Opening]:
    if not isinstance(entry, dict):
        return False
    patients = entry.get("patients", {})
    told = isinstance(patients, dict) and all(isinstance(hashes, list) and hashes for hashes in patients.values())
    return told and isinstance(entry.get("model"), str) and ("patients" not in entry or "columns" in entry)


def _neighbours(out: Path) -> list[Path]:
    """Ledgers of the runs beside a run: a study that was copied elsewhere often writes to the same place."""
    try:
        return [path for path in sorted(out.resolve().parent.glob(f"*/{LEDGER}")) if path.parent != out.resolve()]
    except OSError:
        return []


def _keep_beside(path: Path, known: Mapping[str, Opening]) -> tuple[Finding, ...]:
    kept = {name: entry for name, entry in known.items() if "patients" in entry}
    whole = _is_whole(path)
    if whole and {_name(entry) for entry in _read(path)} >= kept.keys():
        return ()
    try:
        # an administrator may write everywhere, but a folder without write permission is meant to stay as it is
        if not path.parent.stat().st_mode & 0o222:
            raise InputError("the folder is read-only", where=str(path.parent))
        with FileLock(path.with_suffix(".lock"), timeout=LONGEST_WAIT):
            aside = "" if whole else _put_aside(path)
            # another run may have entered its opening since the file was read
            write_json(path, list({**kept, **{_name(entry): entry for entry in _read(path)}}.values()))
    except (InputError, OSError):
        what = "the ledger of test-set openings cannot be kept beside the tables, whose folder cannot be written"
        fix = "It is kept in the run's folder, so that openings from other folders are not counted"
        return (Finding("note", what, str(path.parent), fix),)
    if aside:
        what = (
            "the ledger of test-set openings beside the tables was damaged: openings that it alone held are not counted"
        )
        fix = f"It is kept as {aside}; restore it from a backup and run again"
        return (Finding("warning", what, str(path), fix),)
    return ()


def _is_whole(path: Path) -> bool:
    """Whether there is no ledger, or one of which all can be read."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return True
    except (OSError, ValueError):
        return False
    return isinstance(found, list) and all(map(_is_entry, found))


def _put_aside(path: Path) -> str:
    """Rename a damaged ledger, so that nothing is written over it; its new name, "" where another run was faster."""
    if _is_whole(path):
        return ""
    names = (f"{path.stem}-damaged-{number}{path.suffix}" for number in count(1))
    free = next(name for name in names if not (path.parent / name).exists())
    path.replace(path.parent / free)
    return free
