"""What a run has left: shown in a box that reaches nothing, packed, compared."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from fastapi.testclient import TestClient

from sonoher2.server.base.errors import ApiError
from sonoher2.server.context.services import Services
from sonoher2.server.storage.base import now
from sonoher2.server.storage.tables_studies import StudyRow, UsedBundleRow
from sonoher2.server.studies.jobs.results import offer_used
from sonoher2.server.studies.jobs.schemas import NewStudy
from sonoher2.server.studies.jobs.studies import start_study
from sonoher2.server.studies.jobs.views import study_view

if TYPE_CHECKING:
    from conftest import FinishedStudy

SIGNATURES = """\
signature,set,outcome,n,events,auc,auc_low,auc_high,sensitivity,sensitivity_low,sensitivity_high
Clinical,train_oof,positive,50,25,0.645,0.485,0.805,0.6,0.4,0.8
Clinical,test,positive,22,11,0.455,0.192,0.717,,,
"""
OTHER = """\
signature,set,outcome,n,events,auc,auc_low,auc_high
Radiomics,test,positive,30,10,0.8,0.7,0.9
Clinical,test,positive,30,10,0.5,0.25,0.75
"""


def run_folder(folder: Path, signatures: str = SIGNATURES) -> Path:
    """Files of a run, as far as they matter here."""
    files = {
        "report.html": "<script>1</script>report", "signatures.csv": signatures, "predictions.csv": "patient_id\nP1\n",
        "figures/roc.svg": "<svg/>", "tables/sub/t.csv": "a\n", "run.json": "{}", "cache/x.bin": "x",
        "bundle/manifest.json": "{}", "bundle/model.json": '{"a": 1}', "results/results.json": "{}",
    }  # fmt: skip
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def known(services: Services, key: str, out: Path, title: str = "S") -> None:
    """A study that the command line has finished."""
    with services.database.session() as session:
        session.add(
            StudyRow(
                id=key, owner="local", created=now(), title=title, kind="study", study_file=str(out / "s.yaml"),
                out=str(out), draft="", parent=None, bundle="",
            )
        )  # fmt: skip


@pytest.fixture
def out(services: Services, tmp_path: Path) -> Path:
    out = run_folder(tmp_path / "run")
    known(services, "one", out)
    return out


def test_a_report_is_shown_in_a_box(client: TestClient, out: Path) -> None:
    page = client.get("/api/v1/studies/one/report/report.html")
    assert (page.status_code, page.text) == (200, "<script>1</script>report")
    rules = dict(part.strip().partition(" ")[::2] for part in page.headers["content-security-policy"].split(";"))
    # without allow-same-origin the page has no cookie and no origin, and without connect-src it asks nobody
    assert rules["sandbox"] == "allow-scripts allow-downloads"
    assert rules["default-src"] == "'none'"
    assert not {"connect-src", "frame-src"} & set(rules)
    for name in ("figures/roc.svg", "tables/sub/t.csv"):
        shown = client.get(f"/api/v1/studies/one/report/{name}")
        assert shown.status_code == 200
        assert shown.headers["content-security-policy"].startswith("sandbox ")


@pytest.mark.parametrize(
    "path",
    ["predictions.csv", "run.json", "cache/x.bin", "results/results.json", "bundle/model.json", "figures",
     "figures/../predictions.csv", "figures/..%2fpredictions.csv", "%2fetc%2fpasswd", "figures/none.svg",
     "figures/%00", "figures/link"],
)  # fmt: skip
def test_nothing_else_of_a_run_is_given(client: TestClient, out: Path, path: str) -> None:
    (out / "figures" / "link").symlink_to("/etc/passwd")
    assert client.get(f"/api/v1/studies/one/report/{path}").status_code == 404


def test_a_study_of_the_command_line_has_a_page(client: TestClient, out: Path) -> None:
    found = client.get("/api/v1/studies/one").json()
    assert (found["state"], found["has_report"], found["has_bundle"], found["jobs"]) == ("finished", True, True, [])
    assert client.get("/api/v1/studies/one/log").json() == {"job": "", "text": "", "bytes": 0}
    lines = client.get("/api/v1/studies/one/events").text.splitlines()
    assert lines[0] == "event: progress"
    assert json.loads(lines[1].removeprefix("data: "))["state"] == "finished"


def test_the_model_is_packed(client: TestClient, out: Path) -> None:
    answer = client.get("/api/v1/studies/one/bundle.zip")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.namelist() == ["bundle/manifest.json", "bundle/model.json"]
        assert archive.read("bundle/model.json") == b'{"a": 1}'
    assert 'filename="sonoher2-bundle-one.zip"' in answer.headers["content-disposition"]
    (out / "bundle" / "manifest.json").unlink()
    assert client.get("/api/v1/studies/one/bundle.zip").status_code == 404
    assert client.post("/api/v1/studies/one/use").status_code == 422


def test_a_model_is_used_for_cases_also_after_the_next_start(client: TestClient, services: Services, out: Path) -> None:
    assert services.bundles.all() == []
    key = client.post("/api/v1/studies/one/use").json()["bundle"]
    assert services.bundles.all() == [key]
    assert services.bundles.place(key).folder == str((out / "bundle").resolve())
    assert client.post("/api/v1/studies/one/use").json()["bundle"] == key
    assert client.get("/api/v1/studies/one").json()["used_for_cases"]
    services.bundles._places.clear()
    with services.database.session() as session:
        session.add(StudyRow(id="gone", owner="local", created=now(), title="", kind="study", study_file="", out="",
                             draft="", parent=None, bundle=""))  # fmt: skip
        session.flush()
        session.add(UsedBundleRow(study="gone", folder=str(out / "none")))
    offer_used(services)
    assert services.bundles.all() == [key]


def test_signatures_stand_side_by_side(client: TestClient, services: Services, out: Path, tmp_path: Path) -> None:
    known(services, "two", run_folder(tmp_path / "two", OTHER), "第二")
    found = client.get("/api/v1/studies/compare", params={"id": ["one", "two"]}).json()
    assert [study["title"] for study in found["studies"]] == ["S", "第二"]
    rows = {(row["signature"], row["set"]): row["cells"] for row in found["rows"]}
    assert list(rows) == [("Clinical", "train_oof"), ("Clinical", "test"), ("Radiomics", "test")]
    first, second = rows["Clinical", "test"]
    assert (first["n"], first["auc"], first["auc_low"], first["auc_high"]) == (22, 0.455, 0.192, 0.717)
    assert first["sensitivity"] is None
    assert (second["auc"], second["auc_low"], second["auc_high"]) == (0.5, 0.25, 0.75)
    assert rows["Radiomics", "test"][0] is None
    assert rows["Clinical", "train_oof"][1] is None
    (out / "signatures.csv").unlink()
    assert client.get("/api/v1/studies/compare", params={"id": ["one"]}).status_code == 409
    assert client.get("/api/v1/studies/compare", params={"id": ["none"]}).status_code == 404
    assert client.get("/api/v1/studies/compare").status_code == 422


@pytest.mark.parametrize(
    ("asked", "status"),
    [({}, 422), ({"draft": "a", "study": "/b"}, 422), ({"draft": "none"}, 404), ({"study": "s.yaml"}, 422),
     ({"study": "/no/such/file.yaml"}, 422), ({"draft": "../x"}, 404)],
)  # fmt: skip
def test_what_cannot_be_started(client: TestClient, asked: dict[str, str], status: int) -> None:
    assert client.post("/api/v1/studies", json=asked).status_code == status
    assert client.get("/api/v1/studies").json() == []


def test_a_folder_of_results_belongs_to_one_study(client: TestClient, out: Path) -> None:
    study = out / "s.yaml"
    study.write_text("clinical: {table: t.csv}\ntarget: {ihc: x, rule: ASCO/CAP 2023}\n", encoding="utf-8")
    refused = client.post("/api/v1/studies", json={"study": str(study), "out": str(out)})
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "folder")


def test_a_study_waits_under_its_title(services: Services, tmp_path: Path) -> None:
    study, out = tmp_path / "s.yaml", tmp_path / "run"
    text = "title: 二期\nclinical: {table: t.csv}\ntarget: {ihc: x, rule: ASCO/CAP 2023}\n"
    study.write_text(text, encoding="utf-8")
    asked = NewStudy(study=str(study), out=str(out))
    # nobody supervises here: it waits
    found = study_view(services, start_study(services, "anna", asked).id)
    assert (found.title, found.kind, found.owner, found.state) == ("二期", "study", "anna", "queued")
    assert (found.study_file, found.out, found.draft, found.parent) == (str(study), str(out), "", None)
    assert [job.command for job in found.jobs] == ["run"]
    with pytest.raises(ApiError, match="another study has its results in this folder"):
        start_study(services, "anna", asked)


@pytest.mark.slow
def test_a_real_run_is_shown(client: TestClient, services: Services, finished: FinishedStudy) -> None:
    known(services, "real", finished.run)
    rows = client.get("/api/v1/studies/compare", params={"id": "real"}).json()["rows"]
    table = finished.result.performance.signatures
    shown = {(row["signature"], row["set"], row["outcome"]): row["cells"][0]["auc"] for row in rows}
    assert shown == {
        (row["signature"], row["set"], row["outcome"]): pytest.approx(row["auc"], abs=1e-12)
        for row in table.to_dict("records")
    }
