"""Studies that run: each is a process of the command line in a group of its own, and outlives the server."""
