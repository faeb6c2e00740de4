from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from sonoher2.enhancement.network import Generator, in_tiles


def trained(seed: int = 0) -> Generator:
    """A network whose heads are not zero; its answers are large, so that differences show."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        generator = Generator(shallow=4, deep=8, blocks=2)
        for head in generator.heads.values():
            nn.init.normal_(head.weight, std=0.5)
    return generator.eval().requires_grad_(False)


def picture(rows: int, columns: int) -> Tensor:
    return torch.rand(1, 1, rows, columns, generator=torch.Generator().manual_seed(0))


def test_untrained_is_the_identity_and_bicubic() -> None:
    x = picture(37, 41)
    with torch.no_grad():
        assert torch.equal(Generator()(x, 1), x)
        wanted = functional.interpolate(x, scale_factor=2, mode="bicubic", align_corners=False)
        # the last rows see those that fill up to a multiple of four instead of the border
        assert torch.allclose(Generator()(x, 2)[..., :-8, :-8], wanted[..., :-8, :-8], atol=1e-6)


@pytest.mark.parametrize("scale", [1, 2])
@pytest.mark.parametrize("size", [(1, 1), (3, 2), (64, 64), (50, 61)])
def test_any_size(scale: int, size: tuple[int, int]) -> None:
    assert trained()(picture(*size), scale).shape == (1, 1, scale * size[0], scale * size[1])


@pytest.mark.parametrize("scale", [1, 2])
@pytest.mark.parametrize("size", [(150, 203), (40, 310), (129, 129)])
def test_tiles_give_the_result_of_the_whole(scale: int, size: tuple[int, int]) -> None:
    generator, x = trained(), picture(*size)
    whole = generator(x, scale)
    assert whole.std() > 0.1
    assert torch.allclose(in_tiles(generator, x, scale, tile=32), whole, atol=1e-4)


@pytest.mark.parametrize("scale", [1, 2])
def test_reach_is_how_far_a_pixel_is_felt(scale: int) -> None:
    generator, side = trained(), 120
    furthest = 0
    for at in range(60, 64):
        x = picture(side, side).requires_grad_()
        (felt,) = torch.autograd.grad(generator(x, scale)[0, 0, scale * at, scale * at], x)
        furthest = max(furthest, int((felt[0, 0].nonzero() - at).abs().max()))
    assert generator.reach - 4 <= furthest <= generator.reach


def test_scales_have_their_own_head() -> None:
    generator = trained()
    x = picture(32, 32)
    before = generator(x, 1)
    nn.init.zeros_(generator.heads["2"].weight)
    assert torch.equal(generator(x, 1), before)
