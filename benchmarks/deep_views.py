"""What frozen networks should see of a lesion: windows, sizes and the mirror image, on the training folds of BUS-BRA.

python benchmarks/deep_views.py --data FOLDER_OF_BUS-BRA

A logistic regression on the components of the embedding, scored out of fold (the publisher's folds 1 to 4) and with
each scanner left out (mean and worst of four). The fifth fold is not looked at.
"""

from __future__ import annotations

import argparse
import json
import sys
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from numpy.typing import NDArray
from PIL import Image
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline

from sonoher2.deep.crop import lesion_crop, mirrored
from sonoher2.deep.embedding import DeepEmbedding
from sonoher2.selection.reduce import PrincipalComponents

NETWORKS = ("tf_efficientnet_lite0", "tf_efficientnet_lite2")
WINDOWS = (
    (160, 0.1, "inside"),
    (160, 0.3, "centred"),
    (160, 0.3, "inside"),
    (160, 0.6, "inside"),
    (224, 0.3, "inside"),
)
"""Size, margin and place."""


def embeddings(table: pd.DataFrame, data: Path, network: str, window: tuple[int, float, str]) -> list[NDArray]:
    """Embeddings (images, width) of the crops, and of their mirror images."""
    size, margin, place = window
    encoder = DeepEmbedding(network, "offline", size=size).fit()
    encoder.keep_graph()
    straight, turned = [], []
    for name in table["ID"]:
        pixels = np.asarray(Image.open(data / "Images" / f"{name}.png").convert("L"))
        mask = np.asarray(Image.open(data / "Masks" / f"{name.replace('bus', 'mask')}.png").convert("L")) > 0
        crop = lesion_crop(pixels, mask, size=size, margin=margin, window=place)  # type: ignore[arg-type]
        straight.append(encoder.embed_view(crop))
        turned.append(encoder.embed_view(mirrored(crop)))
    return [np.array(straight), np.array(turned)]


def held_out_scores(X: NDArray, y: NDArray, groups: NDArray) -> NDArray:
    """Score of each patient by a model that saw nobody of the patient's group."""
    scores = np.zeros(len(y))
    for group in np.unique(groups):
        out = groups == group
        model = make_pipeline(PrincipalComponents(), LogisticRegression(C=0.01, class_weight="balanced", max_iter=2000))
        scores[out] = model.fit(X[~out], y[~out]).decision_function(X[out])
    return scores


def figures(images: NDArray, table: pd.DataFrame) -> dict[str, float]:
    """AUC out of fold, and of the scanners that were left out."""
    patients = table.groupby("Case").agg(
        label=("Pathology", "first"), fold=("kFold", "first"), site=("Device", "first")
    )
    X = pd.DataFrame(images, index=table["Case"]).groupby(level=0).mean().loc[patients.index].to_numpy()
    y, sites = (patients["label"] == "malignant").to_numpy().astype(int), patients["site"].to_numpy()
    there = held_out_scores(X, y, sites)
    aucs = [roc_auc_score(y[sites == site], there[sites == site]) for site in np.unique(sites)]
    home = roc_auc_score(y, held_out_scores(X, y, patients["fold"].to_numpy()))
    return {"out of fold": home, "other scanner, mean": float(np.mean(aucs)), "other scanner, worst": min(aucs)}


def main() -> int:
    """Embed, score, print and write JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/deep_views.json"))
    options = parser.parse_args()
    folds = pd.read_csv(options.data / "5-fold-cv.csv")[["ID", "kFold"]]
    table = pd.read_csv(options.data / "bus_data.csv").merge(folds, on="ID")
    table = table[table["kFold"] < 5].reset_index(drop=True)
    asked = list(product(NETWORKS, WINDOWS))
    made = Parallel(options.jobs)(delayed(embeddings)(table, options.data, *each) for each in asked)
    kept = {(network, window): found for (network, window), found in zip(asked, made, strict=True)}
    rows = []
    for network in NETWORKS:
        sets = {
            f"{size} px, margin {margin}, {place}": kept[network, (size, margin, place)]
            for size, margin, place in WINDOWS
        }
        narrow, wide = kept[network, (160, 0.3, "inside")], kept[network, (160, 0.6, "inside")]
        sets["160 px, mean of margins 0.3 and 0.6, inside"] = [(a + b) / 2 for a, b in zip(narrow, wide, strict=True)]
        for seen, (straight, turned) in sets.items():
            for mirror, images in ((False, straight), (True, (straight + turned) / 2)):
                rows.append({"network": network, "seen": seen, "mirror": mirror, **figures(images, table)})
    result = pd.DataFrame(rows)
    print(result.round(3).to_string(index=False))
    options.out.write_text(
        json.dumps(json.loads(result.round(4).to_json(orient="records")), indent=1) + "\n", encoding="utf-8"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
