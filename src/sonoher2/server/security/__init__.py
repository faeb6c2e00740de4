"""Who may ask the server for something, and which requests it refuses before anything is done."""
