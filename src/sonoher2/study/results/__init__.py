"""What a study found, in typed parts: its tables as declared, kept with the run, and read again."""
