"""A hash tree over the audit log that grows with it, so that a proof reads a few nodes of it.

Every node is kept once the leaves below it are complete, in that order, so nodes are only appended.
What is kept is not trusted: roots and proofs are compared with what was anchored (`anchors`).

Source: RFC 9162, sections 2.1.1 (tree) and 2.1.3.1 (proof).
"""

import fcntl
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from serving.cases.merkle import EMPTY_ROOT, HASH_BYTES, leaf_hash, node_hash

_NODES_A_WRITE = 8192


class NodeStore(Protocol):
    """Keeps nodes of 32 bytes in the order in which they came."""

    def __len__(self) -> int:
        """The number of whole nodes kept."""

    def read(self, position: int) -> bytes:
        """Returns a node; what is not there is no 32 bytes."""

    def append(self, nodes: bytes) -> None:
        """Appends nodes, one after the other in one piece."""

    def cut(self, num_nodes: int) -> None:
        """Forgets the nodes after the first so many."""


class MemoryNodes:
    """Nodes in memory."""

    def __init__(self) -> None:
        """Starts empty."""
        self._kept = bytearray()

    def __len__(self) -> int:
        """The number of nodes kept."""
        return len(self._kept) // HASH_BYTES

    def read(self, position: int) -> bytes:
        """Returns a node."""
        return bytes(self._kept[position * HASH_BYTES : (position + 1) * HASH_BYTES])

    def append(self, nodes: bytes) -> None:
        """Appends nodes."""
        self._kept += nodes

    def cut(self, num_nodes: int) -> None:
        """Forgets nodes."""
        del self._kept[num_nodes * HASH_BYTES :]


class FileNodes:
    """Nodes in an open file, one after the other."""

    def __init__(self, descriptor: int) -> None:
        """Takes a file that is open for reading and writing."""
        self._descriptor = descriptor

    def __len__(self) -> int:
        """The number of whole nodes kept; a piece of one after a crash does not count."""
        return os.fstat(self._descriptor).st_size // HASH_BYTES

    def read(self, position: int) -> bytes:
        """Returns a node; fewer bytes where it is not there."""
        return os.pread(self._descriptor, HASH_BYTES, position * HASH_BYTES)

    def append(self, nodes: bytes) -> None:
        """Appends nodes."""
        start, written = len(self) * HASH_BYTES, 0
        while written < len(nodes):
            written += os.pwrite(self._descriptor, nodes[written:], start + written)

    def cut(self, num_nodes: int) -> None:
        """Forgets nodes."""
        os.ftruncate(self._descriptor, num_nodes * HASH_BYTES)


class HashTree:
    """A tree over the leaves that were added to it."""

    def __init__(self, nodes: NodeStore) -> None:
        """Takes the nodes kept so far; a leaf of which not every node is there is cut off."""
        self._nodes = nodes
        self.num_leaves = _num_leaves_of(len(nodes))
        self._nodes.cut(_num_nodes(self.num_leaves))

    def cut(self, num_leaves: int) -> None:
        """Forgets the leaves after the first so many."""
        self.num_leaves = min(num_leaves, self.num_leaves)
        self._nodes.cut(_num_nodes(self.num_leaves))

    def grown(self, lines: Iterable[bytes]) -> Iterator[bytes]:
        """Yields lines, and adds each as a leaf once the one after it is asked for.

        So a line at which the reader stops, because it is not what it should be, is not added.
        """
        peaks, pending = self._peaks(self.num_leaves), bytearray()
        for line in lines:
            yield line
            pending += _complete(peaks, leaf_hash(line), index=self.num_leaves)
            self.num_leaves += 1
            if len(pending) >= _NODES_A_WRITE * HASH_BYTES:
                self._nodes.append(bytes(pending))
                pending.clear()
        self._nodes.append(bytes(pending))

    def root(self, num_leaves: int) -> bytes:
        """Returns the root over the first so many leaves, 32 bytes."""
        return self._over(0, num_leaves) if num_leaves else EMPTY_ROOT

    def proof(self, index: int, *, num_leaves: int) -> list[bytes]:
        """Returns the hashes that lead from a leaf to the root over the first so many.

        Args:
            index: place of the leaf, from 0.
            num_leaves: more than `index`, and no more than the tree has.
        """
        path: list[bytes] = []
        start, width = 0, num_leaves
        while width > 1:
            left = _widest_left(width)
            if index < start + left:
                path.append(self._over(start + left, width - left))
                width = left
            else:
                path.append(self._over(start, left))
                start, width = start + left, width - left
        return path[::-1]

    def _over(self, start: int, width: int) -> bytes:
        """Returns the hash over some leaves; a whole subtree is one node."""
        if width & (width - 1) == 0:
            level = width.bit_length() - 1
            return self._nodes.read(_position(level, start >> level))
        left = _widest_left(width)
        return node_hash(self._over(start, left), self._over(start + left, width - left))

    def _peaks(self, num_leaves: int) -> list[bytes]:
        """Returns the whole subtrees that the leaves make, the widest first."""
        peaks, start = [], 0
        for level in reversed(range(num_leaves.bit_length())):
            if num_leaves >> level & 1:
                peaks.append(self._nodes.read(_position(level, start >> level)))
                start += 1 << level
        return peaks


@contextmanager
def open_tree(path: Path) -> Iterator[HashTree]:
    """Opens the tree of a file, made if need be, for this thread of this process alone.

    Raises:
        OSError: the file cannot be made, read or written.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield HashTree(FileNodes(descriptor))
    finally:
        os.close(descriptor)


def _complete(peaks: list[bytes], leaf: bytes, *, index: int) -> bytes:
    """Puts a leaf beside the peaks and returns it with the nodes that it completes."""
    nodes = [leaf]
    while index & 1:
        nodes.append(node_hash(peaks.pop(), nodes[-1]))
        index >>= 1
    peaks.append(nodes[-1])
    return b"".join(nodes)


def _num_nodes(num_leaves: int) -> int:
    """Returns how many nodes so many leaves complete, themselves included."""
    return 2 * num_leaves - num_leaves.bit_count()


def _num_leaves_of(num_nodes: int) -> int:
    """Returns the most leaves all of whose nodes are among so many."""
    found = (num_nodes + num_nodes.bit_length() + 1) // 2
    while _num_nodes(found) > num_nodes:
        found -= 1
    return found


def _position(level: int, index: int) -> int:
    """Returns where a node stands: after its last leaf and the nodes below that one completes."""
    last_leaf = ((index + 1) << level) - 1
    return _num_nodes(last_leaf) + level


def _widest_left(width: int) -> int:
    """Returns the largest power of two below a width of two or more."""
    return 1 << ((width - 1).bit_length() - 1)
