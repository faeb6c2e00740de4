"""Folders of the server, and paths that requests may name."""

from __future__ import annotations

import re
from pathlib import Path

from sonoher2.core.files import path_fault
from sonoher2.server.base.errors import ApiError, not_found
from sonoher2.server.base.settings import ServerSettings


def home_of(settings: ServerSettings, kind: str, key: str = "") -> Path:
    """Folder of the server for ``uploads``, ``drafts`` or ``studies``, or of one of them.

    Raises
    ------
    ApiError
        No id is written so.
    """
    place = settings.home.resolve() / kind
    if not key:
        return place
    return place / known_id(key, kind.rstrip("s"))


def known_id(key: str, what: str) -> str:
    """Give an id back that may be one of this server's.

    Raises
    ------
    ApiError
        No id is written so.
    """
    if not re.fullmatch(r"[\w-]{1,64}", key, re.ASCII):
        raise not_found(what)
    return key


def allowed(settings: ServerSettings, path: Path) -> Path:
    """Give an absolute path if requests may name it: any on a loopback address, else one that the server keeps.

    Raises
    ------
    ApiError
        It is not allowed, or it is not absolute.
    """
    if not path.is_absolute() or path_fault(str(path)):
        raise ApiError(422, "folder", "this is no absolute path", "Write it whole, from the root of the disk on")
    try:
        found = path.resolve()
        found.exists()
    except (OSError, RuntimeError):
        # no right to look there, or a link that leads to itself
        raise ApiError(422, "folder", "the path cannot be opened", "Check the path and its rights") from None
    if settings.loopback or any(found.is_relative_to(home_of(settings, kind)) for kind in ("uploads", "drafts")):
        return found
    raise ApiError(403, "folder", "the folder is not one of this server", "Upload the files instead")
