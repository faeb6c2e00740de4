"""What every part of the server knows: its settings, and the form of an error."""
