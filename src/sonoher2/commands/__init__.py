"""The commands of the command line, one subject a file; `cli` registers them."""
