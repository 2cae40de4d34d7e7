"""The shared nouns: application, taxonomy, ratios, text rendering and masking. Pure Python."""
