"""Training cases: the same patients in every part, without their names."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sonoher2.bundle import reference
from sonoher2.bundle.reference import (
    Reference,
    build_reference,
    dump_reference,
    image_spaces,
    load_reference,
    model_spaces,
    spaces_seen,
    training_cases,
)
from sonoher2.core.errors import InputError
from sonoher2.signatures.feature_table import CLINICAL

PATIENTS = ["P1", "P2", "P3", "P4"]
X = pd.DataFrame({(CLINICAL, "age"): [41.0, 42, 43, 44], ("radiomics", "f"): [1.0, 2, 3, 4]}, index=PATIENTS)


class Encoder:
    """Doubles what it is given."""

    def encode(self, variable: str, values: pd.Series) -> np.ndarray:
        return 2 * values.to_numpy()[:, None]

    def columns_of(self, variable: str) -> list[str]:
        return [f"{variable} doubled"]


class Model:
    """One clinical signature, and one of the image that sees one feature."""

    def __init__(self) -> None:
        self.fitted_ = {
            "Radiomics": SimpleNamespace(clinical_encoder=None, clinical_kinds={"not": "asked"}),
            "Clinical": SimpleNamespace(clinical_encoder=Encoder(), clinical_kinds={"age": "number"}),
        }

    def harmonised(self, table: pd.DataFrame) -> pd.DataFrame:
        return table + 0

    def feature_spaces(self, table: pd.DataFrame) -> dict[str, pd.DataFrame]:
        return {"Radiomics": table["radiomics"], "empty": table["radiomics"][[]]}


def built() -> tuple[Reference, list[str]]:
    labels = pd.Series(["a", "b", "c", "d"], index=PATIENTS)
    scores = {"Clinical": {"b": np.array([0.1, 0.2, 0.3, 0.4])}, "Radiomics": {"b": np.array([0.5, 0.6, 0.7, 0.8])}}
    return build_reference(Model(), X, labels, scores)  # type: ignore[arg-type]


def test_every_part_has_the_patients_in_the_same_order() -> None:
    found, names = built()
    place = [PATIENTS.index(name) for name in names]
    assert sorted(place) == [0, 1, 2, 3]
    assert found.labels.tolist() == ["abcd"[i] for i in place]
    assert found.scores["Clinical", "b"].tolist() == [(i + 1) / 10 for i in place]
    assert found.scores["Radiomics", "b"].tolist() == [(i + 5) / 10 for i in place]
    assert found.spaces[CLINICAL]["age doubled"].tolist() == [82 + 2 * i for i in place]
    assert found.spaces["Radiomics"]["f"].tolist() == [1 + i for i in place]
    for part in (found.labels, found.scores, *found.spaces.values()):
        assert part.index.tolist() == [1, 2, 3, 4]
    assert list(found.spaces) == [CLINICAL, "Radiomics"]
    assert model_spaces(Model(), X)[CLINICAL].index.tolist() == PATIENTS  # type: ignore[arg-type]


def test_a_stacked_signature_sees_what_its_parents_see() -> None:
    def signature(kinds: dict[str, str], *parents: str) -> SimpleNamespace:
        return SimpleNamespace(clinical_kinds=kinds, parents=parents)

    fitted = {
        "Clinical": signature({"age": "number"}),
        "Radiomics": signature({}),
        "Deep": signature({}),
        "DLR": signature({}, "Radiomics", "Deep"),
        "Combined": signature({"age": "number"}, "DLR"),
    }
    assert spaces_seen(SimpleNamespace(fitted_=fitted)) == {  # type: ignore[arg-type]
        "Clinical": ("Clinical", CLINICAL),
        "Radiomics": ("Radiomics",),
        "Deep": ("Deep",),
        "DLR": ("DLR", "Radiomics", "Deep"),
        "Combined": ("Combined", CLINICAL, "DLR", "Radiomics", "Deep"),
    }


def test_a_patient_without_clinical_data_has_no_such_space() -> None:
    assert list(model_spaces(Model(), X[["radiomics"]])) == ["Radiomics"]  # type: ignore[arg-type]


def test_what_is_written_is_read() -> None:
    found, _ = built()
    read = load_reference(dump_reference(found))
    assert read.labels.tolist() == found.labels.tolist()
    pd.testing.assert_frame_equal(read.scores, found.scores, check_names=False, check_column_type=False)
    for name, space in found.spaces.items():
        np.testing.assert_array_equal(read.spaces[name], space)
    # features are kept in single precision, scores in full
    third = Reference(found.labels, found.scores + 1 / 3, {name: space + 1 / 3 for name, space in found.spaces.items()})
    read = load_reference(dump_reference(third))
    assert np.array_equal(read.scores, third.scores)
    assert np.array_equal(read.spaces["Radiomics"]["f"], np.float32(third.spaces["Radiomics"]["f"]))


def test_a_model_that_compares_nothing_has_a_reference_too() -> None:
    found, _ = built()
    read = load_reference(dump_reference(Reference(found.labels, found.scores, {})))
    assert read.spaces == {}
    assert read.labels.tolist() == found.labels.tolist()


def changed(**parts: Any) -> bytes:
    found, _ = built()
    return dump_reference(
        Reference(**({"labels": found.labels, "scores": found.scores, "spaces": found.spaces} | parts))
    )


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_no_number_is_refused(value: float) -> None:
    found, _ = built()
    space = {"Radiomics": found.spaces["Radiomics"] * value}
    with pytest.raises(InputError, match=r"cannot be read\. Use the folder `bundle` that `sonoher2 run` wrote"):
        load_reference(changed(spaces=space))
    with pytest.raises(InputError, match="cannot be read"):
        load_reference(changed(scores=found.scores * np.nan))


def test_a_table_of_too_many_cells_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    data = changed()
    # four patients; a label, two scores, two features and the cases' numbers
    monkeypatch.setattr(reference, "MOST_CELLS", 4 * 6)
    monkeypatch.setattr(reference.pyarrow.parquet, "ParquetFile", lambda _: SimpleNamespace(metadata=about(4, 6, 8)))
    load_reference(data)
    for rows, columns, size in ((5, 5, 8), (4, 6, 97)):
        found = SimpleNamespace(metadata=about(rows, columns, size))
        monkeypatch.setattr(reference.pyarrow.parquet, "ParquetFile", lambda _, found=found: found)
        with pytest.raises(InputError, match=r"has more than 24 cells\. Use the folder"):
            load_reference(data)


def about(rows: int, columns: int, size: int) -> SimpleNamespace:
    """Metadata of two groups of rows of so many bytes each."""
    group = SimpleNamespace(total_byte_size=size)
    return SimpleNamespace(num_rows=rows, num_columns=columns, num_row_groups=2, row_group=lambda _: group)


def three(*rows: float, names: str = "abc") -> pd.DataFrame:
    """Rows of three features that differ by 1 and 2."""
    return pd.DataFrame([[row, row + 1, row + 2] for row in rows], columns=list(names))


def test_a_patient_who_measures_as_a_training_case_gets_its_number() -> None:
    known = {
        "Radiomics": three(1.0, 2.0, 3.0, 4.0).set_axis(range(1, 5)),
        "Deep": three(5.0, 6.0, 7.0, 8.0, names="xyz").set_axis(range(1, 5)),
        CLINICAL: three(0.0, 0.0, 0.0, 0.0).set_axis(range(1, 5)),
    }
    training = Reference(pd.Series(list("yyyy"), index=range(1, 5)), pd.DataFrame(), known)
    radiomics = three(2.0, 4.0, 5.0, 4.0 + 5e-6, 1.0 + 2e-5)
    assert training_cases(training, {"Radiomics": radiomics}).tolist() == [2, 4, 0, 4, 0]
    # one case in every space; columns may stand in another order
    both = {"Radiomics": radiomics[["c", "a", "b"]], "Deep": three(7.0, 8.0, 7.0, 8.0, 5.0, names="xyz")}
    assert training_cases(training, both).tolist() == [0, 4, 0, 4, 0]
    assert not training_cases(training, {}).any()


def test_features_that_agree_by_chance_tell_no_patient() -> None:
    rng = np.random.default_rng(5)
    numbers, sizes = rng.normal(size=(400, 2)), range(1, 401)

    def found(known: np.ndarray, new: np.ndarray) -> list[int]:
        space = pd.DataFrame(known, columns=[f"f{i}" for i in range(known.shape[1])], index=sizes)
        training = Reference(pd.Series("y", index=sizes), pd.DataFrame(), {"Radiomics": space})
        return training_cases(training, {"Radiomics": pd.DataFrame(new, columns=space.columns)}).tolist()

    assert found(numbers, numbers[:3]) == [1, 2, 3]
    # one feature alone, and two that count grey levels
    assert not any(found(numbers[:, :1], numbers[:3, :1]))
    levels = rng.integers(0, 40, (400, 2)) / 10
    assert not any(found(levels, levels[:3]))
    # many of these agree in one patient only
    many = rng.integers(0, 40, (400, 6)) / 10
    assert found(many, many[:3]) == [1, 2, 3]


def test_clinical_values_and_fine_tuned_networks_tell_no_patient() -> None:
    spaces = {CLINICAL: three(1.0), "Radiomics": three(1.0), "Deep": three(1.0)}
    model: Any = SimpleNamespace(
        fitted_={"Radiomics": SimpleNamespace(network=None), "Deep": SimpleNamespace(network="n")}
    )

    def names(deep: object) -> list[str]:
        return list(image_spaces(SimpleNamespace(deep=deep), model, spaces))  # type: ignore[arg-type]

    assert names(None) == ["Radiomics", "Deep"]
    assert names(SimpleNamespace(training="frozen")) == ["Radiomics", "Deep"]
    assert names(SimpleNamespace(training="fine-tuned")) == ["Radiomics"]
