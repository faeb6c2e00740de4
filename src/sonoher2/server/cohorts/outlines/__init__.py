"""What is known of outlines without a server: which images, which first, how far readers agree, what counts."""
