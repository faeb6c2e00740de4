"""What the server keeps: database, files named by their content, the audit log, and events for open pages."""
