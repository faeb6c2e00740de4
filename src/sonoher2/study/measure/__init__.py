"""From files to numbers: the cohort read, checked, outlined and measured."""
