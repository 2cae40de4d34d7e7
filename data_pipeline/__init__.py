"""Applications, the denial taxonomy, and how an application becomes text and training examples."""
