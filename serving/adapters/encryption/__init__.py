"""Encryption of what is personal: one data key per case, wrapped by a ring of keys that rotates."""
