"""`run.json`: what went into a run."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TypedDict

from sonoher2.bundle.save import library_versions
from sonoher2.config.study import StudyConfig
from sonoher2.config.tables import Join
from sonoher2.core.files import content_key, file_sha256
from sonoher2.networks.own import ImageNetworks, Weights


class FilesRecord(TypedDict):
    """How many files a run read, and a hash of them all."""

    files: int
    sha256: str


class NetworkRecord(TypedDict):
    """Weights of a network of a study's own, and what they were trained on.

    `without_fold` counts from 1; it is None for the final weights and for those of a file. `patients` and `images` are
    0 where the study did not train them.
    """

    sha256: str
    without_fold: int | None
    patients: int
    images: int


class RunRecord(TypedDict, total=False):
    """Content of `run.json`: inputs, hashes, versions, seeds, settings, times and openings of the test set."""

    title: str
    synthetic: bool
    notice: str
    started: str
    finished: str
    seconds: Mapping[str, float]
    seed: int
    settings: Mapping[str, object]
    machine: Mapping[str, str]
    tables: Mapping[str, str]
    images: FilesRecord
    sha256: Mapping[str, str]
    ledger: Sequence[Mapping[str, str]]
    networks: Mapping[str, Sequence[NetworkRecord]]


def now() -> str:
    """Date and time, UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def table_hashes(study: StudyConfig) -> dict[str, str]:
    """Sha256 of each table that the study reads, by its path in the study file."""
    return {str(table): file_sha256(study.path(table)) for table in study_tables(study)}


def study_tables(study: StudyConfig) -> list[Path]:
    """Tables that the study reads, as the study file names them."""
    parts = [study.clinical] + ([study.images] if study.images else [])
    tables: list[Path] = []
    for part in parts:
        joins: list[Join] = part.join
        tables += [part.table, *(join.table for join in joins)]
    return tables


def settings(study: StudyConfig) -> dict[str, object]:
    """Every setting of a study, defaults included, without the machine's own path."""
    return study.model_dump(mode="json", exclude={"data"})


def machine() -> dict[str, str]:
    """Kind of machine: the same numbers are promised on the same kind."""
    return {"system": platform.system(), "processor": platform.machine(), **library_versions()}


def described_networks(networks: ImageNetworks) -> dict[str, list[NetworkRecord]]:
    """List the weights of each network of a study's own, by its name, the final ones first."""
    return {name: [_described(one) for one in network.all] for name, network in networks.own.items()}


def _described(weights: Weights) -> NetworkRecord:
    return NetworkRecord(
        sha256=weights.sha256,
        without_fold=None if weights.without is None else weights.without + 1,
        patients=weights.patients,
        images=weights.pictures,
    )


def learned_from(network: NetworkRecord) -> tuple[int, int]:
    """Patients and images that a network was trained on."""
    return network["patients"], network["images"]


def run_record(
    study: StudyConfig,
    started: str,
    seconds: dict[str, float],
    hashes: dict[str, str],
    parts: dict[str, str],
    ledger: Sequence[dict[str, str]],
) -> RunRecord:
    """Content of `run.json`.

    Parameters
    ----------
    study
        The study.
    started
        When.
    seconds
        Wall time by step.
    hashes
        Sha256 of every image and mask file, by path.
    parts
        Sha256 of the split, the model and the like.
    ledger
        Openings of the test set that are known, from `ledger.enter`.
    """
    return {
        "title": study.title,
        "synthetic": study.synthetic,
        "notice": "Research software, not for clinical use.",
        "started": started,
        "finished": now(),
        "seconds": seconds,
        "seed": study.seed,
        "settings": settings(study),
        "machine": machine(),
        "tables": table_hashes(study),
        "images": {"files": len(hashes), "sha256": content_key(sorted(hashes.values()))},
        "sha256": parts,
        "ledger": list(ledger),
    }
