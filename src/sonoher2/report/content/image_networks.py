"""Which networks outlined and cleared the images of a result, in words."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sonoher2.config.image_networks import EnhancedImages, SegmentedRegions
from sonoher2.networks.own import ENHANCER, SEGMENTER
from sonoher2.report.content.view import View
from sonoher2.report.content.wording import plural
from sonoher2.study.results import columns as c
from sonoher2.study.results.manifest import NetworkRecord, learned_from

_LEARNED_FROM = "BUS-BRA (folds 1 to 4) and BrEaST (four in five cases)"


def own_networks(view: View, network: str) -> Sequence[NetworkRecord]:
    """List the weights of a network that is not the shipped one, as `run.json` has them; none for the shipped one."""
    return view.result.about.record.get("networks", {}).get(network, [])


def given_outlines(view: View) -> int:
    """Count the images whose lesions were outlined by masks that were given, not by a segmenter."""
    used = sum(step.images for step in view.result.cohort.flow[-1:])
    outlined = view.result.cohort.segmented
    return used - int(outlined[c.FOUND].sum()) if len(outlined) else used


def segmenter_name(view: View) -> str:
    """Name the segmenter in a caption."""
    return "the segmenter of this study" if _trained(view, SEGMENTER) else f"the {_whose(view, SEGMENTER)}"


def segmenter_words(view: View) -> str:
    """Say which segmenter drew the outlines and what it learned from, after the word `by`."""
    if not own_networks(view, SEGMENTER):
        name = f"the segmenter that SonoHER2 ships{_weights(view, SEGMENTER)}"
        return f"{name}: a U-Net trained on {_LEARNED_FROM}, which saw no label"
    if not _trained(view, SEGMENTER):
        return f"the {_whose(view, SEGMENTER)}{_weights(view, SEGMENTER)}"
    regions = view.result.about.config.regions
    encoder = regions.training.network if isinstance(regions, SegmentedRegions) and regions.training else "U-Net"
    return (
        f"a segmenter that was trained in this study{_weights(view, SEGMENTER)}, a U-Net with the encoder {encoder} and"
        f" a PatchGAN discriminator; {_folds(view, SEGMENTER, ' with a given mask')}"
    )


def enhancer_words(view: View) -> str:
    """Say which network enhanced the images and what it learned from, after the word `by`."""
    does = "it removes speckle and sharpens at the same size"
    if not own_networks(view, ENHANCER):
        name = f"the network that SonoHER2 ships{_weights(view, ENHANCER)}"
        return f"{name}: {does}, and was trained on {_LEARNED_FROM}"
    if not _trained(view, ENHANCER):
        return f"the {_whose(view, ENHANCER)}{_weights(view, ENHANCER)}: {does}"
    name = f"a network that was trained in this study{_weights(view, ENHANCER)}"
    return f"{name}: {does}; {_folds(view, ENHANCER, '')}"


def _trained(view: View, network: str) -> bool:
    return not view.validation and network in view.result.about.config.trained_networks


def _whose(view: View, network: str) -> str:
    if not own_networks(view, network):
        return f"shipped {network}"
    config = view.result.about.config
    named = {
        SEGMENTER: config.regions.segment if isinstance(config.regions, SegmentedRegions) else None,
        ENHANCER: config.enhance.gan if isinstance(config.enhance, EnhancedImages) else None,
    }[network]
    return f"{network} of the model" if named is None else f"{network} of {Path(named).name}"


def _folds(view: View, network: str, condition: str) -> str:
    """Say on whom each of the networks was trained."""
    final, *others = own_networks(view, network)
    patients, images = learned_from(final)
    whom = f"{plural(patients, 'training patient')}{condition} ({plural(images, 'image')})"
    return (
        f"it learned without labels from {whom}. The images of test patients went through the network that was"
        f" trained on all of these, those of each training patient through one of {len(others)} that were trained"
        " without the patient's fold and so never saw the patient"
    )


def _weights(view: View, network: str) -> str:
    """Name the weights of a network by the first digits of their sha256."""
    sha256 = view.result.about.record.get("sha256", {}).get(network)
    return f" (weights sha256 {sha256[:12]})" if sha256 else ""
