"""The lesion outlined by a network: from an image, and a click or a box, to a mask."""
