"""Forward passes over token ids, batched by token budget."""
