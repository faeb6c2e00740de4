"""Study files that no user means: each ends in one message that names the line, whatever the form."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from sonoher2.config.load import load_study
from sonoher2.core import yaml_file
from sonoher2.core.errors import InputError
from sonoher2.core.files import path_fault
from sonoher2.core.yaml_file import read_yaml

REST = "\nclinical: {table: c.csv, columns: {}}\ntarget: {column: y, positive: a}\n"


def refused(folder: Path, text: str) -> str:
    file = folder / "study.yaml"
    file.write_text(text + REST, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        load_study(file)
    return str(caught.value)


@pytest.mark.parametrize(
    "value",
    [
        *("!!int xx", "!!int ''", "!!float abc", "!!bool xx", "!!timestamp xx", "!!binary '#'", "0x_", "9" * 5000),
        *("!!python/name:os.system x", '"\\ud800"', '"\\udfff"'),
    ],
)
def test_a_value_that_is_not_what_its_form_says_is_named_with_its_line(value: str, tmp_path: Path) -> None:
    assert "study.yaml, line 2" in refused(tmp_path, f"title: t\nseed: {value}") or "!!binary" in value


@pytest.mark.parametrize("key", ["? [a]\n", "? {a: 1}\n", "? [[a], b]\n"])
def test_a_key_that_is_no_word_is_named_with_its_line(key: str, tmp_path: Path) -> None:
    assert "line 2" in refused(tmp_path, f"title: t\n{key}: 1")


@pytest.mark.parametrize("key", ["1", "~", "1.5"])
def test_a_key_that_is_a_number_is_refused(key: str, tmp_path: Path) -> None:
    assert "keys should be strings" in refused(tmp_path, f"{key}: 1")


@pytest.mark.parametrize("levels", [60, 900, 3000])
@pytest.mark.parametrize(("opens", "closes"), ["[]", ("{a: ", "}"), ("[{a: ", "}]")])
def test_depth_has_a_limit(opens: str, closes: str, levels: int, tmp_path: Path) -> None:
    assert "nested deeper" in refused(tmp_path, f"title: {opens * levels}1{closes * levels}")


def test_aliases_that_multiply_are_counted_as_written_out(tmp_path: Path) -> None:
    names = "abcdefghij"
    lines = ["a: &a [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"{new}: &{new} [{', '.join([f'*{old}'] * 10)}]" for old, new in pairwise(names)]
    assert "more than 50,000 values" in refused(tmp_path, "\n".join(lines))
    assert "inside what it names" in refused(tmp_path, "a: &a [*a]")


def test_depth_and_numbers_up_to_the_limit_are_read(tmp_path: Path) -> None:
    file = tmp_path / "some.yaml"
    # the keys, 48 lists and the number within are 50 levels
    depth, number = f"{'[' * 48}1{']' * 48}", f"1{'0' * 100}"
    file.write_text(f"a: {depth}\nb: {number}\nc: -{number}\nd: '\ud7ff\ue000'\n", encoding="utf-8")
    values = read_yaml(file)
    assert values["b"] == -values["c"] == 10**100
    assert values["d"] == "\ud7ff\ue000"
    file.write_text(f"a: [{depth}]\n", encoding="utf-8")
    with pytest.raises(InputError, match="nested deeper than 50 levels"):
        read_yaml(file)
    file.write_text(f"a: -1{'0' * 99}1\n", encoding="utf-8")
    with pytest.raises(InputError, match="far too large"):
        read_yaml(file)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[a, b]\n", "{file}: the study file holds no keys. See docs/study-file.md."),
        ("", "{file}: the study file holds no keys. See docs/study-file.md."),
        ("a: 1\nb: 2\na: 3\n", "{file}, line 3: not readable as YAML: the key 'a' stands twice. Mend that line."),
        ("a: 1\n]\n", "{file}, line 2: not readable as YAML: expected <block end>, but found ']'. Mend that line."),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(text: str, message: str, tmp_path: Path) -> None:
    file = tmp_path / "some.yaml"
    file.write_text(text)
    with pytest.raises(InputError) as caught:
        read_yaml(file)
    assert str(caught.value) == message.format(file=file)


def test_words_stay_the_words_that_were_written(tmp_path: Path) -> None:
    file = tmp_path / "some.yaml"
    file.write_text("levels: [no, yes, on, N]\nfrom: 2020-01-01\nsure: true\nnever: FALSE\ncount: 7\n")
    assert read_yaml(file) == {
        "levels": ["no", "yes", "on", "N"],
        "from": "2020-01-01",
        "sure": True,
        "never": False,
        "count": 7,
    }


def test_a_file_that_cannot_be_read_is_told_why(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No such file"):
        read_yaml(tmp_path / "none.yaml")
    (tmp_path / "latin.yaml").write_bytes(b"title: \xe9\n")
    with pytest.raises(InputError, match="not UTF-8 text"):
        read_yaml(tmp_path / "latin.yaml")


def test_aliases_are_read(tmp_path: Path) -> None:
    file = tmp_path / "some.yaml"
    file.write_text("a: &a [1, 2]\nb: *a\n")
    assert read_yaml(file) == {"a": [1, 2], "b": [1, 2]}


@pytest.mark.parametrize("seed", ["-1", "1.5", ".inf", ".nan", "1e400", "2147483648", "9" * 400])
def test_a_seed_that_no_library_takes_is_refused(seed: str, tmp_path: Path) -> None:
    said = refused(tmp_path, f"seed: {seed}")
    assert "seed" in said
    assert len(said) < 400


@pytest.mark.parametrize("path", ['"a\\0b"', "a" * 256, "a/" * 3000])
@pytest.mark.parametrize("line", ["data: {}", "images: {{table: {}}}", "images: {{join: [{{table: {}, on: a}}]}}"])
def test_a_path_that_no_file_can_have_is_refused(path: str, line: str, tmp_path: Path) -> None:
    assert "cannot be a path" in refused(tmp_path, line.format(path))


def test_the_longest_name_counts_bytes() -> None:
    assert path_fault("a" * 255) == ""
    assert path_fault("病" * 85) == ""
    assert "255 bytes" in path_fault("病" * 86)


@pytest.mark.parametrize("line", ["evaluation: {bootstrap: 1e30}", "validation: {outer_folds: 99999999999999999999}"])
def test_counts_that_no_machine_can_do_are_refused(line: str, tmp_path: Path) -> None:
    assert "less than or equal" in refused(tmp_path, line) or "valid integer" in refused(tmp_path, line)


def test_a_file_that_never_ends_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert yaml_file.MOST_BYTES == 512 * 1024
    with pytest.raises(InputError, match="not a file"):
        read_yaml(Path("/dev/zero"))
    monkeypatch.setattr(yaml_file, "MOST_BYTES", 2048)
    large = tmp_path / "large.yaml"
    large.write_text("a: 1 #" + "x" * 2042)
    assert read_yaml(large) == {"a": 1}
    large.write_text("a: 1 #" + "x" * 2043)
    with pytest.raises(InputError, match="at most 2 kB"):
        read_yaml(large)


@pytest.mark.parametrize("number", ["0x" + "f" * 5000, "0b" + "1" * 20_000, "9" * 200])
def test_a_number_too_long_to_be_shown_is_named_with_its_line(tmp_path: Path, number: str) -> None:
    path = tmp_path / "study.yaml"
    path.write_text(f"title: a\nseed: {number}\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"study\.yaml, line 2.*far too large"):
        read_yaml(path)


@pytest.mark.parametrize("text", ["010", "01", "00", "-07", "1:30", "12:30:45", "+1", "+0.5", "01.50"])
def test_what_is_no_number_to_a_user_stays_as_it_is_written(tmp_path: Path, text: str) -> None:
    path = tmp_path / "study.yaml"
    path.write_text(f"split: {{test: [{text}]}}\n", encoding="utf-8")
    assert read_yaml(path) == {"split": {"test": [text]}}


@pytest.mark.parametrize(
    ("text", "number"), [("0", 0), ("-0", 0), ("10", 10), ("0.5", 0.5), ("-1.5", -1.5), ("0x10", 16)]
)
def test_numbers_are_numbers(tmp_path: Path, text: str, number: float) -> None:
    path = tmp_path / "study.yaml"
    path.write_text(f"seed: {text}\n", encoding="utf-8")
    assert read_yaml(path) == {"seed": number}


def test_settings_that_are_numbers_may_be_written_with_a_zero_or_a_plus(tmp_path: Path) -> None:
    path = tmp_path / "study.yaml"
    path.write_text("seed: 007\nsplit: {kind: random, test_share: +0.25}" + REST, encoding="utf-8")
    study = load_study(path)
    assert (study.seed, study.split.test_share) == (7, 0.25)


@pytest.mark.parametrize(("items", "refused"), [(7, False), (8, True)])
def test_a_file_has_so_many_values_at_most(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, items: int, refused: bool
) -> None:
    # the file, its key and the list are three of ten
    monkeypatch.setattr("sonoher2.core.yaml_file.MOST_VALUES", 10)
    path = tmp_path / "study.yaml"
    path.write_text(f"models: {list(range(items))}\n", encoding="utf-8")
    if refused:
        with pytest.raises(InputError, match="values"):
            read_yaml(path)
    else:
        assert read_yaml(path) == {"models": list(range(items))}
