from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import sonoher2


@pytest.fixture
def images() -> pd.DataFrame:
    """Forty patients with one to three images, 12 of them positive; the rows in no order."""
    rows = [(f"P{i:02d}", int(i < 12)) for i in range(40) for _ in range(1 + i % 3)]
    return pd.DataFrame(rows, columns=["patient_id", "label"]).sample(frac=1, random_state=0)


def test_patients_are_split_and_classes_keep_their_share(images: pd.DataFrame) -> None:
    drawn = images.join(sonoher2.split_patients(images, test_share=0.25))
    sets = drawn.groupby("patient_id")["set"]
    assert sets.nunique().eq(1).all()
    patients = drawn.drop_duplicates("patient_id")
    assert patients[patients["set"] == "test"]["label"].value_counts().to_dict() == {0: 7, 1: 3}


def test_folds_are_of_training_patients_only(images: pd.DataFrame) -> None:
    drawn = images.join(sonoher2.split_patients(images, folds=3))
    assert drawn["fold"].isna().eq(drawn["set"] == "test").all()
    training = drawn[drawn["set"] == "train"]
    assert training.groupby("patient_id")["fold"].nunique().eq(1).all()
    held_out = training.drop_duplicates("patient_id").groupby("fold")["label"]
    # 8 of 12 positive patients and 20 of 28 negative ones are in training
    assert sorted(held_out.sum()) == [2, 3, 3]
    assert held_out.size().between(9, 10).all()


def test_spellings_of_one_patient_stay_together(images: pd.DataFrame) -> None:
    twice = pd.concat([images, images.assign(patient_id=images["patient_id"].str.replace("P", "p 0"))])
    drawn = twice.assign(**sonoher2.split_patients(twice).to_dict("list"))
    person = drawn["patient_id"].str[-2:]
    assert drawn.groupby(person)[["set", "group"]].nunique().eq(1).all(axis=None)


def test_what_binds_patients_keeps_them_together(images: pd.DataFrame) -> None:
    family = images["patient_id"].map({"P00": "A", "P20": "A", "P21": "A"})
    apart = images.join(sonoher2.split_patients(images))
    assert apart[family == "A"].groupby("patient_id")["group"].first().nunique() == 3
    drawn = images.assign(family=family)
    drawn = drawn.join(sonoher2.split_patients(drawn, together="family"))
    assert drawn[family == "A"][["set", "group"]].drop_duplicates().shape == (1, 2)
    assert drawn["group"].nunique() == 38


def test_the_seed_decides(images: pd.DataFrame) -> None:
    first, again, other = (sonoher2.split_patients(images, seed=seed) for seed in (1, 1, 2))
    assert first.equals(again)
    assert not first["set"].equals(other["set"])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"label": np.arange(80) % 2}, "more than one label"),
        ({"patient_id": None}, "no patient or no label"),
    ],
)
def test_what_cannot_be_split(images: pd.DataFrame, change: dict[str, object], said: str) -> None:
    rows = images.iloc[:80] if len(images) >= 80 else images
    change = {name: value[: len(rows)] if isinstance(value, np.ndarray) else value for name, value in change.items()}
    with pytest.raises(sonoher2.InputError, match=said):
        sonoher2.split_patients(rows.assign(**change))
    with pytest.raises(sonoher2.InputError, match=r"no column 'who'\. "):
        sonoher2.split_patients(images, patient_id="who")
    with pytest.raises(sonoher2.InputError, match=r"no column 'who', 'what', 'site'\. "):
        sonoher2.split_patients(images, patient_id="who", label="what", together="site")


@pytest.mark.parametrize("folds", [0, 1])
def test_folds_are_two_or_more(images: pd.DataFrame, folds: int) -> None:
    with pytest.raises(sonoher2.InputError, match=rf"{folds} folds leave nobody out\. Ask for two folds or more"):
        sonoher2.split_patients(images, folds=folds)


def test_defaults_are_a_third_part_and_five_folds(images: pd.DataFrame) -> None:
    told = sonoher2.split_patients(images, test_share=0.3, folds=5, seed=0, patient_id="patient_id", label="label")
    pd.testing.assert_frame_equal(sonoher2.split_patients(images), told)
    assert sorted(told["fold"].dropna().unique()) == [0, 1, 2, 3, 4]
    # of 28 controls and 12 cases: 8 and 4 patients are locked away
    sets = images.join(told).drop_duplicates("patient_id")
    assert sets[sets["set"] == "test"]["label"].value_counts().to_dict() == {0: 8, 1: 4}
    assert told.columns.tolist() == ["set", "fold", "group"]
    assert told.index.equals(images.index)


def test_empty_text_binds_nobody_and_is_no_patient(images: pd.DataFrame) -> None:
    blank = images.assign(family="")
    split = sonoher2.split_patients(blank, together="family")
    assert split["group"].nunique() == sonoher2.split_patients(images)["group"].nunique()
    assert set(split["set"]) == {"train", "test"}
    for name in ("patient_id", "label"):
        table = images.astype({name: object})
        table.loc[table.index[3], name] = " "
        with pytest.raises(sonoher2.InputError, match="a row has no patient or no label"):
            sonoher2.split_patients(table)


@pytest.mark.parametrize("wrong", [{"folds": 2.5}, {"folds": "3"}, {"seed": -1}, {"seed": 2**40}])
def test_what_is_no_whole_number_is_refused(images: pd.DataFrame, wrong: dict[str, object]) -> None:
    [name] = wrong
    with pytest.raises(sonoher2.InputError, match=f"{name} is no whole number"):
        sonoher2.split_patients(images, **wrong)  # type: ignore[arg-type]


def test_labels_of_several_types_and_columns_of_one_name_are_refused(images: pd.DataFrame) -> None:
    mixed = images.assign(label=[0, *["x"] * (len(images) - 1)])
    with pytest.raises(sonoher2.InputError, match="of several types"):
        sonoher2.split_patients(mixed)
    with pytest.raises(sonoher2.InputError, match="several columns of one name"):
        sonoher2.split_patients(pd.concat([images, images["label"]], axis="columns"))
