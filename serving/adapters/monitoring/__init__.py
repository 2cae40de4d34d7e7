"""Monitoring data in a database of its own."""
