"""The audit of other tools' tables: what finished feature tables and predictions show of how they came to be."""
