"""The parts of a running server, as routes are given them."""
