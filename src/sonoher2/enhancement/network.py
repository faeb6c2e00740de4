"""The generator: residual, fully convolutional, any image size, the same whether in tiles or at once."""

from __future__ import annotations

from collections.abc import Iterator

from torch import Tensor, nn
from torch.nn import functional

SCALES = (1, 2)
"""1: de-speckling at the same size; 2: de-speckling and twice the rows and columns."""
GRID = 4
"""Pixels; the deepest level of the network counts one in four, so that tiles start on multiples of it."""
TILE = 512
"""Pixels of a tile without its overlap."""


class Generator(nn.Module):
    """Two levels (one pixel in two, one in four) with residual blocks on the deeper one, and a head for each scale.

    The output is the input (bicubic at scale 2) plus what a head adds; heads start at zero. Levels by moving pixels
    into channels and back: Shi et al., CVPR 2016, arXiv:1609.05158. Residual blocks without normalisation: Lim et
    al., CVPR Workshops 2017, arXiv:1707.02921.

    Parameters
    ----------
    shallow, deep
        Channels of the two levels.
    blocks
        Residual blocks on the deeper level, two convolutions each.
    """

    def __init__(self, shallow: int = 16, deep: int = 64, blocks: int = 3) -> None:
        super().__init__()
        self.sizes = {"shallow": shallow, "deep": deep, "blocks": blocks}
        self.first = nn.Sequential(_convolution(4, shallow), nn.ReLU(), _convolution(shallow, shallow), nn.ReLU())
        self.down = nn.Conv2d(shallow, deep, 2, stride=2)
        self.blocks = nn.ModuleList(
            nn.Sequential(_convolution(deep, deep), nn.ReLU(), _convolution(deep, deep)) for _ in range(blocks)
        )
        self.up = nn.Sequential(nn.Conv2d(deep, 4 * shallow, 1), nn.PixelShuffle(2), nn.ReLU())
        self.last = nn.Sequential(_convolution(shallow, shallow), nn.ReLU())
        # the shallow level counts one pixel in two: a head gives 2 x 2 pixels for each, or 4 x 4
        self.heads = nn.ModuleDict({str(scale): _convolution(shallow, (2 * scale) ** 2) for scale in SCALES})
        for head in self.heads.values():
            nn.init.zeros_(head.weight)  # type: ignore[arg-type]
            nn.init.zeros_(head.bias)  # type: ignore[arg-type]
        self.reach = 2 * (2 + 1 + 1) + 4 * 2 * blocks + GRID
        """Pixels: no input pixel further away can change an output pixel, in rows or columns."""

    def forward(self, x: Tensor, scale: int) -> Tensor:
        """Clear images.

        Parameters
        ----------
        x
            (images, 1, rows, columns), grey in [0, 1], any rows and columns.
        scale
            1 or 2.

        Returns
        -------
        (images, 1, scale * rows, scale * columns); may lie a little outside [0, 1].
        """
        rows, columns = x.shape[-2:]
        padded = _to_grid(x)
        shallow = self.first(functional.pixel_unshuffle(padded, 2))
        deep = self.down(shallow)
        for block in self.blocks:
            deep = deep + block(deep)
        shallow = self.last(shallow + self.up(deep))
        added = functional.pixel_shuffle(self.heads[str(scale)](shallow), 2 * scale)
        cleared = enlarged(padded, scale) + added
        return cleared[..., : scale * rows, : scale * columns]


def enlarged(x: Tensor, scale: int) -> Tensor:
    """Bicubic enlargement of (images, 1, rows, columns); at scale 1 the images themselves."""
    if scale == 1:
        return x
    return functional.interpolate(x, scale_factor=scale, mode="bicubic", align_corners=False)


def in_tiles(generator: Generator, x: Tensor, scale: int, tile: int = TILE) -> Tensor:
    """Do what `Generator.forward` does, tile by tile, so that large images need little memory.

    Each tile is seen with as much around it as can change it: the result is that of the whole image.

    Parameters
    ----------
    generator, x, scale
        As in `Generator.forward`.
    tile
        Pixels, a multiple of `GRID`.
    """
    rows, columns = x.shape[-2:]
    if max(rows, columns) <= tile + 2 * generator.reach:
        cleared: Tensor = generator(x, scale)
        return cleared
    padded = _to_grid(x)
    out = x.new_empty((*x.shape[:-2], *(scale * length for length in padded.shape[-2:])))
    for row in _spans(padded.shape[-2], tile, generator.reach):
        for column in _spans(padded.shape[-1], tile, generator.reach):
            part = generator(padded[..., row.seen, column.seen], scale)
            out[..., row.out(scale), column.out(scale)] = part[..., row.kept(scale), column.kept(scale)]
    return out[..., : scale * rows, : scale * columns]


class _Span:
    """One tile along one axis: from `start` to `stop`, seen from `first` to `last`."""

    def __init__(self, start: int, stop: int, first: int, last: int) -> None:
        self.start, self.stop, self.first = start, stop, first
        self.seen = slice(first, last)

    def out(self, scale: int) -> slice:
        return slice(scale * self.start, scale * self.stop)

    def kept(self, scale: int) -> slice:
        return slice(scale * (self.start - self.first), scale * (self.stop - self.first))


def _spans(length: int, tile: int, reach: int) -> Iterator[_Span]:
    for start in range(0, length, tile):
        stop = min(start + tile, length)
        yield _Span(start, stop, max(start - reach, 0), min(stop + reach, length))


def _to_grid(x: Tensor) -> Tensor:
    """Repeat the last row and column until both lengths are multiples of `GRID`."""
    rows, columns = x.shape[-2:]
    return functional.pad(x, (0, -columns % GRID, 0, -rows % GRID), mode="replicate")


def _convolution(channels: int, filters: int) -> nn.Conv2d:
    return nn.Conv2d(channels, filters, 3, padding=1)
