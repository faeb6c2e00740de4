"""The lesion as a mask, and the tissue around it as a ring."""
