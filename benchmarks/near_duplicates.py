"""Copies of pictures planted under other patients: how many are found, and what is taken for a copy and is none.

    python benchmarks/near_duplicates.py [--data ../shared/data] [--copies 200] [--out FILE.json]

Copies of BUS-BRA images, each changed in one way together with its mask, are added to all 1,875 images of BUS-BRA, one
kind of change at a time. Then the originals of BUS-BRA and of BrEaST are compared among themselves.
"""

from __future__ import annotations

import argparse
import io
import json
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from sonoher2.cohort.load import load_cohort
from sonoher2.config.load import load_study
from sonoher2.images.duplicates import lesion_views, near_duplicate_pairs, perceptual_hash, thumbnail
from sonoher2.lesions.open import read_lesion

REPOSITORY = Path(__file__).resolve().parents[1]
STUDIES = {"BUS-BRA": "bus-bra.yaml", "BrEaST": "breast.yaml"}
Picture = tuple[np.ndarray, np.ndarray]
"""Pixels in [0, 255] and the mask of the lesion."""


@dataclass(frozen=True)
class Shown:
    """What is compared of one picture."""

    patient: str
    hash: np.uint64
    thumbnail: np.ndarray
    views: np.ndarray


def shown(patient: str, picture: Picture) -> Shown:
    """Reduce a picture to what is compared."""
    pixels, mask = picture
    return Shown(
        patient, perceptual_hash(pixels), thumbnail(pixels), lesion_views(pixels, mask).astype(np.float16).astype("f4")
    )


def cut(picture: Picture, top: float, bottom: float, left: float, right: float) -> Picture:
    """Cut shares of the height and width off, though never the lesion."""
    rows, columns = np.nonzero(picture[1])
    height, width = picture[1].shape
    box = (
        slice(min(int(top * height), rows.min()), max(height - int(bottom * height), rows.max() + 1)),
        slice(min(int(left * width), columns.min()), max(width - int(right * width), columns.max() + 1)),
    )
    return picture[0][box], picture[1][box]


def lesion_crop(picture: Picture, margin: float) -> Picture:
    """Keep the lesion with a margin, a share of its height and width."""
    rows, columns = np.nonzero(picture[1])
    more = [round(margin * (at.max() + 1 - at.min())) for at in (rows, columns)]
    box = tuple(
        slice(max(at.min() - extra, 0), at.max() + 1 + extra) for at, extra in zip((rows, columns), more, strict=True)
    )
    return picture[0][box], picture[1][box]


def framed(picture: Picture, share: float, grey: int = 0) -> Picture:
    """Put a frame around, a share of the longer side wide."""
    width = round(share * max(picture[1].shape))
    return np.pad(picture[0], width, constant_values=grey), np.pad(picture[1], width)


def mirrored(picture: Picture) -> Picture:
    """Turn left and right."""
    return picture[0][:, ::-1], picture[1][:, ::-1]


def resized(picture: Picture, size: tuple[int, int]) -> Picture:
    """Resize to columns and rows, whatever the aspect ratio."""
    pixels = np.asarray(Image.fromarray(picture[0].astype(np.float32)).resize(size)).clip(0, 255).astype(float)
    mask = np.asarray(Image.fromarray(np.ascontiguousarray(picture[1])).resize(size, Image.Resampling.NEAREST))
    return pixels, mask


def jpeg(picture: Picture, quality: int = 60) -> Picture:
    """Save and read again."""
    stream = io.BytesIO()
    Image.fromarray(picture[0].round().astype(np.uint8)).save(stream, "JPEG", quality=quality)
    return np.asarray(Image.open(stream)).astype(float), picture[1]


def outlined_anew(picture: Picture) -> Picture:
    """Outline the lesion otherwise: its box is moved and changed by a twelfth of its size."""
    rows, columns = np.nonzero(picture[1])
    mask = np.zeros_like(picture[1])
    (top, bottom), (left, right) = ((at.min(), at.max() + 1) for at in (rows, columns))
    height, width = bottom - top, right - left
    mask[max(top - height // 12, 0) : bottom, left : right + width // 12] = True
    return picture[0], mask


def brighter(picture: Picture) -> Picture:
    """Brighten and stretch the contrast."""
    return np.clip(picture[0] * 1.3 + 10, 0, 255), picture[1]


CHANGES: dict[str, Callable[[Picture], Picture]] = {
    "the same": lambda picture: picture,
    "saved as JPEG, quality 60": jpeg,
    "half the size": lambda picture: resized(picture, (picture[1].shape[1] // 2, picture[1].shape[0] // 2)),
    "brighter": brighter,
    "5 % trimmed on each side": lambda picture: cut(picture, *[0.05] * 4),
    "12 % trimmed on each side": lambda picture: cut(picture, *[0.12] * 4),
    "a quarter trimmed below and right": lambda picture: cut(picture, 0, 0.25, 0, 0.25),
    "mirrored": mirrored,
    "mirrored, trimmed, JPEG": lambda picture: jpeg(cut(mirrored(picture), *[0.08] * 4)),
    "black frame of 5 %": lambda picture: framed(picture, 0.05),
    "black frame of 20 %": lambda picture: framed(picture, 0.2),
    "grey frame of 10 %": lambda picture: framed(picture, 0.1, 128),
    "lesion with a margin of 50 %": lambda picture: lesion_crop(picture, 0.5),
    "lesion with a margin of 20 %": lambda picture: lesion_crop(picture, 0.2),
    "lesion without a margin": lambda picture: lesion_crop(picture, 0),
    "lesion, 20 %, 224 x 224, JPEG": lambda picture: jpeg(resized(lesion_crop(picture, 0.2), (224, 224))),
    "lesion, 50 %, outlined anew": lambda picture: outlined_anew(lesion_crop(picture, 0.5)),
    "mirrored lesion with 20 %, brighter": lambda picture: brighter(mirrored(lesion_crop(picture, 0.2))),
}


def read(job: tuple[str, str, tuple[str, ...], bool]) -> tuple[Shown, Picture | None]:
    """Look at one image; its pixels come back where copies of it are wanted."""
    patient, image, masks, copied = job
    lesion = read_lesion(image, masks)
    picture = (lesion.image.pixels, lesion.mask)
    return shown(patient, picture), picture if copied else None


def pairs_of(pictures: Iterable[Shown]) -> list[tuple[int, int]]:
    """Compare all pictures with all others."""
    pictures = list(pictures)
    return near_duplicate_pairs(
        [one.hash for one in pictures], [one.thumbnail for one in pictures], [one.views for one in pictures]
    )


def across(pairs: list[tuple[int, int]], pictures: list[Shown]) -> list[str]:
    """Pairs of patients with a picture in common."""
    named = ((pictures[i].patient, pictures[j].patient) for i, j in pairs)
    return sorted({" and ".join(sorted(pair)) for pair in named if pair[0] != pair[1]})


def originals(name: str, data: Path, copies: int) -> tuple[list[Shown], dict[int, Picture]]:
    """Look at every image of a data set; keep the pixels of some of its images, one for each of as many patients."""
    cohort = load_cohort(load_study(REPOSITORY / "examples" / STUDIES[name], data / name))
    images = cohort.images
    first = images.drop_duplicates("patient_id").index.to_numpy()
    chosen = set(np.random.default_rng(0).permutation(first)[:copies].tolist())
    jobs = [
        (row.patient_id, row.image, row.masks, i in chosen)
        for i, row in zip(images.index, images.itertuples(), strict=True)
    ]
    with ProcessPoolExecutor() as pool:
        read_all = list(pool.map(read, jobs, chunksize=32))
    return [one for one, _ in read_all], {i: picture for i, (_, picture) in enumerate(read_all) if picture is not None}


def main() -> None:
    """Print a table and write it as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=REPOSITORY.parent / "shared" / "data")
    parser.add_argument("--copies", type=int, default=200)
    parser.add_argument("--out", type=Path, default=REPOSITORY / "benchmarks" / "results" / "near_duplicates.json")
    options = parser.parse_args()
    pictures, copied = originals("BUS-BRA", options.data, options.copies)
    start = time.perf_counter()
    twins = {(pictures[i].patient, pictures[j].patient) for i, j in pairs_of(pictures)}
    twins |= {pair[::-1] for pair in twins}
    seconds = time.perf_counter() - start
    rows = []
    for change, made in CHANGES.items():
        copies = [shown(f"copy of {i}", made(picture)) for i, picture in copied.items()]
        of = dict(enumerate(copied, start=len(pictures)))
        found = [pair for pair in pairs_of([*pictures, *copies]) if pair[1] in of and pair[0] not in of]
        own = {j for i, j in found if i == of[j]}
        named = ((j, pictures[i].patient, pictures[of[j]].patient) for i, j in found)
        # an original that has a twin of its own is found twice
        others = {j for j, one, own_patient in named if one != own_patient and (one, own_patient) not in twins}
        rows.append({"change": change, "copies": len(copies), "found": len(own), "of another patient": len(others)})
        print(f"{change:36} {len(own):4} of {len(copies)} found, {len(others)} taken for another patient's", flush=True)
    results: dict[str, object] = {"planted": rows}
    for name in STUDIES:
        known = pictures if name == "BUS-BRA" else originals(name, options.data, 0)[0]
        pairs = pairs_of(known)
        between = across(pairs, known)
        patients = len({one.patient for one in known})
        print(f"{name}: {len(known)} images, {patients} patients, pairs of patients: {between}")
        results[name] = {"images": len(known), "patients": patients, "pairs": between}
    print(f"All comparisons of {len(pictures)} images: {seconds:.1f} s")
    results["seconds of all comparisons in BUS-BRA"] = round(seconds, 1)
    options.out.write_text(json.dumps(results, indent=2) + "\n")
    print(pd.DataFrame(rows).to_string(index=False))


if __name__ == "__main__":
    main()
