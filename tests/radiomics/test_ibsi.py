"""IBSI reference values: digital phantom and CT phantom, configurations A and B (both 2D).

Zwanenburg et al., Radiology 2020, doi 10.1148/radiol.2020191145. Textures are computed in each slice and averaged over
directions and slices (IBSI's 2D aggregation); first-order features pool the volume.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813
from scipy.ndimage import map_coordinates

from sonoher2.radiomics.definitions import INTENSITY_DEFINITIONS
from sonoher2.radiomics.discretise import Binning, bin_edges, write_levels
from sonoher2.radiomics.firstorder import firstorder_features
from sonoher2.radiomics.glcm import glcm_features
from sonoher2.radiomics.gldm_ngtdm import gldm_and_ngtdm_features
from sonoher2.radiomics.glrlm import glrlm_features
from sonoher2.radiomics.glszm import glszm_features
from sonoher2.radiomics.region import region_geometry

REFERENCE = Path(__file__).with_name("ibsi_reference.csv")
SUFFIX = {"firstorder": "", "glcm": "_2D_avg", "glrlm": "_2D_avg", "glszm": "_2D", "gldm": "_2D", "ngtdm": "_2D"}

# what IBSI defines in 2D and pyradiomics' 2D set, hence ours, does not have
NOT_COMPUTED = {
    *(f"stat_{name}" for name in ("kurt", "medad", "cov", "qcod")),
    *(
        f"ih_{name}"
        for name in (
            "mean", "var", "skew", "kurt", "median", "min", "p10", "p90", "max", "mode", "iqr", "range", "mad", "rmad",
            "medad", "cov", "qcod", "max_grad", "max_grad_g", "min_grad", "min_grad_g",
        )
    ),
    *(f"ivh_{name}" for name in ("v10", "v90", "i10", "i90", "diff_v10_v90", "diff_i10_i90", "auc")),
    # the same numbers as cm_diff_avg and cm_clust_tend
    "cm_dissimilarity_2D_avg", "cm_sum_var_2D_avg",
    *(
        f"dzm_{name}_2D"
        for name in (
            "sde", "lde", "lgze", "hgze", "sdlge", "sdhge", "ldlge", "ldhge", "glnu", "glnu_norm", "zdnu", "zdnu_norm",
            "z_perc", "gl_var", "zd_var", "zd_entr",
        )
    ),
    # the first is first-order uniformity, the second always 1
    "ngl_glnu_norm_2D", "ngl_dc_perc_2D", "ngl_dc_energy_2D",
}  # fmt: skip


@dataclass(frozen=True)
class Volume:
    """Slices (slices, rows, columns), their region and the bin edges that IBSI's discretisation sets."""

    values: np.ndarray
    mask: np.ndarray
    edges: np.ndarray


def read(path: Path) -> tuple[np.ndarray, tuple[float, float]]:
    image = sitk.ReadImage(str(path))
    return sitk.GetArrayFromImage(image).astype(np.float64), image.GetSpacing()[:2]


def resegmented(values: np.ndarray, mask: np.ndarray) -> np.ndarray:
    return mask & (values >= -500) & (values <= 400)


def bilinear(slices: np.ndarray, spacing: tuple[float, float], side: float) -> np.ndarray:
    """Interpolate each slice to square pixels, the centres of the two grids aligned."""
    axes = []
    for size, old in zip(slices.shape[1:], spacing[::-1], strict=True):
        count = int(np.ceil(size * old / side))
        axes.append((np.arange(count) - (count - 1) / 2) * side / old + (size - 1) / 2)
    grid = np.meshgrid(*axes, indexing="ij")
    return np.stack([map_coordinates(each, grid, order=1, mode="nearest") for each in slices])


def digital_phantom(folder: Path) -> Volume:
    nifti = folder / "ibsi_1_digital_phantom" / "nifti"
    values, _ = read(nifti / "image" / "phantom.nii.gz")
    mask, _ = read(nifti / "mask" / "mask.nii.gz")
    return Volume(values, mask > 0, np.arange(1.0, 8.0))


def configuration_a(folder: Path) -> Volume:
    """No interpolation, [-500, 400] HU, bins of 25 HU from -500."""
    values, mask, _ = ct_phantom(folder)
    return Volume(values, resegmented(values, mask > 0), np.arange(-500.0, 426.0, 25.0))


def configuration_b(folder: Path) -> Volume:
    """2 by 2 mm by bilinear interpolation, whole HU, [-500, 400] HU, 32 bins."""
    values, mask, spacing = ct_phantom(folder)
    values = np.round(bilinear(values, spacing, 2.0))
    inside = resegmented(values, bilinear(mask, spacing, 2.0) >= 0.5)
    region = values[inside]
    return Volume(values, inside, bin_edges(region.min(), region.max(), Binning(32, 0.0), False))


def ct_phantom(folder: Path) -> tuple[np.ndarray, np.ndarray, tuple[float, float]]:
    nifti = folder / "ibsi_1_ct_radiomics_phantom" / "nifti"
    values, spacing = read(next((nifti / "image").glob("*.nii.gz")))
    mask, _ = read(next((nifti / "mask").glob("*.nii.gz")))
    return values, mask, spacing


def as_published(value: float) -> float:
    """Three significant digits, as IBSI gives its reference values."""
    return float(f"{value:.3g}")


CONFIGURATIONS = {"digital phantom": digital_phantom, "A": configuration_a, "B": configuration_b}


def slice_textures(values: np.ndarray, mask: np.ndarray, edges: np.ndarray, level_count: int) -> dict[str, np.ndarray]:
    region = region_geometry(np.pad(mask, 1))
    levels = np.zeros(region.neighbours.shape, np.uint16)
    counts = np.zeros(edges.size, np.int64)
    write_levels(values.ravel()[region.pixels], edges, region.padded_pixels, levels.ravel(), counts)
    out = {
        "glcm": np.empty(24),
        "gldm": np.empty(14),
        "glrlm": np.empty(16),
        "glszm": np.empty(16),
        "ngtdm": np.empty(5),
    }
    size = region.size
    glcm_features(levels, region.spans, level_count, int((counts > 0).sum()), out["glcm"])
    glrlm_features(levels, region.spans, np.ones(4, bool), level_count, size, out["glrlm"])
    glszm_features(levels, region.spans, level_count, size, out["glszm"])
    gldm_and_ngtdm_features(levels, region.spans, region.neighbours, level_count, size, out["gldm"], out["ngtdm"])
    return out


def measured(volume: Volume) -> dict[str, float]:
    """All our features of a volume by IBSI tag."""
    inside = volume.values[volume.mask]
    counts = np.bincount(np.digitize(inside, volume.edges), minlength=volume.edges.size)
    level_count = int(np.flatnonzero(counts).max())
    first = np.empty(18)
    firstorder_features(inside, float(inside.min()), float(inside.max()), counts, 1.0, first)
    slices = [
        slice_textures(values, mask, volume.edges, level_count)
        for values, mask in zip(volume.values, volume.mask, strict=True)
        if mask.any()
    ]
    # a slice of a single pixel has no neighbours and takes no part in that family's mean
    rows = {family: np.nanmean([each[family] for each in slices], axis=0) for family in slices[0]} | {
        "firstorder": first
    }
    found: dict[str, float] = {}
    for family, values in rows.items():
        definitions = [definition for definition in INTENSITY_DEFINITIONS if definition.family == family]
        for definition, value in zip(definitions, values, strict=True):
            found[definition.ibsi + SUFFIX[family]] = float(value)
            if definition.name == "Kurtosis":
                found["stat_kurt"] = float(value) - 3.0
    return found


@cache
def reference(configuration: str) -> dict[str, tuple[float, float]]:
    with REFERENCE.open() as file:
        rows = csv.DictReader(line for line in file if not line.startswith("#"))
        return {
            row["tag"]: (float(row["value"]), float(row["tolerance"]))
            for row in rows
            if row["configuration"] == configuration
        }


@pytest.mark.parametrize("configuration", CONFIGURATIONS)
def test_every_feature_is_within_ibsi_tolerance(shared: Path, configuration: str):
    found = measured(CONFIGURATIONS[configuration](shared / "reference" / "ibsi"))
    expected = reference(configuration)
    outside = {
        tag: (found[tag], value, tolerance)
        for tag, (value, tolerance) in expected.items()
        if not abs(as_published(found[tag]) - value) <= tolerance * (1 + 1e-9)
    }
    assert outside == {}
    assert len(expected) == 91


def test_features_that_ibsi_defines_and_we_do_not_compute(shared: Path):
    path = shared / "reference" / "ibsi" / "mirp_ibsi_1_reference_values" / "ibsi_1_chest_config_a.csv"
    with path.open() as file:
        tags = {row["tag"] for row in csv.DictReader(file, delimiter=";")}
    two_d = {tag for tag in tags if tag.startswith(("stat_", "ih_", "ivh_")) or tag.endswith(("_2D", "_2D_avg"))}
    ours = {definition.ibsi + SUFFIX[definition.family] for definition in INTENSITY_DEFINITIONS if definition.ibsi}
    assert two_d - ours == NOT_COMPUTED
    assert ours <= two_d
