import pytest
import torch

from sonoher2.networks.patchgan import discriminator_loss, generator_loss, patch_discriminator


def test_scores_are_of_patches() -> None:
    assert patch_discriminator(2)(torch.zeros(3, 2, 64, 96)).shape == (3, 1, 8, 12)


def test_channels_double_with_each_stride_up_to_eight_times() -> None:
    def channels(network: torch.nn.Sequential) -> list[tuple[int, int]]:
        return [(layer.in_channels, layer.out_channels) for layer in network if isinstance(layer, torch.nn.Conv2d)]

    assert channels(patch_discriminator(2)) == [(2, 32), (32, 64), (64, 128), (128, 1)]
    wide = channels(patch_discriminator(1, width=4, strides=5))
    assert wide == [(1, 4), (4, 8), (8, 16), (16, 32), (32, 32), (32, 1)]


def test_a_score_sees_its_patch_only() -> None:
    network = patch_discriminator(1, width=4).eval()
    picture = torch.zeros(1, 1, 128, 128, requires_grad=True)
    network(picture)[0, 0, 8, 8].backward()
    assert picture.grad is not None
    rows = picture.grad[0, 0].abs().sum(dim=1).nonzero().flatten()
    assert rows.max() - rows.min() + 1 == 38


def test_the_seed_decides_the_weights() -> None:
    picture = torch.ones(1, 2, 32, 32)
    scores = [patch_discriminator(2, seed=seed).eval()(picture) for seed in (0, 0, 1)]
    assert torch.equal(scores[0], scores[1])
    assert not torch.equal(scores[0], scores[2])


def test_losses_by_hand() -> None:
    real, generated = torch.tensor([1.0, 0.5]), torch.tensor([0.0, 0.5])
    assert discriminator_loss(real, generated).item() == pytest.approx(0.125)
    assert generator_loss(generated).item() == pytest.approx((1 + 0.25) / 2)


def test_it_learns_to_tell_two_kinds_apart() -> None:
    generator = torch.Generator().manual_seed(0)
    network = patch_discriminator(1, width=8)
    optimiser = torch.optim.Adam(network.parameters(), lr=2e-3)
    for _ in range(40):
        rough = torch.randn(4, 1, 32, 32, generator=generator)
        smooth = torch.nn.functional.avg_pool2d(rough, 5, 1, 2) * 5
        loss = discriminator_loss(network(rough), network(smooth))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert loss.item() < 0.1
