"""The figure of docs/synthetic-cohort.md: one mark at a time, then patients of the cohort with their masks.

LesionTraits and chance are the same throughout a row, so that only the mark differs.

    python benchmarks/synthetic_cohort_figure.py
"""

from __future__ import annotations

import sys
from pathlib import Path

import matplotlib.pyplot as plt
from matplotlib.axes import Axes

from sonoher2.synthetic.images import Picture, patient_pictures
from sonoher2.synthetic.lesion import draw_lesion
from sonoher2.synthetic.signal import MARKS, latent_signal, patient_generator

OUT = Path(__file__).resolve().parents[1] / "docs" / "img" / "synthetic-cohort.png"
STEPS, SEED, SIZE = (-2, -1, 0, 1, 2), 0, (256, 256)


def draw(ax: Axes, picture: Picture, *, outline: bool = False) -> None:
    """One picture, its lesion outlined where asked."""
    ax.imshow(picture.pixels, cmap="gray", vmin=0, vmax=255)
    if outline:
        ax.contour(picture.mask, [0.5], colors="#e69f00", linewidths=1.2)
    ax.set(xticks=[], yticks=[])


def main() -> int:
    """Draw and save."""
    figure, axes = plt.subplots(len(MARKS) + 1, len(STEPS), figsize=(9.4, 8), layout="constrained")
    for number, mark in enumerate(MARKS):
        row = axes[number]
        for ax, z in zip(row, STEPS, strict=True):
            marks = {f"z_{name}": float(z) if name == mark else 0.0 for name in MARKS}
            lesion = draw_lesion(**marks, generator=patient_generator(SEED, 0, 2))
            draw(ax, patient_pictures(lesion, 0, SEED, SIZE)[0])
            if number == 0:
                ax.set_title(f"z = {z:+d}" if z else "z = 0", fontsize=10)
        row[0].set_ylabel(f"z_{mark}")
    signal = latent_signal(len(STEPS), SEED)
    for patient, ax in enumerate(axes[-1]):
        known = signal.iloc[patient]
        latents = {f"z_{mark}": float(known[f"z_{mark}"]) for mark in MARKS}
        lesion = draw_lesion(**latents, generator=patient_generator(SEED, patient, 2))
        draw(ax, patient_pictures(lesion, patient, SEED, SIZE)[0], outline=True)
        ax.set_xlabel(f"{'positive' if known['label'] else 'negative'}, p = {known['probability']:.2f}", fontsize=9)
    axes[-1][0].set_ylabel("patients")
    figure.savefig(OUT, dpi=100)
    return 0


if __name__ == "__main__":
    sys.exit(main())
