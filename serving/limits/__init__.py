"""How much one client may ask for: quotas, who counts as one client, and what refills them."""
