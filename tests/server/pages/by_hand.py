"""What the tests of the pages do at a page, and the files that they open there."""

from __future__ import annotations

import io
import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import BrowserContext, ConsoleMessage, FloatRect, Locator, Page, expect
from skimage.draw import polygon2mask

from images.dicom_writer import write_dicom
from server_by_hand import png_of

ROWS, COLUMNS = 120, 160
CORNERS = ((60.0, 40.0), (110.0, 45.0), (100.0, 85.0), (70.0, 80.0))
"""Of the polygon that tests draw, columns and rows."""
OUTLINED = re.compile(r"(Lesion|病灶) \d")
"""What the editor says of an outline; while one is looked for, it says something else."""
MARGIN = 8
"""Pixels of the screen that the editor leaves around a picture."""
Mask = NDArray[np.bool_]


def lesion(seed: int = 3, shift: int = 0) -> NDArray[np.uint8]:
    """A dark ellipse on bright speckle, (120, 160)."""
    down, across = np.mgrid[:ROWS, :COLUMNS]
    inside = ((down - 60) / 25) ** 2 + ((across - 80 - shift) / 40) ** 2 < 1
    grey = np.where(inside, 40, 150) * np.random.default_rng(seed).gamma(4, 0.25, (ROWS, COLUMNS))
    return np.clip(grey, 0, 255).astype(np.uint8)


def write_png(folder: Path, name: str = "lesion.png") -> Path:
    path = folder / name
    path.write_bytes(png_of(lesion()))
    return path


def write_cine(folder: Path, frames: int = 5) -> Path:
    """A DICOM cine in which the lesion wanders to the right; its pixels are 0.2 mm high and 0.1 mm wide."""
    data = b"".join(lesion(seed, 4 * seed).tobytes() for seed in range(frames))
    return write_dicom(
        folder / "cine.dcm", data, size=(ROWS, COLUMNS), NumberOfFrames=frames, PixelSpacing=[0.2, 0.1], FrameTime=50
    )


@dataclass
class Complaints:
    """What a browser says of a page: errors of scripts, and answers that are errors."""

    found: list[str] = field(default_factory=list)

    def listen(self, page: Page, origin: str) -> None:
        page.on("pageerror", lambda error: self.found.append(f"script: {error}"))
        page.on("console", self._heard)
        page.on("dialog", lambda one: self.found.append(f"dialog: {one.message}"))
        page.on("request", lambda one: one.url.startswith((origin, "blob:", "data:")) or self.found.append(one.url))

    def _heard(self, message: ConsoleMessage) -> None:
        # an answer that is an error may be what a test asks for
        if message.type == "error" and "the server responded with a status of 4" not in message.text:
            self.found.append(f"console: {message.text}")


def new_case(page: Page, url: str, file: Path) -> str:
    """Open a file as a new case and wait for its outline; the path of the case in the API."""
    page.goto(f"{url}/cases")
    expect(page.locator("#model option").first).to_be_attached()
    page.set_input_files("#file", file)
    page.wait_for_url("**/cases/*")
    expect(page.locator("#case .editor")).to_be_visible()
    wait_saved(page)
    expect(status(page)).to_contain_text(OUTLINED, timeout=30_000)
    return "/api/v1" + page.url.removeprefix(url).partition("?")[0]


def status(page: Page) -> Locator:
    return page.locator(".editor .status")


def picture(page: Page) -> Locator:
    return page.locator(".stage .overlay").first


def wait_saved(page: Page) -> None:
    expect(page.locator(".save-state")).to_have_attribute("data-state", "saved")


@dataclass(frozen=True)
class Screen:
    """Where the whole picture lies on the screen."""

    box: FloatRect

    @classmethod
    def of(cls, page: Page) -> Screen:
        picture(page).scroll_into_view_if_needed()
        box = picture(page).bounding_box()
        assert box is not None
        return cls(box)

    @property
    def scale(self) -> float:
        return min((self.box["width"] - 2 * MARGIN) / COLUMNS, (self.box["height"] - 2 * MARGIN) / ROWS)

    def to_picture(self, x: float, y: float) -> tuple[float, float]:
        """Column and row of a point of the screen."""
        left = self.box["x"] + (self.box["width"] - COLUMNS * self.scale) / 2
        top = self.box["y"] + (self.box["height"] - ROWS * self.scale) / 2
        return (x - left) / self.scale, (y - top) / self.scale

    def points(self, *places: tuple[float, float]) -> list[tuple[int, int]]:
        """Whole pixels of the screen near some columns and rows of the picture."""
        origin = self.to_picture(0, 0)
        return [
            tuple(round((at - start) * self.scale) for at, start in zip(place, origin, strict=True)) for place in places
        ]  # type: ignore[misc]


def kept_mask(context: BrowserContext, url: str, case: str) -> Mask:
    """The mask as the server has it."""
    answer = context.request.get(f"{url}{case}/mask.png")
    assert answer.ok, answer.text()
    with Image.open(io.BytesIO(answer.body())) as image:
        values = np.asarray(image)
    assert set(np.unique(values)) <= {0, 255}
    return values == 255


def given(context: BrowserContext, url: str, path: str) -> Any:
    """What the API says."""
    answer = context.request.get(f"{url}{path}")
    assert answer.ok, answer.text()
    return answer.json()


def change_elsewhere(context: BrowserContext, url: str, case: str, patch: dict[str, object]) -> None:
    """Change a case as another window would."""
    version = given(context, url, case)["version"]
    headers = {"If-Match": f'"{version}"', "Content-Type": "application/json", "Origin": url}
    answer = context.request.patch(f"{url}{case}", data=json.dumps(patch), headers=headers)
    assert answer.ok, answer.text()


def within(points: tuple[tuple[float, float], tuple[float, float]], radius: float) -> Mask:
    """Pixels whose centre lies within a radius of a line between two points (column, row)."""
    y, x = np.mgrid[:ROWS, :COLUMNS] + 0.5
    start, direction = np.array(points[0]), np.subtract(points[1], points[0])
    share = ((x - start[0]) * direction[0] + (y - start[1]) * direction[1]) / max(direction @ direction, 1e-300)
    share = np.clip(share, 0, 1)
    return np.asarray(np.hypot(x - start[0] - share * direction[0], y - start[1] - share * direction[1]) <= radius)


def draw_polygon(page: Page, corners: tuple[tuple[float, float], ...] = CORNERS) -> Mask:
    """Clear, and draw a polygon with the pointer; the mask that this must give."""
    picture(page).press("Delete")
    picture(page).press("p")
    screen = Screen.of(page)
    points = screen.points(*corners)
    for x, y in points:
        page.mouse.click(x, y)
    picture(page).press("Enter")
    wait_saved(page)
    own = np.array([screen.to_picture(x, y)[::-1] for x, y in points])
    return np.asarray(polygon2mask((ROWS, COLUMNS), own - 0.5))
