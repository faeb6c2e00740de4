"""What a study learns, from the training patients alone."""
