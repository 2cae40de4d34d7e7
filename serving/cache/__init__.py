"""Logits that are kept: their names, their sealed form, and where they lie."""
