"""Speed of the radiomics engine and its agreement with pyradiomics, on real lesions, one thread each.

    python benchmarks/radiomics.py [--data ../shared/data] [--lesions 40] [--out benchmarks/results/radiomics.json]

Times are CPU seconds of this process, filters included, the best of several runs. Nyxus, where it can be imported, has
no such filters: it is timed on the original image against our features of the original image.
"""

# ruff: noqa: E402  threads are set before the libraries that read them are loaded

from __future__ import annotations

import os
import sys

for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[_variable] = "1"
os.environ["ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS"] = "1"

from lesions import Lesion, lesions

# this file has the name of pyradiomics' package; its own folder must not come first
sys.path.pop(0)

import argparse
import json
import logging
import platform
import time
import warnings
from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk  # noqa: N813

from radiomics import featureextractor, imageoperations  # type: ignore[attr-defined]  # not this file
from sonoher2.config.radiomics import RadiomicsConfig
from sonoher2.radiomics.discretise import bin_edges, binning_of
from sonoher2.radiomics.extract import INTENSITY_NAMES, extract, measure_region
from sonoher2.radiomics.filters import FilteredImages, filtered_images, image_type_names
from sonoher2.radiomics.region import padded_mask, region_geometry

REPOSITORY = Path(__file__).resolve().parents[1]
IMAGE_TYPES: dict[str, dict[str, Any]] = {
    "Original": {}, "Wavelet": {}, "LoG": {"sigma": [1.0, 2.0, 3.0, 4.0, 5.0]}, "Square": {}, "SquareRoot": {},
    "Logarithm": {}, "Exponential": {}, "Gradient": {}, "LBP2D": {},
}  # fmt: skip
FAMILIES = ("shape2D", "firstorder", "glcm", "gldm", "glrlm", "glszm", "ngtdm")
BINNINGS = {
    "bin count 32": ({"binCount": 32}, RadiomicsConfig(bin_count=32)),
    "bin width 25": ({"binWidth": 25}, RadiomicsConfig(bin_width=25)),
}
NYXUS_GROUPS = [f"*ALL_{name}*" for name in ("INTENSITY", "GLCM", "GLRLM", "GLSZM", "GLDM", "NGTDM")]


def as_itk(lesion: Lesion) -> tuple[sitk.Image, sitk.Image]:
    """Image and mask as true 2D images."""
    return sitk.GetImageFromArray(lesion.pixels), sitk.GetImageFromArray(lesion.mask.astype(np.uint8))


def extractor(settings: Mapping[str, float]) -> featureextractor.RadiomicsFeatureExtractor:
    """Set pyradiomics up for the same 1,497 features."""
    result = featureextractor.RadiomicsFeatureExtractor(additionalInfo=False, **settings)
    result.disableAllImageTypes()
    result.enableImageTypes(**IMAGE_TYPES)
    result.disableAllFeatures()
    for family in FAMILIES:
        result.enableFeatureClassByName(family)
    return result


def cpu_seconds(function: Callable[[], Any], runs: int) -> float:
    """Best of several runs."""
    times = []
    for _ in range(runs):
        start = time.process_time()
        function()
        times.append(time.process_time() - start)
    return min(times)


def timed_reference(lesion: Lesion, settings: Mapping[str, float]) -> tuple[dict[str, float], float]:
    """Return pyradiomics' features and its time."""
    image, mask = as_itk(lesion)
    engine = extractor(settings)
    start = time.process_time()
    found = engine.execute(image, mask)
    return {name: float(value) for name, value in found.items()}, time.process_time() - start


def reference_filters(lesion: Lesion) -> dict[str, np.ndarray]:
    """Filter with pyradiomics, within the lesion's box."""
    image, mask = as_itk(lesion)
    found = {}
    for kind, options in IMAGE_TYPES.items():
        for each, name, _ in getattr(imageoperations, f"get{kind}Image")(image, mask, **options):
            found[name] = sitk.GetArrayFromImage(each)[lesion.box]
    return found


def disagreeing(ours: dict[str, float], theirs: dict[str, float]) -> list[str]:
    """Names of features that differ by more than 1e-6 of their value."""
    names = list(theirs)
    same = np.isclose([ours[name] for name in names], [theirs[name] for name in names], rtol=1e-6, atol=1e-9)
    return [name for name, agrees in zip(names, same, strict=True) if not agrees]


def pixels_across_an_edge(one: np.ndarray, other: np.ndarray, config: RadiomicsConfig) -> int:
    """Count the pixels whose grey level differs between our version of a filtered lesion and pyradiomics'."""
    single, binning = other.dtype == np.float32, binning_of(config)
    levels = [
        np.digitize(each, bin_edges(float(each.min()), float(each.max()), binning, single)) for each in (one, other)
    ]
    return int((levels[0] != levels[1]).sum())


def agreement(lesion: Lesion, theirs: dict[str, float], images: dict[str, np.ndarray], config: RadiomicsConfig) -> dict:
    """Compare on pyradiomics' own filtered images, and end to end."""
    region = region_geometry(padded_mask(lesion.mask, lesion.box))
    found = extract(lesion.pixels, lesion.mask, config)
    same_image = {name: value for name, value in found.items() if "shape2D" in name}
    for kind, image in images.items():
        alone = FilteredImages(image[None].astype(np.float64), np.array([image.dtype == np.float32]))
        values = measure_region(alone, region, config)[0]
        same_image |= dict(zip((f"{kind}_{name}" for name in INTENSITY_NAMES), values, strict=True))
    apart = disagreeing(found, theirs)
    kinds = {name.split("_")[0] for name in apart}
    images_of_ours = filtered_images(lesion.pixels, lesion.box, config, (1.0, 1.0)).images
    ours = dict(zip(image_type_names(config), images_of_ours, strict=True))
    inside = lesion.mask[lesion.box]
    crossing = {kind: pixels_across_an_edge(ours[kind][inside], images[kind][inside], config) for kind in kinds}
    return {
        "features": len(theirs),
        "same images": disagreeing(same_image, theirs),
        "end to end": dict(Counter(name.split("_")[0] for name in apart)),
        "pixels across a bin edge": crossing,
    }


def nyxus_engine() -> Any | None:
    """Nyxus for first-order and texture features, or None where it is not installed."""
    try:
        from nyxus import Nyxus
    except ImportError:
        return None
    return Nyxus(NYXUS_GROUPS, n_feature_calc_threads=1)


def measure(lesion: Lesion, nyxus: Any | None) -> dict[str, Any]:
    """All figures of one lesion."""
    row: dict[str, Any] = {"lesion": lesion.name, "image": lesion.pixels.shape, "area": lesion.area, "binnings": {}}
    images = reference_filters(lesion)
    for name, (settings, config) in BINNINGS.items():
        theirs, seconds = timed_reference(lesion, settings)
        row["binnings"][name] = {
            "pyradiomics seconds": seconds,
            "sonoher2 seconds": cpu_seconds(partial(extract, lesion.pixels, lesion.mask, config), 7),
            **agreement(lesion, theirs, images, config),
        }
    original = RadiomicsConfig(filters=["original"])
    row["sonoher2 original seconds"] = cpu_seconds(lambda: extract(lesion.pixels, lesion.mask, original), 7)
    if nyxus is not None:
        arrays = lesion.pixels.astype(np.uint32), lesion.mask.astype(np.uint32)
        row["nyxus original seconds"] = cpu_seconds(lambda: nyxus.featurize(*arrays), 3)
    return row


def summary(rows: list[dict[str, Any]], binning: str) -> dict[str, Any]:
    """Medians, ratio, linear fit of time over area, and agreement of one binning."""
    each = [row["binnings"][binning] for row in rows]
    area = np.array([row["area"] for row in rows], float)
    ours = np.array([one["sonoher2 seconds"] for one in each])
    theirs = np.array([one["pyradiomics seconds"] for one in each])
    slope, start = np.polyfit(area, ours, 1)
    left = ours - (slope * area + start)
    thirds = np.array_split(np.argsort(area), 3)
    features = sum(one["features"] for one in each)
    end_to_end = sum(sum(one["end to end"].values()) for one in each)
    return {
        "median area": float(np.median(area)),
        "sonoher2 median ms": 1e3 * float(np.median(ours)),
        "pyradiomics median ms": 1e3 * float(np.median(theirs)),
        "ratio of medians": float(np.median(theirs) / np.median(ours)),
        "median of ratios": float(np.median(theirs / ours)),
        "least ratio": float((theirs / ours).min()),
        "ns per pixel (slope)": 1e9 * float(slope),
        "ms at no area (intercept)": 1e3 * float(start),
        "R2 of time over area": 1 - float((left @ left) / ((ours - ours.mean()) @ (ours - ours.mean()))),
        "median us per pixel by third of area": [1e6 * float(np.median(ours[k] / area[k])) for k in thirds],
        "least agreeing of 1497, same images": 1497 - max(len(one["same images"]) for one in each),
        "features agreeing end to end": 1 - end_to_end / features,
        "lesions agreeing end to end in all": sum(not one["end to end"] for one in each),
        "disagreements without a pixel across an edge": sum(
            count == 0 for one in each for count in one["pixels across a bin edge"].values()
        ),
    }


def report(figures: dict[str, Any]) -> None:
    """Print the summary as a table."""
    columns = list(figures)
    print(f"{'':48}" + "".join(f"{name:>22}" for name in columns))
    for key, value in figures[columns[0]].items():
        cells = [figures[name][key] for name in columns]
        shown = [" ".join(f"{x:.2f}" for x in cell) if isinstance(cell, list) else f"{cell:.5g}" for cell in cells]
        print(f"{key:48}" + "".join(f"{cell:>22}" for cell in shown) if value is not None else key)


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=REPOSITORY.parent / "shared" / "data")
    parser.add_argument("--lesions", type=int, default=40)
    parser.add_argument("--out", type=Path, default=REPOSITORY / "benchmarks" / "results" / "radiomics.json")
    options = parser.parse_args()
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    logging.getLogger("radiomics").setLevel(logging.CRITICAL)
    warnings.simplefilter("ignore")
    nyxus = nyxus_engine()
    cases = list(lesions(options.data, options.lesions))
    start = time.process_time()
    extract(cases[0].pixels, cases[0].mask, RadiomicsConfig())
    first = time.process_time() - start
    rows = [measure(lesion, nyxus) for lesion in cases]
    figures = {name: summary(rows, name) for name in BINNINGS}
    report(figures)
    original = {"sonoher2 median ms": 1e3 * float(np.median([row["sonoher2 original seconds"] for row in rows]))}
    if nyxus is not None:
        original["nyxus median ms"] = 1e3 * float(np.median([row["nyxus original seconds"] for row in rows]))
    print(f"original image only: {original}")
    print(f"first call: {first:.1f} s (compiles, unless compiled before)")
    packages = ("numpy", "numba", "simpleitk", "pyradiomics-bhklab", *(["nyxus"] if nyxus is not None else []))
    options.out.parent.mkdir(parents=True, exist_ok=True)
    content = {
        "python": platform.python_version(),
        "versions": {name: version(name) for name in packages},
        "lesions": len(rows),
        "first call seconds": first,
        "summary": figures,
        "original image only": original,
        "rows": rows,
    }
    options.out.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
