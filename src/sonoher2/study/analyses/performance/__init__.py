"""How well the signatures do: their figures, comparisons, subgroups, coverage and updates."""
