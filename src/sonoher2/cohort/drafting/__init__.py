"""A first study file from a folder of images and tables."""
