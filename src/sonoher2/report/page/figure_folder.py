"""The folder of a report's figures: what an earlier report has drawn from the same numbers is not drawn again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields, is_dataclass
from functools import partial
from pathlib import Path
from typing import Any

import matplotlib

from sonoher2.core.files import content_key, file_sha256, write_json
from sonoher2.engine import Executor, code_fingerprint, key_of
from sonoher2.engine.executors import SERIAL
from sonoher2.report.content.parts import Drawing
from sonoher2.report.content.style import paper_style
from sonoher2.report.page.save import PAGE, PRINT, figure_files, save_figure, undrawn_letters

KNOWN = ".drawn.json"
"""What each figure was drawn from, and the sha256 of its files."""


@dataclass(frozen=True)
class Drawn:
    """What is known of a figure's files.

    Attributes
    ----------
    key
        Stands for the code that drew it, for all that this was given, and for the fonts.
    files
        Sha256 by format.
    letters_missing
        Whether no font had some of its letters.
    """

    key: str
    files: dict[str, str]
    letters_missing: bool


class FigureFolder:
    """Draws figures into a folder, those that are not there yet.

    Parameters
    ----------
    folder
        Made when it is not there.
    for_print
        Draw each figure as PNG and PDF, too. A folder that has such files gets them anyway: they must not show
        something else than the page.

    Attributes
    ----------
    formats
        Those that are drawn.
    letters_missing
        Whether no font had some letters of a figure.
    """

    def __init__(self, folder: Path, *, for_print: bool = False) -> None:
        self.folder = folder
        self.letters_missing = False
        self._before = _read(folder / KNOWN)
        printed = for_print or any(path.suffix in {f".{kind}" for kind in PRINT[1:]} for path in folder.glob("*"))
        self.formats = PRINT if printed else PAGE
        self._now: dict[str, Drawn] = {}

    def draw(self, drawings: Sequence[Drawing], executor: Executor = SERIAL) -> None:
        """Draw those that are not there yet.

        Raises
        ------
        InputError
            A file cannot be written.
        """
        keys = {drawing.name: drawing_key(drawing.draw) for drawing in drawings}
        todo = [drawing for drawing in drawings if not self._is_there(drawing.name, keys[drawing.name])]
        for place, missing in executor.run(partial(_draw, self.folder, self.formats), todo):
            name = todo[place].name
            self._before[name] = Drawn(keys[name], self._files(name), missing)
        self._now |= {name: self._before[name] for name in keys}
        self.letters_missing = any(known.letters_missing for known in self._now.values())

    def svg(self, name: str) -> str:
        """Read the SVG of a figure that was drawn."""
        return (self.folder / f"{name}.svg").read_text("utf-8")

    def close(self) -> None:
        """Write down what was drawn, for the next report, and remove what an earlier one drew and this one has not."""
        for name in self._before.keys() - self._now.keys():
            known = self._before[name].files
            for kind, path in figure_files(self.folder, name, tuple(known)).items():
                # what somebody has changed since is theirs
                if path.is_file() and file_sha256(path) == known[kind]:
                    path.unlink()
        if self._now:
            write_json(self.folder / KNOWN, {name: vars(known) for name, known in self._now.items()})

    def _is_there(self, name: str, key: str) -> bool:
        known = self._before.get(name)
        return known is not None and known.key == key and known.files == self._files(name)

    def _files(self, name: str) -> dict[str, str]:
        paths = figure_files(self.folder, name, self.formats).items()
        return {suffix: file_sha256(path) if path.is_file() else "" for suffix, path in paths}


def _draw(folder: Path, formats: Sequence[str], drawing: Drawing) -> bool:
    """Draw a figure, in whichever process; tell whether no font had some of its letters."""
    with paper_style(), undrawn_letters() as missing:
        save_figure(drawing.draw(), folder, drawing.name, formats)
    return bool(missing)


def drawing_key(draw: partial[Any]) -> str:
    """Hash of what a figure depends on: code, numbers and words, and the fonts that are there."""
    code = [code_fingerprint(draw.func), code_fingerprint(save_figure)]
    return content_key(code, _content([draw.args, draw.keywords]), matplotlib.rcParams["font.family"])


def _content(given: object) -> Any:
    """Do as `key_of` does, for records too."""
    if is_dataclass(given):
        return {type(given).__name__: [_content(getattr(given, field.name)) for field in fields(given)]}
    if isinstance(given, dict):
        return {"map": [[_content(name), _content(value)] for name, value in given.items()]}
    if isinstance(given, list | tuple):
        return [_content(value) for value in given]
    return key_of(given)


def _read(path: Path) -> dict[str, Drawn]:
    """Read what earlier reports knew; nothing where that cannot be read."""
    try:
        return {name: Drawn(**known) for name, known in json.loads(path.read_text("utf-8")).items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}
