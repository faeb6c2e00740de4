"""Whether all files that a study file names may be named by requests."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
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

_STARTING = threading.Lock()


def require_allowed(settings: ServerSettings, config: StudyConfig) -> None:
    """Refuse a study file that names files which requests may not name; on a loopback address there are none.

    Raises
    ------
    ApiError
        It names one: its data folder, a table, an image, a mask or weights.
    """
    if settings.loopback:
        return
    # tables are read for their images only once they may be
    for path in _named(config):
        allowed(settings, path)
    for path in _images(config):
        allowed(settings, path)


@contextmanager
def frozen_uploads(settings: ServerSettings, file: Path, config: StudyConfig) -> Iterator[None]:
    """Let nobody change the uploads any more that a study reads: what it may read stays what it reads.

    They are frozen before the look at what the study may read, and thawed where the study is not started after all.

    Parameters
    ----------
    settings
        Of the server.
    file, config
        The study file, and what it says.

    Raises
    ------
    ApiError
        As from `require_allowed`.
    """
    # one start after another: what one of them thaws, no other one has found frozen
    with _STARTING:
        marks = _freeze(settings, (file, *_named(config)))
        try:
            require_allowed(settings, config)
            if not settings.loopback:
                marks += _freeze(settings, _images(config))
            yield
        except BaseException:
            for mark in marks:
                mark.unlink(missing_ok=True)
            raise


def _freeze(settings: ServerSettings, named: Iterable[Path]) -> list[Path]:
    """Freeze the uploads among some files; marks that were not there before."""
    uploads = home_of(settings, "uploads")
    within = [path for path in map(Path.resolve, named) if path.is_relative_to(uploads)]
    keys = {path.relative_to(uploads).parts[0] for path in within if path != uploads}
    marks = [mark for mark in (frozen_mark(settings, key) for key in sorted(keys)) if not mark.exists()]
    for mark in marks:
        mark.touch()
    return marks


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
