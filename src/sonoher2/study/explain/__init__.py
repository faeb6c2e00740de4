"""Single patients to look at: what the model rested on, and lesions whose segmentation is doubtful."""
