"""HER2 columns as a whole: what a sign means beside others, the map of spellings, and the list of what was not read."""

from __future__ import annotations

import pandas as pd
import pytest
import yaml

from sonoher2.cohort.her2.columns import looks_like, read_columns, unread_table
from sonoher2.config.target import Her2Target
from sonoher2.core.errors import Finding


def read(
    ihc: list[str | None], ish: list[str | None] | None = None, **keys: object
) -> tuple[pd.DataFrame, list[Finding]]:
    columns = {"score": ihc} | ({} if ish is None else {"fish": ish})
    frame = pd.DataFrame(columns, index=range(2, 2 + len(ihc)), dtype=object)
    names = {"ihc": "score"} | ({} if ish is None else {"ish": "fish"})
    target = Her2Target.model_validate({**names, "rule": "ASCO/CAP 2023", **keys})
    return read_columns(frame, target, "t")


def texts(findings: list[Finding], severity: str) -> str:
    return "\n".join(str(finding) for finding in findings if finding.severity == severity)


@pytest.mark.parametrize("dash", ["-", "--", "—", "－", "none", "阴性"])
def test_a_dash_beside_plus_signs_is_zero_with_a_warning(dash: str) -> None:
    rows, findings = read(["+++", "+", dash, "2+"])
    assert rows["ihc"].tolist() == ["3+", "1+", "0", "2+"]
    assert f"'{dash}' as 0 (1)" in texts(findings, "warning")
    assert texts(findings, "error") == ""


@pytest.mark.parametrize("dash", ["-", "--", "none", "阴性"])
def test_a_dash_beside_written_zeros_is_refused(dash: str) -> None:
    _, findings = read(["0", "1+", dash, "3+"])
    assert f"'{dash}' (1)" in texts(findings, "error")


def test_plus_and_minus_alone_are_no_scores() -> None:
    _, findings = read(["+", "-", "(+)", "+"])
    assert "'+' (2), '-' (1), '(+)' (1)" in texts(findings, "error")


@pytest.mark.parametrize("codes", [["0", "1"], ["1", "2"], ["0", "1", "2"], ["1.0", "0"]])
def test_numbers_that_may_be_codes_are_warned_of(codes: list[str]) -> None:
    _, findings = read([*codes, None])
    assert "may be a coded status" in texts(findings, "warning")


@pytest.mark.parametrize("scores", [["0", "1", "2", "3"], ["0", "1+"], ["2", "2"], ["0"], ["1", "3"]])
def test_scores_are_not_taken_for_codes(scores: list[str]) -> None:
    _, findings = read([*scores])
    assert findings == []


@pytest.mark.parametrize("scores", [["1", "2", "3"], ["1", "3"], ["0", "3"]])
def test_a_longer_column_without_a_score_that_must_be_there_is_warned_of(scores: list[str]) -> None:
    told = "\n".join(str(finding) for finding in read([*scores * 5, "1.0" if "1" in scores else "3.0"])[1])
    assert f"the column holds only {' and '.join(scores)}: this may be a coded status" in told
    # nine cells, a score with its plus, or all scores
    for known in (["1"] * 6 + ["2", "3", "3"], ["3+", *scores * 5], ["0", "1", "3"] * 5):
        assert read([*known])[1] == []


def test_a_share_that_does_not_fit_its_score_is_told() -> None:
    rows, findings = read(["3+ (5%)", "3+ (90%)", "1+ (5%)", "3+ (5%)"])
    assert rows["ihc"].tolist() == ["3+", "3+", "1+", "3+"]
    assert "which was taken as it stands: '3+ (5%)' (2), '1+ (5%)' (1)" in texts(findings, "warning")


@pytest.mark.parametrize("name", ["是否行FISH", "FISH_performed", "FISH done"])
def test_whether_a_test_was_done_is_not_what_it_found(name: str) -> None:
    frame = pd.DataFrame({"score": ["2+", "3+"], name: ["是", "否"]}, index=[2, 3], dtype=object)
    names = {"ihc": "score", "ish": name, "rule": "ASCO/CAP 2023"}
    _, findings = read_columns(frame, Her2Target.model_validate(names), "t")
    assert "the column says whether a test was done, and not what it found: '是' (1), '否' (1)" in texts(
        findings, "error"
    )
    told = Her2Target.model_validate({**names, "values": {"ish": {"是": "positive", "否": "negative"}}})
    rows, findings = read_columns(frame, told, "t")
    assert (rows["ish"].tolist(), findings) == (["ISH positive", "ISH negative"], [])


@pytest.mark.parametrize("name", ["HER2是否扩增", "有无扩增", "FISH performed, result", "是否阳性"])
def test_whether_it_is_amplified_is_a_result(name: str) -> None:
    frame = pd.DataFrame({"score": ["2+", "3+"], name: ["是", "否"]}, index=[2, 3], dtype=object)
    names = {"ihc": "score", "ish": name, "rule": "ASCO/CAP 2023"}
    rows, findings = read_columns(frame, Her2Target.model_validate(names), "t")
    assert rows["ish"].tolist() == ["ISH positive", "ISH negative"]
    assert texts(findings, "error") == ""


def test_yes_and_no_alone_are_told_of() -> None:
    rows, findings = read(["2+", "2+", "2+"], ["yes", "N", None])
    assert rows["ish"].tolist() == ["ISH positive", "ISH negative", None]
    assert "yes and no were read as ISH positive and negative: 'yes' (1), 'N' (1)" in texts(findings, "warning")
    assert texts(read(["2+", "2+"], ["yes", "not amplified"])[1], "warning") == ""


def test_dashes_of_the_ish_are_counted_among_those_that_need_it() -> None:
    rows, findings = read(["2+", "2+", "3+", "2+"], ["-", "positive", "-", "none"])
    assert rows["ish"].tolist() == [None, "ISH positive", None, None]
    said = texts(findings, "warning")
    assert "in 3 cells was taken as not done" in said
    assert "2 of them are IHC 2+" in said
    assert "only ISH positives are left" in said
    _, findings = read(["0", "2+"], ["-", "(-)"])
    assert texts(findings, "warning") == ""
    assert "in 1 cells was taken as not done" in texts(findings, "note")


def test_na_beside_written_negatives_is_not_available_and_alone_refused() -> None:
    rows, findings = read(["2+", "2+", "0"], ["NA", "Negative", "positive"])
    assert rows["ish"].tolist() == [None, "ISH negative", "ISH positive"]
    assert "1 of them are IHC 2+" in texts(findings, "warning")
    _, findings = read(["2+", "2+"], ["NA", "Amplified"])
    assert "'NA' (1)" in texts(findings, "error")


def test_a_cell_fills_the_column_of_the_other_assay_and_must_agree_with_it() -> None:
    rows, findings = read(["2+/FISH-", "2+/FISH+", "2+"], [None, "positive", "negative"])
    assert rows["ish"].tolist() == ["ISH negative", "ISH positive", "ISH negative"]
    assert findings == []
    rows, findings = read(["2+/FISH-", "3+"])
    assert rows["ish"].tolist() == ["ISH negative", None]
    _, findings = read(["2+/FISH-", "2+"], ["positive", None])
    assert "t, column 'score', row 2: its ish is not the one that stands in the column of ish" in texts(
        findings, "error"
    )


def test_the_study_file_says_what_spellings_mean() -> None:
    rows, findings = read(
        ["HER2＋", "9", "2+", "-"],
        ["1", "阳性", "1", "2.4"],
        values={"9": "missing", "ihc": {"her2+": "3+", "-": "0"}, "ish": {"1": "negative", "2.4": "ratio 2.4"}},
    )
    assert findings == []
    assert rows["ihc"].tolist() == ["3+", None, "2+", "0"]
    assert rows["ish"].tolist() == ["ISH negative", "ISH positive", "ISH negative", None]
    assert rows["ratio"].tolist() == [None, None, None, 2.4]


def test_a_meaning_that_is_none_is_an_error_and_a_spelling_that_is_nowhere_a_note() -> None:
    _, findings = read(["x", "2+"], values={"x": "three", "y": "3+"})
    assert "`values` gives 'x' the meaning 'three', which is not an IHC score" in texts(findings, "error")
    assert "'y' of `values` stands in no row" in texts(findings, "note")
    _, findings = read(["A", "2+"], values={"a": "3+", "A": "2+"})
    assert "two meanings" in texts(findings, "error")


def test_everything_that_is_not_understood_is_listed_with_a_line_that_decides_it() -> None:
    ihc = ["HER2+"] * 3 + [f"code {i}" for i in range(30)] + ["2+"]
    ish = ["1.0", "x", *["positive"] * 32]
    _, findings = read(ihc, ish, values={"zz": "missing", "ihc": {"-": "0"}})
    table = unread_table(findings)
    assert len(table) == 33
    assert table.iloc[0].tolist() == ["score", "ihc", "HER2+", 3, "2 3 4"]
    message = texts(findings, "error")
    assert all(f"'code {i}' (1)" in message for i in range(30))
    line = message.split("`")[1].replace("FILL-IN", "missing")
    assert line.index("ihc: {") < line.index("ish: {")
    given = yaml.safe_load(line)
    assert given["values"]["zz"] == "missing"
    assert given["values"]["ihc"]["-"] == "0"
    rows, findings = read(ihc, ish, **given)
    assert texts(findings, "error") == ""
    assert rows["ihc"].dropna().tolist() == ["2+"]


def test_an_unread_spelling_shows_what_cannot_be_seen() -> None:
    _, findings = read(["3+?\u200b", "2+"])
    assert '"3+?\\u200b": FILL-IN' in texts(findings, "error")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([1], "a map is needed"),
        ({"ihc": {"x": None}}, "write `missing`"),
        ({"xyz": {"x": "1+"}}, "for one of ihc, ish"),
    ],
)
def test_a_map_that_is_none(values: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Her2Target.model_validate({"ihc": "score", "rule": "ASCO/CAP 2018", "values": values})


def test_a_map_survives_being_written_and_read_back() -> None:
    target = Her2Target.model_validate(
        {"ihc": "s", "rule": "ASCO/CAP 2018", "values": {"2＋": "2+", "ish": {1: "positive"}}}
    )
    assert Her2Target.model_validate_json(target.model_dump_json()) == target
    assert target.spellings("ish") == {"2＋": "2+", "1": "positive"}


@pytest.mark.parametrize(
    ("values", "role", "expected"),
    [
        (["2+", "0", "3+", "equivocal?", None], "ihc", True),
        (["Positive", "Negative", "not performed", "?!"], "ish", True),
        (["扩增", "未扩增", "-"], "ish", True), (["55", "61", "47"], "ihc", False), (["a", "b"], "ish", False),
        ([None], "ihc", False), (["not done"], "ish", False), (["1.8", "2.4"], "ish", False),
        (["1.8", "2,4"], "ratio", True),
    ],
)  # fmt: skip
def test_a_column_looks_like_what_most_of_its_cells_are(values: list[str | None], role: str, expected: bool) -> None:
    assert looks_like(pd.Series(values, dtype=object), role) is expected  # type: ignore[arg-type]


@pytest.mark.parametrize(("letters", "shown"), [(60, "x" * 60), (61, "x" * 60 + "…")])
def test_sixty_letters_of_a_spelling_are_shown(letters: int, shown: str) -> None:
    _, findings = read(["x" * letters, "2+"])
    assert f"'{shown}' (1)" in texts(findings, "error")


def test_spellings_of_reported_statuses_are_known_in_any_case_and_spacing() -> None:
    frame = pd.DataFrame(
        {"score": ["0", "3+", "1+", "2+"], "said": ["grp  b", "Grp A", "none", "HER2 Low"]},
        index=range(2, 6),
        dtype=object,
    )
    declared = {"status": {"GRP A": "positive", "Grp B": "negative", "none": "missing"}}
    names = {"ihc": "score", "status": "said", "rule": "ASCO/CAP 2023", "values": declared}
    rows, _ = read_columns(frame, Her2Target.model_validate(names), "t")
    # what nobody declared stays as it is written
    assert rows["reported"].tolist() == ["negative", "positive", None, "HER2 Low"]
