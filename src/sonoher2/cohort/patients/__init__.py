"""Who the patients are: their rows, identifiers, groups and clinical columns."""
