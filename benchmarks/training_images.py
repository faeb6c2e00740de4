"""Fingerprints of the images that the shipped segmenters and enhancer were trained on, written beside their weights.

    python benchmarks/training_images.py DATA

DATA is the folder that holds BUS-BRA and BrEaST. Printed is how many held-out images are taken for training images,
and how many training images are known again as JPEG or smaller.
"""

from __future__ import annotations

import argparse
import io
from collections import Counter
from pathlib import Path

import numpy as np
from PIL import Image

from segmenter import read_cases
from sonoher2.core.progress import track
from sonoher2.enhancement.enhancer import SHIPPED as ENHANCER
from sonoher2.images.fingerprint import Fingerprint, fingerprint, load_training_images, write_training_images
from sonoher2.images.read import read_image
from sonoher2.segmentation.shipped import SHIPPED as SEGMENTER
from sonoher2.segmentation.shipped import SHIPPED_PROMPTED

EVERY, QUALITIES = 10, (10, 30, 60, 75, 90)
"""Training images, and qualities of JPEG, that are tried."""
HALF = "half the size"


def as_jpeg(pixels: np.ndarray, quality: int) -> Fingerprint:
    """Fingerprint after JPEG."""
    stream = io.BytesIO()
    Image.fromarray(np.rint(pixels).astype(np.uint8)).save(stream, "JPEG", quality=quality)
    return fingerprint(np.asarray(Image.open(stream), dtype=np.float64))


def halved(pixels: np.ndarray) -> Fingerprint:
    """Fingerprint at half the size."""
    image = Image.fromarray(np.rint(pixels).astype(np.uint8))
    return fingerprint(np.asarray(image.resize((image.width // 2, image.height // 2)), dtype=np.float64))


def main() -> None:
    """Write both files and print the counts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    cases = read_cases(parser.parse_args().data)
    learned = [case for case in cases if not case.held_out]
    found, again = [], []
    for number, case in enumerate(track(learned, "Training images", len(learned))):
        pixels = read_image(case.image).pixels
        found.append(fingerprint(pixels))
        if number % EVERY == 0:
            again += [(f"JPEG of quality {quality}", as_jpeg(pixels, quality)) for quality in QUALITIES]
            again.append((HALF, halved(pixels)))
    for weights in (SEGMENTER, SHIPPED_PROMPTED, ENHANCER):
        write_training_images(weights, found)
    known = load_training_images(SEGMENTER)

    def bits(images: list[Fingerprint]) -> dict[int, int]:
        """Count images by the bits to the nearest training image."""
        return dict(sorted(Counter(known.bits_to_nearest(image) for image in images).items()))

    for change in dict.fromkeys(name for name, _ in again):
        tried = [image for name, image in again if name == change]
        print(f"{change}: {sum(map(known.has, tried))} of {len(tried)} training images are known again")
        print(f"bits to the nearest training image: {bits(tried)}")
    for data_set in ("BUS-BRA", "BrEaST"):
        chosen = [case for case in cases if case.held_out and case.data_set == data_set]
        held_out = [fingerprint(read_image(case.image).pixels) for case in chosen]
        print(
            f"{data_set}: {sum(map(known.has, held_out))} of {len(held_out)} held-out images are taken for known ones"
        )
        print(f"bits to the nearest training image: {bits(held_out)}")


if __name__ == "__main__":
    main()
