"""Kernels compiled by several processes."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from sonoher2.config.radiomics import RadiomicsConfig
from sonoher2.radiomics import compilation, filters, laplacian, lbp, wavelet
from sonoher2.radiomics.compilation import FAMILIES, compile_family, compiled_before
from sonoher2.radiomics.extract import extract

KERNELS: list[Any] = [
    compilation.firstorder_features,
    compilation.glcm_features,
    compilation.gldm_and_ngtdm_features,
    compilation.glrlm_features,
    compilation.glszm_features,
    compilation.shape2d_features,
    filters._gradient_magnitude,
    laplacian._filtered,
    lbp._patterns,
    wavelet._transform,
]


def test_families_are_compiled_for_what_a_lesion_brings() -> None:
    for family in FAMILIES:
        compile_family(family, RadiomicsConfig())
    before = [list(kernel.signatures) for kernel in KERNELS]
    assert all(before)
    mask = np.zeros((40, 50), bool)
    mask[5:30, 8:40] = True
    extract(np.random.default_rng(0).integers(0, 256, mask.shape, np.uint8), mask, RadiomicsConfig(), (0.1, 0.2))
    assert [list(kernel.signatures) for kernel in KERNELS] == before


def test_kernels_count_as_compiled_when_kept_after_the_last_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = SimpleNamespace(cache_path=str(tmp_path))
    monkeypatch.setattr(compilation, "measure_images", SimpleNamespace(stats=place))
    assert not compiled_before()
    this, other = (f"texture.measure_images-22.py{version}.nbi" for version in ("{}{}".format(*sys.version_info), "20"))
    (tmp_path / other).touch()
    (tmp_path / this.replace("measure_images", "_take")).touch()
    assert not compiled_before()
    (tmp_path / this).touch()
    assert compiled_before()
    os.utime(tmp_path / this, (1, 1))
    assert not compiled_before()
    place.cache_path = ""
    assert compiled_before()
