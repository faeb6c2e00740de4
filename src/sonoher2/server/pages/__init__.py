"""Pages of the server: templates, scripts, looks and their translations."""
