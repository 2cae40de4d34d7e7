"""Backlogs that a server takes over HTTP: kept on disk, scored one after the other, told of."""
