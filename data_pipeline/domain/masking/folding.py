"""Folds case without moving anything, so that patterns need not ignore it.

A pattern that ignores case has no first letter to look for and is tried at every position; one
matched against a folded text is tried only where its first letter stands.
"""


def fold(text: str) -> str:
    """Returns a text, as long as before, in lower case (ASCII only) with straight apostrophes."""
    # Bytes are lowered in one pass and only where they are ASCII; `str.lower` may change lengths.
    lowered = text.replace("\u2019", "'").encode("utf-8", "surrogatepass").lower()
    return lowered.decode("utf-8", "surrogatepass")
