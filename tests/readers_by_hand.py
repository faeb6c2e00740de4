"""Readers who outline the images of a cohort over the API."""

from __future__ import annotations

from drawn_by_hand import SIDE
from server_by_hand import browser
from sonoher2.lesions.mask import Mask
from sonoher2.server.base.settings import ServerSettings
from sonoher2.server.context.services import Services


def runs_of(mask: Mask) -> list[int]:
    """Lengths of runs along rows, counted one pixel after the other."""
    runs, value = [0], False
    for pixel in mask.ravel().tolist():
        if pixel != value:
            runs.append(0)
            value = pixel
        runs[-1] += 1
    return runs


class Reader:
    """A browser of one reader."""

    def __init__(self, settings: ServerSettings, services: Services, name: str) -> None:
        self.client = browser(settings, services)
        self.client.get("/api/v1/reader", params={"token": settings.token})
        assert self.client.put("/api/v1/reader", json={"name": name}).json()["name"] == name

    def get(self, path: str, status: int = 200, **params: object) -> dict:
        answer = self.client.get(f"/api/v1/cohorts{path}", params=params)
        assert answer.status_code == status, answer.text
        return answer.json()

    def send(self, method: str, path: str, version: int, body: dict, status: int = 200) -> dict:
        headers = {"If-Match": f'"{version}"'}
        answer = self.client.request(method, f"/api/v1/cohorts{path}", json=body, headers=headers)
        assert answer.status_code == status, answer.text
        return answer.json()

    def draw(self, path: str, version: int, mask: Mask, status: int = 200) -> dict:
        body = {"rows": SIDE, "columns": SIDE, "runs": runs_of(mask)}
        return self.send("PUT", f"{path}/mask", version, body, status)

    def finish(self, path: str, mask: Mask) -> dict:
        drawn = self.draw(path, self.get(path)["version"], mask)
        return self.send("PUT", f"{path}/state", drawn["version"], {"state": "done"})


def of_patient(reader: Reader, cohort: str, patient: str) -> str:
    """Address of a patient's image."""
    items = reader.get(f"{cohort}/images")["items"]
    return f"{cohort}/images/{next(one['id'] for one in items if one['patient_id'] == patient)}"
