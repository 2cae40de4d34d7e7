"""Thin HTTP routes, their schemas and problem details."""
