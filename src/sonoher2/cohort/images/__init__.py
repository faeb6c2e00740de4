"""The table of images, and what is wrong with images before anything is measured."""
