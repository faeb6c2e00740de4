"""Figures of the patients and of their outlined lesions."""
