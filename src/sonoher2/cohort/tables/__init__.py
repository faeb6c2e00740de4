"""Tables as they are read: rows by name, every fault in them, and values that the user decided."""
