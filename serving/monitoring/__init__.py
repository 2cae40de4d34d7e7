"""Monitoring data: what 12 CFR 1002.13 has a creditor ask for, and no decision may ever look at.

Nothing that scores, decides or trains may import this package or its store; a contract of the
import linter holds that. The data lie in a database of their own, under keys of their own.
"""
