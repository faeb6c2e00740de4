"""Entries on disk: finished values by step and key.

An entry has a file of its own, ``step/ab/abcdef....npy``: folders by the first two digits keep listings short. Entries
of a few kilobytes, of which a cohort has tens of thousands, stand together in packs, ``step/0123....zip``: plain zip
archives without compression, whose list of contents is the index and whose checksums show a broken entry. Packs are
never changed; each holds what was finished in some seconds. Files and packs are written whole or not at all, so that a
kill loses the pack that was being filled and nothing else. No lock is needed here: one run writes into a store, which
the lock of its folder sees to, and the processes of a cluster that work for it never change what another has written.
"""

from __future__ import annotations

import io
import re
import shutil
import zipfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic, sleep

from sonoher2.core.errors import InputError
from sonoher2.core.files import content_key, write_bytes

PACK_ENTRIES, PACK_SECONDS = 512, 10.0
"""A pack is written when it has so many entries, or when the first one has waited for so long."""
SEEN_SECONDS, SEEN_PAUSE = 90.0, 0.2
"""An entry of another machine is waited for so long, and looked for so often."""
OPEN_PACKS = 8
"""A reader keeps so many packs open."""

ENTRIES = re.compile("[0-9a-f]{2}")
"""Folders of entries that have a file each."""


class ArtifactStore:
    """A folder of finished values.

    Parameters
    ----------
    folder
        Made when the first entry is written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)
        self._packs: dict[str, dict[str, Path]] = {}
        self._seen: dict[str, set[Path]] = defaultdict(set)
        self._pending: dict[str, dict[str, bytes]] = defaultdict(dict)

    def path(self, step: str, key: str, suffix: str) -> Path:
        """Where an entry with a file of its own lies or would lie."""
        return self.folder / step / key[:2] / f"{key}{suffix}"

    def read(self, step: str, keys: Iterable[str], suffix: str) -> Iterator[tuple[str, bytes]]:
        """Yield key and bytes of each entry that is there and can be read."""
        packed: dict[Path, list[str]] = defaultdict(list)
        index = self._index(step)
        for key in keys:
            if key in index:
                packed[index[key]].append(key)
                continue
            try:
                yield key, self.path(step, key, suffix).read_bytes()
            except OSError:
                continue
        for pack, some in packed.items():
            yield from _unpacked(pack, some)

    def holds(self, step: str, key: str, suffix: str) -> bool:
        """Whether an entry is there; what it holds is not looked at."""
        return key in self._index(step) or key in self._pending[step] or self.path(step, key, suffix).is_file()

    @contextmanager
    def reader(self, step: str, suffix: str) -> Iterator[Callable[[str], bytes | None]]:
        """Give a function that reads one entry by its key (None: it is not there or broken), fast for neighbours."""
        packs: dict[Path, zipfile.ZipFile] = {}

        def archive(pack: Path) -> zipfile.ZipFile:
            if pack not in packs:
                if len(packs) == OPEN_PACKS:
                    packs.pop(next(iter(packs))).close()
                packs[pack] = zipfile.ZipFile(pack)
            return packs[pack]

        def read(key: str) -> bytes | None:
            if key in self._pending[step]:
                return self._pending[step][key]
            pack = self._index(step).get(key)
            try:
                return archive(pack).read(key) if pack else self.path(step, key, suffix).read_bytes()
            # whatever zipfile makes of damaged bytes, from NotImplementedError to EOFError: the entry is made anew
            except Exception:
                return None

        try:
            yield read
        finally:
            for one in packs.values():
                one.close()

    def await_entry(self, step: str, key: str, suffix: str) -> None:
        """Wait until an entry is seen that another machine has kept; a shared file system may be slow to show it.

        Raises
        ------
        InputError
            It does not come.
        """
        last = monotonic() + SEEN_SECONDS
        while not self.holds(step, key, suffix):
            if self._look(step):
                continue
            if monotonic() > last:
                raise InputError(
                    "what a process of the cluster has kept here is not seen",
                    where=str(self.folder),
                    fix="Put the results into a folder that all machines share under one path",
                )
            sleep(SEEN_PAUSE)

    def write(self, step: str, key: str, suffix: str, data: bytes) -> None:
        """Keep an entry in a file of its own."""
        write_bytes(self.path(step, key, suffix), data)

    @contextmanager
    def writer(self, step: str, suffix: str, packed: bool) -> Iterator[Callable[[str, bytes], None]]:
        """Give a function that keeps an entry (key, bytes); what is pending is written at the end, however it ends."""
        if not packed:
            yield lambda key, data: self.write(step, key, suffix, data)
            return
        pending = self._pending[step]
        since = monotonic()

        def keep(key: str, data: bytes) -> None:
            nonlocal since
            since = since if pending else monotonic()
            pending[key] = data
            if len(pending) >= PACK_ENTRIES or monotonic() - since > PACK_SECONDS:
                self._write_pack(step, pending)

        try:
            yield keep
        finally:
            if pending:
                self._write_pack(step, pending)

    def scratch(self, step: str, key: str) -> Path:
        """Folder for the unfinished work of one entry; whoever uses it makes it."""
        return self.folder / step / key[:2] / key

    def drop_scratch(self, step: str, key: str) -> None:
        """Remove the unfinished work of an entry that is finished."""
        shutil.rmtree(self.scratch(step, key), ignore_errors=True)

    def clear(self) -> None:
        """Remove all entries, and the folder where nothing else is in it."""
        for step in [path for path in self.folder.glob("*") if path.is_dir() and _is_of_store(path)]:
            shutil.rmtree(step, ignore_errors=True)
        with suppress(OSError):
            self.folder.rmdir()
        self._packs.clear()
        self._seen.clear()

    def _index(self, step: str) -> dict[str, Path]:
        """Pack of each entry; where two hold it the newer one, written since the older was found to be broken."""
        if step not in self._packs:
            self._packs[step] = {}
            self._look(step)
        return self._packs[step]

    def _look(self, step: str) -> bool:
        """Take packs that were not seen before into the index; whether there are any."""
        # what another process is writing has a name with a dot
        new = set((self.folder / step).glob("[!.]*.zip")) - self._seen[step]
        for pack in sorted(new, key=lambda pack: pack.stat().st_mtime_ns):
            self._packs[step].update(dict.fromkeys(_listed(pack), pack))
        self._seen[step] |= new
        return bool(new)

    def _write_pack(self, step: str, entries: dict[str, bytes]) -> None:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            for key, data in entries.items():
                archive.writestr(zipfile.ZipInfo(key), data)
        place = self.folder / step / f"{content_key(list(entries))[:32]}.zip"
        write_bytes(place, buffer.getvalue())
        self._seen[step].add(place)
        self._packs.get(step, {}).update(dict.fromkeys(entries, place))
        entries.clear()


def _is_of_store(step: Path) -> bool:
    """Whether a folder holds entries and nothing else: files are packs, folders have two digits."""
    return all(
        ENTRIES.fullmatch(path.name) if path.is_dir() else path.suffix == ".zip" or path.name.startswith(".")
        for path in step.iterdir()
    )


def _listed(pack: Path) -> list[str]:
    try:
        with zipfile.ZipFile(pack) as archive:
            return archive.namelist()
    # as in `reader`
    except Exception:
        return []


def _unpacked(pack: Path, keys: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    try:
        with zipfile.ZipFile(pack) as archive:
            for key in keys:
                try:
                    yield key, archive.read(key)
                # as in `reader`
                except Exception:
                    continue
    except Exception:
        return
