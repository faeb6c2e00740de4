"""The same picture under two names: re-saved, rescaled, brighter, marked, mirrored, framed, or only a part of it.

A perceptual hash (the signs of the low frequencies of the discrete cosine transform; Zauner, Implementation and
benchmarking of perceptual image hash functions, 2010) and the correlation of small high-pass pictures propose
pairs; a pair counts once one picture, cut by up to 15 % of its height and of its width, correlates with the other.

The same is done, without the hash and also with one picture mirrored, for three views of each picture: without its flat
border, the box around the lesion, and that box with some surroundings. A part of a picture holds the same lesion, so
that its box is the same however much was cut off around it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.fft import dctn
from scipy.ndimage import gaussian_filter

Floats = NDArray[np.float32]

SIDE = 32
LOW_FREQUENCIES = 8
DETAIL_SIGMA = 4.0
"""Pixels of the thumbnail; coarser shades, which all breast images share, are removed before they are compared."""
MAX_HASH_DISTANCE = 18
MIN_CANDIDATE_CORRELATION = 0.25
MIN_CORRELATION = 0.75
"""After alignment. In BUS-BRA the most similar pictures of two lesions reach 0.67 and injected copies 0.9."""
CUT_STEP, MAX_CUT = 0.025, 0.15
"""Share of a picture's height or width."""
ROWS_AT_ONCE, PAIRS_AT_ONCE = 1024, 512
FLAT = 3.0
"""Standard deviation of the grey levels of a row or column up to which it belongs to a border."""
SURROUNDINGS = 0.15
"""Of the lesion's height and width, on each side."""
SMALLEST_BOX = 24
"""Pixels; a smaller lesion shows too little to be known again."""
VIEW_SIGMA = 2.0
MIN_VIEW_CANDIDATE, MIN_SHADES = 0.35, 0.7
"""Correlations from which on two views are aligned: of their details, or of their shades without the coarsest."""
WITH_SURROUNDINGS = 2
"""Place of the lesion with its surroundings among the views."""


def thumbnail(pixels: NDArray[np.float64]) -> Floats:
    """Shrink (rows, columns) in [0, 255] to (32, 32) by means over areas, whatever the aspect ratio."""
    image = Image.fromarray(pixels.astype(np.float32))
    return np.asarray(image.resize((SIDE, SIDE), Image.Resampling.BOX), dtype=np.float32)


def perceptual_hash(pixels: NDArray[np.float64]) -> np.uint64:
    """64 bits: which of the 8 x 8 lowest frequencies of the thumbnail lie above their median.

    Parameters
    ----------
    pixels
        (rows, columns) in [0, 255].
    """
    low = dctn(thumbnail(pixels).astype(np.float64), norm="ortho")[:LOW_FREQUENCIES, :LOW_FREQUENCIES].ravel()
    return np.uint64(np.packbits(low > np.median(low)).view(np.uint64)[0])


def lesion_views(pixels: NDArray[np.float64], mask: NDArray[np.bool_]) -> Floats:
    """Thumbnails (3, 32, 32) of a picture without its flat border, of the lesion's box, and of it with surroundings.

    A lesion of less than 24 pixels gives black views.

    Parameters
    ----------
    pixels
        (rows, columns) in [0, 255].
    mask
        (rows, columns), True in the lesion.
    """
    box = [np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0)]
    views = [thumbnail(pixels[tuple(_uneven(pixels.std(axis=axis)) for axis in (1, 0))])]
    for share in (0.0, SURROUNDINGS):
        cut = tuple(_widened(int(lines[0]), int(lines[-1]) + 1, share) for lines in box)
        small = min(len(lines) for lines in box) < SMALLEST_BOX
        views.append(np.zeros((SIDE, SIDE), dtype=np.float32) if small else thumbnail(pixels[cut]))
    return np.stack(views)


def _uneven(spread: NDArray[np.float64]) -> slice:
    """Lines from the first to the last one that is not flat."""
    lines = np.flatnonzero(spread > FLAT)
    return slice(int(lines[0]), int(lines[-1]) + 1) if len(lines) else slice(None)


def _widened(start: int, stop: int, share: float) -> slice:
    more = round(share * (stop - start))
    return slice(max(start - more, 0), stop + more)


def near_duplicate_pairs(
    hashes: Sequence[np.uint64], thumbnails: Sequence[Floats], views: Sequence[Floats] = ()
) -> list[tuple[int, int]]:
    """Index pairs (i, j), i < j, of pictures that show the same.

    Parameters
    ----------
    hashes, thumbnails
        From `perceptual_hash` and `thumbnail`, one for each picture.
    views
        From `lesion_views`, one for each picture; without them, mirrored pictures and parts are not found.
    """
    if len(hashes) < 2:
        return []
    pictures = np.stack(thumbnails)
    detail = _detail(pictures, DETAIL_SIGMA)
    found = _same(_candidates(np.asarray(hashes, dtype=np.uint64), _standardised(detail)), detail, detail)
    for number, view in enumerate(np.stack(views).swapaxes(0, 1) if len(views) else ()):
        detail = _detail(view, VIEW_SIGMA)
        # an outline drawn anew moves the box: shades are then still alike where details are not before they are aligned
        likenesses = [(detail, MIN_VIEW_CANDIDATE)] + [(_shades(view), MIN_SHADES)] * (number == WITH_SURROUNDINGS)
        for (alike, least), turn in product(likenesses, (1, -1)):
            candidates = _alike(_standardised(alike), _standardised(alike[:, :, ::turn]), least)
            found |= _same(candidates, detail, np.ascontiguousarray(detail[:, :, ::turn]))
    return sorted(found)


def _detail(pictures: Floats, sigma: float) -> Floats:
    return np.asarray(pictures - gaussian_filter(pictures, (0, sigma, sigma)), dtype=np.float32)


def _shades(pictures: Floats) -> Floats:
    fine, coarse = (gaussian_filter(pictures, (0, sigma, sigma)) for sigma in (VIEW_SIGMA, DETAIL_SIGMA))
    return np.asarray(fine - coarse, dtype=np.float32)


def _same(
    candidates: Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]], detail: Floats, others: Floats
) -> set[tuple[int, int]]:
    """Candidates of which one picture, cut, correlates with the other; the second of each pair is one of `others`."""
    found: set[tuple[int, int]] = set()
    for first, second in candidates:
        one, other = detail[first], others[second]
        same = np.maximum(_aligned_correlation(one, other), _aligned_correlation(other, one)) >= MIN_CORRELATION
        found.update(zip(first[same].tolist(), second[same].tolist(), strict=True))
    return found


def _alike(pictures: Floats, others: Floats, least: float) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Index pairs whose standardised pictures correlate without alignment."""
    for start in range(0, len(pictures), ROWS_AT_ONCE):
        near = pictures[start : start + ROWS_AT_ONCE] @ others[start:].T >= least
        first, second = np.nonzero(np.triu(near, 1))
        for part in range(0, len(first), PAIRS_AT_ONCE):
            yield first[part : part + PAIRS_AT_ONCE] + start, second[part : part + PAIRS_AT_ONCE] + start


def _candidates(hashes: NDArray[np.uint64], detail: Floats) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Index pairs that are near by hash and by correlation without alignment."""
    # with bits as +1 and -1, the inner product of two hashes is 64 - 2 x their Hamming distance
    bits = np.unpackbits(hashes.view(np.uint8).reshape(len(hashes), 8), axis=1).astype(np.float32) * 2 - 1
    for start in range(0, len(hashes), ROWS_AT_ONCE):
        rows = slice(start, start + ROWS_AT_ONCE)
        near = bits[rows] @ bits[start:].T >= 64 - 2 * MAX_HASH_DISTANCE
        near &= detail[rows] @ detail[start:].T >= MIN_CANDIDATE_CORRELATION
        first, second = np.nonzero(np.triu(near, 1))
        for part in range(0, len(first), PAIRS_AT_ONCE):
            yield first[part : part + PAIRS_AT_ONCE] + start, second[part : part + PAIRS_AT_ONCE] + start


def _standardised(pictures: Floats) -> Floats:
    """Pictures as rows of mean 0 and length 1, so that inner products are correlations; a flat one stays 0."""
    rows = pictures.reshape(*pictures.shape[:-2], -1)
    rows = rows - rows.mean(axis=-1, keepdims=True)
    lengths = np.linalg.norm(rows, axis=-1, keepdims=True)
    return np.asarray(rows / np.maximum(lengths, 1e-6), dtype=np.float32)


def _aligned_correlation(whole: Floats, part: Floats) -> Floats:
    """Correlation of each `part` with the best-fitting cut of its `whole`; both are (pairs, 32, 32).

    Rows are cut first, then columns given these rows: the two hardly depend on each other.
    """
    cuts = _cuts()
    target = _standardised(part).reshape(part.shape)
    best = _row_cut_correlations(cuts, whole, target).argmax(axis=1)
    turned = (cuts[best] @ whole).transpose(0, 2, 1)
    return np.asarray(_row_cut_correlations(cuts, turned, target.transpose(0, 2, 1)).max(axis=1), dtype=np.float32)


def _row_cut_correlations(cuts: Floats, whole: Floats, target: Floats) -> Floats:
    """Correlation of each standardised target with each row cut of its whole: (pairs, cuts).

    The cut pictures ``C @ W`` are never made: their product with the target T is the product of C with ``T @ W.T``,
    and their length that of ``C.T @ C`` with ``W @ W.T``.
    """
    pairs, number = len(whole), len(cuts)
    products = (target @ whole.transpose(0, 2, 1)).reshape(pairs, -1) @ cuts.reshape(number, -1).T
    squares = (whole @ whole.transpose(0, 2, 1)).reshape(pairs, -1) @ _squared(cuts).T
    sums = whole.sum(axis=2) @ cuts.sum(axis=1).T
    variance = squares - sums**2 / SIDE**2
    return np.asarray(products / np.sqrt(np.maximum(variance, 1e-6)), dtype=np.float32)


def _squared(cuts: Floats) -> Floats:
    return (cuts.transpose(0, 2, 1) @ cuts).reshape(len(cuts), -1)


def _cuts() -> Floats:
    """Matrices (cuts, 32, 32) that cut a share off both ends of 32 values and stretch the rest, linearly."""
    shares = np.arange(0, MAX_CUT + CUT_STEP / 2, CUT_STEP)
    return np.stack([_cut(low, high) for low in shares for high in shares if low + high <= MAX_CUT + CUT_STEP / 2])


def _cut(low: float, high: float) -> Floats:
    centres = (np.arange(SIDE) + 0.5) * (1 - low - high) + low * SIDE - 0.5
    at = np.clip(centres, 0, SIDE - 1)
    left = np.minimum(at.astype(int), SIDE - 2)
    matrix = np.zeros((SIDE, SIDE), dtype=np.float32)
    matrix[np.arange(SIDE), left] = 1 - (at - left)
    matrix[np.arange(SIDE), left + 1] = at - left
    return matrix
