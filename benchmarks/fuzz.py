"""Every reader on damaged files: it may read or refuse them, and nothing else.

    python benchmarks/fuzz.py --seconds 120 --seed 0

Files of tests/field (and of ../shared/data, where that folder is) are damaged at random and read in processes of their
own, each with 2 GB of memory more than it starts with and 10 seconds of a processor for a file. What is neither read
nor refused with one of the program's own errors is a fault: another exception, a crash, a hang, memory. Faults are
printed once each, their inputs kept in a folder. The exit code is 1 when there is one.
"""

from __future__ import annotations

import argparse
import contextlib
import gzip
import hashlib
import io
import json
import multiprocessing
import os
import random
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback
import warnings
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parents[1]
FIELD, SHARED = HERE / "tests" / "field", HERE.parent / "shared" / "data"
MEMORY, SECONDS = 2 << 30, 10
CASES = 1000
"""After so many a new process reads."""
LARGEST_SEED = 400_000
IMAGES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".dcm", ".nii", ".gz", ".nrrd", ".nhdr", "")
TABLES = (".csv", ".tsv", ".txt", ".xlsx", ".xlsm", ".parquet")
READERS = ("image", "mask", "table", "study", "bundle")


# --- what is read -----------------------------------------------------------------------------------------------------


def read(reader: str, path: Path) -> None:
    """Read a file as the program does."""
    if reader == "image":
        from sonoher2.images.read import read_image

        read_image(path)
    elif reader == "mask":
        from sonoher2.core.errors import InputError
        from sonoher2.images.read import read_image
        from sonoher2.lesions.mask import read_mask

        shape = (64, 64)
        with contextlib.suppress(InputError):
            shape = read_image(path).pixels.shape
        read_mask([path], shape)
    elif reader == "table":
        from sonoher2.cohort.tables.table import read_table

        read_table(path)
    elif reader == "study":
        from sonoher2.config.load import load_study

        load_study(path)
    else:
        from sonoher2.bundle.load import load_bundle
        from sonoher2.predict.patient import PatientInput
        from sonoher2.predict.scoring import predict_patient

        predict_patient(load_bundle(path), PatientInput((), {"age": "50"}))


def import_all(wholes: dict[str, list[Path]]) -> None:
    """Read some whole files first: the memory of libraries, which load when they are used, is not counted."""
    from sonoher2.bundle.skops_library import in_own_process
    from sonoher2.core.errors import SonoHer2Error

    in_own_process()
    for reader, paths in wholes.items():
        for path in paths:
            with contextlib.suppress(SonoHer2Error):
                read(reader, path)


def one_of_each_kind(pools: dict[str, list[Path]], work: Path) -> dict[str, list[Path]]:
    """Choose a whole file of every kind for each reader; a bundle as a copy that can be read."""
    wholes = {}
    for reader, pool in pools.items():
        kinds = {path.suffix: path for path in pool}
        wholes[reader] = list(kinds.values())
    if "bundle" in wholes:
        copy = work / "whole"
        shutil.copytree(wholes["bundle"][0], copy)
        write_manifest(copy)
        wholes["bundle"] = [copy]
    return wholes


class Hang(BaseException):
    """A file took too long."""


def _ring(number: int, frame: object) -> None:
    raise Hang


def serve(pipe: Connection, wholes: dict[str, list[Path]]) -> None:
    """Read files that the parent names, one after another; answer with what became of each."""
    from sonoher2.core.errors import SonoHer2Error

    warnings.simplefilter("ignore")
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    os.dup2(quiet, 2)
    import_all(wholes)
    size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (size + MEMORY, size + MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGPROF, _ring)
    pipe.send("ready")
    while True:
        reader, path = pipe.recv()
        signal.setitimer(signal.ITIMER_PROF, SECONDS)
        try:
            read(reader, Path(path))
            answer = ("read", "")
        except SonoHer2Error:
            answer = ("refused", "")
        except Hang:
            answer = ("fault", f"more than {SECONDS} s in {_place()}")
        except BaseException as error:
            answer = ("fault", f"{type(error).__name__} in {_place()}\n{str(error)[:200]}")
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
        pipe.send(answer)


def _place() -> str:
    frames = traceback.extract_tb(sys.exc_info()[2])
    own = [frame for frame in frames if "sonoher2" in frame.filename] or frames
    return f"{Path(own[-1].filename).name}:{own[-1].lineno} ({Path(frames[-1].filename).name}:{frames[-1].lineno})"


class Reader:
    """A process that reads; a new one after each crash, and now and then."""

    def __init__(self, wholes: dict[str, list[Path]]) -> None:
        self._wholes = wholes
        self._process: Any = None
        self._asked = 0

    def ask(self, reader: str, path: Path) -> tuple[str, str]:
        """Have a file read: ``read``, ``refused`` or ``fault``, and what is to be said of a fault."""
        self._asked += 1
        if self._asked % CASES == 0:
            self.stop()
        if self._process is None:
            self._start()
        self._pipe.send((reader, str(path)))
        try:
            if self._pipe.poll(6 * SECONDS):
                return self._pipe.recv()
            answer = ("fault", f"more than {6 * SECONDS} s, deaf to an alarm")
        except EOFError:
            self._process.join()
            answer = ("fault", f"crash, exit code {self._process.exitcode}")
        self.stop()
        return answer

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, other = context.Pipe()
        self._process = context.Process(target=serve, args=(other, self._wholes), daemon=True)
        self._process.start()
        other.close()
        assert self._pipe.recv() == "ready"

    def stop(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            self._process.join()
            self._process = None


# --- what is damaged --------------------------------------------------------------------------------------------------

NUMBERS = [0, 1, 2, 127, 128, 255, 256, 32767, 65535, 65536, 2**31 - 1, 2**31, 2**32 - 1, 2**40, 2**63 - 1, 2**64 - 1]
WORDS = [
    b"NaN", b"inf", b"-1", b"1e999", b"9" * 400, b"9" * 5000, b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b'"', b"'", b";",
    b",", b"\t", b"\r", b"\n", b"[", b"]", b"{", b"}", b": ", b"- ", b"*a", b"&a ", b"!!int ", b"!!binary ",
    b"!!timestamp ", b"null", b"~", b"<<: ", b"? ", b"|", b">", b"%", b"2024-13-45", b"=", b"[" * 500, b"\\x1b[31m",
    "患者".encode("gbk"),
    "\u202e".encode(), b"/etc/passwd", b"../" * 40, b"a" * 5000, b"0x_", b"1:2:3",
]  # fmt: skip


def damage_bytes(data: bytes, draw: random.Random, others: list[bytes]) -> bytes:
    """Change, cut out, double or put in some bytes."""
    out = bytearray(data)
    for _ in range(draw.choice([1, 1, 1, 2, 4, 16])):
        at = draw.randrange(min(len(out), draw.choice([64, 512, 10**9])) + 1) if out else 0
        length = draw.choice([1, 2, 4, 8, 64, 1000])
        way = draw.randrange(9)
        if way == 0 and at < len(out):
            out[at] ^= 1 << draw.randrange(8)
        elif way == 1:
            out[at : at + length] = draw.randbytes(length)
        elif way == 2:
            width = draw.choice([1, 2, 4, 8])
            number = draw.choice(NUMBERS) % (1 << 8 * width)
            out[at : at + width] = number.to_bytes(width, draw.choice(["little", "big"]))
        elif way == 3:
            del out[at : at + length]
        elif way == 4:
            out[at:at] = out[at : at + length] * draw.choice([1, 2, 50])
        elif way == 5:
            out[at:at] = draw.choice(WORDS)
        elif way == 6:
            del out[at:]
        elif way == 7:
            other = draw.choice(others)
            start = draw.randrange(len(other) + 1)
            out[at : at + length] = other[start : start + length]
        else:
            out[at : at + length] = bytes([draw.choice([0, 255, 32, 127])]) * length
    return bytes(out)


def damage_zip(data: bytes, draw: random.Random, others: list[bytes], change: Callable[..., bytes]) -> bytes:
    """Damage a member of an archive and pack it again."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    name = draw.choice(list(members))
    way = draw.randrange(10)
    if way == 0:
        del members[name]
    elif way == 1:
        members[name] = bytes(draw.choice([0, 10**6, 5 * 10**8]))
    else:
        members[name] = change(name, members[name], draw, others)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, content in members.items():
            archive.writestr(member, content)
    return out.getvalue()


def damage_member(name: str, data: bytes, draw: random.Random, others: list[bytes]) -> bytes:
    """Damage a part of a model by its kind."""
    return damage_json(data, draw, others) if name.endswith(".json") else damage_bytes(data, draw, others)


VALUES: list[Any] = [
    None, True, 0, -1, 1, 2**31, 2**63, 1e308, "", "x", "/etc/hostname", "\x00", [], {}, [[]], "null", "[]", "NaN",
    "numpy", "builtins", "ConstructorFromReduceNode", "ObjectNode", "JsonNode", "lightgbm.basic", "Booster", "os",
]  # fmt: skip


def damage_json(data: bytes, draw: random.Random, others: list[bytes]) -> bytes:
    """Change values, keys and branches of a JSON text, or its bytes."""
    if draw.random() < 0.15:
        return damage_bytes(data, draw, others)
    tree = json.loads(data)
    for _ in range(draw.choice([1, 1, 2, 5])):
        places = list(branches(tree))
        if places:
            change_branch(places, draw)
    return json.dumps(tree).encode()


def branches(node: Any) -> Iterator[tuple[Any, Any]]:
    """Every list or mapping with each of its keys."""
    if isinstance(node, dict | list):
        for key in list(node) if isinstance(node, dict) else range(len(node)):
            yield node, key
            yield from branches(node[key])


def change_branch(places: list[tuple[Any, Any]], draw: random.Random) -> None:
    """Change, cut off, exchange or add one branch."""
    node, key = draw.choice(places)
    way = draw.randrange(4)
    if way == 0:
        node[key] = draw.choice(VALUES)
    elif way == 1:
        del node[key]
    elif way == 2:
        other, name = draw.choice(places)
        node[key] = json.loads(json.dumps(other[name]))
    elif isinstance(node, dict):
        node[draw.choice(["", "x", "__id__", "content", "file", "type", "protocol"])] = draw.choice(VALUES)


def damage_file(path: Path, draw: random.Random, others: list[bytes]) -> tuple[str, bytes]:
    """Name ending and bytes of a damaged copy."""
    data, suffix = path.read_bytes(), "".join(path.suffixes[-2:]) if path.suffix == ".gz" else path.suffix
    if draw.random() < 0.05:
        suffix = draw.choice(IMAGES + TABLES)
    try:
        if path.suffix in (".xlsx", ".xlsm") and draw.random() < 0.8:
            return suffix, damage_zip(data, draw, others, lambda _, part, *rest: damage_bytes(part, *rest))
        if path.suffix == ".gz" and draw.random() < 0.8:
            return suffix, gzip.compress(damage_bytes(gzip.decompress(data), draw, others), 1)
    except (OSError, EOFError, zipfile.BadZipFile, zipfile.LargeZipFile):
        pass
    return suffix, damage_bytes(data, draw, others)


def damage_bundle(folder: Path, target: Path, draw: random.Random, others: list[bytes]) -> None:
    """Copy of a bundle with one part damaged, mostly with a manifest that fits."""
    shutil.copytree(folder, target)
    parts = listed_parts(target)
    name = draw.choice([*parts, "model.skops", "model.skops", "manifest.json"])
    data = (target / name).read_bytes()
    if name.endswith(".skops") and draw.random() < 0.9:
        data = damage_zip(data, draw, others, damage_member)
    elif name.endswith(".json"):
        data = damage_json(data, draw, others)
    else:
        data = damage_bytes(data, draw, others)
    (target / name).write_bytes(data)
    if name != "manifest.json":
        write_manifest(target)


def listed_parts(bundle: Path) -> list[str]:
    """Files of a bundle that its manifest lists."""
    return [name for name in ("model.skops", "model.json", "reference.parquet") if (bundle / name).exists()]


def write_manifest(bundle: Path) -> None:
    """Write the manifest that fits the files."""
    hashes = {part: hashlib.sha256((bundle / part).read_bytes()).hexdigest() for part in listed_parts(bundle)}
    (bundle / "manifest.json").write_text(json.dumps({"format": 1, "files": hashes}))


# --- the run ----------------------------------------------------------------------------------------------------------


def small_files(suffixes: tuple[str, ...], *folders: Path) -> list[Path]:
    """Find files that are small enough to be read often."""
    found = [path for folder in folders if folder.is_dir() for path in sorted(folder.rglob("*"))]
    kept = [path for path in found if path.is_file() and path.suffix.lower() in suffixes]
    kept = [path for path in kept if path.name != "expected.txt" and path.stat().st_size <= LARGEST_SEED]
    # of thousands of like pictures some suffice
    return [*(path for path in kept if FIELD in path.parents), *[p for p in kept if FIELD not in p.parents][::50]]


def seeds(reader: str, work: Path) -> list[Path]:
    """Whole files of a reader."""
    if reader in ("image", "mask"):
        return [*small_files(IMAGES, FIELD, SHARED), *drawn_images(work)]
    if reader == "table":
        return small_files(TABLES, FIELD, SHARED)
    if reader == "study":
        return [*small_files((".yaml",), FIELD), *sorted((HERE / "examples").rglob("*.yaml"))]
    return [path.parent for path in sorted(FIELD.rglob("manifest.json")) if "unlisted" in str(path)]


def drawn_images(work: Path) -> list[Path]:
    """One small image in every format that libraries write."""
    import numpy as np
    import SimpleITK
    from PIL import Image

    folder = work / "drawn"
    if not folder.exists():
        folder.mkdir()
        grey = np.random.default_rng(0).integers(0, 256, (64, 64), np.uint8)
        for name in ("a.png", "a.jpg", "a.bmp", "a.tif"):
            Image.fromarray(grey).save(folder / name)
        Image.fromarray(grey).save(folder / "lzw.tif", compression="tiff_lzw")
        Image.fromarray(np.stack([grey] * 3, -1)).convert("P").save(folder / "palette.png")
        Image.fromarray(np.stack([grey] * 3, -1)).convert("CMYK").save(folder / "cmyk.jpg")
        for name in ("a.nii", "a.nii.gz", "a.nrrd"):
            SimpleITK.WriteImage(SimpleITK.GetImageFromArray(grey), str(folder / name))
    return sorted(folder.iterdir())


def make_case(reader: str, number: int, seed: int, pool: list[Path], work: Path) -> Path:
    """Write the damaged file of a number."""
    draw = random.Random(f"{seed} {reader} {number}")
    chosen = draw.choice(pool)
    other = draw.choice(pool)
    others = [other.read_bytes() if other.is_file() else (other / "model.json").read_bytes()]
    case = work / "case"
    if reader == "bundle":
        shutil.rmtree(case, ignore_errors=True)
        damage_bundle(chosen, case, draw, others)
        return case
    suffix, data = damage_file(chosen, draw, others)
    case = case.with_name(f"case{suffix}")
    case.write_bytes(data)
    return case


def keep(case: Path, folder: Path, name: str) -> None:
    """Keep an input that made a fault."""
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{name}{case.suffix}"
    shutil.copytree(case, target, dirs_exist_ok=True) if case.is_dir() else shutil.copy(case, target)


def main() -> int:
    """Read damaged files for some time and print what became of them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--readers", default=",".join(READERS))
    parser.add_argument("--keep", type=Path, default=Path("fuzz-faults"), help="Folder for inputs that make a fault.")
    asked = parser.parse_args()
    readers = asked.readers.split(",")
    counts: dict[str, Counter[str]] = {reader: Counter() for reader in readers}
    faults: Counter[str] = Counter()
    end = time.monotonic() + asked.seconds
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        pools = {reader: seeds(reader, work) for reader in readers}
        process = Reader(one_of_each_kind(pools, work))
        number = 0
        while time.monotonic() < end:
            number += 1
            for reader in readers:
                case = make_case(reader, number, asked.seed, pools[reader], work)
                outcome, what = process.ask(reader, case)
                counts[reader][outcome] += 1
                if outcome == "fault":
                    place = f"{reader}: {what.splitlines()[0]}"
                    if place not in faults:
                        keep(case, asked.keep, f"{reader}-{asked.seed}-{number}")
                        print(f"{reader} {number}: {what}", flush=True)
                    faults[place] += 1
                shutil.rmtree(case) if case.is_dir() else case.unlink()
    process.stop()
    print(f"{'reader':<8}{'seeds':>7}{'cases':>9}{'read':>9}{'refused':>9}{'faults':>8}")
    for reader, found in counts.items():
        numbers = [len(pools[reader]), found.total(), *(found[name] for name in ("read", "refused", "fault"))]
        print(f"{reader:<8}{numbers[0]:>7}{numbers[1]:>9}{numbers[2]:>9}{numbers[3]:>9}{numbers[4]:>8}")
    for what, times in faults.most_common():
        print(f"{times:>6} {what}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
