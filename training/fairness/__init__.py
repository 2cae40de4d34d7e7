"""Disparities between groups of applicants, measured on public HMDA registers.

Nothing that trains or scores can reach this package: import rules and a test say so.
"""
