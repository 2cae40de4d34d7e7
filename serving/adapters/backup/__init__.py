"""Backups of what a deployment stores: one file, made while the service runs, and its restoring.

A backup is a zip archive: `manifest.json`, each database, the anchor file, the hashes of API keys,
and the key rings where that was asked for. A SQLite database is in it as a file (`cases.db`), one
of PostgreSQL as a file per table in the text form of COPY (`cases/events.copy`), which every
version of PostgreSQL reads. Not in it is what can be made anew (the hash tree of the log, models,
the secret of the cache) and what is kept for some days only (backlogs).
"""
