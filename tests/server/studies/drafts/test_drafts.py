"""From a messy folder to a study file over the API, changed step by step."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from fastapi.testclient import TestClient
from PIL import Image

from server_studies import messy_folder
from sonoher2.config.load import load_study
from sonoher2.server.base.settings import ServerSettings

ROLES = {"住院号": "patient", "姓名": "person", "年龄": "clinical", "绝经": "clinical", "备注": "unused",
         "HER2免疫组化": "ihc", "HER2_FISH": "ish"}  # fmt: skip


LONG = "弱（" + "染色不均匀" * 14 + "）"
"""A spelling as long as a sentence: its meaning is told by the whole of it."""


def drafted(client: TestClient, folder: Path, **more: str) -> dict[str, Any]:
    answer = client.post("/api/v1/drafts", json={"folder": str(folder), **more})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def columns(draft: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {one["name"]: one for one in draft["columns"]}


def test_a_messy_folder_becomes_a_draft(client: TestClient, tmp_path: Path, settings: ServerSettings) -> None:
    folder = messy_folder(tmp_path / "乳腺")
    draft = drafted(client, folder)
    found = columns(draft)
    assert {name: one["read_as"] for name, one in found.items()} == ROLES
    age = found["年龄"]
    assert (age["key"], age["kind"], age["timing"], age["unit"]) == ("age", "number", "pre-biopsy", "years")
    # 40 + 0 for the first patient; 40 + 29 + 6 at most
    assert (age["low"], age["rows"], age["filled"]) == (40, 72, 72)
    assert [(one["value"], one["count"]) for one in found["HER2免疫组化"]["examples"]] == [
        ("3+", 36), ("0", 18), ("1+", 18)
    ]  # fmt: skip
    assert draft["patients"] == 72
    target = draft["target"]
    assert (target["rule"], target["task"]) == ("ASCO/CAP 2023", "positive-vs-negative")
    assert target["classes"] == [{"value": "negative", "count": 36}, {"value": "positive", "count": 36}]
    assert any("GBK" in note for note in draft["notes"])
    assert any("header is in row 2" in note for note in draft["notes"])
    # the file is one that the command line runs, and nothing was written into the user's folder
    assert [path.name for path in folder.iterdir()] == ["登记.csv"]
    study = load_study(settings.home / "drafts" / draft["id"] / "study.yaml")
    assert (study.data, study.clinical.header_row, study.clinical.encoding) == (folder, 2, "gb18030")
    assert client.get(f"/api/v1/drafts/{draft['id']}/study.yaml").text == draft["yaml"]
    assert [one["id"] for one in client.get("/api/v1/drafts").json()] == [draft["id"]]


def test_no_value_tells_who_a_patient_is(client: TestClient, tmp_path: Path) -> None:
    folder = messy_folder(tmp_path / "d")
    draft = drafted(client, folder)
    for name in ("住院号", "姓名", "备注"):
        assert columns(draft)[name]["examples"] == []
    # names read as a number: all are unread, and only their count is told
    change = {"columns": {"姓名": {"read_as": "clinical", "kind": "number", "timing": "pre-biopsy"}}}
    answer = client.patch(f"/api/v1/drafts/{draft['id']}", json=change)
    assert columns(answer.json())["姓名"]["unread"] == [{"value": "", "count": 72}]
    shown = answer.text
    assert "张芳" not in shown
    assert "13800" not in shown


def test_unread_spellings_are_counted_and_mapped(client: TestClient, tmp_path: Path) -> None:
    rows = [f"P{i},{age},{score}" for i, (age, score) in enumerate(
        [("40", "0"), ("约50", "HER2+"), ("61", "3+"), ("?", "HER2+"), ("45", "0"), ("52", LONG)])]  # fmt: skip
    (tmp_path / "t.csv").write_text("\n".join(["patient_id,age,HER2_IHC", *rows]), encoding="utf-8")
    draft = drafted(client, tmp_path)
    found = columns(draft)
    assert found["age"]["unread"] == [{"value": "约50", "count": 1}]
    assert found["HER2_IHC"]["unread"] == [{"value": "HER2+", "count": 2}, {"value": LONG, "count": 1}]
    cells = [one["cell"] for one in draft["problems"] if one["cell"] and one["cell"]["column"] == "HER2_IHC"]
    assert {"table": "t.csv", "column": "HER2_IHC", "rows": [3, 5, 7], "key": ""} in cells
    change = {
        "values": {"ihc": {"HER2+": "3+", LONG: "1+"}},
        "columns": {"age": {"missing": ["约50"]}},
        "task": "zero-low-positive",
    }
    after = client.patch(f"/api/v1/drafts/{draft['id']}", json=change).json()
    assert columns(after)["HER2_IHC"]["unread"] == columns(after)["age"]["unread"] == []
    assert after["problems"] == []
    assert after["target"]["values"] == {"ihc": {"HER2+": "3+", LONG: "1+"}}
    # 0: two; 1+: one; 3+: one, and two that are written HER2+
    assert [(one["value"], one["count"]) for one in after["target"]["classes"]] == [
        ("zero", 2), ("low", 1), ("positive", 3)
    ]  # fmt: skip
    forgotten = client.patch(f"/api/v1/drafts/{draft['id']}", json={"values": {"ihc": {LONG: ""}}}).json()
    assert forgotten["target"]["values"] == {"ihc": {"HER2+": "3+"}}


def test_a_column_of_the_second_count_can_get_another_role(client: TestClient, tmp_path: Path) -> None:
    rows = ["P1,2+,negative,2.1,4.5,positive", "P2,2+,positive,1.1,3.0,negative", "P3,0,,,,", "P4,3+,,,,"]
    (tmp_path / "t.csv").write_text("\n".join(["pid,IHC,FISH,r2,c2,again", *rows]), encoding="utf-8")
    draft = drafted(client, tmp_path)
    study = yaml.safe_load(draft["yaml"])
    study["target"] |= {"ish": "FISH", "recount": {"ratio": "r2", "copies": "c2", "result": "again"}}
    address = f"/api/v1/drafts/{draft['id']}"
    client.patch(address, json={"yaml": yaml.safe_dump(study, allow_unicode=True)})
    for name, role, left in (("r2", "unused", {"result": "again"}), ("again", "ish", None)):
        after = client.patch(address, json={"columns": {name: {"read_as": role}}}).json()
        assert yaml.safe_load(after["yaml"])["target"].get("recount") == left
        assert columns(after)[name]["read_as"] != "recount"
    # a ratio says nothing without its copies
    assert columns(after)["c2"]["read_as"] != "recount"
    assert yaml.safe_load(after["yaml"])["target"]["ish"] == "again"
    refused = client.patch(address, json={"columns": {"pid": {"read_as": "unused"}}})
    assert refused.status_code == 400
    assert refused.json()["error"]["message"] == "'pid' names the patients; say first which other column does"


def test_a_second_count_is_told_as_the_first_and_every_meaning_can_be_taken_back(
    client: TestClient, tmp_path: Path
) -> None:
    rows = ["P1,2+,negative,弱扩增", "P2,2+,positive,negative", "P3,0,,", "P4,3+,,"]
    (tmp_path / "t.csv").write_text("\n".join(["pid,IHC,FISH,again", *rows]), encoding="utf-8")
    draft = drafted(client, tmp_path)
    study = yaml.safe_load(draft["yaml"])
    study["target"] |= {"ish": "FISH", "recount": {"result": "again"}, "values": {"弱": "missing"}}
    address = f"/api/v1/drafts/{draft['id']}"
    draft = client.patch(address, json={"yaml": yaml.safe_dump(study, allow_unicode=True)}).json()
    again = columns(draft)["again"]
    assert (again["read_as"], again["spelled"]) == ("recount", "ish")
    assert again["unread"] == [{"value": "弱扩增", "count": 1}]
    assert {name: one["spelled"] for name, one in columns(draft).items()} == {
        "pid": None, "IHC": "ihc", "FISH": "ish", "again": "ish"
    }  # fmt: skip
    after = client.patch(address, json={"values": {"ish": {"弱扩增": "positive"}}}).json()
    assert columns(after)["again"]["unread"] == []
    # it stands in the second count, and the other one nowhere
    never = [one["message"] for one in after["problems"] if "stands in no row" in one["message"]]
    assert never == ["'弱' of `values` stands in no row"]
    after = client.patch(address, json={"values": {"": {"弱": ""}}}).json()
    assert after["target"]["values"] == {"ish": {"弱扩增": "positive"}}
    assert not any("stands in no row" in one["message"] for one in after["problems"])
    # a meaning outlives the column for which it was told, until it is taken back
    unused = {"columns": {"FISH": {"read_as": "unused"}}}
    assert client.patch(address, json=unused).json()["target"]["values"] == {"ish": {"弱扩增": "positive"}}
    after = client.patch(address, json={"values": {"ish": {"弱扩增": ""}}}).json()
    assert after["target"]["values"] == {}
    assert "values" not in yaml.safe_load(after["yaml"])["target"]


def test_a_long_value_is_offered_whole(client: TestClient, tmp_path: Path) -> None:
    rows = [f"P{i},{word},{score}" for i, (word, score) in enumerate([(LONG, "0"), ("b", "3+"), (LONG, "1+")])]
    (tmp_path / "t.csv").write_text("\n".join(["pid,echo,IHC", *rows]), encoding="utf-8")
    examples = columns(drafted(client, tmp_path))["echo"]["examples"]
    # a page makes levels of them, and a level is the whole of a cell
    assert examples == [{"value": LONG, "count": 2}, {"value": "b", "count": 1}]


def test_columns_change_what_they_are(client: TestClient, tmp_path: Path) -> None:
    text = "pid,grade,ER,HER2 IHC,score\nP1,1,+,0,3+\nP2,2,-,1+,0\nP3,3,+,3+,0\n"
    (tmp_path / "t.csv").write_text(text, encoding="utf-8")
    draft = drafted(client, tmp_path)
    assert {name: one["read_as"] for name, one in columns(draft).items()} == {
        "pid": "patient", "grade": "waiting", "ER": "waiting", "HER2 IHC": "ihc", "score": "unused"
    }  # fmt: skip
    key = draft["id"]
    # a column that is known with the biopsy only makes no pre-biopsy study
    late = {"columns": {"ER": {"read_as": "clinical", "kind": "yes/no", "timing": "biopsy"}}}
    refused = client.patch(f"/api/v1/drafts/{key}", json=late)
    assert refused.status_code == 422
    assert "pre-biopsy study cannot use ER" in refused.json()["error"]["message"]
    assert client.get(f"/api/v1/drafts/{key}").json() == draft
    after = client.patch(f"/api/v1/drafts/{key}", json={**late, "timing": "biopsy", "title": "二期"}).json()
    assert (after["timing"], after["title"], after["version"]) == ("biopsy", "二期", 2)
    assert columns(after)["ER"]["examples"] == [{"value": "+", "count": 2}, {"value": "-", "count": 1}]
    moved = {"columns": {"score": {"read_as": "ihc"}, "ER": {"read_as": "unused"}}}
    after = client.patch(f"/api/v1/drafts/{key}", json=moved).json()
    roles = {name: one["read_as"] for name, one in columns(after).items()}
    assert (roles["score"], roles["HER2 IHC"], roles["ER"]) == ("ihc", "unused", "waiting")
    assert [one["count"] for one in after["target"]["classes"]] == [2, 1]
    other = {"columns": {"grade": {"read_as": "outcome"}}, "positive": ["3"], "negative": ["1", "2"]}
    after = client.patch(f"/api/v1/drafts/{key}", json=other).json()
    assert (after["target"]["kind"], after["target"]["columns"]) == ("column", {"outcome": "grade"})
    assert [one["count"] for one in after["target"]["classes"]] == [2, 1]
    written = yaml.safe_load(after["yaml"])
    assert written["target"] == {"column": "grade", "positive": ["3"], "negative": ["1", "2"]}


def test_the_whole_file_may_be_written(client: TestClient, tmp_path: Path) -> None:
    draft = drafted(client, messy_folder(tmp_path / "d"))
    key, text = draft["id"], draft["yaml"]
    wrong = client.patch(f"/api/v1/drafts/{key}", json={"yaml": text.replace("timing: pre-biopsy\n", "timing: soon\n")})
    assert wrong.status_code == 422
    assert "timing" in wrong.json()["error"]["findings"][0]["where"]
    broken = client.patch(f"/api/v1/drafts/{key}", json={"yaml": "a: [1"})
    assert broken.json()["error"]["where"].startswith("study.yaml, line")
    seeded = client.patch(f"/api/v1/drafts/{key}", json={"yaml": text + "\nseed: 7\n"}, headers={"If-Match": '"1"'})
    assert (seeded.status_code, seeded.json()["version"]) == (200, 2)
    assert seeded.json()["yaml"] == text + "\nseed: 7\n"
    stale = client.patch(f"/api/v1/drafts/{key}", json={"title": "x"}, headers={"If-Match": '"1"'})
    assert stale.status_code == 412
    assert client.delete(f"/api/v1/drafts/{key}").status_code == 204
    assert client.get(f"/api/v1/drafts/{key}").status_code == 404


def test_images_and_rows_are_paired(client: TestClient, tmp_path: Path) -> None:
    rows = "\n".join(f"P0{i},{40 + i},{score}" for i, score in enumerate(["0", "1+", "3+", "3+"], start=1))
    (tmp_path / "t.csv").write_text(f"patient_id,age,HER2_IHC\n{rows}\n", encoding="utf-8")
    for name, grey in (("P01.png", 90), ("P02.png", 70), ("P09.png", 50)):
        picture = Image.effect_noise((64, 64), grey)
        picture.save(tmp_path / name)
    mask = Image.new("L", (64, 64))
    mask.paste(255, (20, 20, 40, 40))
    mask.save(tmp_path / "P01_mask.png")
    draft = drafted(client, tmp_path)
    images = draft["images"]
    assert (images["count"], images["masks"], images["patients"]) == (3, 1, 2)
    assert {(one["patient"], one["image"], tuple(one["masks"]), one["problem"]) for one in images["pairs"]} == {
        ("P01", "P01.png", ("P01_mask.png",), ""),
        ("P02", "P02.png", (), "no_mask"),
        ("P09", "P09.png", (), "unknown_patient"),
    }
    without = images["unpaired"]
    assert (without["images_without_mask"], without["images_of_unknown_patients"]) == (2, 1)
    assert without["patients_without_image"] == 2
    # the table of images lies with the draft, not in the user's folder
    assert not (tmp_path / "sonoher2-images.csv").exists()
    segmented = client.patch(f"/api/v1/drafts/{draft['id']}", json={"regions": "segment-missing"}).json()
    assert {one["problem"] for one in segmented["images"]["pairs"]} == {"", "unknown_patient"}


@pytest.mark.parametrize(
    ("asked", "status"),
    [({}, 422), ({"folder": "/a", "upload": "b"}, 422), ({"folder": "data"}, 422), ({"upload": "../x"}, 404),
     ({"upload": "abc"}, 404), ({"folder": "/no/such/folder"}, 422), ({"folder": "/tmp\0x"}, 422)],
)  # fmt: skip
def test_what_no_draft_can_be_made_of(client: TestClient, asked: dict[str, str], status: int) -> None:
    assert client.post("/api/v1/drafts", json=asked).status_code == status


@pytest.mark.parametrize("key", ["%00", "..%2f..", "x" * 70, "a.b", "é"])
def test_ids_that_are_none(client: TestClient, key: str) -> None:
    for address in (f"/api/v1/drafts/{key}", f"/api/v1/studies/{key}", f"/api/v1/studies/{key}/log"):
        assert client.get(address).status_code == 404
    assert client.patch(f"/api/v1/drafts/{key}", json={}).status_code == 404


def test_a_title_is_one_line(client: TestClient, tmp_path: Path) -> None:
    key = drafted(client, messy_folder(tmp_path / "d"))["id"]
    for title in ("a\0b", "a\nb", ""):
        assert client.patch(f"/api/v1/drafts/{key}", json={"title": title}).status_code == 422
