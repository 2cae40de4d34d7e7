"""Scoring files: readers' rows in, output rows out, in order and without loss."""
