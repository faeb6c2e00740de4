"""How two sets of patients differ, and what predicts where a patient comes from."""
