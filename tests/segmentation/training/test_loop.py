from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from safetensors import safe_open
from safetensors.torch import save_file

from sonoher2.config.images import FileReading
from sonoher2.core.errors import InputError, UsageError
from sonoher2.core.files import file_sha256
from sonoher2.images.fingerprint import fingerprint, load_training_images
from sonoher2.images.read import read_image
from sonoher2.networks.device import one_thread
from sonoher2.networks.own import Weights
from sonoher2.segmentation.segmenter import load_own_segmenter, load_segmenter
from sonoher2.segmentation.training.augment import training_batch
from sonoher2.segmentation.training.cases import Case, Examples, held_out_patients, read_examples, sampling_chance
from sonoher2.segmentation.training.fit import fit_segmenter
from sonoher2.segmentation.training.loop import held_out_dice, prompted_batch, train
from sonoher2.segmentation.training.losses import dice_loss, edge, supervised_loss
from sonoher2.segmentation.training.state import Schedule, Training
from sonoher2.segmentation.weights_file import load_weights, save_weights

HALVES = Schedule(size=32)
TINY = Schedule("EfficientNet-Lite0", "none", size=64, warm_up_size=32, epochs=2, warm_up=1, batch=4)


def disc(rows: int, columns: int, at: tuple[int, int], radius: int) -> NDArray[np.bool_]:
    y, x = np.ogrid[:rows, :columns]
    return np.asarray((y - at[0]) ** 2 + (x - at[1]) ** 2 < radius**2)


@pytest.fixture
def cases(tmp_path: Path) -> list[Case]:
    """Dark discs on speckle, two images for each of six patients of two groups, the last without a lesion."""
    rng, found = np.random.default_rng(0), []
    for number in range(12):
        lesion = disc(60, 80, (30, 20 + 3 * number), 12)
        grey = np.where(lesion, 40, 140) + rng.normal(0, 15, lesion.shape)
        image, mask = tmp_path / f"{number}.png", tmp_path / f"{number}_mask.png"
        Image.fromarray(grey.clip(0, 255).astype(np.uint8)).save(image)
        Image.fromarray(np.uint8(255 * lesion)).save(mask)
        masks = (mask,) if number < 11 else ()
        found.append(Case(f"p{number // 2}", image, masks, "A" if number < 8 else "B"))
    return found


def test_no_patient_is_on_both_sides(cases: list[Case]) -> None:
    held_out = held_out_patients(cases, 0.4, seed=1)
    sides = pd.Series(held_out).groupby([case.patient for case in cases]).nunique()
    assert (sides == 1).all()
    groups = np.array([case.group for case in cases])
    assert held_out[groups == "A"].sum() == 4
    assert held_out[groups == "B"].sum() == 2


def test_a_group_weighs_as_the_root_of_its_size() -> None:
    groups, held_out = np.array(["A"] * 40 + ["B"] * 10), np.zeros(50, bool)
    held_out[:4] = True
    chance = sampling_chance(groups, held_out)
    assert chance[held_out].sum() == 0
    assert chance[groups == "A"].sum() / chance[groups == "B"].sum() == pytest.approx(np.sqrt(36 / 10))


def test_examples_are_letterboxed(cases: list[Case]) -> None:
    examples = read_examples(cases, side=64, validation=0.0, seed=0, reading=FileReading())
    assert examples.squares.shape == (12, 2, 64, 64)
    assert not examples.squares[:, :, :8].any()
    lesion, tissue = examples.squares[0, 1] > 200, (examples.squares[0, 1] < 50) & (examples.squares[0, 0] > 0)
    assert examples.squares[0, 0][lesion].mean() < 60
    assert examples.squares[0, 0][tissue].mean() > 120
    assert not examples.squares[11, 1].any()


def test_nothing_to_learn_from_is_refused() -> None:
    with pytest.raises(InputError, match="no image to learn from"):
        read_examples([], side=64, validation=0.1, seed=0, reading=FileReading())


def test_variants_depend_on_the_generator_alone_and_lesions_stay_dark(cases: list[Case]) -> None:
    squares = read_examples(cases, side=96, validation=0.0, seed=0, reading=FileReading()).squares[[0, 3, 5] * 8]
    grey, lesion = training_batch(squares, 64, np.random.default_rng(4))
    again, _ = training_batch(squares, 64, np.random.default_rng(4))
    assert torch.equal(grey, again)
    assert grey.shape == lesion.shape == (24, 1, 64, 64)
    assert grey.min() >= 0
    assert grey.max() <= 255
    assert 0 <= lesion.min() <= lesion.max() <= 1.0001
    large = [at for at in range(24) if lesion[at].sum() > 20]
    assert len(large) > 12
    inside = np.array([float(grey[at][lesion[at] > 0.9].mean()) for at in large])
    beside = np.array([float(grey[at][(lesion[at] < 0.1) & (grey[at] > 0)].mean()) for at in large])
    assert np.median(beside - inside) > 30


def test_variants_are_never_upside_down() -> None:
    square = np.zeros((1, 2, 64, 64), np.uint8)
    square[0, 0, :32] = 200
    grey, _ = training_batch(np.repeat(square, 40, axis=0), 64, np.random.default_rng(0))
    upper, lower = grey[:, 0, 16:28].mean(dim=(1, 2)), grey[:, 0, 36:48].mean(dim=(1, 2))
    assert (upper > lower + 20).float().mean() > 0.85
    assert (upper < lower - 20).float().mean() == 0


def test_the_loss_is_least_for_the_truth_and_ignores_the_area_of_nothing() -> None:
    target = torch.from_numpy(disc(32, 32, (16, 16), 8)).float()[None, None]
    right, shifted = 20 * (2 * target - 1), 20 * (2 * target.roll(4, 2) - 1)
    assert supervised_loss(right, target).item() < 0.01 < 0.5 < supervised_loss(shifted, target).item()
    assert supervised_loss(torch.full_like(target, -20), torch.zeros_like(target)).item() < 1e-6


def test_dice_loss_by_hand() -> None:
    target = torch.zeros(1, 1, 10, 10)
    target[..., :5] = 1
    guess = torch.full_like(target, 0.5)
    assert dice_loss(guess, target).item() == pytest.approx(1 - (2 * 25 + 1) / (50 + 50 + 1))


def test_the_edge_is_a_band_around_the_outline() -> None:
    target = torch.zeros(1, 1, 20, 20)
    target[..., 10:] = 1
    assert edge(target)[0, 0, 10].nonzero().flatten().tolist() == [8, 9, 10, 11]


def test_a_resumed_training_ends_with_the_same_weights(
    cases: list[Case], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    examples = read_examples(cases, side=64, validation=0.3, seed=0, reading=FileReading())
    with one_thread():
        whole = train(examples, TINY, tmp_path / "whole")
        with monkeypatch.context() as patch:
            patch.setattr("sonoher2.segmentation.training.loop._write_curve", interrupt)
            with pytest.raises(KeyboardInterrupt):
                train(examples, TINY, tmp_path / "parts")
        resumed = train(examples, TINY, tmp_path / "parts")
    assert resumed.curve == whole.curve
    for one, other in zip(resumed.average.state_dict().values(), whole.average.state_dict().values(), strict=True):
        assert torch.equal(one, other)


def interrupt(path: Path, curve: list[dict[str, float]]) -> None:
    raise KeyboardInterrupt


def test_the_adversarial_part_starts_after_the_warm_up(cases: list[Case], tmp_path: Path) -> None:
    train(read_examples(cases, side=64, validation=0.3, seed=0, reading=FileReading()), TINY, tmp_path)
    curve = pd.read_csv(tmp_path / "curve.csv")
    assert list(curve["epoch"]) == [1, 2]
    assert curve["adversarial"].isna().tolist() == [True, False]
    assert curve[["dice A", "dice B"]].notna().all(axis=None)


def test_another_schedule_does_not_resume(cases: list[Case], tmp_path: Path) -> None:
    examples = read_examples(cases, side=64, validation=0.3, seed=0, reading=FileReading())
    train(examples, replace(TINY, epochs=1), tmp_path)
    with pytest.raises(InputError, match="other settings"):
        train(examples, TINY, tmp_path)


def test_fitted_weights_are_halves_with_a_card(cases: list[Case], tmp_path: Path) -> None:
    path = fit_segmenter(cases, replace(TINY, epochs=1), tmp_path / "out", reading=FileReading(), validation=0.3)
    segmenter = load_segmenter(path)
    assert segmenter.card["images"] == {"A": 8, "B": 4}
    assert segmenter.card["patients"] == {"A": 4, "B": 2}
    assert segmenter.probability(np.zeros((50, 70))).shape == (50, 70)
    with safe_open(path, framework="np") as file:
        kinds = {str(file.get_tensor(name).dtype) for name in file.keys()}  # noqa: SIM118
    # the graph is bytes
    assert kinds == {"float16", "int64", "uint8"}


def test_weights_come_back(tmp_path: Path, cases: list[Case]) -> None:
    examples = read_examples(cases, side=64, validation=0.3, seed=0, reading=FileReading())
    training = train(examples, replace(TINY, epochs=0), tmp_path)
    save_weights(tmp_path / "w.safetensors", training.average, {"network": TINY.network, "size": 64})
    network, card = load_weights(tmp_path / "w.safetensors")
    assert card["size"] == 64
    for name, value in training.average.state_dict().items():
        torch.testing.assert_close(network.state_dict()[name], value, rtol=1e-3, atol=1e-4)


def test_a_file_of_something_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    path.write_bytes(b"something else")
    with pytest.raises(InputError, match="no weights of a segmenter"):
        load_segmenter(path)
    with pytest.raises(InputError, match="no such file"):
        load_segmenter(tmp_path / "absent.safetensors")
    save_file({"a": torch.zeros(1)}, path, {"sonoher2": '{"format": "sonoher2-segmenter-9"}'})
    with pytest.raises(InputError) as caught:
        load_segmenter(path)
    said = "format sonoher2-segmenter-9; this version reads sonoher2-segmenter-1. Train the segmenter again."
    assert str(caught.value) == f"{path}: {said}"


def test_a_prompted_training_goes_on_from_weights_and_finds_what_is_meant(cases: list[Case], tmp_path: Path) -> None:
    one_epoch = replace(TINY, epochs=1)
    start = fit_segmenter(cases[:6], one_epoch, tmp_path / "start", reading=FileReading(), validation=0.0)
    schedule = replace(one_epoch, prompted=True, start=str(start), rate=0.0)
    target = fit_segmenter(cases[6:], schedule, tmp_path / "on", reading=FileReading(), validation=0.0)
    before, after = load_segmenter(start), load_segmenter(target)
    assert (before.prompted, after.prompted) == (False, True)
    assert after.card["schedule"]["start"] == "segmenter.safetensors"
    assert after.card["start_sha256"] == before.sha256
    assert (before.card["start_sha256"], before.card["schedule"]["start"]) == ("", None)
    # what they learned from is what both learned from
    known = load_training_images(target)
    pictures = [fingerprint(read_image(case.image).pixels) for case in cases]
    assert known.sha256 == {picture.sha256 for picture in pictures}
    picture = 255 * np.random.default_rng(0).random((40, 60))
    assert after.probability(picture, at=(3, 4)).shape == (40, 60)
    with pytest.raises(InputError, match=r"these weights need a click or a box\. Give one, or other weights"):
        after.probability(picture)
    with pytest.raises(InputError, match="need a click or a box in each image"):
        load_own_segmenter(Weights(str(target), after.sha256, ""))


def test_another_network_cannot_go_on_from_weights(cases: list[Case], tmp_path: Path) -> None:
    start = fit_segmenter(cases, replace(TINY, epochs=0), tmp_path, reading=FileReading(), validation=0.0)
    with pytest.raises(InputError, match=r"to begin with has the encoder EfficientNet-Lite0\. Take the same\."):
        Training(replace(TINY, network="resnet18", start=str(start)))


def test_rate_and_decay_are_those_of_the_schedule() -> None:
    training = Training(replace(TINY, rate=0.02, weight_decay=0.3))
    assert [group["full"] for group in training.optimiser.param_groups] == [0.02, 0.01]
    assert [group["weight_decay"] for group in training.optimiser.param_groups] == [0.3, 0.3]
    assert [group["full"] for group in training.opponent.param_groups] == [pytest.approx(0.004)]


def test_a_prompted_network_goes_on_as_one_alone(cases: list[Case], tmp_path: Path) -> None:
    schedule = replace(TINY, epochs=0, prompted=True)
    start = fit_segmenter(cases, schedule, tmp_path, reading=FileReading(), validation=0.0)
    with pytest.raises(InputError, match=r"takes a click or a box\. Train with prompts, too\."):
        Training(replace(TINY, start=str(start)))
    assert Training(replace(schedule, start=str(start))).start_sha256 == file_sha256(start)


def test_a_training_goes_on_where_its_first_weights_were_moved_and_not_where_they_changed(
    cases: list[Case], tmp_path: Path
) -> None:
    learned = [
        fit_segmenter(cases, replace(TINY, epochs=0, seed=seed), tmp_path / str(seed), reading=FileReading())
        for seed in (0, 1)
    ]
    begun = replace(TINY, epochs=1)

    def resume(start: Path) -> Path:
        return fit_segmenter(cases, replace(begun, start=str(start)), tmp_path / "on", reading=FileReading())

    sha256 = file_sha256(learned[0])
    resume(learned[0])
    moved = tmp_path / "moved" / "other.safetensors"
    moved.parent.mkdir()
    for suffix in (".safetensors", ".images.json"):
        learned[0].with_suffix(suffix).rename(moved.with_suffix(suffix))
    card = load_segmenter(resume(moved)).card
    assert (card["start_sha256"], card["schedule"]["start"]) == (sha256, "other.safetensors")
    with pytest.raises(InputError, match="the training begun here has other settings"):
        resume(learned[1])


@pytest.mark.parametrize(
    ("start", "said"),
    [
        ("absent.safetensors", "there is no such file of weights"),
        ("table.csv", "these are no weights of a segmenter"),
        (".", "these are no weights of a segmenter"),
        ("", "these are no weights of a segmenter"),
    ],
)
def test_what_is_no_segmenter_cannot_be_gone_on_from(
    cases: list[Case], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, start: str, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("table.csv").write_text("a,b\n")
    with pytest.raises(InputError) as caught:
        fit_segmenter(cases, replace(TINY, start=start), tmp_path / "on", reading=FileReading())
    assert str(caught.value).startswith(f"{Path(start)}: {said}")
    assert not (tmp_path / "on").exists()


def test_prompts_are_added_and_one_lesion_is_left() -> None:
    lesion = torch.zeros(40, 1, 32, 32)
    lesion[:, :, 4:12, 4:12], lesion[:, :, 20:24, 20:24] = 1.0, 1.0
    # the edge of the larger one is soft
    lesion[:, :, 12, 4:12] = 0.25
    grey = torch.full((40, 1, 32, 32), 7.0)
    pictures, meant = prompted_batch(grey, lesion, np.random.default_rng(0))
    again, _ = prompted_batch(grey, lesion, np.random.default_rng(0))
    assert torch.equal(pictures, again)
    assert pictures.shape == (40, 3, 32, 32)
    assert torch.equal(pictures[:, :1], grey)
    assert set(meant.sum(dim=(1, 2, 3)).tolist()) == {66.0, 16.0}
    # four pixels of five are of the larger one
    assert 25 <= int((meant.sum(dim=(1, 2, 3)) == 66).sum()) <= 38


class _ByClick(torch.nn.Module):
    """Finds what lies in the half of the picture that was clicked in or boxed."""

    def forward(self, picture: torch.Tensor) -> torch.Tensor:
        half = picture.shape[-1] // 2
        told = picture[:, 1:].sum(dim=1, keepdim=True)
        left = told[..., :half].sum(dim=(1, 2, 3)) > told[..., half:].sum(dim=(1, 2, 3))
        found = torch.full_like(picture[:, :1], -1.0)
        for at, here in enumerate(left):
            found[at, ..., : half if here else 0] = 1.0
            found[at, ..., half if not here else 2 * half :] = 1.0
        return found


def test_held_out_cases_of_a_prompted_network_are_prompted() -> None:
    squares = np.zeros((2, 2, 32, 32), np.uint8)
    squares[0, 1, :, :16], squares[1, 1, :, 16:] = 255, 255
    examples = Examples(squares, np.array([True, True]), np.array(["", ""]))
    assert held_out_dice(_ByClick(), examples, replace(HALVES, prompted=True)) == {"dice": 1}


class _Half(torch.nn.Module):
    """Finds the left half of every picture."""

    def forward(self, picture: torch.Tensor) -> torch.Tensor:
        found = torch.full_like(picture, -1.0)
        found[..., : picture.shape[-1] // 2] = 1.0
        return found


def test_dice_is_told_by_group_of_the_cases_held_out() -> None:
    squares = np.zeros((20, 2, 32, 32), np.uint8)
    # of the first hospital: the left half, Dice 1; the left quarter, 2/3. Of the second: the right half, 0; nothing, 0
    squares[0, 1, :, :16], squares[1, 1, :, :8], squares[2, 1, :, 16:] = 255, 255, 255
    groups = np.array(["A", "A", "B", *["B"] * 16, "A"])
    held_out = np.array([True, True, *[True] * 17, False])
    found = held_out_dice(_Half(), Examples(squares, held_out, groups), HALVES)
    assert found == {"dice A": pytest.approx(5 / 6, abs=1e-6), "dice B": 0}
    one = held_out_dice(_Half(), Examples(squares[:1], np.array([True]), np.array([""])), HALVES)
    assert one == {"dice": 1}


def test_where_there_is_no_lesion_nothing_found_is_right() -> None:
    squares = np.zeros((1, 2, 32, 32), np.uint8)
    nothing = torch.nn.Threshold(1e9, -1.0)
    assert held_out_dice(nothing, Examples(squares, np.array([True]), np.array([""])), HALVES) == {"dice": 1}


@pytest.mark.parametrize("share", [0.0, 0.25])
def test_what_is_asked_for_reaches_the_training(
    cases: list[Case], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, share: float
) -> None:
    asked: list[object] = []
    reading = FileReading(several_masks="largest")

    def learn(*given: object, **named: object) -> Path:
        asked.append((given, named))
        target = tmp_path / "segmenter.safetensors"
        target.write_bytes(b"weights")
        return target

    monkeypatch.setattr("sonoher2.segmentation.training.fit.learn_segmenter", learn)
    fit_segmenter(cases, TINY, tmp_path, reading=reading, validation=share)
    assert asked == [((cases, TINY, tmp_path), {"reading": reading, "validation": share})]
    assert (tmp_path / "segmenter.images.json").is_file()


def test_other_images_masks_or_held_out_patients_do_not_resume(cases: list[Case], tmp_path: Path) -> None:
    def read(chosen: list[Case], validation: float = 0.3) -> Examples:
        return read_examples(chosen, side=64, validation=validation, seed=0, reading=FileReading())

    examples = read(cases)
    train(examples, replace(TINY, epochs=1), tmp_path)
    turned = replace(examples, squares=examples.squares[..., ::-1].copy())
    without = replace(examples, held_out=np.zeros_like(examples.held_out))
    for other in (read(cases[1:]), turned, without):
        with pytest.raises(InputError, match="learns from other images, masks or held-out patients"):
            train(other, replace(TINY, epochs=1), tmp_path)
    # the same again is finished
    assert len(train(read(cases), replace(TINY, epochs=1), tmp_path).curve) == 1


@pytest.mark.parametrize("wrong", [{"size": 100}, {"warm_up_size": 50}])
def test_a_side_that_the_network_cannot_halve_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(UsageError, match="pixels is not a multiple of 32"):
        replace(TINY, **wrong)  # type: ignore[arg-type]


def test_images_without_a_lesion_are_cropped_as_those_with_one(tmp_path: Path) -> None:
    grey = np.zeros((120, 160), np.uint8)
    grey[20:100, 30:130] = np.random.default_rng(0).integers(40, 200, (80, 100))
    Image.fromarray(grey).save(tmp_path / "i.png")
    mask = np.zeros_like(grey)
    mask[50:70, 70:90] = 255
    Image.fromarray(mask).save(tmp_path / "m.png")
    reading = FileReading(crop_to_b_mode=True)
    one, other = (
        read_examples([Case("p", tmp_path / "i.png", masks, "g")], side=64, validation=0, seed=0, reading=reading)
        for masks in ((tmp_path / "m.png",), ())
    )
    assert np.array_equal(one.squares[:, 0], other.squares[:, 0])
    assert not other.squares[:, 1].any()
