"""The page: a web server on this machine, its API, its jobs and its database."""
