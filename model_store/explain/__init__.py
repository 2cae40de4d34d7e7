"""Which words an answer rests on: omission on every backend, gradients, Shapley values, spans."""
