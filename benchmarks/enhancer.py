"""The enhancer against other filters, on images that it never saw: fidelity, contrast, radiomics, invented structure.

Held out are fold 5 of BUS-BRA and every fifth case of BrEaST; filters are tuned on a few of the training images.

    python benchmarks/enhancer.py DATA --training-images training-images.csv
    python benchmarks/enhancer.py DATA

DATA is the folder that holds BUS-BRA and BrEaST. The first writes the table that `sonoher2 train-enhancer` takes.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from scipy.ndimage import median_filter
from skimage.restoration import denoise_nl_means, denoise_tv_chambolle, denoise_wavelet, estimate_sigma

from sonoher2.config.radiomics import RadiomicsConfig
from sonoher2.enhancement.degrade import degrade, draw_degradation
from sonoher2.enhancement.enhancer import Enhancer, load_enhancer
from sonoher2.enhancement.fidelity import contrast_to_noise, gradient_similarity, psnr, speckle_snr, ssim
from sonoher2.enhancement.hallucination import check_hallucination
from sonoher2.enhancement.network import SCALES, enlarged
from sonoher2.images.read import read_image
from sonoher2.lesions.open import Lesion, read_lesion
from sonoher2.lesions.rings import equivalent_diameter, peritumoural_ring
from sonoher2.radiomics.extract import extract
from sonoher2.radiomics.icc import icc_2_1

Pixels = NDArray[np.float64]

UNSEEN_FOLD = 5
TUNED_ON = 8
"""Training images on which the strength of each filter is chosen."""
RING_SHARE = 0.3
"""Width of the tissue around the lesion for its contrast, of the lesion's diameter."""
ENHANCER, UNCHANGED = "enhancer", "bicubic"
"""At scale 1 bicubic interpolation leaves the image unchanged."""


def median(pixels: Pixels, side: float) -> Pixels:
    """Median of a window."""
    return median_filter(pixels, int(side))


def non_local_means(pixels: Pixels, strength: float) -> Pixels:
    """Filter with `strength` times the estimated noise: Buades et al., CVPR 2005."""
    sigma = estimate_sigma(pixels)
    h = max(strength * sigma, 1e-3)
    return denoise_nl_means(pixels, h=h, sigma=sigma, patch_size=5, patch_distance=6, preserve_range=True)


def non_local_means_fixed(pixels: Pixels, h: float) -> Pixels:
    """Filter with a strength of `h` grey levels: after log compression speckle is much the same everywhere."""
    return denoise_nl_means(pixels, h=h, patch_size=5, patch_distance=6, preserve_range=True)


def wavelet(pixels: Pixels, strength: float) -> Pixels:
    """BayesShrink with `strength` times the estimated noise: Chang et al., IEEE Trans Image Process 2000, 9:1532."""
    return 255 * denoise_wavelet(pixels / 255, sigma=max(strength * estimate_sigma(pixels), 1e-3) / 255)


def total_variation(pixels: Pixels, weight: float) -> Pixels:
    """Chambolle's algorithm, J Math Imaging Vis 2004, 20:89."""
    return 255 * denoise_tv_chambolle(pixels / 255, weight=weight)


def bm3d(pixels: Pixels, strength: float) -> Pixels:
    """BM3D with `strength` times the estimated noise: Dabov et al., IEEE Trans Image Process 2007, 16:2080.

    Its package is free for non-commercial use only, so it is no dependency here; it is measured where installed.
    """
    from bm3d import bm3d as original

    return 255 * original(pixels / 255, max(strength * estimate_sigma(pixels), 1e-3) / 255)


FILTERS: dict[str, tuple[Callable[[Pixels, float], Pixels], tuple[float, ...]]] = {
    "median": (median, (3, 5)),
    "non-local means": (non_local_means, (1.0, 1.5, 2.2, 3.0)),
    "non-local means, fixed": (non_local_means_fixed, (3.0, 5.0, 8.0, 12.0)),
    "wavelet": (wavelet, (1.0, 1.5, 2.2, 3.0)),
    "total variation": (total_variation, (0.01, 0.02, 0.03, 0.05)),
    "BM3D": (bm3d, (1.6, 2.4, 3.5)),
}
"""Filters by name, with the strengths that are tried for them on training images."""
SLOW = "BM3D"
"""Measured on few images."""


@dataclass(frozen=True)
class Case:
    """One image of a data set, with its masks."""

    data_set: str
    image: Path
    masks: tuple[Path, ...]
    held_out: bool


def read_cases(data: Path) -> list[Case]:
    """All images of both data sets."""
    return [*_bus_bra(data / "BUS-BRA"), *_breast(data / "BrEaST")]


def _bus_bra(folder: Path) -> Iterable[Case]:
    folds = pd.read_csv(folder / "5-fold-cv.csv")
    for name, fold in zip(folds["ID"], folds["kFold"], strict=True):
        mask = folder / "Masks" / f"{name.replace('bus', 'mask')}.png"
        yield Case("BUS-BRA", folder / "Images" / f"{name}.png", (mask,), fold == UNSEEN_FOLD)


def _breast(folder: Path) -> Iterable[Case]:
    table = pd.read_excel(next(folder.glob("*.xlsx"))).sort_values("CaseID").reset_index(drop=True)
    pictures = next(path for path in folder.iterdir() if path.is_dir())
    for number, (_, row) in enumerate(table.iterrows()):
        masks = [row["Mask_tumor_filename"]] if isinstance(row["Mask_tumor_filename"], str) else []
        yield Case(
            "BrEaST", pictures / row["Image_filename"], tuple(pictures / mask for mask in masks), number % 5 == 4
        )


def degraded_pair(image: Path, scale: int, seed: int) -> tuple[Pixels, Pixels]:
    """Degraded and clean image; the same for the same seed."""
    pixels = read_image(image).pixels
    rows, columns = (length // scale * scale for length in pixels.shape)
    generator = np.random.default_rng([scale, seed])
    degraded, clean = degrade(pixels[:rows, :columns], draw_degradation(scale, generator), generator)
    return degraded.astype(np.float64), clean.astype(np.float64)


def bicubic(pixels: Pixels, scale: int) -> Pixels:
    """Enlarge; at scale 1 the image itself."""
    return np.clip(enlarged(torch.from_numpy(pixels)[None, None], scale)[0, 0].numpy(), 0, 255)


Strengths = dict[tuple[str, int], float]
"""Of each filter, by name and scale."""


def tuned(images: list[Path], names: Iterable[str]) -> Strengths:
    """Strength of each filter with the best mean PSNR on degraded training images, for each scale."""
    chosen: Strengths = {}
    for scale in SCALES:
        pairs = [degraded_pair(image, scale, 1000 + i) for i, image in enumerate(images)]
        for name in names:
            function, strengths = FILTERS[name]
            few = pairs[:2] if name == SLOW else pairs
            scores = [
                np.mean([psnr(bicubic(function(degraded, strength), scale), clean) for degraded, clean in few])
                for strength in strengths
            ]
            chosen[name, scale] = strengths[int(np.argmax(scores))]
            tried = dict(zip(strengths, np.round(scores, 2).tolist(), strict=True))
            print(f"{name}, x{scale}: {tried}", file=sys.stderr, flush=True)
    return chosen


def all_cleared(
    pixels: Pixels, scale: int, enhancers: dict[str, Enhancer], strengths: Strengths, *, slow: bool
) -> Iterable[tuple[str, Pixels]]:
    """Clear an image with every method."""
    for name, enhancer in enhancers.items():
        yield name, enhancer.clear(pixels, scale)
    yield UNCHANGED, bicubic(pixels, scale)
    for (name, tuned_for), strength in strengths.items():
        if tuned_for == scale and (slow or name != SLOW):
            yield name, bicubic(FILTERS[name][0](pixels, strength), scale)


def fidelity(
    chosen: list[Case], enhancers: dict[str, Enhancer], strengths: Strengths, slow_images: int
) -> pd.DataFrame:
    """PSNR, SSIM and gradient similarity of degraded held-out images, one row per image, scale and method."""
    rows, seen = [], {"BUS-BRA": 0, "BrEaST": 0}
    for number, case in enumerate(chosen):
        slow = seen[case.data_set] < slow_images
        seen[case.data_set] += 1
        for scale in SCALES:
            degraded, clean = degraded_pair(case.image, scale, number)
            for name, cleared in all_cleared(degraded, scale, enhancers, strengths, slow=slow):
                measured = (psnr(cleared, clean), ssim(cleared, clean), gradient_similarity(cleared, clean))
                rows.append((case.data_set, case.image.name, scale, name, *measured))
        if number % 20 == 0:
            print(f"fidelity: {number + 1} of {len(chosen)} images", file=sys.stderr, flush=True)
    return pd.DataFrame(rows, columns=["data_set", "image", "scale", "method", "psnr", "ssim", "gradient_similarity"])


def fidelity_summary(table: pd.DataFrame) -> pd.DataFrame:
    """Means by data set, scale and method, and the enhancer's gain over each method on the same images."""
    keys, metrics = ["data_set", "scale", "method"], ["psnr", "ssim", "gradient_similarity"]
    wide = table.set_index(["data_set", "scale", "image", "method"])["psnr"].unstack("method")
    # a method that saw few images is compared on those
    gain = pd.DataFrame(wide[[ENHANCER]].to_numpy() - wide.to_numpy(), wide.index, wide.columns)
    by_set = gain.groupby(["data_set", "scale"])
    spread = 1.96 * by_set.std() / np.sqrt(by_set.count())
    gains = pd.DataFrame(
        {
            "psnr_gain": by_set.mean().stack(),
            "psnr_gain_plus_minus": pd.DataFrame(spread).stack(),
            "images": by_set.count().stack(),
        }
    )
    return table.groupby(keys, sort=False)[metrics].mean().join(gains).reset_index()


def contrast(lesions: list[tuple[str, Lesion]], enhancers: dict[str, Enhancer], strengths: Strengths) -> pd.DataFrame:
    """Contrast-to-noise ratio and speckle SNR of held-out images as they are, means by data set and method."""
    rows = []
    for data_set, lesion in lesions:
        ring = peritumoural_ring(lesion.mask, max(RING_SHARE * equivalent_diameter(lesion.mask), 2))
        for name, cleared in all_cleared(lesion.image.pixels, 1, enhancers, strengths, slow=False):
            snr = speckle_snr(cleared, lesion.mask)
            rows.append((data_set, name, contrast_to_noise(cleared, lesion.mask, ring), snr, snr**2))
    columns = ["data_set", "method", "contrast_to_noise", "speckle_snr", "equivalent_looks"]
    return pd.DataFrame(rows, columns=columns).groupby(["data_set", "method"], sort=False).mean().reset_index()


def radiomics_icc(lesions: list[tuple[str, Lesion]], enhancer: Enhancer) -> pd.DataFrame:
    """ICC(2,1) of every radiomics feature between the image as it is and enhanced, by data set."""
    config = RadiomicsConfig()
    measured: dict[str, list[list[list[float]]]] = {}
    names: list[str] = []
    for data_set, lesion in lesions:
        raw = extract(lesion.image.pixels, lesion.mask, config)
        cleared = extract(enhancer.clear(lesion.image.pixels), lesion.mask, config)
        names = list(raw)
        measured.setdefault(data_set, []).append([list(raw.values()), list(cleared.values())])
    found = {data_set: icc_2_1(np.array(values)) for data_set, values in measured.items()}
    table = pd.DataFrame({"feature": names, **found})
    parts = table["feature"].str.split("_")
    return table.assign(image_type=parts.str[0], family=parts.str[1])


def icc_summary(table: pd.DataFrame) -> list[dict[str, object]]:
    """Median ICC and shares of features above 0.75 and 0.9, by image type, by family and over all but shape."""
    textures = table[table["family"] != "shape2D"]
    rows: list[dict[str, object]] = []
    for data_set in ("BUS-BRA", "BrEaST"):
        groups = [("all", textures)]
        groups += [(f"family {name}", part) for name, part in textures.groupby("family")]
        groups += [(f"image type {name}", part) for name, part in textures.groupby("image_type", sort=False)]
        for name, part in groups:
            icc = part[data_set].dropna()
            row: dict[str, object] = {"data_set": data_set, "features": name, "n": len(icc), "median": icc.median()}
            rows.append(row | {"share_above_0.75": (icc > 0.75).mean(), "share_above_0.9": (icc > 0.9).mean()})
    return rows


def milliseconds(enhancer: Enhancer) -> dict[str, float]:
    """Median time of an image of 500 x 600 pixels on one thread, by scale."""
    pixels = np.random.default_rng(0).uniform(0, 255, (500, 600))
    found = {}
    for scale in SCALES:
        times = []
        for _ in range(11):
            start = perf_counter()
            enhancer.clear(pixels, scale)
            times.append(1000 * (perf_counter() - start))
        found[f"x{scale}"] = float(np.median(times[1:]))
    return found


def main() -> int:
    """Measure, print, write JSON and CSV; exit code 1 when the enhancer does not beat a filter or invents structure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--training-images", type=Path, help="write the table of training images and stop")
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--without-adversarial", type=Path, help="weights after the warm-up, to compare")
    parser.add_argument("--images", type=int, default=100, help="degraded images per data set; 0 for all")
    parser.add_argument("--lesions", type=int, default=0, help="lesions per data set for radiomics; 0 for all")
    parser.add_argument("--slow-images", type=int, default=8, help="of them, those that BM3D sees")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results"))
    options = parser.parse_args()
    cases = read_cases(options.data)
    if options.training_images:
        paths = [str(case.image.resolve()) for case in cases if not case.held_out]
        pd.DataFrame({"image": paths}).to_csv(options.training_images, index=False)
        return 0
    torch.set_num_threads(1)
    enhancers = {ENHANCER: load_enhancer(options.weights)}
    if options.without_adversarial:
        enhancers["enhancer without adversarial part"] = load_enhancer(options.without_adversarial)
    options.out.mkdir(parents=True, exist_ok=True)
    record = measure(cases, enhancers, options)
    (options.out / "enhancer.json").write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    return int(bool(record["hallucination_failures"]) or not record["beats_bicubic_and_non_local_means"])


def measure(cases: list[Case], enhancers: dict[str, Enhancer], options: argparse.Namespace) -> dict[str, object]:
    """All figures of the benchmark."""
    training = [case.image for case in cases if not case.held_out]
    held_out = [case for case in cases if case.held_out]
    names = [name for name in FILTERS if name != SLOW or (options.slow_images and find_spec("bm3d"))]
    strengths = tuned(training[:: len(training) // TUNED_ON][:TUNED_ON], names)
    degraded = fidelity(some_of_each(held_out, options.images), enhancers, strengths, options.slow_images)
    summary = fidelity_summary(degraded)
    print(summary.round(4).to_string())
    outlined = some_of_each([case for case in held_out if case.masks], options.lesions)
    lesions = [(case.data_set, read_lesion(case.image, case.masks)) for case in outlined]
    contrasts = contrast(lesions[:: max(len(lesions) // 100, 1)], enhancers, strengths)
    print(contrasts.round(3).to_string())
    icc = radiomics_icc(lesions, enhancers[ENHANCER])
    icc.round(4).to_csv(options.out / "enhancer_icc.csv", index=False)
    families = icc_summary(icc)
    print(pd.DataFrame(families).round(3).to_string())
    checks = {f"x{scale}": check_hallucination(partial(enhancers[ENHANCER].clear, scale=scale)) for scale in SCALES}
    return {
        "weights_sha256": enhancers[ENHANCER].sha256,
        "tuned": [{"method": name, "scale": scale, "strength": value} for (name, scale), value in strengths.items()],
        "fidelity": rounded(summary.to_dict("records")),
        "beats_bicubic_and_non_local_means": beats(summary),
        "contrast": rounded(contrasts.to_dict("records")),
        "lesions": len(lesions),
        "icc": rounded(families),
        "hallucination": {name: rounded([asdict(check)])[0] for name, check in checks.items()},
        "hallucination_failures": [failure for check in checks.values() for failure in check.failures()],
        "milliseconds_500x600": rounded([milliseconds(enhancers[ENHANCER])])[0],
    }


def some_of_each(held_out: list[Case], count: int) -> list[Case]:
    """At most `count` images of each data set, drawn at random; 0 for all."""
    drawn = np.random.default_rng(0).permutation(len(held_out))
    shuffled = [held_out[i] for i in drawn]
    by_set = {name: [case for case in shuffled if case.data_set == name] for name in ("BUS-BRA", "BrEaST")}
    return [case for found in by_set.values() for case in found[: count or None]]


def beats(summary: pd.DataFrame) -> bool:
    """Whether mean PSNR and SSIM are above those of bicubic and non-local means for each data set and scale."""
    wide = summary.pivot(index=["data_set", "scale"], columns="method", values=["psnr", "ssim"])
    return all(
        bool((wide[metric][ENHANCER] > wide[metric][other]).all())
        for metric in ("psnr", "ssim")
        for other in (UNCHANGED, "non-local means", "non-local means, fixed")
    )


def rounded(rows: Iterable[Mapping[Any, object]]) -> list[dict[str, object]]:
    """Rows with numbers of four decimals."""
    return [{k: round(v, 4) if isinstance(v, float) else v for k, v in row.items()} for row in rows]


if __name__ == "__main__":
    sys.exit(main())
