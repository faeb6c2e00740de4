"""Variants of training squares, as other scanners and other users would have made them; never upside down.

Drawn marks, compression and crops without the lesion are made picture by picture, geometry and grey values for a
whole batch. Grey values of a B-mode image are close to the logarithm of the echo, so that a gain shifts them,
attenuation tilts them with depth and the dynamic range stretches them.
"""

from __future__ import annotations

import io

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from torch import Tensor
from torch.nn import functional

Square = NDArray[np.uint8]

LEAST_STRIP = 0.22
"""Of the side; a thinner strip beside the lesion shows too little tissue."""
TISSUE, FLAT, MARKED, COMPRESSED = 0.07, 0.01, 0.35, 0.25
"""Shares of pictures: tissue without the lesion; one grey; with drawn marks; compressed."""
LETTERS = "ABCDEFGHLMNRSTXZ0123456789 .:-+/"


def training_batch(squares: Square, size: int, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Draw one variant of each square.

    Parameters
    ----------
    squares
        Shape (pictures, 2, side, side), as `read_squares` makes them.
    size
        Side of the variants, pixels.
    rng
        Source of all draws.

    Returns
    -------
    Grey values 0 to 255 and lesion 0 to 1, each (pictures, 1, size, size).
    """
    drawn = torch.from_numpy(np.stack([_variant(square, rng) for square in squares])).float()
    generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
    moved = _moved(drawn, size, generator)
    return _relit(moved[:, :1], generator), moved[:, 1:] / 255


def _variant(square: Square, rng: np.random.Generator) -> Square:
    draw = rng.random()
    if draw < FLAT:
        return _flat(square, rng)
    if draw < FLAT + TISSUE:
        square = _without_lesion(square, rng)
    grey = Image.fromarray(square[0])
    if rng.random() < MARKED:
        _draw_marks(grey, square[1], rng)
    if rng.random() < COMPRESSED:
        grey = _compressed(grey, int(rng.integers(25, 90)))
    return np.stack([np.asarray(grey), square[1]])


def _flat(square: Square, rng: np.random.Generator) -> Square:
    """One grey, black or white, with or without noise."""
    level, noise = rng.choice([0.0, 255.0, rng.uniform(0, 255)]), rng.choice([0.0, 25.0])
    grey = level + noise * rng.standard_normal(square.shape[1:])
    return np.stack([grey.clip(0, 255).astype(np.uint8), np.zeros_like(square[1])])


def _without_lesion(square: Square, rng: np.random.Generator) -> Square:
    """Enlarge the tissue left of, right of, above or below the lesion; the square itself when there is too little."""
    grey, mask = square
    side = len(grey)
    tissue = _extent(grey > 0)
    lesion = _extent(mask > 0)
    if lesion is None or tissue is None:
        return square
    top, bottom, left, right = tissue
    strips = [(top, bottom, left, lesion[2]), (top, bottom, lesion[3], right)]
    strips += [(top, lesion[0], left, right), (lesion[1], bottom, left, right)]
    wide = [s for s in strips if min(s[1] - s[0], s[3] - s[2]) >= LEAST_STRIP * side]
    if not wide:
        return square
    top, bottom, left, right = wide[rng.integers(len(wide))]
    part = Image.fromarray(grey[top:bottom, left:right])
    part.thumbnail((side, side))
    scale = side / max(part.size)
    part = part.resize((max(1, round(part.width * scale)), max(1, round(part.height * scale))))
    canvas = Image.new("L", (side, side))
    canvas.paste(part, ((side - part.width) // 2, (side - part.height) // 2))
    return np.stack([np.asarray(canvas), np.zeros_like(mask)])


def _extent(marked: NDArray[np.bool_]) -> tuple[int, int, int, int] | None:
    """First and last-plus-one row, first and last-plus-one column of the marked pixels."""
    rows, columns = np.flatnonzero(marked.any(axis=1)), np.flatnonzero(marked.any(axis=0))
    if not len(rows):
        return None
    return int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1


def _draw_marks(picture: Image.Image, mask: Square, rng: np.random.Generator) -> None:
    """Calipers, on the lesion's outline or anywhere, a dotted line between them, and lines of text."""
    pen, level = ImageDraw.Draw(picture), int(rng.integers(160, 256))
    if rng.random() < 0.7:
        places = _caliper_places(mask, rng)
        for x, y in places:
            _cross(pen, x, y, int(rng.integers(2, 7)), level)
        if rng.random() < 0.5:
            _dotted(pen, places[0], places[1], level)
    for _ in range(int(rng.integers(0, 4))):
        text = "".join(rng.choice(list(LETTERS), int(rng.integers(2, 14))))
        at = (int(rng.integers(0, picture.width)), int(rng.integers(0, picture.height)))
        pen.text(at, text, fill=level, font_size=int(rng.integers(8, 18)))


def _caliper_places(mask: Square, rng: np.random.Generator) -> list[tuple[int, int]]:
    outline = np.argwhere((mask > 127) & (np.roll(mask, 1, 0) <= 127))
    if len(outline) and rng.random() < 0.5:
        chosen = outline[rng.integers(len(outline), size=4)]
    else:
        chosen = rng.integers(0, len(mask), size=(4, 2))
    return [(int(x), int(y)) for y, x in chosen][: 2 * int(rng.integers(1, 3))]


def _cross(pen: ImageDraw.ImageDraw, x: int, y: int, arm: int, level: int) -> None:
    pen.line((x - arm, y, x + arm, y), fill=level)
    pen.line((x, y - arm, x, y + arm), fill=level)


def _dotted(pen: ImageDraw.ImageDraw, start: tuple[int, int], stop: tuple[int, int], level: int) -> None:
    for share in np.arange(0, 1, 0.06):
        pen.point([(s + share * (t - s)) for s, t in zip(start, stop, strict=True)], fill=level)


def _compressed(picture: Image.Image, quality: int) -> Image.Image:
    stream = io.BytesIO()
    picture.save(stream, "JPEG", quality=quality)
    return Image.open(stream)


def _uniform(low: float, high: float, count: int, generator: torch.Generator) -> Tensor:
    return low + (high - low) * torch.rand(count, 1, 1, 1, generator=generator)


def _some(share: float, count: int, generator: torch.Generator) -> Tensor:
    return (torch.rand(count, 1, 1, 1, generator=generator) < share).float()


def _moved(pictures: Tensor, size: int, generator: torch.Generator) -> Tensor:
    """Mirror, magnify, stretch, turn by a few degrees, shift and bend a little; black comes in at the edges."""
    count = len(pictures)

    def uniform(low: float, high: float) -> Tensor:
        return _uniform(low, high, count, generator).flatten()

    zoom, stretch = uniform(-0.45, 0.4).exp(), uniform(-0.18, 0.18).exp()
    angle = uniform(-1, 1) * uniform(0, 0.25)
    mirror = torch.sign(uniform(-1, 1))
    cos, sin = torch.cos(angle), torch.sin(angle)
    rows = [cos / (zoom * stretch) * mirror, -sin / zoom, uniform(-0.25, 0.25)]
    rows += [sin / (zoom * stretch) * mirror, cos / zoom, uniform(-0.25, 0.25)]
    theta = torch.stack(rows, dim=1).view(count, 2, 3)
    grid = functional.affine_grid(theta, [count, 1, size, size], align_corners=False)
    bend = 0.02 * torch.randn(count, 2, 6, 6, generator=generator) * _some(0.4, count, generator)
    bend = functional.interpolate(bend, (size, size), mode="bicubic", align_corners=False)
    return functional.grid_sample(pictures, grid + bend.permute(0, 2, 3, 1), align_corners=False)


def _relit(grey: Tensor, generator: torch.Generator) -> Tensor:
    """Other gain, dynamic range, gamma, attenuation, resolution, speckle and black level."""
    count, size = len(grey), grey.shape[-1]
    lit = 255 * (grey / 255).clamp(min=1e-4) ** _uniform(-0.5, 0.5, count, generator).exp()
    lit = (lit - 96) * _uniform(-0.5, 0.4, count, generator).exp() + 96 + _uniform(-35, 35, count, generator)
    axis = torch.linspace(-0.5, 0.5, size)
    lit = lit + _uniform(-60, 60, count, generator) * axis.view(1, 1, -1, 1) * _some(0.5, count, generator)
    lit = lit + _uniform(-30, 30, count, generator) * axis.view(1, 1, 1, -1) * _some(0.3, count, generator)
    lit = _coarser(lit, generator)
    lit = _speckled(lit, generator)
    background = (grey < 1).float() * _some(0.7, count, generator)
    return (lit * (1 - background)).clamp(0, 255)


def _coarser(pictures: Tensor, generator: torch.Generator) -> Tensor:
    """Fewer pixels and back, in every third picture."""
    size = pictures.shape[-1]
    parts = []
    for at in range(len(pictures)):
        picture = pictures[at : at + 1]
        if torch.rand(1, generator=generator) < 0.35:
            small = int(size * (0.3 + 0.6 * float(torch.rand(1, generator=generator))))
            picture = functional.interpolate(picture, (small, small), mode="bilinear", antialias=True)
            picture = functional.interpolate(picture, (size, size), mode="bilinear")
        parts.append(picture)
    return torch.cat(parts)


def _speckled(pictures: Tensor, generator: torch.Generator) -> Tensor:
    """Noise of a grain of one to four pixels, in proportion to the grey value, in every second picture."""
    count, size = len(pictures), pictures.shape[-1]
    grain = 1 + 3 * float(torch.rand(1, generator=generator))
    small = max(8, round(size / grain))
    noise = torch.randn(count, 1, small, small, generator=generator)
    noise = functional.interpolate(noise, (size, size), mode="bilinear")
    return pictures + pictures.clamp(min=20) * noise * _uniform(0, 0.3, count, generator) * _some(0.5, count, generator)
