"""What is measured inside a region: radiomics of two-dimensional lesions."""
