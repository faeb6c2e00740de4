"""What texts of a request may hold."""

NO_NUL = r"^[^\x00]*$"
"""PostgreSQL keeps no text with the character 0."""
