"""What every reader of images makes: pixels with their size, and where they came from."""
