"""The frozen model on disk: the only thing that predicts."""
