"""Who is held out, who is drawn, and what a square holds."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from sonoher2.config.images import FileReading
from sonoher2.core.errors import InputError
from sonoher2.segmentation.training import cases
from sonoher2.segmentation.training.cases import Case, held_out_patients, read_examples, sampling_chance


def case(patient: str, group: str = "", masks: tuple[Path, ...] = (Path("m.png"),)) -> Case:
    return Case(patient, Path(f"{patient}.png"), masks, group)


def test_a_share_of_each_groups_patients_is_held_out_whole() -> None:
    given = [case(f"A{i // 2}", "a") for i in range(20)] + [case(f"B{i}", "b") for i in range(4)]
    held = held_out_patients(given, 0.3, 1)
    chosen = {(one.group, one.patient) for one, out in zip(given, held, strict=True) if out}
    assert [sum(group == name for group, _ in chosen) for name in ("a", "b")] == [3, 1]
    assert held[:20].reshape(10, 2).std(axis=1).max() == 0
    np.testing.assert_array_equal(held, held_out_patients(given, 0.3, 1))
    assert (held != held_out_patients(given, 0.3, 2)).any()
    assert not held_out_patients(given, 0.0, 1).any()
    twins = [case("P", "a"), case("P", "b")]
    assert held_out_patients(twins, 1.0, 0).all()


def test_a_patient_of_two_groups_is_on_one_side() -> None:
    # two scanners of one hospital: drawn by group, most of those held out on one would be learned from on the other
    given = [case(f"P{i}", scanner) for scanner in ("a", "b") for i in range(10)]
    held = held_out_patients(given, 0.2, 0)
    np.testing.assert_array_equal(held[:10], held[10:])
    # two of each scanner's ten are drawn
    assert 2 <= held[:10].sum() <= 4


def test_a_group_weighs_as_the_root_of_its_size() -> None:
    groups = np.array(["a"] * 5 + ["b"] * 2)
    held_out = np.array([True, False, False, False, False, False, True])
    # four of a, one of b: the groups weigh 2 to 1
    np.testing.assert_allclose(sampling_chance(groups, held_out), [0, *[1 / 6] * 4, 1 / 3, 0])


def test_a_square_holds_grey_and_lesion(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def lesion(image: Path, masks: tuple[Path, ...], **how: object) -> SimpleNamespace:
        asked.append((image, masks, how))
        mask = np.zeros((4, 4), bool)
        mask[:2] = True
        return SimpleNamespace(image=SimpleNamespace(pixels=np.full((4, 4), 99.6)), mask=mask)

    monkeypatch.setattr(cases, "read_lesion", lesion)

    def image(path: Path, frame: int | None, crop_to_b_mode: bool) -> SimpleNamespace:
        assert crop_to_b_mode
        return SimpleNamespace(pixels=np.full((4, 4), 30.0))

    monkeypatch.setattr(cases, "read_image", image)
    given = [Case("A", Path("a.png"), (Path("m.png"),), frame=3), case("B", "b", ())]
    reading = FileReading(several_masks="largest", mask_label="2", crop_to_b_mode=True)
    found = read_examples(given, side=4, validation=0.0, seed=0, reading=reading)
    how = {"frame": 3, "several": "largest", "label": "2", "crop_to_b_mode": True}
    assert asked == [(Path("a.png"), (Path("m.png"),), how)]
    assert found.squares.shape == (2, 2, 4, 4)
    assert (found.squares[0, 0] == 100).all()
    assert found.squares[0, 1].tolist() == [[255] * 4] * 2 + [[0] * 4] * 2
    assert (found.squares[1, 0] == 30).all()
    assert not found.squares[1, 1].any()
    assert found.groups.tolist() == ["", "b"]
    with pytest.raises(InputError, match=r"no image to learn from\. Give a table with patient_id, image and mask"):
        read_examples(given, side=4, validation=1.0, seed=0, reading=reading)
