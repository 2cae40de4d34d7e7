"""Requests computed together: admitted, read, queued in windows, batched, answered."""
