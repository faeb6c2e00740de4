"""What must come of images with and without a known pixel size."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from field.command import DONE, sonoher2

MM = 0.07


def mask_diameters(folder: Path) -> pd.Series:
    """Diameter in pixels of the circle of each mask's area, by patient."""
    areas = {path.stem.removesuffix("_mask"): (np.asarray(Image.open(path).convert("L")) > 0).sum()
             for path in folder.glob("*_mask.png")}  # fmt: skip
    return 2 * np.sqrt(pd.Series(areas) / np.pi)


def tables_external_pixels_called_mm(folder: Path) -> None:
    home = sonoher2("run", "home.yaml", "--out", "home-run", "--jobs", "1")
    assert home.code == DONE
    assert "unknown for 50 of 50 images" in home.text
    there = sonoher2("validate", "home-run/bundle", "other.yaml", "--out", "there", "--jobs", "1")
    assert there.code == DONE
    assert "the model measures lesions in pixels" in there.text
    for out, images, unit, side in (("home-run", "home", "pixels", 1.0), ("there", "other", "mm", MM)):
        expected = (side * mask_diameters(folder / images)).round(1)
        subgroups = pd.read_csv(folder / out / "tables" / "subgroups.csv")
        assert set(subgroups["subgroup"]) == {f"lesion diameter ({unit})"}
        limits = {float(level.split()[-1]) for level in subgroups["level"]}
        assert len(limits) == 1
        # at home the median is that of the training patients, there of all
        assert min(expected) < limits.pop() < max(expected)
        if images == "other":
            assert set(subgroups["level"]) == {f"{word} {expected.median():g}" for word in ("above", "at most")}
