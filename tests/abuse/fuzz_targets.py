"""What the fuzzers call: each target takes any bytes, and raises only what no caller expects.

What a caller expects are the errors of `data_pipeline.errors`; everything else is a crash, and so
is an answer that is not what is promised of it.
"""

import gzip
import io
import json
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from data_pipeline.domain.masking import mask
from data_pipeline.domain.rendering import render_text
from data_pipeline.errors import WhereforeError
from data_pipeline.sources import Row, read_rows
from data_pipeline.sources.bounds import FileBounds, require_bounded
from data_pipeline.sources.files import SUFFIXES
from data_pipeline.sources.formats import KNOWN_COLUMNS
from model_store.stored import open_stored, starter_directory
from model_store.windows import TextTokenizer, window_bounds
from serving.api.applications import read_application
from serving.api.body import parse_json
from serving.api.problems import CarriedError
from serving.backlog.source import name_by_content
from serving.casework.letters import verdicts_of
from serving.notices.case_file import dump_case, parse_case
from serving.notices.forms import NoticeForm
from serving.notices.samples import sample_case

MOST_ROWS = 2000
_BOUNDS = FileBounds(unpacked_bytes=64 * 1024 * 1024, rows=1_000_000)
Target = Callable[[bytes], None]


def text_intake() -> Target:
    """Text and fields as they come over HTTP: read, rendered, masked and tokenized."""
    tokenizer: TextTokenizer = open_stored(starter_directory()).tokenizer

    def take(data: bytes) -> None:
        for application in _applications(data):
            row = read_application(application, number=1)
            if not isinstance(row, Row):
                continue
            text = render_text(row.application)
            masked = mask(text)
            [tokens] = tokenizer.encode([masked.text])
            assert all(0 <= start <= end <= len(masked.text) for start, end in tokens.offsets)
            list(window_bounds(len(tokens.ids)))

    return take


def _applications(data: bytes) -> Iterator[object]:
    yield {"text": data.decode("utf-8", errors="replace")}
    try:
        yield parse_json(data)
    except CarriedError:
        return


def file_reader() -> Target:
    """Files of rows, the first byte choosing what kind the file says it is."""
    folder = Path(tempfile.mkdtemp(prefix="wherefore-fuzz-"))

    def read(data: bytes) -> None:
        if not data:
            return
        path = folder / f"in{SUFFIXES[data[0] % len(SUFFIXES)]}"
        path.write_bytes(data[1:])
        _read_all(path)

    return read


def upload() -> Target:
    """Uploads of no declared kind: their first bytes tell; read if as much is accepted."""
    folder = Path(tempfile.mkdtemp(prefix="wherefore-fuzz-"))

    def take(data: bytes) -> None:
        path = folder / "input"
        path.write_bytes(data)
        try:
            named = name_by_content(path)
        except WhereforeError:
            path.unlink(missing_ok=True)
            return
        with suppress(WhereforeError):
            require_bounded(named, _BOUNDS, columns=KNOWN_COLUMNS)
            _read_all(named)
        named.unlink()

    return take


def _read_all(path: Path) -> None:
    numbers = set()
    try:
        for count, row in enumerate(read_rows(path)):
            numbers.add(row.number)
            if count == MOST_ROWS:
                return
    except WhereforeError:
        return
    assert len(numbers) <= MOST_ROWS


def notice_file() -> Target:
    """Notice files, as they are or with one place of a valid one replaced; checked if they parse.

    The parser is no Python and tells the fuzzer nothing, so most files begin as valid ones.
    """
    valid = [json.loads(dump_case(sample_case(form))) for form in NoticeForm]

    def parse(data: bytes) -> None:
        for content in (data, _with_a_place_replaced(valid, data)):
            try:
                case = parse_case(content)
            except WhereforeError:
                continue
            assert parse_case(dump_case(case)) == case
            with suppress(WhereforeError):
                verdicts_of(case)

    return parse


def _with_a_place_replaced(valid: Sequence[object], data: bytes) -> bytes:
    """A valid file in which the first bytes choose a place, and the others say what is there."""
    if not data:
        return b""
    path, rest = data[1:7], data[7:]
    try:
        other = json.loads(rest)
    except (ValueError, RecursionError):
        other = rest.decode("utf-8", errors="replace")
    return json.dumps(replaced(valid[data[0] % len(valid)], list(path), other)).encode()


def replaced(value: object, path: Sequence[int], other: object) -> object:
    """Returns a JSON value with another one in a place of it, which numbers choose."""
    if not path or not isinstance(value, dict | list) or not value:
        return other
    if isinstance(value, dict):
        name = sorted(value)[path[0] % len(value)]
        return value | {name: replaced(value[name], path[1:], other)}
    index = path[0] % len(value)
    return [*value[:index], replaced(value[index], path[1:], other), *value[index + 1 :]]


TARGETS: Mapping[str, Callable[[], Target]] = {
    "text-intake": text_intake,
    "file-reader": file_reader,
    "upload": upload,
    "notice-file": notice_file,
}
"""Fuzzers by name; each is made in the process that runs it."""

_CSV = b'id,text,loan_amount_usd\nr-1,"Debts, and more.",24000\nr-2,Fine.,\n'
_ROW = {"id": "r-1", "text": "Her debts, SSN 532-81-4067, are heavy.", "loan_amount_usd": 24000}


def seeds(name: str) -> list[bytes]:
    """Returns the small corpus that a fuzzer begins with."""
    lines = json.dumps(_ROW).encode() + b"\n"
    if name == "text-intake":
        return [
            json.dumps(_ROW).encode(),
            b"Dana Whitlow, 18 Alder Court, Millbrook, OH 43299, (614) 555-0130, born 3/4/1971",
            "Ihr Konto № 900417735528 — 61 % der Einkünfte\u202e".encode(),
        ]
    if name == "notice-file":
        return [dump_case(sample_case(form)).encode() for form in list(NoticeForm)[:3]]
    files = _packed(_CSV, lines)
    if name == "upload":
        return list(files.values())
    return [bytes([SUFFIXES.index(suffix)]) + content for suffix, content in files.items()]


def _packed(table: bytes, lines: bytes) -> dict[str, bytes]:
    def zstd(content: bytes) -> bytes:
        return bytes(pa.compress(content, codec="zstd", asbytes=True))

    parquet = io.BytesIO()
    pq.write_table(pa.Table.from_pylist([_ROW]), parquet)
    return {
        ".jsonl": lines,
        ".jsonl.gz": gzip.compress(lines),
        ".jsonl.zst": zstd(lines),
        ".csv": table,
        ".csv.gz": gzip.compress(table),
        ".csv.zst": zstd(table),
        ".parquet": parquet.getvalue(),
    }
