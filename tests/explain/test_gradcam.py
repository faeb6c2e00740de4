from __future__ import annotations

import copy
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch.nn import functional

from sonoher2.deep.activations import Batch, Preparation
from sonoher2.deep.classifier import DeepClassifier
from sonoher2.deep.kept import Pooling
from sonoher2.explain.deletion import deletion_curve, heat_shares, noise_map, randomised_similarity
from sonoher2.explain.explained import Explained
from sonoher2.explain.gradcam import (
    attention_relevance,
    grad_cam,
    grad_cam_plus_plus,
    heat_map,
    maps_and_gradients,
    upsampled,
)

Make = Callable[[int, int], tuple[list[np.ndarray], np.ndarray]]


@pytest.fixture(scope="module")
def convolutional(patients: Make) -> DeepClassifier:
    return DeepClassifier("resnet10t", "none", 32, epochs=0, pooling="own").fit(*patients(12, 0))


@pytest.fixture(scope="module")
def vit(patients: Make) -> DeepClassifier:
    return DeepClassifier("test_vit", "none", 32, epochs=0, pooling="own").fit(*patients(12, 0))


def test_gradients_are_those_of_the_score(convolutional: DeepClassifier, patients: Make) -> None:
    """A last stage that is only averaged and weighted has a gradient that is known: weight / pixels."""
    explained = Explained.of_classifier(convolutional)
    network = explained.network
    crop = patients(2, 1)[0][0][0]
    maps, gradients = maps_and_gradients(explained, Preparation().run(network, [crop], 0))
    weight = (network.head.weight[1] - network.head.weight[0]) / network.spread
    expected = (weight / maps[0].numel()).view(-1, 1, 1).expand_as(maps)
    torch.testing.assert_close(gradients, expected.detach())
    score = convolutional.decision_function([crop[None]])[0]
    constant = (network.head.bias[1] - network.head.bias[0] - (weight * network.centre).sum()).item()
    assert (gradients * maps).sum().item() + constant == pytest.approx(score, rel=1e-4)


def test_grad_cam_by_hand() -> None:
    maps = torch.tensor([[[1.0, 2.0], [0.0, 4.0]], [[1.0, 0.0], [3.0, 0.0]]])
    gradients = torch.tensor([[[1.0, 1.0], [1.0, 1.0]], [[-2.0, -2.0], [0.0, 0.0]]])
    assert grad_cam(maps, gradients).tolist() == [[0.0, 2.0], [0.0, 4.0]]
    # channel 0: alpha = 1 / (2 + 7), weight 4/9; channel 1 has no positive gradient
    torch.testing.assert_close(grad_cam_plus_plus(maps, gradients), maps[0] * 4 / 9)


@pytest.mark.parametrize("method", ["grad-cam", "grad-cam++"])
@pytest.mark.parametrize("pooling", ["own", "lesion"])
def test_heat_maps_of_convolutional_networks(
    convolutional: DeepClassifier, patients: Make, method: str, pooling: str
) -> None:
    X, y = patients(12, 0)
    classifier = convolutional
    if pooling == "lesion":
        classifier = DeepClassifier("resnet10t", "none", 32, epochs=0).fit(X, y)
    explained, crop = Explained.of_classifier(classifier), X[1][0]
    heat = heat_map(explained, crop, method)
    assert heat.shape == (32, 32)
    assert heat.min() >= 0
    assert heat.max() == 1
    weigh = {"grad-cam": grad_cam, "grad-cam++": grad_cam_plus_plus}[method]
    coarse = weigh(*maps_and_gradients(explained, Preparation().run(explained.network, [crop], 0)))
    np.testing.assert_allclose(heat, upsampled(coarse, 32), atol=1e-6)


@pytest.mark.parametrize(("network", "pooling"), [("resnet10t", "lesion"), ("test_vit", "own")])
def test_a_network_that_sees_the_mirror_image_has_the_mean_of_both_maps(
    network: str, pooling: Pooling, patients: Make
) -> None:
    fitted = DeepClassifier(network, "none", 32, pooling, epochs=0).fit(*patients(12, 0))
    both = copy.copy(fitted)
    both.mirror = True
    crop = patients(2, 1)[0][1][0]
    turned = crop[:, :, ::-1].copy()
    heat = heat_map(Explained.of_classifier(both), crop)
    np.testing.assert_allclose(heat_map(Explained.of_classifier(both), turned), heat[:, ::-1], atol=1e-5)
    assert np.abs(heat - heat_map(Explained.of_classifier(fitted), crop)).max() > 0.01


def test_the_parts_of_a_mirrored_score_are_explained_one_beside_the_other(
    convolutional: DeepClassifier, patients: Make
) -> None:
    both = copy.copy(convolutional)
    both.mirror = True
    explained, crop = Explained.of_classifier(both), patients(2, 1)[0][1][0]
    whole = explained.score(explained.embed(crop)[None])
    (first, straight), (second, turned) = explained.each_view(crop)
    assert np.array_equal(straight, crop)
    assert np.array_equal(turned, crop[:, :, ::-1])
    for one, view in ((first, straight), (second, turned)):
        embedded = explained.embed_view(view)
        assert one.score(embedded[None]) == pytest.approx(whole)
        assert one.gradient(embedded) == pytest.approx(explained.gradient(embedded) / 2)


def test_attention_relevance_has_the_gradient_of_the_attention(vit: DeepClassifier, patients: Make) -> None:
    crop = patients(2, 1)[0][1][0]
    explained = Explained.of_classifier(vit)
    batch = Preparation().run(explained.network, [crop], 0)
    layers = [block.attn for block in explained.network.body.blocks]
    before = [layer.fused_attn for layer in layers]
    relevance = attention_relevance(explained, batch)
    assert [layer.fused_attn for layer in layers] == before
    assert not any(layer.attn_drop._forward_hooks for layer in layers)
    assert relevance.shape == explained.network.body.patch_embed.grid_size
    assert relevance.min() >= 0
    assert relevance.max() > 0
    # the attention is put back as it was, and asking twice changes nothing
    torch.testing.assert_close(attention_relevance(explained, batch), relevance)
    assert heat_map(explained, crop).max() == 1


def test_attention_relevance_of_one_block_by_hand(vit: DeepClassifier, patients: Make) -> None:
    """With one block the relevance of a patch is the positive part of gradient x attention in the class token's row."""
    explained = Explained.of_classifier(vit)
    network = explained.network
    body = network.body
    body.blocks = body.blocks[:1]
    batch = Preparation().run(network, [patients(2, 1)[0][1][0]], 0)
    block, body.blocks = body.blocks[0], body.blocks

    def score(attention: torch.Tensor) -> torch.Tensor:
        tokens = network.run(batch.x, 0, 1)
        layer, normed = block.attn, block.norm1(tokens)
        qkv = layer.qkv(normed).reshape(1, normed.shape[1], 3, layer.num_heads, layer.head_dim).permute(2, 0, 3, 1, 4)
        mixed = (attention @ qkv[2]).transpose(1, 2).reshape(normed.shape)
        tokens = tokens + block.ls1(layer.proj(layer.norm(mixed)))
        tokens = body.norm(tokens + block.ls2(block.mlp(block.norm2(tokens))))
        scores = network.classify(body.forward_head(tokens))
        return scores[0, 1] - scores[0, 0]

    tokens = network.run(batch.x, 0, 1)
    layer, normed = block.attn, block.norm1(tokens)
    qkv = layer.qkv(normed).reshape(1, normed.shape[1], 3, layer.num_heads, layer.head_dim).permute(2, 0, 3, 1, 4)
    attention = functional.softmax(layer.q_norm(qkv[0]) * layer.scale @ layer.k_norm(qkv[1]).transpose(-2, -1), -1)
    attention = attention.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(score(attention), attention)
    expected = (attention * gradient).clamp_min(0).mean(1)[0][0, 1:].detach()
    network._stages = [network._stages[0], network._stages[1], torch.nn.ModuleList([body.norm])]
    found = attention_relevance(explained, batch)
    torch.testing.assert_close(found.flatten(), expected)


def test_the_other_class_has_other_reasons(convolutional: DeepClassifier, patients: Make) -> None:
    crop = patients(2, 1)[0][0][0]
    one, zero = (Explained.of_classifier(convolutional, outcome) for outcome in (1, 0))
    batch: Batch = Preparation().run(one.network, [crop], 0)
    _, for_one = maps_and_gradients(one, batch)
    _, for_zero = maps_and_gradients(zero, batch)
    torch.testing.assert_close(for_one, -for_zero)


def test_where_the_heat_lies() -> None:
    mask = np.zeros((40, 40), bool)
    mask[10:20, 10:20] = True
    heat = np.zeros((40, 40))
    heat[12, 12], heat[20, 15], heat[35, 35] = 2, 1, 1
    shares = heat_shares(heat, mask)
    assert (shares.lesion, shares.ring, shares.elsewhere) == (0.5, 0.25, 0.25)
    assert shares.lesion_area == 100 / 1600
    assert shares.lesion_area < shares.lesion_area + shares.ring_area < 0.25
    assert np.isnan(heat_shares(heat * 0, mask).lesion)
    assert heat_shares(heat, np.ones((40, 40), bool)).lesion == 1


def test_randomised_weights_change_the_map(convolutional: DeepClassifier, vit: DeepClassifier, patients: Make) -> None:
    crop = patients(2, 1)[0][1][0]
    for classifier in (convolutional, vit):
        explained = Explained.of_classifier(classifier)
        before = heat_map(explained, crop)
        similarity = randomised_similarity(explained, crop)
        assert len(similarity) == explained.network.n_stages + 1
        assert np.nanmin(similarity) < 0.8
        # the network itself is left as it was
        np.testing.assert_array_equal(heat_map(explained, crop), before)
        assert similarity == pytest.approx(randomised_similarity(explained, crop), nan_ok=True)


def test_deletion_starts_with_the_score_and_ends_blurred(convolutional: DeepClassifier, patients: Make) -> None:
    crop = patients(2, 1)[0][1][0]
    explained = Explained.of_classifier(convolutional)
    heat = heat_map(explained, crop)
    curve = deletion_curve(explained, crop, heat, steps=4)
    assert curve.shape == (5,)
    assert curve[0] == pytest.approx(convolutional.decision_function([crop[None]])[0], rel=1e-4)
    chance = noise_map(explained, crop)
    other_order = deletion_curve(explained, crop, chance, steps=4)
    assert other_order[-1] == curve[-1]
    # chance is as coarse as the maps of the network
    maps, _ = maps_and_gradients(explained, Preparation().run(explained.network, [crop], 0))
    same = upsampled(torch.from_numpy(np.random.default_rng(0).random(maps.shape[1:])), 32)
    np.testing.assert_array_equal(chance, same)
    assert (other_order[1:-1] != curve[1:-1]).any()
