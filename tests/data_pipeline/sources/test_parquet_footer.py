"""Footers of Parquet files: read as pyarrow reads them, and without ending the process."""

import json
import subprocess
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data_pipeline.sources import read_rows
from data_pipeline.sources.errors import UnreadableFileError
from data_pipeline.sources.parquet_footer import row_groups
from data_pipeline.sources.thrift_compact import (
    BINARY,
    I32,
    I64,
    KEPT,
    LIST,
    STRUCT,
    CompactReader,
    ThriftError,
)

ENCODINGS = ("PLAIN", "GROUP_VAR_INT", "PLAIN_DICTIONARY", "RLE", "BIT_PACKED")
ENCODINGS += ("DELTA_BINARY_PACKED", "DELTA_LENGTH_BYTE_ARRAY", "DELTA_BYTE_ARRAY")
ENCODINGS += ("RLE_DICTIONARY", "BYTE_STREAM_SPLIT")

# Parts of the footer of `whole`, as Thrift's compact protocol has them.
CHUNK = b"\x26\x00\x1c"
DEFINITIONS = b"\x19\x06\x19\x26\x00\x02\x00"
CHUNK_END = DEFINITIONS + b"\x00\x00"
SEALED = b"\x5c\x2c\x19\x18\x04text\x00\x00"

DAMAGES = {
    "repetitions": (DEFINITIONS, b"\x19\x26\x00\x00\x19\x26\x00\x02\x00", "size statistics"),
    "definitions": (DEFINITIONS, b"\x19\x06\x19\x36\x00\x02\x00\x00", "size statistics"),
    "encrypted": (CHUNK_END, DEFINITIONS + b"\x00" + SEALED + b"\x00", "that are encrypted"),
    "another file": (CHUNK, b"\x18\x05a.txt\x16\x00\x1c", "in another file"),
    "another type": (b"\x1c\x15\x0c\x19", b"\x1c\x15\x04\x19", "another name or type"),
    "another name": (b"\x19\x18\x04text", b"\x19\x18\x04test", "another name or type"),
    "rows twice": (b"\x16\x02\x19\x1c\x19\x1c", b"\x16\x02\x06\x06\x02\x19\x1c\x19\x1c", "footer"),
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A file of one text."""
    path = tmp_path_factory.mktemp("whole") / "in.parquet"
    pq.write_table(pa.table({"text": ["Her debts are heavy."]}), path, store_schema=False)
    return path.read_bytes()


def footer_of(content):
    """The footer of a file, and where it begins."""
    start = len(content) - 8 - int.from_bytes(content[-8:-4], "little")
    return content[start:-8], start


def with_footer(content, footer):
    """The file with another footer."""
    _, start = footer_of(content)
    return content[:start] + footer + len(footer).to_bytes(4, "little") + b"PAR1"


def damaged(content, old, new):
    """The file with one part of its footer replaced."""
    footer, _ = footer_of(content)
    assert footer.count(old) == 1
    return with_footer(content, footer.replace(old, new))


READ = """
import json, sys
from pathlib import Path
from data_pipeline.errors import WhereforeError
from data_pipeline.sources import read_rows
from data_pipeline.sources.bounds import FileBounds, require_bounded

bounds = FileBounds(unpacked_bytes=1_000_000, rows=1_000_000)
checked = lambda path: require_bounded(path, bounds, columns={"text"})
for line in sys.stdin:
    path = Path(json.loads(line))
    found = []
    for read in (checked, lambda path: len(list(read_rows(path)))):
        try:
            found.append(read(path))
        except WhereforeError as error:
            found.append(f"{type(error).__name__}: {error}")
    print(json.dumps(found), flush=True)
"""


def read_elsewhere(paths):
    """What comes of files in another process, which they may end."""
    told = "".join(json.dumps(str(path)) + "\n" for path in paths)
    command = [sys.executable, "-c", READ]
    done = subprocess.run(command, input=told, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-500:]
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_no_footer_ends_the_process_that_reads_it(whole, tmp_path):
    paths = []
    for name, (old, new, _) in DAMAGES.items():
        paths.append(tmp_path / f"{name}.parquet")
        paths[-1].write_bytes(damaged(whole, old, new))
    for found, (_, _, problem) in zip(read_elsewhere(paths), DAMAGES.values(), strict=True):
        for answer in found:
            assert answer.startswith("UnreadableFileError: ")
            assert problem in answer


def test_no_byte_of_a_footer_ends_the_process_that_reads_it(whole, tmp_path):
    footer, _ = footer_of(whole)
    paths = []
    for place in range(len(footer)):
        for flipped in (0x01, 0x10, 0x80):
            spoiled = footer[:place] + bytes([footer[place] ^ flipped]) + footer[place + 1 :]
            paths.append(tmp_path / f"{place}-{flipped}.parquet")
            paths[-1].write_bytes(with_footer(whole, spoiled))
    assert len(read_elsewhere(paths)) == len(paths)


@pytest.mark.parametrize("number", [0, 2])
def test_a_row_group_has_a_chunk_for_each_column(whole, tmp_path, number):
    footer, _ = footer_of(whole)
    chunk = footer[footer.index(CHUNK) : footer.index(CHUNK_END) + len(CHUNK_END)]
    path = tmp_path / "in.parquet"
    other = bytes([number << 4 | STRUCT]) + chunk * number
    path.write_bytes(damaged(whole, bytes([1 << 4 | STRUCT]) + chunk, other))
    with pytest.raises(UnreadableFileError, match=f"has {number} column chunks in a row group"):
        list(read_rows(path))


def test_sizes_of_texts_belong_to_no_numbers(tmp_path):
    path = tmp_path / "in.parquet"
    pq.write_table(pa.table({"text": [1]}), path, store_schema=False)
    old, new = b"\x3c\x29\x06\x19\x26", b"\x3c\x16\x06\x19\x06\x19\x26"
    path.write_bytes(damaged(path.read_bytes(), old, new))
    with pytest.raises(UnreadableFileError, match="size statistics that do not fit"):
        list(read_rows(path))


TEXTS = [f"Text {number} of many." for number in range(2000)]
HONEST = {
    "plain": {"use_dictionary": False},
    "packed": {"compression": "zstd", "data_page_version": "2.0", "data_page_size": 500},
    "prefixes": {"use_dictionary": False, "column_encoding": {"text": "DELTA_BYTE_ARRAY"}},
    "indexed": {"write_page_index": True, "write_page_checksum": True},
    "no statistics": {"write_statistics": False, "store_schema": False},
    "sorted": {"sorting_columns": [pq.SortingColumn(1, descending=True)]},
}


@pytest.mark.parametrize("options", HONEST.values(), ids=HONEST)
def test_a_footer_is_read_as_pyarrow_reads_it(tmp_path, options):
    columns = {
        "text": [*TEXTS[:-1], None],
        "long": ["ä" * (number % 300) for number in range(2000)],
        "number": range(-1000, 1000),
        "lists": [[{"a": None, "b": [1.5]}]] * 2000,
        "dates": pa.array(range(2000), pa.date32()),
        "decimals": pa.array(range(2000), pa.decimal128(30, 2)),
        "empty": pa.nulls(2000),
    }
    path = tmp_path / "in.parquet"
    table = pa.table(columns, metadata={"a": "b" * 300})
    pq.write_table(table, path, row_group_size=150, **options)
    metadata = pq.read_metadata(path)
    groups = row_groups(path, metadata)
    assert len(groups) == 14
    for number, group in enumerate(groups):
        other = metadata.row_group(number)
        assert (group.num_rows, group.num_bytes) == (other.num_rows, other.total_byte_size)
        for place, chunk in enumerate(group.chunks):
            column = other.column(place)
            assert {ENCODINGS[encoding] for encoding in chunk.encodings} == set(column.encodings)
            assert chunk.uncompressed_bytes == column.total_uncompressed_size
            assert chunk.compressed_bytes == column.total_compressed_size
            assert chunk.data_offset == column.data_page_offset
            assert (chunk.dictionary_offset is not None) == column.has_dictionary_page
            assert chunk.dictionary_offset == column.dictionary_page_offset


def test_what_is_asked_for_is_kept_and_the_rest_passed_over():
    shape = {(1, I32): KEPT, (3, BINARY): KEPT, (4, LIST): I64, (200, STRUCT): {(1, I32): KEPT}}
    content = (
        b"\x15\x03\x18\x02ab\x18\x02cd\x19\x26\x80\x01\x01"
        b"\x16\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x11\x0c\x90\x03\x15\x7f\x00\x00"
    )
    reader = CompactReader(content, start=0, end=len(content))
    assert reader.struct(shape) == {
        (1, I32): -2,
        (3, BINARY): b"cd",
        (4, LIST): [64, -1],
        (200, STRUCT): {(1, I32): -64},
    }
    assert reader.position == len(content)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"\x15\x80\x80\x80\x80\x10\x00", id="a number of more bits"),
        pytest.param(b"\x15\x02\x05\x02\x02\x00", id="a field twice"),
        pytest.param(b"\x05\x82\x80\x08\x02\x00", id="a field of a number of more bits"),
        pytest.param(b"\x05\x00\x02\x00", id="a field without a number"),
        pytest.param(b"\x29\x13\x01\x00", id="a list of something else"),
        pytest.param(b"\x29\xf5\xff\xff\x7f\x00", id="a list longer than the file"),
        pytest.param(b"\x1c" * 40, id="structs in structs"),
        pytest.param(b"\x19" * 40, id="lists in lists"),
        pytest.param(b"\x15", id="no end"),
    ],
)
def test_what_readers_may_differ_about_is_refused(content):
    with pytest.raises(ThriftError):
        CompactReader(content, start=0, end=len(content)).struct({(1, I32): KEPT, (2, LIST): I32})
