"""Processes of the command line: started in a group of their own, found again, ended whole."""
