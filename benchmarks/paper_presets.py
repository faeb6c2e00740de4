"""Every network of the paper trains one epoch on 40 real images and explains one.

    python benchmarks/paper_presets.py examples/bus-bra.yaml --data FOLDER_OF_BUS-BRA

Weights come from the hub when it can be reached; else they are random, which the table says. Each network runs in a
process of its own, so that its peak memory is its own.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import resource
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from time import monotonic

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sonoher2.cohort.load import load_cohort
from sonoher2.config.deep import DeepConfig
from sonoher2.config.load import load_study
from sonoher2.config.study import StudyConfig
from sonoher2.core.errors import InputError
from sonoher2.deep.classifier import DeepClassifier
from sonoher2.deep.lesion import crop_for
from sonoher2.explain.deletion import heat_shares
from sonoher2.explain.explained import Explained
from sonoher2.explain.gradcam import has_relevance, heat_map
from sonoher2.lesions.open import open_lesion
from sonoher2.networks.sources import HUB, NONE
from sonoher2.study.measure.lesion_files import lesion_files

PAPER = ("ResNet101", "VGG19", "ViT", "Swin")
SIZE = 224
"""Side of the pictures on which all four were pretrained, pixels."""


def real_pictures(study: StudyConfig, images: int) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """One picture from each of some patients, as many of each class: (images, 2, SIZE, SIZE), and their classes."""
    cohort = load_cohort(study)
    first = cohort.images.drop_duplicates("patient_id").set_index("patient_id", drop=False)
    labels = cohort.patients["label"]
    drawn = [labels[labels == label].sample(images // 2, random_state=study.seed).index for label in (0, 1)]
    chosen = drawn[0].append(drawn[1])
    config, reading = DeepConfig(size=SIZE), study.reading
    assert reading is not None, "a study with images"
    opened = [
        open_lesion(file.image, file.masks, reading=reading, mm_per_pixel=file.mm_per_pixel, frame=file.frame)
        for file in lesion_files(first.loc[chosen])
    ]
    pictures = [crop_for(lesion, config) for lesion in opened]
    return np.stack(pictures), labels.loc[chosen].to_numpy(np.int64)


def one_network(job: tuple[str, NDArray[np.uint8], NDArray[np.int64]]) -> dict[str, object]:
    """Train and explain one network; seconds, peak memory (MiB) and losses."""
    name, pictures, y = job
    X = [picture[None] for picture in pictures]
    start = monotonic()
    try:
        classifier, weights = _trained(name, HUB, X, y), "ImageNet"
    except InputError:
        start = monotonic()
        classifier, weights = _trained(name, NONE, X, y), "random"
    trained = monotonic()
    explained = Explained.of_classifier(classifier)
    heat = heat_map(explained, pictures[-1])
    shares = heat_shares(heat, pictures[-1][1] > 127)
    return {
        "network": name,
        "weights": weights,
        "parameters_millions": round(sum(value.size for value in classifier.state_.values()) / 1e6, 1),
        "train_seconds": round(trained - start, 1),
        "explain_seconds": round(monotonic() - trained, 1),
        "peak_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "loss_before": round(classifier.losses_[0], 4),
        "loss_after": round(classifier.losses_[1], 4),
        "method": "attention" if has_relevance(explained.network) else "grad-cam",
        # a map without any heat, which random weights may well give, lies nowhere
        "heat_in_lesion": None if np.isnan(shares.lesion) else round(shares.lesion, 3),
        "lesion_area": round(shares.lesion_area, 3),
    }


def _trained(name: str, weights: str, X: list[NDArray[np.uint8]], y: NDArray[np.int64]) -> DeepClassifier:
    """Train all stages for one epoch, pooled as the network was built: what the paper did."""
    return DeepClassifier(name, weights, SIZE, pooling="own", epochs=1, unfreeze=-1, variants=0).fit(X, y)


def main() -> int:
    """Run, print a table, write JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("study", type=Path)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--images", type=int, default=40)
    parser.add_argument("--networks", nargs="+", default=list(PAPER))
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/paper_presets.json"))
    options = parser.parse_args()
    study = load_study(options.study, options.data)
    pictures, y = real_pictures(study, options.images)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    rows: list[dict[str, object]] = []
    for name in options.networks:
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as alone:
            rows.append(alone.submit(one_network, (name, pictures, y)).result())
        print(f"{name}: {rows[-1]['train_seconds']} s", file=sys.stderr)
        record = {"study": study.title, "images": options.images, "size": SIZE, "networks": rows}
        options.out.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    print(pd.DataFrame(rows).to_string(index=False))
    return 0


if __name__ == "__main__":
    sys.exit(main())
