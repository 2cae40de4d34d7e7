"""The project's own synthetic loan application texts, with labels and provenance."""
