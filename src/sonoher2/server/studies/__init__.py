"""Studies: drafts of their files, and the runs of the command line that a server starts and watches."""
