"""From files to numbers: the cohort read, checked, segmented and measured."""
