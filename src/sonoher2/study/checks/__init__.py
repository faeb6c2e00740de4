"""Coded checks: what makes a radiomics study untrue, looked for in this one; a page for each in docs/checks."""
