"""Models, groups and sites against each other."""
