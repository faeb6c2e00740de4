"""Patients opened on the page: image, outline, clinical values, predictions."""
