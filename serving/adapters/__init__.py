"""Implementations of the serving ports."""
