"""Grey level size-zone matrix (GLSZM): 8-connected zones of one grey level."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from sonoher2.radiomics.jit import kernel
from sonoher2.radiomics.size_level import size_level_features

# bits of the neighbours that have the pixel's level
_LEFT, _UP, _UP_LEFT, _UP_RIGHT = 1, 2, 4, 8


@kernel
def glszm_features(
    levels: NDArray[np.uint16], spans: NDArray[np.intp], level_count: int, pixels: int, out: NDArray[np.float64]
) -> None:
    """Write the sixteen size-zone features in the order of `size_level_features`; parameters as `glrlm_features`."""
    size, level, zones = label_zones(levels, spans)
    sizes = np.empty(int(math.sqrt(2.0 * pixels)) + 2, np.int64)
    table = np.zeros((sizes.size, level_count + 1), np.int32)
    row_of_size = np.full(pixels + 1, -1, np.int32)
    rows = 0
    for zone in range(zones):
        area = size[zone]
        if area == 0:
            continue
        if row_of_size[area] < 0:
            row_of_size[area] = rows
            sizes[rows] = area
            rows += 1
        table[row_of_size[area], level[zone]] += 1
    out[:] = 0.0
    size_level_features(sizes[:rows], table[:rows], pixels, out)


@kernel
def label_zones(
    levels: NDArray[np.uint16], spans: NDArray[np.intp]
) -> tuple[NDArray[np.int32], NDArray[np.uint16], int]:
    """Find the zones in one raster scan with union-find (Wu, Otoo and Suzuki 2009, doi 10.1007/s10044-008-0109-y).

    Which neighbour a pixel takes its label from, and whether two labels meet at it, depends only on which of its four
    earlier neighbours have its level; both are looked up.

    Returns
    -------
    Size and level of each provisional zone, and their number; a zone that was joined to another has size 0.
    """
    rows, columns = levels.shape
    take, join = _decisions(columns)
    capacity = (spans[:, 1] - spans[:, 0]).sum() + 1
    label = np.empty(rows * columns, np.int32)
    parent = np.empty(capacity, np.int32)
    size = np.zeros(capacity, np.int32)
    level = np.empty(capacity, np.uint16)
    equal = np.empty(columns, np.uint8)
    zones = 0
    for row in range(1, rows - 1):
        first, after = spans[row]
        here = levels[row, first:after]
        _equal_neighbours(here, levels[row, first - 1 : after - 1], levels[row - 1, first - 1 : after + 1], equal)
        place = row * columns + first
        for i in range(here.size):
            bits = equal[i]
            inside = here[i] != 0
            # as if a new zone; taken over by the neighbour's label when there is one
            label[place] = zones
            parent[zones] = zones
            level[zones] = here[i]
            mine = label[place + take[bits]]
            label[place] = mine
            size[mine] += inside
            zones += inside and bits == 0
            if join[bits]:
                _unite(parent, mine, label[place + join[bits]])
            place += 1
    _gather(parent, size, zones)
    return size, level, zones


@kernel
def _decisions(columns: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """For each set of equal neighbours: offset to the label to take (0: a new one) and to join with it (0: none)."""
    take = np.zeros(16, np.int64)
    join = np.zeros(16, np.int64)
    for bits in range(1, 16):
        left = -1 if bits & _LEFT else (-columns - 1 if bits & _UP_LEFT else 0)
        if bits & _UP:
            take[bits] = -columns  # the upper pixel touches the three others: they are one zone already
        elif bits & _UP_RIGHT:
            take[bits] = -columns + 1
            join[bits] = left
        else:
            take[bits] = left
    return take, join


@kernel
def _equal_neighbours(
    here: NDArray[np.uint16], left: NDArray[np.uint16], above: NDArray[np.uint16], equal: NDArray[np.uint8]
) -> None:
    for i in range(here.size):
        level = here[i]
        bits = (
            np.uint8(left[i] == level)
            | np.uint8(above[i + 1] == level) << 1
            | np.uint8(above[i] == level) << 2
            | np.uint8(above[i + 2] == level) << 3
        )
        equal[i] = bits if level != 0 else 0


@kernel
def _unite(parent: NDArray[np.int32], one: int, other: int) -> None:
    while parent[one] != one:
        parent[one] = parent[parent[one]]
        one = parent[one]
    while parent[other] != other:
        parent[other] = parent[parent[other]]
        other = parent[other]
    # the smaller label is the root, so that one rising pass gathers all sizes
    parent[max(one, other)] = min(one, other)


@kernel
def _gather(parent: NDArray[np.int32], size: NDArray[np.int32], zones: int) -> None:
    for zone in range(zones):
        root = parent[parent[zone]]
        parent[zone] = root
        if root != zone:
            size[root] += size[zone]
            size[zone] = 0
