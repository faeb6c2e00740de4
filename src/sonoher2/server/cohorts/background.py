"""Outlining a whole cohort, and measuring finished outlines, beside what people do; what is left is in the database."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass

from sqlalchemy import func, select

from sonoher2.core.errors import InputError
from sonoher2.server.cohorts.looks import ensure_looked
from sonoher2.server.cohorts.outlines.models import AREA
from sonoher2.server.cohorts.outlines.tasks import measured
from sonoher2.server.cohorts.service import listed_image
from sonoher2.server.cohorts.worklist import MM2
from sonoher2.server.context.services import Services
from sonoher2.server.storage.events import Event
from sonoher2.server.storage.tables_cohorts import CohortImageRow, CohortOutlineRow
from sonoher2.server.work.pool import TaskFailedError

log = logging.getLogger("sonoher2.server")
REST = 1.0
"""Seconds after an unforeseen error, such as a database that is away."""


def topic(cohort: str) -> str:
    """Name the topic of a cohort's news."""
    return f"cohort-{cohort}"


@dataclass(frozen=True)
class _Work:
    """Something to do: an outline to measure where `reader` is named, else an image to look at."""

    cohort: str
    image: str
    reader: str = ""


class Outliner:
    """A thread that gives the workers one image after another, so that they are free for people in between.

    Nothing of it is kept in memory: whatever the database says is not done yet is done, after a restart too.

    Parameters
    ----------
    services
        Of the server.
    """

    def __init__(self, services: Services) -> None:
        self._services = services
        self._wake, self._ended = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="outliner", daemon=True)

    def start(self) -> None:
        """Begin with what is left from before."""
        self._wake.set()
        self._thread.start()

    def wake(self) -> None:
        """Say that there is something to do."""
        self._wake.set()

    def end(self) -> None:
        """End after the image that is under way."""
        self._ended.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(REST)

    def _run(self) -> None:
        while not self._ended.is_set():
            self._wake.wait()
            self._wake.clear()
            try:
                while not self._ended.is_set() and self.step():
                    pass
            except Exception as error:
                # its message may hold a patient's value
                log.error("outlining paused: %s", type(error).__name__)
                self._ended.wait(REST)
                self._wake.set()

    def step(self) -> bool:
        """Do one thing; whether there was anything to do."""
        work = self._next()
        if work is None:
            return False
        if work.reader:
            self._measure(work)
        else:
            ensure_looked(self._services, work.image, self._ended.is_set)
        self._tell(work.cohort)
        return True

    def _next(self) -> _Work | None:
        outline = (
            select(CohortImageRow.cohort_id, CohortOutlineRow.image_id, CohortOutlineRow.reader)
            .join(CohortImageRow)
            .where(CohortOutlineRow.state == "done", CohortOutlineRow.mask.is_not(None))
            .where(CohortOutlineRow.measured.is_(None))
            .limit(1)
        )
        image = (
            select(CohortImageRow.cohort_id, CohortImageRow.id)
            .where(CohortImageRow.looked.is_(False))
            .order_by(CohortImageRow.cohort_id, CohortImageRow.number)
            .limit(1)
        )
        with self._services.database.reading() as session:
            found = session.execute(outline).first() or session.execute(image).first()
        return None if found is None else _Work(*found)

    def _measure(self, work: _Work) -> None:
        key = (work.image, work.reader)
        with self._services.database.reading() as session:
            row, image = session.get(CohortOutlineRow, key), session.get(CohortImageRow, work.image)
        if row is None or image is None or row.mask is None:
            return
        values: dict[str, float] = {}
        try:
            path = self._services.blobs.of("cohorts", work.cohort).path(row.mask)
            size = self._services.pool.run(measured, listed_image(image), str(path))
            values = {AREA: float(row.area), **size.features}
            if size.area_mm2 is not None:
                values[MM2] = size.area_mm2
        except (InputError, TaskFailedError, KeyError):
            if self._ended.is_set():
                return
            # an image that is gone is not measured; it keeps its outlines
            log.warning("an outline could not be measured")
        with self._services.database.session() as session:
            current = session.get(CohortOutlineRow, key, with_for_update=True)
            if current is not None and current.mask == row.mask:
                current.measured = values

    def _tell(self, cohort: str) -> None:
        of_cohort = select(func.count()).where(CohortImageRow.cohort_id == cohort)
        with self._services.database.reading() as session:
            images = session.scalar(of_cohort) or 0
            looked = session.scalar(of_cohort.where(CohortImageRow.looked)) or 0
        self._services.events.publish(topic(cohort), Event("progress", {"images": images, "looked": looked}))
