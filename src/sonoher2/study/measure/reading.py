"""What decides how images are read, as part of a cache entry's name."""

from __future__ import annotations

from sonoher2.config.images import ImageReading
from sonoher2.study.cache import code_key


def reading_key(reading: ImageReading) -> list[object]:
    """Code and settings that turn the files of an image into a lesion, with the enhancer's weights where it is used.

    Parameters
    ----------
    reading
        How images are read.
    """
    parts: list[object] = [code_key("images", "lesions"), reading.model_dump(mode="json")]
    if reading.enhance != "none":
        # networks are slow to import
        from sonoher2.enhancement.enhancer import load_enhancer

        parts += [code_key("enhancement"), load_enhancer().sha256]
    return parts
