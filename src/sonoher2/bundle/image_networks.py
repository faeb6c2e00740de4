"""The networks of a bundle that outline and clear images, where the study had its own."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from sonoher2.bundle.schema import OWN_NETWORKS, BundleSchema
from sonoher2.core.errors import InputError
from sonoher2.images.fingerprint import load_training_images
from sonoher2.networks.own import ENHANCER, SEGMENTER, ImageNetworks, OwnNetwork, Weights


def own_networks(folder: Path, schema: BundleSchema, parts: Mapping[str, bytes]) -> ImageNetworks:
    """Find a bundle's own networks, and see that they can be read.

    Parameters
    ----------
    folder
        The bundle.
    schema
        Says which weights belong to the model.
    parts
        Bytes of each file of the bundle, by name.

    Raises
    ------
    InputError
        Weights are missing, are others than the model's, or are no such network.
    """
    segmenter, enhancer = (_found(folder, name, getattr(schema, name), parts) for name in (SEGMENTER, ENHANCER))
    found = ImageNetworks(segmenter, enhancer)
    check_readable(found)
    return found


def check_readable(networks: ImageNetworks) -> None:
    """See that weights can be read before anything is done with them.

    Raises
    ------
    InputError
        They are no such network.
    """
    # networks are slow to import
    if networks.segmenter is not None:
        from sonoher2.segmentation.segmenter import load_own_segmenter
        from sonoher2.segmentation.weights_file import check_card

        check_card(Path(networks.segmenter.final.path))
        load_own_segmenter(networks.segmenter.final)
    if networks.enhancer is not None:
        from sonoher2.enhancement.enhancer import load_own_enhancer

        load_own_enhancer(networks.enhancer.final)


def _found(folder: Path, name: str, sha256: str | None, parts: Mapping[str, bytes]) -> OwnNetwork | None:
    weights, images = OWN_NETWORKS[name]
    there = [part in parts for part in (weights, images)]
    if sha256 is None and not any(there):
        return None
    if not all(there) or hashlib.sha256(parts[weights]).hexdigest() != sha256:
        raise InputError(f"the {name} is missing, or not the one that the model was fitted with")
    load_training_images(folder / weights, folder / images)
    return OwnNetwork(Weights(str(folder / weights), sha256, str(folder / images)))
