"""Files out of which far more comes than they are: refused before, or read within bounds."""

import gzip
import io
import tempfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_pipeline.sources import read_rows
from data_pipeline.sources.bounds import FileBounds, require_bounded
from data_pipeline.sources.errors import (
    ColumnsError,
    FileTooLargeError,
    SourceError,
    UnreadableFileError,
)
from data_pipeline.sources.files import open_table
from data_pipeline.sources.formats import KNOWN_COLUMNS, choose_format
from data_pipeline.sources.parquet_pages import MAX_FOOTER_BYTES, MAX_PAGE_BYTES
from data_pipeline.sources.thrift_compact import (
    I32,
    KEPT,
    NOTHING,
    STRUCT,
    CompactReader,
    ThriftError,
)

MEBIBYTE = 1024 * 1024
WIDE = FileBounds(unpacked_bytes=1024 * MEBIBYTE, rows=10_000_000)


def check(path, *, columns=KNOWN_COLUMNS, unpacked_bytes=WIDE.unpacked_bytes, rows=WIDE.rows):
    bounds = FileBounds(unpacked_bytes=unpacked_bytes, rows=rows)
    require_bounded(path, bounds, columns=columns)


def packed(path, content):
    """Writes a file that is packed as its suffix says."""
    if path.suffix == ".gz":
        path.write_bytes(gzip.compress(content))
    elif path.suffix == ".zst":
        with pa.CompressedOutputStream(str(path), "zstd") as file:
            file.write(content)
    else:
        path.write_bytes(content)
    return path


def parquet(path, texts=("Debts.",) * 5000, **options):
    pq.write_table(pa.table({"text": list(texts)}), path, **options)
    return path


@pytest.mark.parametrize("suffix", ["csv.gz", "csv.zst", "jsonl.gz", "jsonl.zst", "csv", "jsonl"])
def test_a_file_may_unpack_to_as_much_as_is_accepted_and_to_no_byte_more(tmp_path, suffix):
    path = packed(tmp_path / f"bomb.{suffix}", b"text\n" + b"a" * 20 * MEBIBYTE)
    check(path, unpacked_bytes=20 * MEBIBYTE + 5)
    with pytest.raises(FileTooLargeError, match=r"bomb\..*more than 20,971,524 bytes once"):
        check(path, unpacked_bytes=20 * MEBIBYTE + 4)


@pytest.mark.parametrize("line_end", [b"\n", b"\r", b"\r\n"])
def test_a_file_may_have_as_many_lines_as_rows_are_accepted_and_none_more(tmp_path, line_end):
    path = packed(tmp_path / "bomb.csv.gz", (b"x" + line_end) * 100_000)
    check(path, rows=100_000)
    with pytest.raises(FileTooLargeError, match="more than 99,999 lines"):
        check(path, rows=99_999)


@pytest.mark.parametrize("suffix", ["csv.gz", "jsonl.zst"])
def test_a_packed_file_that_breaks_off_is_refused_before_a_row_is_read(tmp_path, suffix):
    path = packed(tmp_path / f"in.{suffix}", bytes(range(256)) * 9999)
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(UnreadableFileError, match="broken or cut short"):
        check(path)


def test_a_frame_of_zstd_that_asks_for_gigabytes_of_memory_is_refused(tmp_path):
    window_of_2_gib, last_raw_block = bytes([0x00, 21 << 3]), b"\x09\x00\x00a"
    path = tmp_path / "in.csv.zst"
    path.write_bytes(b"\x28\xb5\x2f\xfd" + window_of_2_gib + last_raw_block)
    with pytest.raises(UnreadableFileError):
        check(path)
    small = bytes([0x00, 10 << 3])
    path.write_bytes(b"\x28\xb5\x2f\xfd" + small + last_raw_block)
    check(path)


@pytest.mark.parametrize("version", ["1.0", "2.0"])
@pytest.mark.parametrize("compression", ["none", "snappy", "gzip", "zstd", "brotli", "lz4"])
@pytest.mark.parametrize("use_dictionary", [True, False])
def test_the_pages_of_a_file_are_counted_whoever_wrote_it(
    tmp_path, version, compression, use_dictionary
):
    texts = [f"application {number}" * (number % 9) for number in range(20_000)]
    path = parquet(
        tmp_path / "in.parquet",
        texts,
        compression=compression,
        use_dictionary=use_dictionary,
        data_page_version=version,
        row_group_size=7000,
        data_page_size=4096,
        write_page_checksum=True,
        write_page_index=True,
    )
    metadata = pq.read_metadata(path)
    groups = [metadata.row_group(place) for place in range(metadata.num_row_groups)]
    declared = sum(group.column(0).total_uncompressed_size for group in groups)
    check(path, unpacked_bytes=declared, rows=20_000)
    with pytest.raises(FileTooLargeError, match="bytes once it is unpacked"):
        check(path, unpacked_bytes=declared * 9 // 10)
    with pytest.raises(FileTooLargeError, match="20,000 rows, expected 19,999 at most"):
        check(path, rows=19_999)
    check(path, unpacked_bytes=1, columns={"another"})


def varint(number):
    """A number in zigzag, seven bits a byte."""
    rest, found = number << 1, b""
    while rest >= 0x80:
        found += bytes([rest & 0x7F | 0x80])
        rest >>= 7
    return found + bytes([rest])


def lie(path, num_bytes):
    """Lets the first page of a file say that it unpacks to so many bytes."""
    content = path.read_bytes()
    reader = CompactReader(content, start=4, end=len(content))
    header = reader.struct({(2, I32): KEPT, (3, I32): KEPT})
    uncompressed, compressed = header[2, I32], header[3, I32]
    true = b"\x15" + varint(uncompressed) + b"\x15" + varint(compressed)
    place = content.index(true, 4, reader.position)
    grown = len(varint(num_bytes)) - len(varint(uncompressed))
    lied = b"\x15" + varint(num_bytes) + b"\x15" + varint(compressed - grown)
    assert len(lied) == len(true) + grown
    end = reader.position + compressed
    rest = content[place + len(true) : end]
    path.write_bytes(content[:place] + lied + rest[: len(rest) - grown] + content[end:])
    return path


def unlike():
    """Texts that do not pack well, so that there is room in the page for a lie."""
    return [f"{number * 7919 % 100_003}" for number in range(3000)]


@pytest.mark.parametrize("num_bytes", [MAX_PAGE_BYTES + 1, 2**31 - 1])
def test_a_page_that_unpacks_to_gigabytes_is_refused_whatever_the_footer_says(tmp_path, num_bytes):
    path = parquet(tmp_path / "bomb.parquet", unlike(), use_dictionary=False)
    check(path)
    with pytest.raises(FileTooLargeError, match=f"a page of {num_bytes:,} bytes"):
        check(lie(path, num_bytes))


@pytest.mark.parametrize("num_bytes", [2**31, 2**32 + 100, 2**40])
def test_a_page_whose_size_does_not_fit_its_field_is_refused(tmp_path, num_bytes):
    path = parquet(tmp_path / "bomb.parquet", unlike(), use_dictionary=False)
    with pytest.raises(SourceError):
        check(lie(path, num_bytes))


def test_pages_that_lie_open_together_may_not_take_more_than_is_accepted(tmp_path):
    text = pa.array(["a" * 40 * MEBIBYTE, "b"])
    columns = dict.fromkeys(sorted(KNOWN_COLUMNS)[:14], text)
    path = tmp_path / "bomb.parquet"
    pq.write_table(pa.table(columns), path, compression="zstd", use_dictionary=False)
    assert path.stat().st_size < 100 * MEBIBYTE
    with pytest.raises(FileTooLargeError, match="open at a time in row group 0"):
        check(path)
    check(path, columns=sorted(KNOWN_COLUMNS)[:2])


def test_a_footer_of_many_megabytes_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / "bomb.parquet"
    tail = (MAX_FOOTER_BYTES + 1).to_bytes(4, "little") + b"PAR1"
    path.write_bytes(b"PAR1" + bytes(MAX_FOOTER_BYTES + 1) + tail)
    with pytest.raises(FileTooLargeError, match="bytes that describe row groups"):
        check(path)
    path.write_bytes(b"PAR1" + bytes(100) + tail)
    with pytest.raises(UnreadableFileError, match="is not a Parquet file"):
        check(path)


def shared_prefixes(path, *, rows, prefix_bytes):
    prefix = "a" * prefix_bytes
    return parquet(
        path,
        [f"{prefix}{number:04}" for number in range(rows)],
        use_dictionary=False,
        compression="zstd",
        column_encoding={"text": "DELTA_BYTE_ARRAY"},
    )


def test_texts_that_share_a_long_beginning_are_read_a_few_at_a_time(tmp_path):
    path = shared_prefixes(tmp_path / "bomb.parquet", rows=200, prefix_bytes=MEBIBYTE)
    assert path.stat().st_size < 10_000
    check(path)
    pool = pa.default_memory_pool()
    before, peak = pool.bytes_allocated(), 0
    codes = []
    for row in read_rows(path):
        codes.append(row.code)
        peak = max(peak, pool.bytes_allocated() - before)
    assert codes == ["text_too_long"] * 200
    assert peak < 150 * MEBIBYTE


def test_bytes_of_a_fixed_size_are_read_up_to_the_longest_cell(tmp_path):
    for width, code in ((6, None), (17 * MEBIBYTE, "line_too_long")):
        text = pa.array([b"Debts.".ljust(width)] * 2, pa.binary(width))
        pq.write_table(pa.table({"text": text}), tmp_path / "in.parquet", compression="zstd")
        rows = list(read_rows(tmp_path / "in.parquet"))
        assert [getattr(row, "code", None) for row in rows] == [code, code]
        assert code or rows[0].application.text == "Debts."


@pytest.mark.parametrize("encoding", ["DELTA_BYTE_ARRAY", "DELTA_LENGTH_BYTE_ARRAY"])
def test_texts_in_encodings_that_are_no_dictionaries_are_read_as_any_others(tmp_path, encoding):
    texts = [f"Application {number}." for number in range(3000)]
    options = {"use_dictionary": False, "column_encoding": {"text": encoding}}
    path = parquet(tmp_path / "in.parquet", [*texts, None, "a" * 17 * MEBIBYTE], **options)
    *rows, empty, long = read_rows(path)
    assert [row.application.text for row in rows] == texts
    assert (empty.code, long.code) == ("empty_application", "line_too_long")


def test_texts_that_share_beginnings_are_refused_where_the_footer_hides_their_size(tmp_path):
    path = shared_prefixes(tmp_path / "bomb.parquet", rows=3000, prefix_bytes=20_000)
    check(path)
    with pytest.raises(UnreadableFileError, match="unpack to more than its footer says"):
        check(lie(path, 1_000_000))


def test_a_row_that_is_a_list_of_millions_is_an_error_and_never_loaded(tmp_path):
    many = pa.array([0] * 1000, pa.int32())
    million = pa.concat_arrays([many] * 4000)
    lists = pa.ListArray.from_arrays(pa.array([0, len(million)], pa.int32()), million)
    path = tmp_path / "bomb.parquet"
    pq.write_table(pa.table({"text": lists, "id": ["r-1"]}), path)
    del many, million, lists
    assert path.stat().st_size < 20_000
    check(path)
    pool = pa.default_memory_pool()
    before = pool.max_memory()
    [row] = read_rows(path)
    assert (row.id, row.code, row.field) == ("r-1", "invalid_field", "text")
    assert pool.max_memory() == before


@pytest.mark.parametrize(
    ("kind", "found"),
    [
        (pa.list_(pa.string()), "found a list"),
        (pa.struct([("a", pa.string())]), "found an object"),
        (pa.map_(pa.string(), pa.string()), "found an object"),
    ],
)
def test_cells_that_are_never_loaded_are_refused_as_what_they_are(tmp_path, kind, found):
    path = tmp_path / "rows.parquet"
    pq.write_table(pa.table({"text": pa.nulls(3, kind)}), path)
    rows = list(read_rows(path))
    assert [row.code for row in rows] == ["invalid_field"] * 3
    assert found in rows[0].message


def test_lists_of_a_file_that_is_trusted_are_loaded(tmp_path):
    path = tmp_path / "rows.parquet"
    pq.write_table(pa.table({"text": ["a"], "codes": [[1, 2]]}), path)
    for nested in (None, {"codes"}):
        [(_, cells)] = open_table(path, nested=nested).records({"codes"})
        assert cells == {"codes": [1, 2]}
    [(_, cells)] = open_table(path, nested={"text"}).records({"codes"})
    assert cells == {"codes": []}


def test_a_cell_of_parquet_is_as_long_as_a_line_of_json_at_most(tmp_path):
    path = parquet(tmp_path / "rows.parquet", ["fine", "a" * 17 * MEBIBYTE, "fine", None])
    rows = list(read_rows(path))
    assert [getattr(row, "code", None) for row in rows] == [
        None,
        "line_too_long",
        None,
        "empty_application",
    ]


def test_a_csv_row_without_an_end_is_an_error_row(tmp_path):
    cell = b'"' + b"a" * 98 + b'\n",'
    path = packed(tmp_path / "bomb.csv.gz", b"text,id\n" + cell * (17 * MEBIBYTE // len(cell)))
    codes = [row.code for row in read_rows(path)]
    assert codes[0] == "line_too_long"
    assert set(codes) <= {"line_too_long", "malformed_row"}


def test_a_csv_header_of_very_many_columns_is_refused(tmp_path):
    path = packed(tmp_path / "bomb.csv.gz", b"text," * 200_000 + b"\n")
    with pytest.raises(ColumnsError, match=r"200,001 columns .*10,000 at most"):
        read_rows(path)


def test_a_column_that_repeats_without_end_is_found_in_one_pass():
    with pytest.raises(ColumnsError, match="the column 'text' repeats"):
        choose_format("text", columns=["text"] * 300_000)


def test_of_very_many_keys_of_json_some_are_kept(tmp_path):
    keys = ", ".join(f'"{number}": 1' for number in range(60_000))
    path = packed(tmp_path / "bomb.jsonl", f'{{"text": "a", {keys}}}\n'.encode() * 3)
    assert open_table(path).columns[:2] == ("text", "0")
    long = packed(tmp_path / "long.jsonl", b'{"text": "a", "%s": 1}\n' % (b"b" * MEBIBYTE))
    assert sum(map(len, open_table(long).columns)) < 1000


def test_an_id_of_thousands_of_characters_is_refused(tmp_path):
    path = packed(tmp_path / "in.csv", b"id,text\n%s,fine\n%s,fine\n" % (b"a" * 1024, b"b" * 1025))
    first, second = read_rows(path)
    assert first.id == "a" * 1024
    assert (second.id, second.code, second.field) == ("2", "invalid_field", "id")


SHAPE = {(1, I32): KEPT, (2, STRUCT): {(1, I32): KEPT}, (3, STRUCT): NOTHING}


@given(st.binary(max_size=200), st.integers(0, 20))
def test_whatever_bytes_a_header_holds_it_is_a_struct_or_none(content, start):
    reader = CompactReader(content, start=min(start, len(content)), end=len(content))
    try:
        found = reader.struct(SHAPE)
    except ThriftError:
        return
    assert reader.position <= len(content)
    assert {kind for _, kind in found} <= {I32, STRUCT}


def whole_file():
    file = io.BytesIO()
    pq.write_table(pa.table({"text": ["Debts.", "Fine."] * 50}), file, compression="zstd")
    return file.getvalue()


WHOLE = whole_file()


@given(st.integers(0, len(WHOLE) - 1), st.binary(min_size=1, max_size=12))
def test_a_file_with_bytes_changed_anywhere_is_accepted_or_refused_in_words(place, changed):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "in.parquet"
        path.write_bytes(WHOLE[:place] + changed + WHOLE[place + len(changed) :])
        try:
            check(path)
        except SourceError as error:
            assert str(error)  # noqa: PT017
