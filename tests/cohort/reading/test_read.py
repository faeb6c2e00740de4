"""Tables as hospitals have them: where the header is, which encoding it has, what Excel hides."""

from __future__ import annotations

import os
import unicodedata
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from sonoher2.cohort.reading import excel, parquet, workbook_limits
from sonoher2.cohort.reading.read import detect_reading, on_disk, read_whole
from sonoher2.cohort.reading.sheet import DoubtError, listed
from sonoher2.config.tables import TableReading
from sonoher2.core.errors import InputError

HEAD = ["patient_id", "age", "menopause", "Ki67", "IHC"]
BODY = [[f"P{i:03}", 30 + i, "pre" if i % 2 else "post", 10 + i, f"{i % 4}+"] for i in range(12)]
SHEET = "xl/worksheets/sheet1.xml"
TWO_ROWS = "Set `header_row: [1, 2]` in the study file, or write the names in one row"


def text(folder: Path, content: str, encoding: str = "utf-8") -> Path:
    path = folder / "t.csv"
    path.write_bytes(content.encode(encoding))
    return path


def csv_text(rows: list[list[object]], mark: str = ",") -> str:
    return "".join(mark.join("" if cell is None else str(cell) for cell in row) + "\n" for row in rows)


def book(folder: Path, rows: list[list[object]], change: Callable[[openpyxl.Workbook], None] | None = None) -> Path:
    made = openpyxl.Workbook()
    for row in rows:
        made.active.append(row)
    if change is not None:
        change(made)
    made.save(folder / "t.xlsx")
    return folder / "t.xlsx"


def patched(path: Path, change: Callable[[bytes], bytes]) -> Path:
    """Change the XML of the first sheet."""
    target = path.with_name("patched.xlsx")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, change(old.read(name)) if name == SHEET else old.read(name))
    return target


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_a_title_of_text_is_passed_over_with_a_warning(tmp_path: Path, mark: str) -> None:
    read = read_whole(
        text(tmp_path, "Cohort of 2019 to 2021; all\n".replace(mark, " ") + csv_text([HEAD, *BODY], mark))
    )
    assert list(read.frame.columns) == HEAD
    assert read.frame.index.tolist() == list(range(3, 15))
    assert read.found == {"header_row": 2}
    assert "row 2" in read.findings[0].what


@pytest.mark.parametrize(
    ("rows", "reading"),
    [
        ([["Hospital A", "Export 2024"], HEAD], {"header_row": 2}),
        ([["病历号", "年龄", "绝经", "Ki67", "免疫组化"], HEAD], {"header_row": [1, 2]}),
        ([HEAD, [None, "years", None, "%", None]], {"header_row": [1, 2]}),
        ([["patient_id", "age", "menopause", "HER2", None], [None, None, None, "IHC", "FISH"]], {"header_row": [1, 2]}),
    ],
)
def test_a_header_in_doubt_is_refused_and_its_likely_row_named(
    tmp_path: Path, rows: list[list[object]], reading: dict[str, object]
) -> None:
    for path in (book(tmp_path, [*rows, *BODY]), text(tmp_path, csv_text([*rows, *BODY]))):
        with pytest.raises(InputError) as caught:
            read_whole(path)
        assert f"`header_row: {reading['header_row']}`" in caught.value.fix
        drafted = detect_reading(path)
        assert drafted.found == reading
        assert len(drafted.frame) == 12
        assert len(read_whole(path, reading=TableReading.model_validate(reading)).frame) == 12


def test_a_header_of_two_rows_is_joined_under_merged_cells(tmp_path: Path) -> None:
    rows = [["id", "HER2", None, None], [None, "IHC", "FISH", "ratio"], ["P1", "3+", None, 2.5]]
    path = book(tmp_path, rows, lambda made: made.active.merge_cells("B1:D1"))
    read = read_whole(path, reading=TableReading(header_row=[1, 2]))
    assert list(read.frame.columns) == ["id", "HER2 IHC", "HER2 FISH", "HER2 ratio"]


@pytest.mark.parametrize(
    ("content", "columns"),
    [
        ("# exported\nid,age\nA,5\n", ["id", "age"]),
        ("#,id,age\n1,A,5\n", ["#", "id", "age"]),
        ("# exported\n#,id,age\n1,A,5\n", ["#", "id", "age"]),
        ("#id,age\nA,5\nB,6\n", ["#id", "age"]),
        ("#Patient\tAge\n#STRING\tNUMBER\nID\tAGE\nA\t5\n", ["ID", "AGE"]),
        ("sep=|\nid|age\nA|5\n", ["id", "age"]),
        ('"sep=;"\nid;age\nA;1,5\n', ["id", "age"]),
    ],
)
def test_lines_above_the_header(tmp_path: Path, content: str, columns: list[str]) -> None:
    assert list(read_whole(text(tmp_path, content)).frame.columns) == columns


def test_a_line_that_may_be_comment_or_header_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="header_row: 1"):
        read_whole(text(tmp_path, "#id,menopause\nP1,pre\nP2,post\n"))


@pytest.mark.parametrize(
    ("content", "encoding", "guess"),
    [
        ("住院号,姓名\nP1,赵一\n", "gbk", "gb18030"),
        ("id,menopause\nP1,未绝经\nP2,绝经\n", "gb18030", "gb18030"),
        ("id,name\nP1,Müller\nP2,Zoë\n", "cp1252", "cp1252"),
        ("пациент,возраст\nП1,40\n", "utf-8", None),
        ("id,café\nP1,±5 °\n", "utf-8", None),
        ("id,x\nP1,±\n", "utf-8", None),
        ("住院号,姓名\nP1,赵一\n", "utf-16", None),
    ],
)
def test_the_encoding_is_told_by_the_bytes(tmp_path: Path, content: str, encoding: str, guess: str | None) -> None:
    read = read_whole(text(tmp_path, content, encoding))
    lines = [line.split(",") for line in content.splitlines()]
    assert [list(read.frame.columns), *read.frame.to_numpy().tolist()] == lines
    assert read.found.get("encoding") == guess
    assert len(read.findings) == (guess is not None)


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        ("病歷號,年齡\nP1,40\n", "big5"),
        ("id,sex\nP1,女\n", "gbk"),
        ("id,sex\nP1,男\nP2,女\n", "gbk"),
        ("患者,年齢\nP1,はい\n", "shift-jis"),
        ("환자,나이\nP1,여성\n", "euc-kr"),
        ("id,Größe\nP1,3\n", "cp1252"),
        ("пациент,возраст\nП1,40\n", "cp1251"),
        ("id,age\nP1,40\n", "utf-16-le"),
        ("id,age\nP1,40\n", "utf-16-be"),
    ],
)
def test_an_encoding_in_doubt_is_refused_until_it_is_told(tmp_path: Path, content: str, encoding: str) -> None:
    path = text(tmp_path, content, encoding)
    with pytest.raises(InputError, match="encoding"):
        read_whole(path)
    read = read_whole(path, reading=TableReading(encoding=encoding))
    assert list(read.frame.columns) == content.splitlines()[0].split(",")
    assert read.findings == ()


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_wide_text_without_its_mark_is_read_in_a_draft(tmp_path: Path, encoding: str) -> None:
    path = text(tmp_path, "id,age\nP1,40\n", encoding)
    with pytest.raises(DoubtError, match="looks like UTF-16 text without its mark") as caught:
        read_whole(path)
    assert caught.value.reading == {"encoding": encoding}
    found = detect_reading(path)
    assert found.frame.to_dict("list") == {"id": ["P1"], "age": ["40"]}


def test_a_wrong_encoding_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not UTF-8 text"):
        read_whole(text(tmp_path, "id,名\nP1,赵\n", "gbk"), reading=TableReading(encoding="utf-8"))
    with pytest.raises(InputError, match="for text tables"):
        read_whole(book(tmp_path, [HEAD, *BODY]), reading=TableReading(encoding="utf-8"))


def test_invisible_characters_are_removed_and_others_refused(tmp_path: Path) -> None:
    read = read_whole(text(tmp_path, "\ufeff\u200bid\u200b,x\nP1\ufeff,a\u200bb\nP\u00ad2,\u00a0c\u3000\n"))
    assert read.frame.to_dict("list") == {"id": ["P1", "P2"], "x": ["ab", "c"]}
    with pytest.raises(InputError, match="column 'x', row 2: a cell holds a control character"):
        read_whole(text(tmp_path, "id,x\nP1,a\0b\n"))
    with pytest.raises(InputError, match="row 2"):
        read_whole(text(tmp_path, 'id,x\nP1,"abc\nP2,d\n'))


def sheets(*names: str) -> Callable[[openpyxl.Workbook], None]:
    def add(made: openpyxl.Workbook) -> None:
        for name in names:
            sheet = made.create_sheet(name)
            for row in (HEAD, *BODY):
                sheet.append(row)

    return add


def test_the_sheet_is_the_first_the_only_table_or_told(tmp_path: Path) -> None:
    read = read_whole(book(tmp_path, [["Data dictionary"]], sheets("data")))
    assert (len(read.frame), read.found) == (12, {"sheet": "data"})
    read = read_whole(book(tmp_path, [["name", "meaning"], ["age", "years"]], sheets("data")))
    assert list(read.frame.columns) == ["name", "meaning"]
    assert "data" in read.findings[0].what
    assert read.where == "t.xlsx, sheet 'Sheet' (other sheets: data)"
    assert read_whole(book(tmp_path, [["name", "meaning"], ["age", "years"]])).where == "t.xlsx"
    path = book(tmp_path, [["Data dictionary"]], sheets("A", "B"))
    with pytest.raises(InputError, match="sheet: A"):
        read_whole(path)
    assert len(read_whole(path, reading=TableReading(sheet="B")).frame) == 12
    with pytest.raises(InputError, match="no sheet 'C'"):
        read_whole(path, reading=TableReading(sheet="C"))


def test_a_number_is_a_percentage_where_excel_shows_one(tmp_path: Path) -> None:
    def formats(made: openpyxl.Workbook) -> None:
        for row, (value, shown) in enumerate([(0.07, "0%"), (0.125, "0.0%"), (15, '0"%"'), (0.3, "General")], start=2):
            made.active.cell(row, 1, value).number_format = shown

    read = read_whole(book(tmp_path, [["x"]], formats))
    assert read.frame["x"].tolist() == ["7%", "12.5%", "15", "0.3"]


def test_merged_cells(tmp_path: Path) -> None:
    rows = [["id", "view", "x"], ["P1", "L", 1], [None, "T", None], ["P2", "L", 2]]

    def over_rows(made: openpyxl.Workbook) -> None:
        made.active.merge_cells("A2:A3")
        made.active.merge_cells("C2:C3")

    read = read_whole(book(tmp_path, rows, over_rows))
    assert read.frame.to_numpy().tolist() == [["P1", "L", "1"], ["P1", "T", "1"], ["P2", "L", "2"]]
    with pytest.raises(InputError, match="row 4: cells are merged over several columns"):
        read_whole(book(tmp_path, rows, lambda made: made.active.merge_cells("B4:C4")))


def test_formulas_without_values_and_rounded_numbers(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"2 formulas have no stored value \(cells B2, B3\)"):
        read_whole(book(tmp_path, [["a", "b"], [1, "=A2"], [2, "=A3"]]))
    read = read_whole(book(tmp_path, [["id", "x"], [3.10101199001011e17, 1], [2.0, 2]]))
    assert read.frame["id"].tolist() == ["3.10101199001011E+17", "2"]


HOSTILE: dict[str, Callable[[bytes], bytes]] = {
    "many cells in a row": lambda xml: xml.replace(b"</sheetData>", b"<row>" + b"<c/>" * 2_000_000 + b"</row>"),
    "a far cell": lambda xml: xml.replace(b'r="B3"', b'r="XFD1048576"'),
    "a far row": lambda xml: xml.replace(b'<row r="3"', b'<row r="99999999999"'),
    "no such column": lambda xml: xml.replace(b'r="B3"', b'r="ZZZZZ9"'),
    "merged over all": lambda xml: xml.replace(
        b"</sheetData>", b'</sheetData><mergeCells><mergeCell ref="A1:XFD1048576"/></mergeCells>'
    ),
    "cut": lambda xml: xml[:400],
    "no XML": lambda xml: b"\x00" * 100,
}  # fmt: skip


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_workbooks_are_refused(tmp_path: Path, kind: str) -> None:
    with pytest.raises(InputError):
        read_whole(patched(book(tmp_path, [HEAD, *BODY]), HOSTILE[kind]))


def test_a_workbook_that_unpacks_to_too_much_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as parts, parts.open(SHEET, "w") as part:
        for _ in range(600):
            part.write(b" " * 2**20)
    with pytest.raises(InputError, match="1,048,576 rows, 100,000 columns, 20 million cells and 512 MB; remove"):
        read_whole(path)


def test_a_cell_that_stands_too_far_out_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = book(tmp_path, [HEAD, *BODY], lambda made: made.active.cell(20, 703, "x"))
    monkeypatch.setattr(excel, "MOST_CELLS", 700)
    with pytest.raises(InputError, match=r"as far out as AAA20\. Remove the cells that lie far outside the table"):
        read_whole(path)


@pytest.mark.parametrize("data", [b"\xd0\xcf\x11\xe0" + b"0" * 600, b"PK\x03\x04 and nothing", b""])
def test_files_that_are_no_workbook(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "t.xlsx").write_bytes(data)
    with pytest.raises(InputError, match="cannot be read"):
        read_whole(tmp_path / "t.xlsx")


def test_a_workbook_of_too_many_tags_is_refused_before_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "t.xlsx"
    pd.DataFrame({"id": [f"P{i}" for i in range(50)], "note": "n"}).to_excel(path, index=False)
    assert len(read_whole(path).frame) == 50
    with zipfile.ZipFile(path) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml")
    with monkeypatch.context() as patch:
        patch.setattr(workbook_limits, "MOST_TAGS", sheet.count(b"<") - 1)
        with pytest.raises(InputError, match=r"^t\.xlsx: the table is too large"):
            read_whole(path)
    # many tags in a row of a sheet are held at once
    monkeypatch.setattr(workbook_limits, "MOST_TAGS_AT_ONCE", 5)
    with pytest.raises(InputError, match=r"^t\.xlsx: the table is too large"):
        read_whole(path)


def test_parquet_that_is_damaged_nested_or_huge(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "t.parquet"
    pd.DataFrame({"id": ["P1"], "x": [[1, 2]]}).to_parquet(path)
    with pytest.raises(InputError, match="'x' holds lists"):
        read_whole(path)
    # twelve million bytes of text that a dictionary keeps in a few thousand
    pd.DataFrame({"id": ["a" * 1000] * 12_000}).to_parquet(path)
    assert path.stat().st_size < 10_000
    assert len(read_whole(path).frame) == 12_000
    for limit, value in (
        ("MOST_BYTES", 11_000_000),
        ("MOST_ROWS", 11_999),
        ("MOST_CELLS", 11_999),
        ("MOST_COLUMNS", 0),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(parquet, limit, value)
            with pytest.raises(InputError, match="too large"):
                read_whole(path)
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(InputError, match="damaged"):
        read_whole(path)


def test_paths_that_cannot_be(tmp_path: Path) -> None:
    os.symlink("loop.csv", tmp_path / "loop.csv")
    for name in ("loop.csv", "a" * 5000 + ".csv", "a\0.csv"):
        with pytest.raises(InputError) as caught:
            read_whole(tmp_path / name)
        assert len(str(caught.value)) < 600


@pytest.mark.parametrize(("there", "asked"), [("NFC", "NFD"), ("NFD", "NFC")])
def test_a_name_is_found_however_it_is_composed(tmp_path: Path, there: str, asked: str) -> None:
    kept = tmp_path / unicodedata.normalize(there, "Müller é") / unicodedata.normalize(there, "é.png")
    kept.parent.mkdir()
    kept.touch()
    wanted = tmp_path / unicodedata.normalize(asked, "Müller é") / unicodedata.normalize(asked, "é.png")
    assert on_disk(wanted) == kept
    assert on_disk(tmp_path / "no é.png") == tmp_path / "no é.png"


def test_second_rows_of_a_text_table_that_belong_to_the_header(tmp_path: Path) -> None:
    for second in (
        ["编号", "年龄", "绝经", "增殖指数", "免疫组化"],
        ["", "", "status", "index", "score"],
    ):
        with pytest.raises(InputError, match="rows 1 and 2 look like a header of two rows") as error:
            read_whole(text(tmp_path, csv_text([HEAD, second, *BODY])))
        assert error.value.fix == f"{TWO_ROWS}; delete row 2 if it is not wanted"
    # what the first row leaves open cannot be left out
    with pytest.raises(InputError, match="rows 1 and 2 look like a header of two rows") as error:
        read_whole(
            text(tmp_path, csv_text([["id", "", "Size", "", ""], ["", "age", "width", "height", "depth"], *BODY]))
        )
    assert error.value.fix == TWO_ROWS
    first = ["X1", None, "unclear", "low", "2+/3+"]
    assert len(read_whole(text(tmp_path, csv_text([HEAD, first, *BODY]))).frame) == len(BODY) + 1


@pytest.mark.parametrize("start", [b"PK\x03\x04", b"\xd0\xcf\x11\xe0"])
def test_a_workbook_under_the_name_of_a_text_table(tmp_path: Path, start: bytes) -> None:
    (tmp_path / "t.csv").write_bytes(start + b"\x00\xff" * 200)
    with pytest.raises(InputError, match="an Excel workbook although its name"):
        read_whole(tmp_path / "t.csv")


def test_cells_guarded_as_formulas(tmp_path: Path) -> None:
    frame = read_whole(text(tmp_path, 'id,age\r\n="007",="45"\r\n"=""008""",46\r\n')).frame
    assert frame["id"].tolist() == ["007", "008"]
    assert frame["age"].tolist() == ["45", "46"]


def test_leading_zeros_that_excel_shows(tmp_path: Path) -> None:
    def zeros(made: openpyxl.Workbook) -> None:
        for row in (2, 3):
            made.active.cell(row, 1).number_format = "00000"

    frame = read_whole(book(tmp_path, [["id", "age"], [7, 45], [12345, 46]], zeros)).frame
    assert frame["id"].tolist() == ["00007", "12345"]
    assert frame["age"].tolist() == ["45", "46"]


def test_rows_without_height_are_hidden(tmp_path: Path) -> None:
    flat = patched(book(tmp_path, [HEAD, *BODY]), lambda xml: xml.replace(b'<row r="3"', b'<row ht="0" r="3"'))
    assert "1 of 12 rows" in str(read_whole(flat).findings)


def test_a_table_without_header_does_not_speak_of_quotes(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not look like a header"):
        read_whole(text(tmp_path, csv_text([["P1", 40, "3+"], *([f"P{i}", 40, "2+", "neg"] for i in range(2, 9))])))


def test_the_first_five_are_listed_and_the_others_counted() -> None:
    assert listed(range(1, 6)) == "1, 2, 3, 4, 5"
    assert listed(range(1, 7)) == "1, 2, 3, 4, 5 and 1 more"


def test_in_a_column_read_as_written_an_empty_cell_and_what_is_declared_are_missing(tmp_path: Path) -> None:
    path = text(tmp_path, "patient_id,ihc,age\nP1,-,-\nP2,,41\nP3,not seen,not seen\nP4,NA,NA\n")
    found = read_whole(path, missing=["Not Seen"], as_written=["ihc"]).frame
    assert found["ihc"].tolist() == ["-", None, None, "NA"]
    assert found["age"].tolist() == [None, "41", None, None]


def test_the_row_that_seems_to_be_the_header_is_an_answer_that_a_draft_can_take(tmp_path: Path) -> None:
    rows = [["Breast", "centre"], ["12", "2024"], HEAD, *BODY]
    with pytest.raises(DoubtError, match="13 rows have cells beyond the 2 columns of the header") as caught:
        read_whole(text(tmp_path, csv_text(rows)))
    assert caught.value.reading == {"header_row": 3}
    assert detect_reading(text(tmp_path, csv_text(rows))).frame["patient_id"].tolist() == [row[0] for row in BODY]


def test_a_row_that_is_longer_than_the_header_is_refused_though_it_ends_empty(tmp_path: Path) -> None:
    given = "patient_id,ihc,ratio,copies\nP0,2+,1,8,\nP1,2+,1.8,5\nP2,3+\nP3,2+,2,1,\n"
    with pytest.raises(InputError) as caught:
        read_whole(text(tmp_path, given))
    assert str(caught.value).startswith(
        "t.csv, rows 2, 5: 2 rows have more cells than the header has, and an empty one at their end."
    )
    with pytest.raises(InputError, match=r"row 2: 1 row has more cells"):
        read_whole(text(tmp_path, given.replace("2,1,\n", "2,1\n")))
    # quoted, and with as many separators as the header
    read = read_whole(text(tmp_path, 'patient_id,ihc,ratio,\nP0,2+,"1,8",\nP1,2+,1.8,\nP2,3+\n'))
    assert read.frame["ratio"].tolist() == ["1,8", "1.8", None]
    assert read.findings == ()


def test_one_separator_too_many_in_every_row_is_told(tmp_path: Path) -> None:
    read = read_whole(text(tmp_path, "patient_id;ihc\nP0;2+;\nP1;3+;\n"))
    assert read.frame["ihc"].tolist() == ["2+", "3+"]
    assert [str(finding) for finding in read.findings] == [
        "t.csv: each row ends with 1 separator more than the header. Look whether each value stands under its name."
    ]


def test_units_that_only_the_format_shows_are_told_where_they_differ(tmp_path: Path) -> None:
    def shown(formats: list[str]) -> Callable[[openpyxl.Workbook], None]:
        def change(made: openpyxl.Workbook) -> None:
            for row, number_format in enumerate(formats, start=2):
                made.active.cell(row, 2).number_format = number_format

        return change

    rows: list[list[object]] = [["patient_id", "size", "age"], ["P0", 23, 40], ["P1", 2.3, 41], ["P2", 18, 42]]
    read = read_whole(book(tmp_path, rows, shown(['0" mm"', '0.0"cm"', '0" mm"'])))
    assert read.frame["size"].tolist() == ["23", "2.3", "18"]
    (told,) = map(str, read.findings)
    assert "Excel shows the numbers of column B in different units: mm (2), cm (1)." in told
    assert "no unit (1)" in str(read_whole(book(tmp_path, rows, shown(['0"mm"', "0.0", '0"mm"']))).findings[0])
    assert read_whole(book(tmp_path, rows, shown(['0" mm"', '0.0" mm"', '0" mm"']))).findings == ()


def test_a_strict_workbook_is_named(tmp_path: Path) -> None:
    path, target = book(tmp_path, [HEAD, *BODY]), tmp_path / "strict.xlsx"
    ours, strict = (
        b"http://schemas.openxmlformats.org/spreadsheetml/2006/main",
        b"http://purl.oclc.org/ooxml/spreadsheetml/main",
    )
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name).replace(ours, strict))
    with pytest.raises(InputError, match=r"'Strict Open XML Spreadsheet'\. Save it in Excel as 'Excel Workbook"):
        read_whole(target)
