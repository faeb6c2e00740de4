"""Files that a browser uploads into a folder of a draft."""

from __future__ import annotations

import os
import secrets
import unicodedata
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from sonoher2.core.errors import InputError
from sonoher2.core.files import LONGEST_NAME, atomic_path
from sonoher2.server.base.errors import ApiError, not_found
from sonoher2.server.base.paths import home_of, known_id
from sonoher2.server.base.settings import ServerSettings

DEEPEST = 16
MOST_FILES = 100_000
LEFT_OUT = (".DS_Store", "Thumbs.db", "desktop.ini")
CHUNK = 1 << 20


def safe_name(name: str) -> PurePosixPath:
    """Read the relative path of an uploaded file.

    Parameters
    ----------
    name
        As a browser sends it, with slashes in either direction.

    Raises
    ------
    InputError
        It is absolute, climbs up, or holds what no name of a file may hold.
    """
    parts = unicodedata.normalize("NFC", name).replace("\\", "/").split("/")
    bad = any(
        part in ("", ".", "..") or not part.isprintable() or len(os.fsencode(part)) > LONGEST_NAME for part in parts
    )
    if bad or ":" in parts[0] or len(parts) > DEEPEST:
        raise InputError("a file has a name that cannot be kept", fix="Rename the file or its folder, and upload again")
    return PurePosixPath(*parts)


def new_upload(settings: ServerSettings) -> str:
    """Make an empty folder for files and give its id."""
    key = secrets.token_urlsafe(12)
    home_of(settings, "uploads", key).mkdir(parents=True)
    return key


def upload_folder(settings: ServerSettings, key: str) -> Path:
    """Folder of an upload.

    Raises
    ------
    ApiError
        There is none of this id.
    """
    folder = home_of(settings, "uploads", key)
    if not folder.is_dir():
        raise not_found("upload")
    return folder


def require_open(settings: ServerSettings, key: str) -> None:
    """Refuse further files for an upload that a study reads.

    Raises
    ------
    ApiError
        A study reads it.
    """
    if frozen_mark(settings, key).exists():
        what = "a study reads these files, so that no more can be added or replaced"
        raise ApiError(409, "frozen", what, "Upload the whole folder anew")


def frozen_mark(settings: ServerSettings, key: str) -> Path:
    """File whose being there says that an upload takes no more files: a study reads it."""
    return home_of(settings, "uploads") / f"{known_id(key, 'upload')}.frozen"


def keep_file(folder: Path, name: str, stream: BinaryIO) -> bool:
    """Write an uploaded file below a folder, whole or not at all; False for one that is of no use.

    Raises
    ------
    InputError
        Its name cannot be kept.
    """
    path = safe_name(name)
    if path.name in LEFT_OUT or path.name.startswith("._"):
        return False
    target = folder / path
    if any(parent.is_file() for parent in target.parents) or target.is_dir():
        raise InputError("a file has the name of a folder", fix="Rename one of them, and upload again")
    with atomic_path(target) as temporary, temporary.open("wb") as out:
        for piece in _pieces(stream):
            out.write(piece)
    return True


def _pieces(stream: BinaryIO) -> Iterator[bytes]:
    while piece := stream.read(CHUNK):
        yield piece


def count_files(folder: Path) -> int:
    """Count the files of a folder.

    Raises
    ------
    ApiError
        They are more than a study has: somebody named a whole disk.
    """
    number = 0
    for _, _, files in os.walk(folder):
        number += len(files)
        if number > MOST_FILES:
            what = f"the folder holds more than {MOST_FILES} files"
            raise ApiError(422, "folder", what, "Name the folder of the study alone")
    return number


def common_top(folder: Path) -> Path:
    """Folder within an upload that holds all of it: browsers send the name of the chosen folder along."""
    while True:
        inside = list(folder.iterdir())
        if len(inside) != 1 or not inside[0].is_dir():
            return folder
        folder = inside[0]
