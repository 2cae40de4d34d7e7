"""Hashes of a tree over the lines of the audit log, and the check that a line stands in it.

Source: RFC 9162, sections 2.1.1 (tree) and 2.1.3.2 (verification).
"""

import hashlib
from collections.abc import Sequence

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()
"""The root of a tree without leaves."""
_LEAF, _NODE = b"\x00", b"\x01"


def leaf_hash(line: bytes) -> bytes:
    """Returns the hash of a line as a leaf, 32 bytes."""
    return hashlib.sha256(_LEAF + line).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Returns the hash of a node over its two children, 32 bytes."""
    return hashlib.sha256(_NODE + left + right).digest()


def root_from(leaf: bytes, proof: Sequence[bytes], *, index: int, num_leaves: int) -> bytes | None:
    """Returns the root that a leaf and its proof lead to; None where the proof has another length.

    Args:
        leaf: hash of the leaf.
        proof: the hashes on the way.
        index: place of the leaf, from 0.
        num_leaves: leaves of the whole tree.
    """
    found, rest = leaf, list(proof)
    width = num_leaves
    if not 0 <= index < num_leaves:
        return None
    while width > 1:
        if (index ^ 1) < width:
            if not rest:
                return None
            other = rest.pop(0)
            found = node_hash(other, found) if index % 2 else node_hash(found, other)
        index, width = index // 2, (width + 1) // 2
    return None if rest else found
