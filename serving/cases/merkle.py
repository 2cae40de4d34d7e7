"""A hash tree over the lines of the audit log: proof that some are in it without showing the rest.

Source: RFC 9162, sections 2.1.1 (tree), 2.1.3.1 (proof) and 2.1.3.2 (verification).
"""

import hashlib
from collections.abc import Iterable, Sequence

_LEAF, _NODE = b"\x00", b"\x01"


def leaf_hash(line: bytes) -> bytes:
    """Returns the hash of a line as a leaf, 32 bytes."""
    return hashlib.sha256(_LEAF + line).digest()


def leaves_of(lines: Iterable[bytes]) -> list[bytes]:
    """Returns the leaves of lines, in order."""
    return [leaf_hash(line) for line in lines]


def root_of(leaves: Sequence[bytes]) -> bytes:
    """Returns the root over leaves, 32 bytes; that of an empty tree is the hash of nothing."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    level = list(leaves)
    while len(level) > 1:
        pairs = [_node(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
        level = pairs + level[len(level) // 2 * 2 :]
    return level[0]


def proofs_of(leaves: Sequence[bytes], indexes: Sequence[int]) -> list[list[bytes]]:
    """Returns for each leaf the hashes that lead from it to the root.

    Args:
        leaves: all leaves.
        indexes: which leaves, from 0.
    """
    proofs: list[list[bytes]] = [[] for _ in indexes]
    level, places = list(leaves), list(indexes)
    while len(level) > 1:
        for proof, place in zip(proofs, places, strict=True):
            # The last one of an odd level goes up alone.
            if (place ^ 1) < len(level):
                proof.append(level[place ^ 1])
        pairs = [_node(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
        level = pairs + level[len(level) // 2 * 2 :]
        places = [place // 2 for place in places]
    return proofs


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
            found = _node(other, found) if index % 2 else _node(found, other)
        index, width = index // 2, (width + 1) // 2
    return None if rest else found


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(_NODE + left + right).digest()
