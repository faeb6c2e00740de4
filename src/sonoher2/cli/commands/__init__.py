"""One file per command; modules that compute are imported inside the commands, so that the help answers at once."""
