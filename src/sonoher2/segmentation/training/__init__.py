"""The segmenter that outlines lesions: how it learns."""
