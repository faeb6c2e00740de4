"""Features of one patient: the mean over the images, group by group."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from sonoher2.core.errors import InputError
from sonoher2.predict.features import image_features
from sonoher2.radiomics.extract import PixelSizeUnknownError


class Image:
    """An image with one feature; None where the size of its pixels is needed and not known."""

    def __init__(self, name: str, area: float | None) -> None:
        self.name, self.area = name, area
        self.crop = np.full((2, 3, 3), area or 0.0)

    @property
    def measurement(self) -> Any:
        if self.area is None:
            raise PixelSizeUnknownError("no size", fix="Give it")
        return SimpleNamespace(features={"area": self.area, "other": 1.0})


class Network:
    """Says of a crop its grey value, and ten times as much."""

    network = "net"

    def raw_embedding(self, crops: list[np.ndarray]) -> list[list[float]]:
        assert {crop.shape for crop in crops} == {(1, 2, 3, 3)}
        return [[crop.mean(), 10 * crop.mean()] for crop in crops]

    def described(self, raw: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return raw, raw[:, :1] + 100


def case(*areas: float | None, harmoniser: object = None, deep: object = None) -> Any:
    bundle = SimpleNamespace(
        schema=SimpleNamespace(deep=deep), model=SimpleNamespace(harmoniser_=harmoniser), networks=(Network(),)
    )
    images = tuple(Image(f"{place}.png", area) for place, area in enumerate(areas))
    return SimpleNamespace(bundle=bundle, images=images, patient=SimpleNamespace(site="North"))


def test_a_patients_features_are_the_mean_over_the_images() -> None:
    assert image_features(case()) == {}
    found = image_features(case(2.0, 5.0))
    assert list(found) == ["radiomics"]
    assert found["radiomics"].to_dict("records") == [{"area": 3.5, "other": 1.0}]
    assert found["radiomics"].index.tolist() == ["patient"]


def test_a_model_that_harmonises_is_told_the_site_and_networks_describe_the_mean() -> None:
    found = image_features(case(2.0, 5.0, harmoniser=object(), deep=object()))
    assert list(found) == ["radiomics", "deep net", "deep score net", "site"]
    assert found["site"].to_dict("records") == [{"site": "North"}]
    assert found["deep net"].to_dict("records") == [{"deep_0000": 3.5, "deep_0001": 35.0}]
    assert found["deep score net"].to_dict("records") == [{"log-odds": 103.5}]
    assert {tuple(table.index) for table in found.values()} == {("patient",)}


def test_all_images_whose_size_is_needed_are_named() -> None:
    with pytest.raises(InputError, match=r"0\.png, 2\.png: the model measures lesions in mm") as refused:
        image_features(case(None, 1.0, None))
    assert refused.value.hint == "pixel size"
