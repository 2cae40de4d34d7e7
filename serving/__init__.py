"""The HTTP service and the command line around a stored model."""
