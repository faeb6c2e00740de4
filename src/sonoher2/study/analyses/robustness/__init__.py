"""Whether the figures hold: other sites, other masks, other readings, another cohort."""
