"""Explanations beside the answers of the service: with a prediction, or as jobs of their own."""
