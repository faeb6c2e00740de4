"""Whether all files that a study file names may be named by requests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from sonoher2.cohort.images.table import image_rows
from sonoher2.cohort.tables import columns as c
from sonoher2.cohort.tables.table import read_joined
from sonoher2.config.clinical import ClinicalConfig
from sonoher2.config.images import ImagesConfig
from sonoher2.config.study import StudyConfig
from sonoher2.server.base.paths import allowed, home_of
from sonoher2.server.base.settings import ServerSettings
from sonoher2.server.studies.drafts.folders import frozen_mark


def require_allowed(settings: ServerSettings, config: StudyConfig) -> None:
    """Refuse a study file that names files which requests may not name; on a loopback address there are none.

    Raises
    ------
    ApiError
        It names one: its data folder, a table, an image, a mask or weights.
    """
    if not settings.loopback:
        for path in (*_named(config), *_images(config)):
            allowed(settings, path)


def freeze_uploads(settings: ServerSettings, file: Path, config: StudyConfig) -> None:
    """Let nobody change an upload any more that a study reads: what it was allowed to read stays what it reads.

    Parameters
    ----------
    settings
        Of the server.
    file, config
        The study file, and what it says.
    """
    uploads = home_of(settings, "uploads")
    named = (file, *_named(config), *(() if settings.loopback else _images(config)))
    within = [path for path in map(Path.resolve, named) if path.is_relative_to(uploads)]
    for key in {path.relative_to(uploads).parts[0] for path in within if path != uploads}:
        frozen_mark(settings, key).touch()


def _named(config: StudyConfig) -> Iterator[Path]:
    """Give the data folder of a study, and the files that its study file names itself."""
    yield config.data
    parts: list[ClinicalConfig | ImagesConfig] = [config.clinical, *([config.images] if config.images else [])]
    named = [config.path(table) for part in parts for table in (part.table, *(one.table for one in part.join))]
    weights = (getattr(config.regions, "segment", None), getattr(config.enhance, "gan", None))
    named += [config.path(one) for one in weights if isinstance(one, Path)]
    if config.networks is not None and config.networks.weights_are_a_file:
        named.append(Path(config.networks.weights))
    yield from named


def _images(config: StudyConfig) -> Iterator[Path]:
    """Give the images and masks that the table of a study names."""
    if config.images is not None:
        read = read_joined(config.path(config.images.table), config.images, config.images.join, config.data, [], [])
        rows = image_rows(read.frame, config.images, config.data, masks_needed=False)[0]
        for text in {*rows[c.IMAGE].dropna(), *rows[c.SECOND_MASK].dropna(), *rows[c.MASKS].explode().dropna()}:
            yield Path(text)
