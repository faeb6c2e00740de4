"""A study without masks: the shipped segmenter outlines the lesions, frozen and before anything is learned."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from sonoher2.cohort.load import load_cohort
from sonoher2.cohort.patients.cohort import Cohort, FlowStep
from sonoher2.config.image_networks import SegmentedRegions
from sonoher2.config.images import FileReading, ImageReading
from sonoher2.config.load import load_study
from sonoher2.config.study import StudyConfig
from sonoher2.core.errors import Finding, InputError
from sonoher2.engine import ArtifactStore, Event, ExecutionContext, local_context
from sonoher2.networks.own import ImageNetworks, OwnNetwork, Weights
from sonoher2.study.measure import segmented as module
from sonoher2.study.measure.checked import checked_cohort
from sonoher2.study.measure.segmented import _agreement, lost_lesions, segment_cohort, write_segmented
from sonoher2.synthetic.demo import write_demo_cohort


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> StudyConfig:
    return load_study(write_demo_cohort(tmp_path_factory.mktemp("cohort"), patients=6, seed=1, size=(128, 128)))


@pytest.fixture
def context(tmp_path: Path) -> ExecutionContext:
    return local_context(tmp_path / "cache", 1)


def without_masks(study: StudyConfig) -> StudyConfig:
    return study.model_copy(update={"regions": "segment", "images": study.images.model_copy(update={"mask": None})})


def test_given_masks_are_left_alone(study: StudyConfig, context: ExecutionContext) -> None:
    cohort = load_cohort(study)
    outlined, table = segment_cohort(cohort, study, context)
    assert outlined is cohort
    assert table.empty


def test_a_study_without_masks_gets_them(study: StudyConfig, context: ExecutionContext, tmp_path: Path) -> None:
    blind = without_masks(study)
    cohort, table = segment_cohort(load_cohort(blind), blind, context)
    assert table["found"].mean() > 0.5
    assert table["dice"].isna().all()
    for image, masks in zip(cohort.images["image"], cohort.images["masks"], strict=True):
        with Image.open(image) as picture, Image.open(masks[0]) as mask:
            assert mask.size == picture.size
    assert list(cohort.patients.index) == sorted(cohort.images["patient_id"].unique())
    assert cohort.flow[-1].images == len(cohort.images) == int(table["found"].sum())
    write_segmented(table, blind.data, tmp_path)
    assert len(list((tmp_path / "masks").glob("*_mask.png"))) == int(table["found"].sum())
    listed = pd.read_csv(tmp_path / "outlines.csv")
    assert listed["patient_id"].tolist() == table["patient_id"].tolist()
    named = pd.read_csv(blind.path("images.csv"))["image"]
    assert named.str.startswith("images/").all()
    assert set(listed["image"]) == set(named)


def test_no_mask_is_written_over_another_or_outside_the_run(tmp_path: Path) -> None:
    """Ten masks, each of pixels of its own; only names that are safe and unlike all others stay as they are."""
    data, run = tmp_path / "data", tmp_path / "out" / "run"
    long = "医" * 90
    given = [
        ("P1", "left/1.png"), ("P1", "right/1.png"), ("A", "1_x.png"), ("A_1", "x.png"), ("../../A", "y.png"),
        ("P 2", "(3).png"), ("b", "i.png"), ("B", "i.png"), ("0001+P1", "1.png"), ("患者", f"{long}.png"),
    ]  # fmt: skip
    data.mkdir()
    rows = []
    for number, (patient, image) in enumerate(given, start=1):
        (data / f"{number}.png").write_bytes(bytes([number]))
        rows.append((patient, str(data.resolve() / image), np.nan, str(data / f"{number}.png"), True, 0.5, ""))
    rows[5] = (*rows[5][:1], str(tmp_path.resolve() / "(3).png"), *rows[5][2:])
    table = pd.DataFrame(rows, columns=["patient_id", "image", "frame", "mask", "found", "confidence", "problem"])
    write_segmented(table, data, run)
    listed = pd.read_csv(run / "outlines.csv")
    assert listed["mask"].tolist() == [
        "0001+P1_1_mask.png", "0002+P1_1_mask.png", "0003+A_1_x_mask.png", "0004+A_1_x_mask.png",
        "0005+.._.._A_y_mask.png", "P 2_(3)_mask.png", "0007+b_i_mask.png", "0008+B_i_mask.png",
        "0009+_P1_1_mask.png", f"0010+患者_{'医' * 57}_mask.png",
    ]  # fmt: skip
    written = {path.name: path.read_bytes() for path in (tmp_path / "out").rglob("*_mask.png")}
    assert written == {name: bytes([number]) for number, name in enumerate(listed["mask"], start=1)}
    images = [image for _, image in given]
    images[5] = (tmp_path.resolve() / "(3).png").as_posix()
    assert listed["image"].tolist() == images


@pytest.mark.parametrize(("several", "dice"), [("largest", 1.0), ("union", 2 * 600 / (600 + 800))])
def test_a_given_mask_is_compared_as_the_study_reads_it(several: str, dice: float, tmp_path: Path) -> None:
    large, small = np.zeros((2, 60, 60), np.uint8)
    large[10:40, 10:30] = 255
    small[45:55, 30:50] = 255
    paths = [str(tmp_path / name) for name in ("image.png", "large.png", "small.png")]
    for path, pixels in zip(paths, (np.arange(3600, dtype=np.uint8).reshape(60, 60), large, small), strict=True):
        Image.fromarray(pixels).save(path)
    reading = FileReading(several_masks=several)
    assert _agreement(paths[1], paths[1:], paths[0], None, reading) == pytest.approx(dice)


def test_the_outlines_of_simulated_lesions_are_near_the_truth(study: StudyConfig, context: ExecutionContext) -> None:
    again = study.model_copy(update={"regions": "segment"})
    _, table = segment_cohort(load_cohort(again), again, context)
    assert table.loc[table["found"], "dice"].median() > 0.6


def test_only_missing_masks_are_outlined(study: StudyConfig, context: ExecutionContext) -> None:
    some = study.model_copy(update={"regions": "segment-missing"})
    cohort = load_cohort(some)
    cohort.images.at[0, "masks"] = ()
    _, table = segment_cohort(cohort, some, context)
    assert list(table.index) == [0]


def test_a_second_time_nothing_is_outlined(study: StudyConfig, context: ExecutionContext) -> None:
    blind = without_masks(study)
    first = checked_cohort(blind, context).segmented
    told: list[Event] = []
    again = ExecutionContext(ArtifactStore(context.store.folder), listener=told.append)
    pd.testing.assert_frame_equal(checked_cohort(blind, again).segmented, first)
    assert not told


def test_an_image_that_shows_nothing_is_left_out_with_a_count(study: StudyConfig, context: ExecutionContext) -> None:
    blind = without_masks(study)
    cohort = load_cohort(blind)
    patient = cohort.images["patient_id"].iloc[0]
    own = cohort.images["patient_id"] == patient
    black = context.store.folder.parent / "black.png"
    Image.fromarray(np.zeros((96, 96), np.uint8)).save(black)
    cohort.images.loc[own, "image"] = str(black)
    outlined, table = segment_cohort(cohort, blind, context)
    assert not table.loc[own, "found"].any()
    assert patient not in outlined.patients.index
    assert outlined.flow[-2].reason == "no lesion was found in any image"


def test_a_file_that_is_no_image_is_named(study: StudyConfig, context: ExecutionContext) -> None:
    blind = without_masks(study)
    cohort = load_cohort(blind)
    broken = context.store.folder.parent / "broken.png"
    broken.write_bytes(b"no image")
    cohort.images.loc[0, "image"] = str(broken)
    with pytest.raises(InputError, match=r"broken\.png"):
        segment_cohort(cohort, blind, context)


def test_a_cohort_without_a_single_lesion_is_an_error_of_the_segmenter(
    study: StudyConfig, context: ExecutionContext
) -> None:
    blind = without_masks(study)
    cohort = load_cohort(blind)
    black = context.store.folder.parent / "black.png"
    Image.fromarray(np.zeros((96, 96), np.uint8)).save(black)
    cohort.images["image"] = str(black)
    images, patients = len(cohort.images), len(cohort.patients)
    said = rf"the shipped segmenter found no lesion in {images} of {images} images; patients left out: {patients}"
    with pytest.raises(InputError, match=said):
        segment_cohort(cohort, blind, context)


OWN = ImageNetworks(OwnNetwork(Weights("a.safetensors", "1", "a.json"), {}))


@pytest.mark.parametrize(
    ("regions", "networks", "segmenter", "fix"),
    [
        ("segment", ImageNetworks(), "the shipped segmenter", "Give masks and `regions: given`"),
        ({"segment": "trained"}, OWN, "the study's own segmenter", "`regions.training.epochs`"),
    ],
)
def test_lost_lesions_are_counted_by_image_and_patients_by_their_last_one(
    regions: object, networks: ImageNetworks, segmenter: str, fix: str, study: StudyConfig
) -> None:
    """Of three patients one loses an image of two, and one the only one."""
    table = pd.DataFrame({"patient_id": ["A", "A", "B", "C", "C"], "found": [True, False, False, True, True]})
    own = StudyConfig.model_validate(study.model_dump() | {"regions": regions})
    [finding] = lost_lesions(table, own, networks)
    assert finding.severity == "error"
    assert finding.what == f"{segmenter} found no lesion in 2 of 5 images; patients left out: 1"
    assert fix in finding.fix
    assert lost_lesions(table[table["found"]], own, networks) == []
    assert lost_lesions(table[:0], own, networks) == []


LESION = np.zeros((20, 30), bool)
LESION[5:12, 8:20] = True


def outlined_study(regions: object = "segment", trained: tuple[str, ...] = ()) -> Any:
    return SimpleNamespace(regions=regions, reading=ImageReading(crop_to_b_mode=True), trained_networks=trained)


def three_patients() -> Cohort:
    """A has two images, the first with a mask; B and C have one each, B's with a mask."""
    patients = pd.DataFrame({"label": [0, 1, 1]}, index=pd.Index(list("ABC"), name="patient_id"))
    images = pd.DataFrame(
        {
            "patient_id": ["A", "A", "B", "C"], "image": ["a1", "a2", "b", "c"], "frame": [np.nan, 2, np.nan, np.nan],
            "masks": [("m1",), (), ("m2", "m3"), ()],
        }
    )  # fmt: skip
    flow = (FlowStep("read", 5, 3, 4), FlowStep("", 0, 3, 4))
    return Cohort(patients, images, ("no", "yes"), {}, flow, findings=(Finding("note", "before"),))


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the segmenter is asked and finds, by image; the overlap with given masks is told by their number."""
    known: dict[str, Any] = {"a1": True, "a2": False, "b": True, "c": False}

    def segmented(pictures: list[Any], crop: bool, context: object) -> list[dict[str, object]]:
        known["asked"] = (pictures, crop, context)
        return [
            {
                "mask": f"new {path}",
                "found": known[path],
                "confidence": 0.5,
                "problem": known.get(f"problem {path}", ""),
            }
            for path, _, _ in pictures
        ]

    def agreement(mask: str, masks: tuple[str, ...], image: str, frame: int | None, reading: object) -> float:
        assert mask == f"new {image}"
        assert frame == (2 if image == "a2" else None)
        return len(masks) / 10

    monkeypatch.setattr(module, "_segmented", segmented)
    monkeypatch.setattr(module, "_agreement", agreement)
    return known


def test_images_without_a_lesion_are_left_out_and_patients_without_another(found: dict[str, Any]) -> None:
    cohort = three_patients()
    outlined, table = segment_cohort(cohort, outlined_study(), "context")  # type: ignore[arg-type]
    assert found["asked"] == (
        [("a1", None, None), ("a2", 2, None), ("b", None, None), ("c", None, None)],
        True,
        "context",
    )
    assert table.columns.tolist() == [
        "patient_id", "image", "frame", "mask", "found", "confidence", "dice", "problem",
    ]  # fmt: skip
    assert table["dice"].tolist() == pytest.approx([0.1, np.nan, 0.2, np.nan], nan_ok=True)
    assert outlined.images["image"].tolist() == ["a1", "b"]
    assert outlined.images["masks"].tolist() == [("new a1",), ("new b",)]
    assert outlined.images.index.tolist() == [0, 1]
    assert outlined.patients.index.tolist() == ["A", "B"]
    assert outlined.flow == (
        FlowStep("read", 5, 3, 4), FlowStep("no lesion was found in any image", 1, 2, 2), FlowStep("", 0, 2, 2),
    )  # fmt: skip
    before, note, warning = outlined.findings
    assert (before.what, note.severity, warning.severity) == ("before", "note", "warning")
    assert note.what == "4 lesions were outlined by the shipped segmenter"
    assert warning.what == "no lesion was found in 2 images, which are left out"
    assert cohort.images["masks"].tolist() == [("m1",), (), ("m2", "m3"), ()]


def test_where_all_lesions_are_found_nobody_is_left_out(found: dict[str, Any]) -> None:
    found.update(a2=True, c=True)
    outlined, table = segment_cohort(three_patients(), outlined_study("segment-missing"), None)  # type: ignore[arg-type]
    assert table.index.tolist() == [1, 3]
    assert outlined.images["masks"].tolist() == [("m1",), ("new a2",), ("m2", "m3"), ("new c",)]
    assert outlined.flow == (FlowStep("read", 5, 3, 4), FlowStep("", 0, 3, 4))
    assert [one.severity for one in outlined.findings] == ["note", "note"]


def test_each_training_patient_is_outlined_by_the_network_without_the_patient(found: dict[str, Any]) -> None:
    final, without = (Weights(name, name, name, fold) for name, fold in (("final", None), ("without", 1)))
    networks = ImageNetworks(OwnNetwork(final, {"A": without}))
    own = outlined_study(SegmentedRegions(segment="trained"), ("segmenter",))
    _, table = segment_cohort(three_patients(), own, None, networks)  # type: ignore[arg-type]
    assert [weights for _, _, weights in found["asked"][0]] == [without, without, final, final]
    assert table["network"].tolist() == ["training patients but fold 2"] * 2 + ["all training patients"] * 2
    of_a_file = segment_cohort(three_patients(), own, None, ImageNetworks(OwnNetwork(final)))[1]  # type: ignore[arg-type]
    assert "network" not in of_a_file


def test_nothing_is_outlined_before_there_is_a_segmenter_or_where_nothing_is_asked_for(found: dict[str, Any]) -> None:
    cohort = three_patients()
    without = outlined_study()
    without.reading = None
    waiting = outlined_study(SegmentedRegions(segment="trained"), ("segmenter",))
    whole = three_patients()
    whole.images["masks"] = [("m",)] * 4
    asked = [
        (cohort, outlined_study("given")),
        (cohort, without),
        (cohort, waiting),
        (whole, outlined_study("segment-missing")),
    ]
    for known, how in asked:
        same, table = segment_cohort(known, how, None)  # type: ignore[arg-type]
        assert same is known
        assert (len(table), "problem" in table) == (0, True)


def test_files_that_cannot_be_read_are_counted(found: dict[str, Any]) -> None:
    found.update({"problem a2": "it is broken", "problem c": "it is a film"})
    with pytest.raises(InputError, match="2 images cannot be outlined, the first: it is broken"):
        segment_cohort(three_patients(), outlined_study(), None)  # type: ignore[arg-type]


def test_an_image_is_known_by_its_bytes_its_frame_and_the_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of three images the second cannot be read."""
    monkeypatch.setattr("sonoher2.segmentation.segmenter.load_segmenter", lambda: SimpleNamespace(sha256="shipped"))
    monkeypatch.setattr(module, "file_sha256", lambda path: f"of {path.name}")
    keys: list[object] = []

    class Context:
        def attempt(self, step: Any, items: list[Any], crop: bool) -> Any:
            assert (step, crop) == (module.SEGMENTED, True)
            keys.extend(item.key for item in items)
            lesions = {i: module.Segmented(i == 0, 0.5 + i / 10, f"png {i}") for i in (2, 0)}
            return SimpleNamespace(values=lesions, problems={1: InputError("broken", fix="Mend it")})

        def files(self, step: Any, pictures: list[str]) -> list[Path]:
            assert step is module.MASKS
            return [Path(f"{name}.png") for name in pictures]

    own = Weights("w", "own", "i")
    rows = module._segmented([("a", None, None), ("b", 2, None), ("a", 3, own)], True, Context())  # type: ignore[arg-type]
    assert keys == [["of a", None, "shipped"], ["of b", 2, "shipped"], ["of a", 3, "own"]]
    assert [(row["mask"], row["found"], row["confidence"]) for row in rows] == [
        ("png 0.png", True, 0.5), ("", False, 0.0), ("png 2.png", False, 0.7),
    ]  # fmt: skip
    assert [bool(row["problem"]) for row in rows] == [False, True, False]


@pytest.mark.parametrize(
    ("mask", "told", "found"), [(LESION, True, True), (LESION, False, False), (np.ones((20, 30), bool), True, False)]
)
def test_a_mask_that_fills_the_image_is_no_lesion(
    mask: np.ndarray, told: bool, found: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []

    def segment(path: str, **how: object) -> Any:
        asked.append((path, how))
        return SimpleNamespace(found=told, confidence=0.75, mask=mask)

    monkeypatch.setattr("sonoher2.segmentation.segment.segment_file", segment)
    monkeypatch.setattr("sonoher2.segmentation.mask_files.mask_png", lambda mask: b"png")
    lesion = module._segment(("a.png", 3, "weights"), True)  # type: ignore[arg-type]
    assert (lesion.found, lesion.confidence, module._png(lesion.png)) == (found, 0.75, b"png")
    assert asked == [("a.png", {"frame": 3, "crop_to_b_mode": True, "weights": "weights"})]


def test_the_segmenter_is_named_by_where_it_comes_from() -> None:
    named = module.named
    assert named(outlined_study(), ImageNetworks()) == "the shipped segmenter"
    assert named(outlined_study(), OWN) == "the model's own segmenter"
    assert named(outlined_study(SegmentedRegions(segment="trained")), OWN) == "the study's own segmenter"
    assert named(outlined_study(SegmentedRegions(segment="x/own.st")), OWN) == "the segmenter of own.st"


def test_a_frame_is_in_the_name_of_its_mask_and_a_lost_lesion_has_no_file(tmp_path: Path) -> None:
    (tmp_path / "m.png").write_bytes(b"mask")
    rows = [("A", "cine.dcm", 2.0, True), ("A", "cine.dcm", 12.0, False), ("B", "x.png", np.nan, True)]
    table = pd.DataFrame(rows, columns=["patient_id", "image", "frame", "found"])
    table = table.assign(mask=str(tmp_path / "m.png"), confidence=0.5, problem="")
    write_segmented(table, tmp_path, tmp_path / "run")
    listed = pd.read_csv(tmp_path / "run" / "outlines.csv", keep_default_na=False)
    assert listed.columns.tolist() == ["patient_id", "image", "frame", "found", "mask", "confidence"]
    assert listed["mask"].tolist() == ["A_cine_frame2_mask.png", "", "B_x_mask.png"]
    assert len(list((tmp_path / "run" / "masks").iterdir())) == 2
    write_segmented(table.iloc[2:], tmp_path, tmp_path / "other")
    assert "frame" not in pd.read_csv(tmp_path / "other" / "outlines.csv")
    write_segmented(table[:0], tmp_path, tmp_path / "none")
    assert not (tmp_path / "none").exists()


def test_a_name_of_many_bytes_is_cut() -> None:
    """200 bytes are kept, with the ending; one more is not."""
    stems = ["x" * (200 - len("P__mask.png")), "x" * (201 - len("P__mask.png"))]
    table = pd.DataFrame({"patient_id": "P", "image": [f"{stem}.png" for stem in stems], "frame": np.nan})
    first, second = module.mask_names(table)
    assert first == f"P_{stems[0]}_mask.png"
    assert second == f"0002+{('P_' + stems[1])[:60]}_mask.png"
