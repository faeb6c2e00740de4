"""Pixels in [0, 255] with mm per pixel or None, from every format that ultrasound comes in."""
