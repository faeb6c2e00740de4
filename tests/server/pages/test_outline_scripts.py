"""The pure parts of the editor, run by a browser, against NumPy, SciPy and scikit-image: equal pixel for pixel."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Page
from scipy import ndimage
from skimage.draw import polygon2mask
from skimage.measure import label

pytestmark = pytest.mark.slow
Mask = NDArray[np.bool_]
SHAPES = [(37, 53), (64, 41), (1, 30), (25, 1)]


def call(page: Page, module: str, body: str, argument: Any = None) -> Any:
    """Run a body of JavaScript that sees a module of the outline as `m` and its argument as `a`."""
    return page.evaluate(
        f"async (a) => {{ const m = await import('/static/js/outline/{module}.js'); {body} }}", argument
    )


def blobs(shape: tuple[int, int], seed: int) -> Mask:
    """Parts with holes: smooth noise above its middle."""
    noise = ndimage.gaussian_filter(np.random.default_rng(seed).standard_normal(shape), 2.0)
    return np.asarray(noise > np.median(noise))


def sent(mask: Mask) -> dict[str, Any]:
    return {"rows": mask.shape[0], "columns": mask.shape[1], "pixels": mask.astype(int).ravel().tolist()}


def changed(page: Page, module: str, expression: str, mask: Mask, **more: Any) -> Mask:
    """Pixels that a function gives back, or that it leaves in `mask`."""
    body = f"const mask = {{...a, pixels: Uint8Array.from(a.pixels)}}; const given = {expression};"
    found = call(page, module, body + "return Array.from(given ?? mask.pixels);", {**sent(mask), **more})
    return np.array(found, bool).reshape(mask.shape)


def test_runs_begin_with_background(scripts: Page) -> None:
    body = "return [m.runsOf(Uint8Array.from(a)), m.runsOf(Uint8Array.from([1, 0])), m.runsOf(new Uint8Array(4))]"
    assert call(scripts, "runs", body, [0, 0, 1, 1, 1, 0]) == [[2, 3, 1], [0, 1, 1], [4]]


@pytest.mark.parametrize("shape", SHAPES)
def test_runs_give_the_mask_back(scripts: Page, shape: tuple[int, int]) -> None:
    mask = blobs(shape, 1)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask.ravel(), [False]]).astype(int)))
    own = np.diff(np.concatenate([[0], edges, [mask.size]]))
    own = own[:-1] if own[-1] == 0 else own
    body = "const r = m.runsOf(Uint8Array.from(a.pixels)); return [r, Array.from(m.maskOf(r, a.pixels.length))]"
    runs, back = call(scripts, "runs", body, sent(mask))
    assert runs == own.tolist()
    assert np.array_equal(np.array(back, bool).reshape(shape), mask)


def test_runs_of_another_picture_are_refused(scripts: Page) -> None:
    body = "try { m.maskOf([3, 4], 8); return 'taken' } catch (error) { return error.name }"
    assert call(scripts, "runs", body) == "RangeError"


def test_undo_and_redo_walk_through_every_step(scripts: Page) -> None:
    steps = [np.zeros((20, 30), bool), *(blobs((20, 30), seed) for seed in range(60))]
    body = """
      const h = new m.History(); const mask = Uint8Array.from(a[0]); const seen = [];
      for (const next of a.slice(1)) { const before = mask.slice(); mask.set(next); h.keep(before, mask); }
      while (h.undo(mask)) seen.push(Array.from(mask));
      while (h.redo(mask)) seen.push(Array.from(mask));
      return seen;"""
    seen = call(scripts, "history", body, [step.astype(int).ravel().tolist() for step in steps])
    expected = [*steps[-2::-1], *steps[1:]]
    assert np.array_equal(np.array(seen, bool).reshape(-1, 20, 30), expected)


def test_a_new_step_forgets_what_was_undone(scripts: Page) -> None:
    body = """
      const h = new m.History(); const mask = Uint8Array.from([0, 0, 0]);
      const to = (next) => { const before = mask.slice(); mask.set(next); return h.keep(before, mask); };
      to([1, 0, 0]); h.undo(mask); const again = to([0, 0, 0]); to([0, 1, 0]);
      return [again, h.redo(mask), Array.from(mask)];"""
    assert call(scripts, "history", body) == [False, False, [0, 1, 0]]


@pytest.mark.parametrize("radius", [0.5, 1, 2.5, 7])
@pytest.mark.parametrize(
    ("start", "end"), [((10.2, 8.7), (10.2, 8.7)), ((5.1, 30.3), (44.8, 4.9)), ((-3, 20.5), (9, 60))]
)
def test_a_stroke_covers_what_lies_within_its_radius(
    scripts: Page, radius: float, start: tuple[float, float], end: tuple[float, float]
) -> None:
    mask = blobs((37, 53), 2)
    y, x = np.mgrid[:37, :53] + 0.5
    direction = np.subtract(end, start)
    share = ((x - start[0]) * direction[0] + (y - start[1]) * direction[1]) / max(direction @ direction, 1e-300)
    share = np.clip(share, 0, 1)
    near = np.hypot(x - start[0] - share * direction[0], y - start[1] - share * direction[1]) <= radius
    line = {"p": start, "q": end, "r": radius}
    assert np.array_equal(changed(scripts, "shapes", "m.stroke(mask, a.p, a.q, a.r, 1)", mask, **line), mask | near)
    assert np.array_equal(changed(scripts, "shapes", "m.stroke(mask, a.p, a.q, a.r, 0)", mask, **line), mask & ~near)


@pytest.mark.parametrize("seed", range(6))
def test_a_polygon_is_that_of_scikit_image(scripts: Page, seed: int) -> None:
    points = np.random.default_rng(seed).uniform((-5, -5), (58, 42), (3 + 2 * seed, 2))  # x, y; corners outside too
    mask = np.zeros((37, 53), bool)
    own = polygon2mask(mask.shape, points[:, ::-1] - 0.5)
    assert own.any()
    shape = {"points": points.tolist()}
    assert np.array_equal(changed(scripts, "shapes", "m.polygon(mask, a.points, 1)", mask, **shape), own)
    assert np.array_equal(changed(scripts, "shapes", "m.polygon(mask, a.points, 0)", ~mask, **shape), ~own)


def test_a_polygon_by_hand(scripts: Page) -> None:
    square = {"points": [[1, 1], [4, 1], [4, 3], [1, 3]]}
    found = changed(scripts, "shapes", "m.polygon(mask, a.points, 1)", np.zeros((5, 6), bool), **square)
    assert found.astype(int).tolist() == [
        [0, 0, 0, 0, 0, 0],
        [0, 1, 1, 1, 0, 0],
        [0, 1, 1, 1, 0, 0],
        [0, 0, 0, 0, 0, 0],
        [0, 0, 0, 0, 0, 0],
    ]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("distance", "size"), [(1, (1, 1)), (3.3, (1, 1)), (0.5, (0.1, 0.1)), (0.9, (0.2, 0.07))])
def test_growing_and_shrinking_are_euclidean(
    scripts: Page, shape: tuple[int, int], distance: float, size: tuple[float, float]
) -> None:
    mask = blobs(shape, 3)
    more = {"distance": distance, "size": size}
    limit = distance * (1 + 1e-9)
    near = ndimage.distance_transform_edt(~mask, sampling=size) <= limit
    deep = ndimage.distance_transform_edt(mask, sampling=size) > limit
    assert np.array_equal(changed(scripts, "algebra", "m.grown(mask, a.distance, a.size)", mask, **more), near)
    assert np.array_equal(changed(scripts, "algebra", "m.shrunk(mask, a.distance, a.size)", mask, **more), deep)
    assert near.sum() > mask.sum() > deep.sum()


@pytest.mark.parametrize(("distance", "size"), [(1, (1, 1)), (4.4, (1, 1)), (0.9, (0.2, 0.07))])
def test_a_small_lesion_grows_and_shrinks_alike(scripts: Page, distance: float, size: tuple[float, float]) -> None:
    mask = np.zeros((60, 90), bool)
    mask[12:27, 50:81] = True
    mask[15, 60] = mask[26, 80] = False
    mask[40, 0] = True  # on the border of the picture
    more = {"distance": distance, "size": size}
    near = ndimage.distance_transform_edt(~mask, sampling=size) <= distance * (1 + 1e-9)
    deep = ndimage.distance_transform_edt(mask, sampling=size) > distance * (1 + 1e-9)
    assert np.array_equal(changed(scripts, "algebra", "m.grown(mask, a.distance, a.size)", mask, **more), near)
    assert np.array_equal(changed(scripts, "algebra", "m.shrunk(mask, a.distance, a.size)", mask, **more), deep)
    alone = mask & (np.arange(90) > 0)
    body = "return m.edgesOf({...a, pixels: Uint8Array.from(a.pixels)})"
    lines = np.array(call(scripts, "edges", body, sent(alone))).reshape(-1, 4)
    framed = np.pad(alone, 1).astype(int)
    edges = np.abs(np.diff(framed, axis=0)).sum() + np.abs(np.diff(framed, axis=1)).sum()
    assert np.abs(lines[:, 2:] - lines[:, :2]).sum() == edges


def test_nothing_grows_from_nothing_and_the_border_takes_nothing_away(scripts: Page) -> None:
    nothing, all_of_it = np.zeros((6, 7), bool), np.ones((6, 7), bool)
    assert not changed(scripts, "algebra", "m.grown(mask, 3)", nothing).any()
    assert changed(scripts, "algebra", "m.shrunk(mask, 3)", all_of_it).all()


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("seed", range(3))
def test_holes_and_the_largest_part(scripts: Page, shape: tuple[int, int], seed: int) -> None:
    mask = blobs(shape, seed)
    parts = label(mask, connectivity=2)
    biggest = parts == np.argmax(np.bincount(parts[parts > 0]))
    assert np.array_equal(changed(scripts, "algebra", "m.filled(mask)", mask), ndimage.binary_fill_holes(mask))
    assert np.array_equal(changed(scripts, "algebra", "m.largest(mask)", mask), biggest)


def test_parts_that_touch_at_a_corner_are_one(scripts: Page) -> None:
    mask = np.array([[1, 0, 0, 1, 1], [0, 1, 0, 0, 0], [0, 0, 1, 0, 0]], bool)
    found = changed(scripts, "algebra", "m.largest(mask)", mask)
    assert found.astype(int).tolist() == [[1, 0, 0, 0, 0], [0, 1, 0, 0, 0], [0, 0, 1, 0, 0]]


@pytest.mark.parametrize("shape", SHAPES)
def test_the_outline_is_every_edge_between_the_mask_and_the_rest(scripts: Page, shape: tuple[int, int]) -> None:
    mask = blobs(shape, 4)
    body = "return m.edgesOf({...a, pixels: Uint8Array.from(a.pixels)})"
    lines = np.array(call(scripts, "edges", body, sent(mask))).reshape(-1, 4)
    rows, columns = shape
    across, down = np.zeros((rows + 1, columns), bool), np.zeros((rows, columns + 1), bool)
    for x0, y0, x1, y1 in lines:
        if y0 == y1:
            assert not across[y0, x0:x1].any()
            across[y0, x0:x1] = True
        else:
            assert x0 == x1
            down[y0:y1, x0] = True
    framed = np.pad(mask, 1)
    assert np.array_equal(across, framed[1:, 1:-1] ^ framed[:-1, 1:-1])
    assert np.array_equal(down, framed[1:-1, 1:] ^ framed[1:-1, :-1])


def test_bounds_and_area(scripts: Page) -> None:
    mask = blobs((37, 53), 5)
    body = """const mask = {...a, pixels: Uint8Array.from(a.pixels)};
      return [m.area(mask), m.boundsOf(mask), m.boundsOf(m.emptyMask(5, 4))]"""
    count, box, nothing = call(scripts, "shapes", body, sent(mask))
    y, x = np.nonzero(mask)
    assert (count, box, nothing) == (mask.sum(), [x.min(), y.min(), x.max() + 1, y.max() + 1], None)


def test_lengths_follow_the_size_of_a_pixel(scripts: Page) -> None:
    body = (
        "return [m.lengthOf([1, 2], [4, 6]), m.lengthOf([0, 0], [3, 4], [0.5, 2]), m.calibrated([0, 0], [0, 40], 10)]"
    )
    assert call(scripts, "geometry", body) == [5.0, pytest.approx(np.hypot(3 * 2, 4 * 0.5)), 0.25]
    body = (
        "return [m.calibrated([1, 1], [1, 1], 10), m.calibrated([0, 0], [9, 0], -1), m.calibrated([0, 0], [9, 0], NaN)]"
    )
    assert call(scripts, "geometry", body) == [None, None, None]


def test_zooming_holds_the_point_under_the_pointer(scripts: Page) -> None:
    body = """const place = new m.Place(2, 30, -10); const near = place.zoomed(1.7, [200, 90]);
      const same = [near, place].map((one) => one.toPicture([200, 90]));
      return [near.scale, ...same, near.toScreen(near.toPicture([5, 7]))]"""
    scale, after, before, back = call(scripts, "geometry", body)
    assert scale == pytest.approx(3.4)
    assert before == [85, 50]
    assert after == pytest.approx([85, 50])
    assert back == pytest.approx([5, 7])


def test_a_picture_fits_in_the_middle(scripts: Page) -> None:
    body = """const place = m.Place.fit([0, 0, 200, 100], 420, 420, 10);
      return [place.scale, place.toScreen([0, 0]), place.toScreen([200, 100])]"""
    assert call(scripts, "geometry", body) == [2, [10, 110], [410, 310]]


def test_a_box_is_whole_pixels_of_the_picture(scripts: Page) -> None:
    body = """const box = (a, b) => m.boxBetween(a, b, 50, 40);
      return [box([9.2, 7.9], [2.7, 3.1]), box([-5, 30], [60, 90]), box([60, 1], [70, 9])]"""
    assert call(scripts, "geometry", body) == [[2, 3, 10, 8], [0, 30, 50, 40], None]
