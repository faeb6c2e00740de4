"""Drafts of study files, studies, and the work that was done on them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from sonoher2.server.storage.base import Base


class DraftRow(Base):
    """A study file that waits for its user; the file itself lies on disk.

    Attributes
    ----------
    id, owner, created, changed
        Random; who made it; UTC.
    version
        Grows with each change.
    title
        Of the study file, for lists.
    folder
        Where images and tables are, absolute.
    upload
        Id of the upload that the folder was made of; empty for a folder of this machine.
    questions
        What the user must confirm.
    skipped
        Files that are not used, each with the reason.
    """

    __tablename__ = "drafts"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    owner: Mapped[str] = mapped_column(String(64), index=True)
    created: Mapped[datetime]
    changed: Mapped[datetime]
    version: Mapped[int]
    title: Mapped[str] = mapped_column(Text)
    folder: Mapped[str] = mapped_column(Text)
    upload: Mapped[str] = mapped_column(String(32))
    questions: Mapped[list[str]] = mapped_column(JSON)
    skipped: Mapped[list[list[str]]] = mapped_column(JSON)


class StudyRow(Base):
    """A study, or a validation of its model on a second cohort.

    Attributes
    ----------
    id, owner, created
        Random; who started it; UTC.
    title
        Of its study file.
    kind
        ``study`` or ``validation``.
    study_file, out
        Absolute paths, as the command line takes them.
    draft
        Id of the draft that it was started from, or empty.
    parent
        Of a validation: id of the study whose model is tested.
    bundle
        Of a validation: folder of the model.
    """

    __tablename__ = "studies"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    owner: Mapped[str] = mapped_column(String(64), index=True)
    created: Mapped[datetime]
    title: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(String(16))
    study_file: Mapped[str] = mapped_column(Text)
    out: Mapped[str] = mapped_column(Text)
    draft: Mapped[str] = mapped_column(String(32))
    parent: Mapped[str | None] = mapped_column(String(32), ForeignKey("studies.id"))
    bundle: Mapped[str] = mapped_column(Text)


class JobRow(Base):
    """One attempt of a command on a study.

    Attributes
    ----------
    id
        Random; its log and its progress lie in files of this name.
    study
        Whose.
    command
        ``run``, ``validate``, ``null`` or ``simulated-signal``.
    options
        Options of the command and their values, besides the folder of results.
    state
        ``queued``, ``running``, ``finished``, ``failed``, ``cancelled`` or ``interrupted``.
    queued, started, ended
        UTC.
    pid
        Of its process, which leads a group of its own.
    cancelled
        When it was asked to stop.
    code
        Exit code; none where the process was killed.
    """

    __tablename__ = "study_jobs"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    study: Mapped[str] = mapped_column(String(32), ForeignKey("studies.id"), index=True)
    command: Mapped[str] = mapped_column(String(24))
    options: Mapped[dict[str, str]] = mapped_column(JSON)
    state: Mapped[str] = mapped_column(String(16), index=True)
    queued: Mapped[datetime]
    started: Mapped[datetime | None]
    ended: Mapped[datetime | None]
    pid: Mapped[int | None] = mapped_column(Integer)
    cancelled: Mapped[datetime | None]
    code: Mapped[int | None] = mapped_column(Integer)


class UsedBundleRow(Base):
    """A model of a study that cases may be predicted by.

    Attributes
    ----------
    study
        Whose.
    folder
        Of the model.
    """

    __tablename__ = "used_bundles"

    study: Mapped[str] = mapped_column(String(32), ForeignKey("studies.id"), primary_key=True)
    folder: Mapped[str] = mapped_column(Text)
