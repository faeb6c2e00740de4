"""What every network of this package shares: names, ImageNet weights, devices and threads."""
