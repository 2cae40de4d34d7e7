"""Reads structs of Thrift's compact protocol, in which a Parquet file is described.

pyarrow shows no headers of pages, and a part of the footer only at the risk of the process. What is
asked for is kept, whatever else stands between is passed over. A field counts only with its type,
as in the readers that Thrift generates: one of the same number and another type is passed over
there, too. What such a reader would cut to size (a number of more bits than its type has) or take
twice is refused here: the two would not have read the same.

Source: https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from mmap import mmap
from typing import Final

Struct = dict[tuple[int, int], object]
"""What was kept of a struct, by number and type of the field: int, bytes, list or Struct."""

Shape = Mapping[tuple[int, int], "Shape | Each | int"]
"""The fields to keep, by number and type: of structs their own shape, of lists the type of what
they hold or, of structs, their shape or `Each`; of numbers and bytes `KEPT`."""


@dataclass(frozen=True, slots=True)
class Each:
    """Of every struct of a list, what is made of it as soon as it is read.

    Attributes:
        shape: the fields of each that are needed.
        make: returns what is kept in its place.
    """

    shape: Shape
    make: Callable[[Struct], object]


I32, I64, BINARY, LIST, STRUCT = 5, 6, 8, 9, 12
KEPT = 0
NOTHING: Final[Shape] = {}
_TRUE, _FALSE, _BYTE, _I16, _DOUBLE, _SET, _MAP = 1, 2, 3, 4, 7, 10, 11
_MOST_NESTED = 16
_LONG_LIST = 15
_VARINT_BYTES = 10
_MOST_NUMBER = 2**15 - 1
_MOST_SIZE = 2**31 - 1
_MOST_SHORT = 0x7F
_BITS = {I32: 32, I64: 64}
_WITHOUT_BYTES = frozenset({_TRUE, _FALSE})
"""Kinds of fields whose value is in their header; in lists each takes a byte."""


def _headers(*kinds: int) -> bytes:
    """Matches the first bytes of fields of these kinds, their numbers counted from the last."""
    found = (b"\\x%x%x" % (step, kind) for step in range(1, 16) for kind in kinds)
    return b"[" + b"".join(found) + b"]"


_VARINT: Final = b"[\\x80-\\xff]{0,9}+[\\x00-\\x7f]"
_SHORT_STRUCT: Final = re.compile(
    b"(?s:"
    + b"|".join(
        (
            _headers(_I16, I32, I64) + _VARINT,
            _headers(_TRUE, _FALSE),
            _headers(_BYTE) + b".",
            _headers(BINARY)
            + b"(?:"
            + b"|".join(b"\\x%02x.{%d}" % (n, n) for n in range(128))
            + b")",
        )
    )
    + b")*+\\x00"
)
"""A struct nobody asked for, of numbers and short bytes: footers have hundreds of thousands."""


class ThriftError(ValueError):
    """The bytes are no struct of the compact protocol, or one that readers may differ about."""


class CompactReader:
    """Reads one struct after the other, none beyond the end."""

    def __init__(self, content: bytes | mmap, *, start: int, end: int) -> None:
        """Takes the bytes, and where among them to begin and to end."""
        self._content, self.position, self._end = content, start, end

    def struct(self, shape: Shape, depth: int = 0) -> Struct:  # noqa: C901  the hot loop
        """Returns what is kept of the struct that begins here and goes behind it.

        Raises:
            ThriftError: there is none.
        """
        if depth > _MOST_NESTED:
            raise ThriftError
        kept: Struct = {}
        if not shape and self._went_over_short_struct():
            return kept
        number = 0
        content, end = self._content, self._end
        while True:
            # A byte of `_byte` and a short one of `_number`, without a call for each of millions.
            position = self.position
            if position >= end:
                raise ThriftError
            header = content[position]
            self.position = position + 1
            if not header:
                return kept
            kind = header & 0x0F
            number = number + (header >> 4) if header >> 4 else self._number(I32)
            if not 0 < number <= _MOST_NUMBER:
                raise ThriftError
            field = number, kind
            if (asked := shape.get(field)) is None:
                if kind not in _WITHOUT_BYTES:
                    self._skip(kind, depth)
            elif field in kept:
                raise ThriftError
            elif kind not in _BITS:
                kept[field] = self._kept(kind, asked, depth)
            elif self.position < end and (value := content[self.position]) <= _MOST_SHORT:
                self.position += 1
                kept[field] = (value >> 1) ^ -(value & 1)
            else:
                kept[field] = self._number(kind)

    def _kept(self, kind: int, asked: Shape | Each | int, depth: int) -> object:
        if kind == BINARY:
            return self._binary()
        if kind == LIST:
            return self._list(asked, depth + 1)
        if kind == STRUCT and isinstance(asked, Mapping):
            return self.struct(asked, depth + 1)
        raise ThriftError

    def _binary(self) -> bytes:
        size = self.varint()
        start = self.position
        self.go(size)
        return self._content[start : self.position]

    def _list(self, asked: Shape | Each | int, depth: int) -> list[object]:
        """Returns what a list holds; of structs of which nothing is asked for, nothing.

        Raises:
            ThriftError: it holds something else. A generated reader would not look: it would take
                for what it expects whatever is there.
        """
        size, kind = self._list_header()
        if size and kind != (asked if isinstance(asked, int) else STRUCT):
            raise ThriftError
        if kind in _BITS:
            return self._numbers(kind, size)
        if isinstance(asked, int):
            return [self._binary() for _ in range(size)]
        if isinstance(asked, Each):
            return [asked.make(self.struct(asked.shape, depth)) for _ in range(size)]
        if asked:
            return [self.struct(asked, depth) for _ in range(size)]
        for _ in range(size):
            self.struct(asked, depth)
        return []

    def _numbers(self, kind: int, size: int) -> list[object]:
        found = self._content[self.position : self.position + size]
        if found.isascii():  # each of them has one byte
            self.position += size
            return [(value >> 1) ^ -(value & 1) for value in found]
        return [self._number(kind) for _ in range(size)]

    def _list_header(self) -> tuple[int, int]:
        header = self._byte()
        size = header >> 4
        if size == _LONG_LIST:
            size = self.varint()
        if size > self._end - self.position:  # each takes a byte at least
            raise ThriftError
        return size, header & 0x0F

    def _skip(self, kind: int, depth: int) -> None:
        skip = _SKIPS.get(kind)
        if skip is None:
            raise ThriftError
        skip(self, depth + 1)

    def go_over_list(self, depth: int) -> None:
        """Goes behind the list or set that begins here; raises as `struct`."""
        size, kind = self._list_header()
        self._skip_all(size, (kind,), depth)

    def go_over_map(self, depth: int) -> None:
        """Goes behind the map that begins here; raises as `struct`."""
        size = self.varint()
        if size > _MOST_SIZE:
            raise ThriftError
        if size:
            kinds = self._byte()
            self._skip_all(size, (kinds >> 4, kinds & 0x0F), depth)

    def _skip_all(self, size: int, kinds: tuple[int, ...], depth: int) -> None:
        if depth > _MOST_NESTED:
            raise ThriftError
        for _ in range(size):  # each takes a byte at least: the end comes first
            for kind in kinds:
                self._skip(kind, depth)

    def _went_over_short_struct(self) -> bool:
        found = _SHORT_STRUCT.match(self._content, self.position, self._end)
        if found is not None:
            self.position = found.end()
        return found is not None

    def go(self, num_bytes: int) -> None:
        """Goes behind bytes that are not looked at; raises as `struct`."""
        if not 0 <= num_bytes <= self._end - self.position:
            raise ThriftError
        self.position += num_bytes

    def _byte(self) -> int:
        position = self.position
        if position >= self._end:
            raise ThriftError
        self.position = position + 1
        return self._content[position]

    def varint(self) -> int:
        """Returns the unsigned number that begins here and goes behind it; raises as `struct`."""
        content, end, position = self._content, self._end, self.position
        value = place = 0
        while position < end and place < 7 * _VARINT_BYTES:
            byte = content[position]
            position += 1
            value |= (byte & 0x7F) << place
            if byte <= _MOST_SHORT:  # the last byte has no mark
                self.position = position
                return value
            place += 7
        raise ThriftError

    def _number(self, kind: int) -> int:
        value = self.varint()
        if value >> _BITS[kind]:
            raise ThriftError
        return (value >> 1) ^ -(value & 1)


_SKIPS: dict[int, Callable[[CompactReader, int], object]] = {
    _TRUE: lambda reader, _: reader.go(1),
    _FALSE: lambda reader, _: reader.go(1),
    _BYTE: lambda reader, _: reader.go(1),
    _I16: lambda reader, _: reader.varint(),
    I32: lambda reader, _: reader.varint(),
    I64: lambda reader, _: reader.varint(),
    _DOUBLE: lambda reader, _: reader.go(8),
    BINARY: lambda reader, _: reader.go(reader.varint()),
    LIST: lambda reader, depth: reader.go_over_list(depth),
    _SET: lambda reader, depth: reader.go_over_list(depth),
    _MAP: lambda reader, depth: reader.go_over_map(depth),
    STRUCT: lambda reader, depth: reader.struct(NOTHING, depth),
}
