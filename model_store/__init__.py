"""A model as stored: text in, prediction and evidence out, and the network between."""
