"""Delimited files: ``.csv`` and ``.tsv``."""
