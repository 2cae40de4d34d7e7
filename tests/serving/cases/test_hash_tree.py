"""The hash tree over the audit log, against the definition of its standard."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.cases.hash_tree import HashTree, MemoryNodes, open_tree
from serving.cases.merkle import HASH_BYTES, leaf_hash, root_from

LINES = st.lists(st.binary(max_size=8), min_size=1, max_size=70)


def defined_root(lines):
    """The tree hash as RFC 9162, section 2.1.1, defines it."""
    if len(lines) < 2:
        start = b"\x00" + lines[0] if lines else b""
        return hashlib.sha256(start).digest()
    left = 1
    while 2 * left < len(lines):
        left *= 2
    return hashlib.sha256(
        b"\x01" + defined_root(lines[:left]) + defined_root(lines[left:])
    ).digest()


def tree_of(lines, nodes=None):
    tree = HashTree(MemoryNodes() if nodes is None else nodes)
    assert list(tree.grown(lines)) == lines
    return tree


def test_the_tree_has_the_known_root_of_its_standard():
    # Roots of the test vectors of RFC 6962's reference implementation, 0 to 8 leaves.
    lines = [bytes.fromhex(text) for text in (
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )]  # fmt: skip
    tree = tree_of(lines)
    assert [tree.root(n).hex() for n in (0, 1, 2, 3, 8)] == [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ]


@given(LINES)
def test_every_root_the_tree_ever_had_is_the_defined_one(lines):
    tree = tree_of(lines)
    for num_leaves in range(len(lines) + 1):
        assert tree.root(num_leaves) == defined_root(lines[:num_leaves])


@given(LINES, st.data())
def test_a_proof_leads_to_the_root_and_no_other_line_has_it(lines, data):
    tree = tree_of(lines)
    num_leaves = data.draw(st.integers(1, len(lines)))
    index = data.draw(st.integers(0, num_leaves - 1))
    place = {"index": index, "num_leaves": num_leaves}
    proof, root = tree.proof(**place), tree.root(num_leaves)
    assert root_from(leaf_hash(lines[index]), proof, **place) == root
    assert root_from(leaf_hash(lines[index] + b"!"), proof, **place) != root
    assert root_from(leaf_hash(lines[index]), [*proof, b"0" * 32], **place) is None
    if proof:
        assert root_from(leaf_hash(lines[index]), proof[:-1], **place) is None
    outside = {"index": num_leaves, "num_leaves": num_leaves}
    assert root_from(leaf_hash(lines[index]), proof, **outside) is None


@given(LINES, st.data())
def test_a_tree_that_was_cut_anywhere_grows_to_the_same(lines, data):
    nodes = MemoryNodes()
    tree_of(lines, nodes)
    nodes.cut(data.draw(st.integers(0, len(nodes))))
    again = HashTree(nodes)
    again.cut(data.draw(st.integers(0, len(lines))))
    assert again.root(again.num_leaves) == defined_root(lines[: again.num_leaves])
    list(again.grown(lines[again.num_leaves :]))
    assert again.root(len(lines)) == defined_root(lines)


def test_a_line_that_the_reader_refuses_is_not_added():
    nodes = MemoryNodes()
    for line in HashTree(nodes).grown([b"a", b"b"]):
        if line == b"b":
            break
    assert HashTree(nodes).num_leaves <= 1


@pytest.mark.parametrize("extra", [0, 1, HASH_BYTES - 1])
def test_a_tree_in_a_file_goes_on_after_a_write_that_was_cut_off(tmp_path, extra):
    path, lines = tmp_path / "state" / "tree.bin", [bytes([n]) for n in range(11)]
    with open_tree(path) as tree:
        list(tree.grown(lines[:7]))
    with path.open("ab") as file:
        file.write(b"x" * extra)
    with open_tree(path) as tree:
        assert (tree.num_leaves, tree.root(7)) == (7, defined_root(lines[:7]))
        list(tree.grown(lines[7:]))
        assert tree.root(11) == defined_root(lines)
    assert path.stat().st_mode & 0o077 == 0
