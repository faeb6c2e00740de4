"""A clearer image: degradation, the enhancement GAN, and how faithful it is."""
