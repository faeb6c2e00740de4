"""Who the patients are, what their HER2 status is, who is in training and who is locked away."""
