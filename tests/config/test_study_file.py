"""The study file: strict, and every mistake is told in one clear sentence."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from sonoher2.config.load import _all_keys, checked_again, load_study
from sonoher2.config.split import DateSplit, RandomSplit
from sonoher2.config.study import StudyConfig
from sonoher2.config.tables import Template
from sonoher2.config.target import ColumnTarget, Her2Target
from sonoher2.core.errors import FindingsError, InputError

HEAD = "clinical: {table: c.csv, columns: {age: {kind: number, timing: pre-biopsy}}}\n"
TARGET = "target: {ihc: IHC, rule: ASCO/CAP 2018}\n"
EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.yaml"))


def load(folder: Path, text: str) -> StudyConfig:
    path = folder / "study.yaml"
    path.write_text(text, encoding="utf-8")
    return load_study(path)


def test_a_minimal_study_and_its_defaults(tmp_path: Path) -> None:
    study = load(tmp_path, HEAD + TARGET)
    assert isinstance(study.target, Her2Target)
    assert study.timing == "pre-biopsy"
    assert study.split.kind == "random"
    assert study.data == tmp_path
    assert study.path("a/b.png") == tmp_path / "a" / "b.png"


def test_the_data_folder_is_relative_to_the_study_file_or_given(tmp_path: Path) -> None:
    path = tmp_path / "sub" / "study.yaml"
    path.parent.mkdir()
    path.write_text(HEAD + TARGET + "data: ../there\n", encoding="utf-8")
    assert load_study(path).data == tmp_path / "there"
    assert load_study(path, data=tmp_path / "here").data == tmp_path / "here"


def test_weights_of_a_file_lie_in_the_data_folder_wherever_the_study_is_run_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir("/")
    images = "images: {table: i.csv, mask: mask}\n"
    study = load(tmp_path, f"{HEAD}{TARGET}{images}data: cohort\ndeep: {{weights: nets/own.safetensors}}\n")
    assert study.networks is not None
    assert study.networks.weights == str(tmp_path / "cohort" / "nets" / "own.safetensors")
    # what is kept and told of the study does not say where it lay
    assert study.deep is not None
    assert study.deep.weights == "nets/own.safetensors"
    for weights in ("auto", "offline", "hub", "none", "/nets/own.safetensors"):
        named = load(tmp_path, f"{HEAD}{TARGET}{images}deep: {{weights: {weights}}}\n").networks
        assert named is not None
        assert named.weights == weights
    assert load(tmp_path, HEAD + TARGET).networks is None


def test_words_numbers_and_dates_stay_as_they_were_written(tmp_path: Path) -> None:
    study = load(
        tmp_path,
        """
        clinical:
          table: c.csv
          where: {grade: [1, 2]}
          columns:
            menopause: {kind: yes/no, timing: pre-biopsy, levels: [no, yes]}
            grade: {kind: ordered, timing: pre-biopsy, levels: [1, 2, 3]}
        target: {column: malignant, positive: yes, negative: no}
        split: {kind: date, test_from: 2021-06-01}
        synthetic: true
        """,
    )
    assert study.clinical.columns["menopause"].levels == ["no", "yes"]
    assert study.clinical.columns["grade"].levels == ["1", "2", "3"]
    assert study.clinical.where == {"grade": ["1", "2"]}
    assert study.target == ColumnTarget(column="malignant", positive="yes", negative="no")
    assert study.split == DateSplit(kind="date", test_from="2021-06-01")
    assert study.synthetic is True


def test_columns_are_names_templates_or_lists_of_them(tmp_path: Path) -> None:
    text = "images: {table: i.csv, image: '{ID}.png', mask: [m1, {template: '{ID}', replace: {a: b}}]}\n"
    study = load(tmp_path, HEAD + TARGET + text)
    assert study.images is not None
    assert study.images.mask == ["m1", Template(template="{ID}", replace={"a": "b"})]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (HEAD + TARGET + "seeed: 3\n", "study.yaml, seeed: unknown key 'seeed'. Did you mean 'seed'?"),
        (HEAD + TARGET + "xyzzy: 3\n", "unknown key 'xyzzy'. See docs/study-file.md"),
        (HEAD + "target: {colum: x, positive: y}\n", "target.colum: unknown key 'colum'. Did you mean 'column'?"),
        # a form of a value is no key, also where it has the name of one
        (HEAD + "target: {column: a, positive: x, ihc: b}\n", "target.ihc: the key 'ihc' does not belong here."),
        (HEAD + "target: {positive: x}\n", "target.column: the key 'column' is missing"),
        (HEAD + "target: {column: a}\n", "target.positive: the key 'positive' is missing"),
        (HEAD + "target: {column: a, positive: {a: 1}}\n", "yaml, target.positive: input should be"),
        (HEAD + "target: {column: [a], positive: x}\n", "yaml, target.column: input should be"),
        (HEAD + TARGET + "images: {table: i.csv, mask: {template: [a]}}\n", "yaml, images.mask.template: input"),
        (HEAD + TARGET + "images: {table: i.csv, mask: [m, {template: '{a}', x: 1}]}\n", "mask.2.x: unknown key"),
        (HEAD + TARGET + "split: {kind: date, column: d}\n", "split.test_from: the key 'test_from' is missing"),
        (HEAD + "target: {ihc: x, rule: ASCO/CAP 2013}\n", "target.rule: input should be 'ASCO/CAP 2018' or"),
        (HEAD + "target: 3\n", "study.yaml, target: "),
        (HEAD, "target: the key 'target' is missing"),
        (HEAD + TARGET + "seed: 1\nseed: 2\n", "line 4: not readable as YAML: the key 'seed' stands twice"),
        (HEAD + TARGET + "split: {kind: rnd}\n", "split: `kind` must be one of 'random', 'date', 'site', 'given'"),
        (HEAD + TARGET + "split: {test_share: 0.3}\n", "split: `kind` must be one of"),
        (HEAD + TARGET + "split: {kind: random, test_share: 3}\n", "test_share: input should be less than 1 (got 3)"),
        (HEAD + TARGET + "radiomics: {log_sigma: [1, 0]}\n", "log_sigma.2: input should be greater than 0 (got 0)"),
        (HEAD + TARGET + "radiomics: {filters: []}\n", "radiomics.filters: list should have at least 1 item"),
        (HEAD + TARGET + "images: {table: i.csv, mask: {templat: x}}\n", "images.mask.templat: unknown key"),
        ("target: [\n", "not readable as YAML"),
        ("key: \tvalue: x\n", "not readable as YAML"),
        ("", "holds no keys"),
        ("just text\n", "holds no keys"),
        (HEAD + TARGET + "radiomics: {ring: {mm: 1, share: 0.2}}\n", "the ring's width either in mm or as a share"),
        (HEAD + TARGET + "radiomics: {bin_count: 32, bin_width: 5}\n", "either bin_count or bin_width"),
        (HEAD + TARGET + "evaluation: {subgroups: [agee]}\n", "no clinical column for the subgroup agee"),
    ],
)
def test_mistakes_are_named_with_their_place(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        load(tmp_path, text)
    assert message in str(caught.value)


def test_all_mistakes_are_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        load(tmp_path, HEAD + TARGET + "models: []\nselection: {alpha: 2}\ntitel: x\n")
    assert str(caught.value).startswith("3 problems:")


@pytest.mark.parametrize(
    ("column", "message"),
    [
        ("{kind: ordered, timing: pre-biopsy}", "an ordered column needs its levels"),
        ("{kind: yes/no, timing: pre-biopsy, levels: [a, b, c]}", "levels of a yes/no column are [no, yes]"),
        ("{kind: number, timing: pre-biopsy, levels: [1, 2]}", "a number has no levels"),
        ("{kind: category, timing: pre-biopsy, low: 1}", "only a number has `low` and `high`"),
        ("{kind: number, timing: pre-biopsy, low: 5, high: 5}", "`low` must be below `high`"),
        ("{kind: category, timing: pre-biopsy, contains: x}", "`contains` is for a yes/no column"),
        ("{kind: category, timing: pre-biopsy, several: highest}", "of a category column have no highest"),
        ("{kind: yes/no, timing: pre-biopsy, several: mean}", "of a yes/no column have no mean"),
        ("{kind: number, timing: before}", "timing: input should be 'pre-biopsy', 'biopsy' or 'post-op'"),
        ("{kind: number}", "the key 'timing' is missing"),
    ],
)
def test_options_of_a_column_fit_its_kind(tmp_path: Path, column: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        load(tmp_path, f"clinical: {{table: c.csv, columns: {{x: {column}}}}}\n{TARGET}")
    assert message in str(caught.value)


@pytest.mark.parametrize(("timing", "refused"), [("pre-biopsy", ["er", "size"]), ("biopsy", ["size"]), ("post-op", [])])
def test_a_study_refuses_what_is_known_only_later(tmp_path: Path, timing: str, refused: list[str]) -> None:
    columns = "{age: {kind: number, timing: pre-biopsy}, er: {kind: yes/no, timing: biopsy}, "
    text = f"clinical: {{table: c.csv, columns: {columns}size: {{kind: number, timing: post-op}}}}}}\n"
    text += TARGET + f"timing: {timing}\n"
    if not refused:
        assert load(tmp_path, text).timing == timing
        return
    with pytest.raises(InputError) as caught:
        load(tmp_path, text)
    assert f"a {timing} study cannot use {', '.join(refused)}: known only later" in str(caught.value)


@pytest.mark.parametrize("name", ["label", "site", "group", "patient_id"])
def test_names_of_the_cohorts_own_columns_are_taken(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="cannot be called"):
        load(
            tmp_path, f"clinical: {{table: c.csv, columns: {{{name}: {{kind: number, timing: pre-biopsy}}}}}}\n{TARGET}"
        )


def test_what_the_label_is_made_of_is_no_predictor(tmp_path: Path) -> None:
    text = "clinical: {table: c.csv, columns: {score: {column: IHC, kind: number, timing: biopsy}}}\ntiming: biopsy\n"
    with pytest.raises(InputError, match="the clinical column score is what the label is made of"):
        load(tmp_path, text + TARGET)


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot read the study file"):
        load_study(tmp_path / "gone.yaml")
    (tmp_path / "s.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="not UTF-8 text"):
        load_study(tmp_path / "s.yaml")


def test_a_study_survives_the_way_through_json(tmp_path: Path) -> None:
    study = load(tmp_path, HEAD + TARGET + "images: {table: i.csv, mask: {template: '{a}'}}\n")
    assert StudyConfig.model_validate(study.model_dump(mode="json")) == study


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_examples_are_valid_and_say_where_their_data_come_from(path: Path) -> None:
    study = load_study(path)
    assert study.title in yaml.safe_load(path.read_text(encoding="utf-8"))["title"]
    assert "doi 10." in path.read_text(encoding="utf-8")


def test_every_key_is_documented() -> None:
    text = (Path(__file__).parents[2] / "docs" / "study-file.md").read_text(encoding="utf-8")
    keys = _all_keys(StudyConfig)
    assert {"title", "ihc", "kind", "log_sigma", "test_from"} <= set(keys)
    # those of other files
    assert "walltime" not in keys
    assert [key for key in keys if not re.search(rf"\b{key}\b", text)] == []


def test_the_documented_study_loads(tmp_path: Path) -> None:
    text = (Path(__file__).parents[2] / "docs" / "study-file.md").read_text(encoding="utf-8")
    example = re.search(r"```yaml\n(.*?)```", text, re.DOTALL)
    assert example is not None
    assert load(tmp_path, example[1]).title == "HER2 from B-mode, two hospitals"


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_a_study_that_is_checked_again_is_the_same(path: Path) -> None:
    study = load_study(path)
    again = checked_again(study)
    assert again == study
    assert again.model_fields_set == study.model_fields_set
    assert again.evaluation.model_fields_set == study.evaluation.model_fields_set


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"sead": 7}, r"unknown key 'sead'\. Did you mean 'seed'\?"),
        ({"seed": -1}, r"seed: input should be greater than or equal to 0"),
        ({"split": {"test_share": 0.2}}, r"`kind` must be one of"),
        ({"split": RandomSplit().model_copy(update={"test_share": -1})}, r"split\.test_share: .* greater than 0"),
        ({"models": ["logistic", "logistic"]}, r"models names logistic more than once"),
    ],
)
def test_a_copy_of_a_study_is_checked_as_its_file_would_be(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    study = load(tmp_path, HEAD + TARGET)
    with pytest.raises(FindingsError, match=said):
        checked_again(study.model_copy(update=change))
    assert checked_again(study.model_copy(update={"seed": 7})).seed == 7
    assert checked_again(study).data == study.data


@pytest.mark.parametrize("values", ["{2++: }", "{2++: [1]}", "{~: 3+}", "{ihc: {2++: }}"])
def test_a_spelling_without_a_meaning_is_refused(tmp_path: Path, values: str) -> None:
    target = f"target: {{ihc: IHC, rule: ASCO/CAP 2018, values: {values}}}\n"
    with pytest.raises(InputError, match="put spellings in quotes, and write `missing` for a value that is none"):
        load(tmp_path, HEAD + target)
