"""The steps of a study and of a validation: each reads what earlier ones left and leaves its own."""
