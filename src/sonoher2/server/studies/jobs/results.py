"""What a run has left: its report, its model, and its signatures beside those of others."""

from __future__ import annotations

import math
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import IO

from sonoher2.core.errors import InputError
from sonoher2.server.base.errors import ApiError, not_found
from sonoher2.server.context.services import Services
from sonoher2.server.storage.tables_studies import StudyRow, UsedBundleRow
from sonoher2.server.studies.jobs.schemas import ComparedRow, ComparedStudy, Comparison
from sonoher2.server.studies.jobs.studies import BUNDLE, find_study
from sonoher2.study.results import columns as c

SHOWN = ("figures", "tables", "checklists")
FILES = ("report.html", "model-card.md", "signatures.csv", "checks.csv")
MEMORY = 32 << 20
KEYS = [c.SIGNATURE, c.SET, c.OUTCOME]


def report_file(study: StudyRow, path: str) -> Path:
    """Find a file of a run's report; nothing else of the run is given.

    Raises
    ------
    ApiError
        There is no such file, or it is no part of the report.
    """
    parts = PurePosixPath(path).parts
    known = path in FILES or (len(parts) > 1 and parts[0] in SHOWN)
    out = Path(study.out).resolve()
    # a link must not lead out of the run
    file = (out / path).resolve() if known and "\0" not in path else out
    if not file.is_relative_to(out) or not file.is_file() or ".." in parts:
        raise not_found("file in the report")
    return file


def zipped_bundle(study: StudyRow) -> IO[bytes]:
    """Pack the model of a study as one file.

    Raises
    ------
    ApiError
        It has none yet.
    """
    folder = Path(study.out) / BUNDLE
    if not (folder / "manifest.json").is_file():
        raise not_found("model: the study is not finished")
    # given back open, and closed when it was sent
    stream = tempfile.SpooledTemporaryFile(MEMORY)  # noqa: SIM115
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not path.is_symlink():
                archive.write(path, f"{BUNDLE}/{path.relative_to(folder).as_posix()}")
    stream.seek(0)
    return stream


def use_for_cases(services: Services, user: str, key: str) -> str:
    """Offer the model of a study for cases, now and after the next start; gives the model's id.

    Raises
    ------
    ApiError
        There is no such study.
    InputError
        It has no model.
    """
    with services.database.session() as session:
        study = find_study(session, key)
        folder = Path(study.out) / BUNDLE
        model = services.bundles.add(folder)
        if session.get(UsedBundleRow, key) is None:
            session.add(UsedBundleRow(study=key, folder=str(folder)))
        services.audit.add_to(session, user, "use model", key)
    return model


def offer_used(services: Services) -> None:
    """Offer the models that were chosen before; one that is gone is left out."""
    with services.database.reading() as session:
        folders = [row.folder for row in session.query(UsedBundleRow)]
    for folder in folders:
        try:
            services.bundles.add(Path(folder))
        except InputError:
            continue


def compare(studies: Sequence[StudyRow]) -> Comparison:
    """Lay the signatures of studies side by side.

    Raises
    ------
    ApiError
        A study is not finished.
    """
    tables = [_signatures(study) for study in studies]
    keys = list(dict.fromkeys(key for table in tables for key in table))
    return Comparison(
        studies=[ComparedStudy(id=study.id, title=study.title, kind=study.kind) for study in studies],
        rows=[
            ComparedRow(signature=key[0], set=key[1], outcome=key[2], cells=[table.get(key) for table in tables])
            for key in keys
        ],
    )


def _signatures(study: StudyRow) -> dict[tuple[str, str, str], dict[str, float | None]]:
    import pandas as pd

    from sonoher2.evaluation.table import METRICS

    path = Path(study.out) / "signatures.csv"
    if not path.is_file():
        raise ApiError(409, "state", f"the study {study.title} is not finished", "Choose finished studies")
    table = pd.read_csv(path, dtype=dict.fromkeys(KEYS, str), keep_default_na=False, na_values=[""])
    names = [name for name in METRICS if name in table.columns]
    found = {}
    for row in table.to_dict("records"):
        first, second, third = (str(row[name]) for name in KEYS)
        found[first, second, third] = {name: _known(row[name]) for name in names}
    return found


def _known(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
