"""Requests made up from the document of the API: none of them is an internal error, and answers are as it says."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema_rs
import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from requests import Request

if TYPE_CHECKING:
    from schemathesis import Case

SETTINGS = settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    database=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
OWN = ("host", "cookie", "origin", "sec-fetch-site", "authorization")
LOOKS_FOREVER = ("events",)
"""Addresses that answer until their listener goes."""


def operations(document: dict[str, Any]) -> list[Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import schemathesis

        schema = schemathesis.openapi.from_dict(document)
    return [found.ok() for found in schema.get_all_operations()]


@pytest.fixture
def known(client: TestClient, lesion_png: bytes, tmp_path: Path) -> dict[str, str]:
    """Ids of things that are there, by the name of the path's part."""
    made = client.post("/api/v1/cases", files={"image": ("a.png", lesion_png)}).json()
    (tmp_path / "a.png").write_bytes(lesion_png)
    (tmp_path / "images.csv").write_text("patient_id,image\np,a.png\n", encoding="utf-8")
    cohort = client.post("/api/v1/cohorts", json={"source": str(tmp_path / "images.csv")}).json()["id"]
    image = client.get(f"/api/v1/cohorts/{cohort}/images").json()["items"][0]["id"]
    return {"case": made["id"], "number": "1", "cohort": cohort, "image": image}


@pytest.mark.slow
def test_nothing_that_the_document_allows_is_an_internal_error(client: TestClient, known: dict[str, str]) -> None:
    document = client.get("/api/v1/openapi.json").json()
    tried = {}
    for operation in operations(document):
        name = f"{operation.method.upper()} {operation.path}"
        if operation.path.rpartition("/")[2] not in LOOKS_FOREVER:
            tried[name] = statuses(client, document, operation, known)
    assert len(tried) > 15
    assert {name: found for name, found in tried.items() if any(status >= 500 for status in found)} == {}
    # the made-up requests reach the routes: some are answered
    assert 200 in tried["GET /api/v1/cases"]
    assert 201 in tried["POST /api/v1/tokens"]
    assert 200 in tried["PATCH /api/v1/cases/{case}"]
    assert 200 in tried["GET /api/v1/cohorts/{cohort}/images/{image}"]


def statuses(client: TestClient, document: dict[str, Any], operation: Any, known: dict[str, str]) -> set[int]:
    seen = set()

    @SETTINGS
    @given(operation.as_strategy(), st.booleans())
    def ask(case: Case, real: bool) -> None:
        if real and operation.method.upper() != "DELETE":
            for part in set(known) & set(case.path_parameters or {}):
                case.path_parameters[part] = known[part]
            if "case" in (case.path_parameters or {}):
                version = client.get(f"/api/v1/cases/{known['case']}").json()["version"]
                case.headers["If-Match"] = f'"{version}"'
        sent = Request(**case.as_transport_kwargs(base_url=str(client.base_url))).prepare()
        headers = {key: value for key, value in sent.headers.items() if key.lower() not in OWN}
        answer = client.request(str(sent.method), str(sent.url), content=sent.body, headers=headers)
        seen.add(answer.status_code)
        assert_as_documented(document, operation, answer)

    ask()
    return seen


def assert_as_documented(document: dict[str, Any], operation: Any, answer: Any) -> None:
    """Compare the body with the schema that the document gives for this status."""
    declared = document["paths"][operation.path][operation.method.lower()]["responses"]
    body = declared.get(str(answer.status_code), {}).get("content", {}).get("application/json", {}).get("schema")
    if body is not None and answer.headers.get("content-type", "").startswith("application/json"):
        whole = {**body, "components": document["components"]}
        jsonschema_rs.Draft202012Validator(whole).validate(answer.json())
