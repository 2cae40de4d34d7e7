"""Reads structs of Thrift's compact protocol, in which the pages of a Parquet file are described.

pyarrow shows the footer of a file and not the headers of its pages. Numbers and structs are kept,
whatever else stands between them is passed over. A field counts only with its type, as in the
readers that Thrift generates: one of the same number and another type is passed over there, too.

Source: https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
"""

from collections.abc import Callable
from mmap import mmap

Struct = dict[tuple[int, int], object]
"""What was kept of a struct, by number and type of the field: int or Struct."""

I32, STRUCT = 5, 12
_TRUE, _FALSE, _BYTE, _I16, _I64 = 1, 2, 3, 4, 6
_DOUBLE, _BINARY, _LIST, _SET, _MAP = 7, 8, 9, 10, 11
_MOST_NESTED = 16
_LONG_LIST = 15
_VARINT_BYTES = 10


class ThriftError(ValueError):
    """The bytes are no struct of the compact protocol."""


class CompactReader:
    """Reads one struct after the other, none beyond the end."""

    def __init__(self, content: bytes | mmap, *, start: int, end: int) -> None:
        """Takes the bytes, and where among them to begin and to end."""
        self._content, self.position, self._end = content, start, end

    def struct(self, depth: int = 0) -> Struct:
        """Returns the struct that begins here and goes behind it.

        Raises:
            ThriftError: there is none.
        """
        if depth > _MOST_NESTED:
            raise ThriftError
        kept: Struct = {}
        number = 0
        while header := self._byte():
            kind = header & 0x0F
            number = number + (header >> 4) if header >> 4 else self._zigzag()
            if kind == I32:
                kept[number, I32] = self._zigzag()
            elif kind == STRUCT:
                kept[number, STRUCT] = self.struct(depth + 1)
            elif kind not in {_TRUE, _FALSE}:
                self._skip(kind, depth)
        return kept

    def _skip(self, kind: int, depth: int) -> None:
        skip = _SKIPS.get(kind)
        if skip is None:
            raise ThriftError
        skip(self, depth + 1)

    def go_over_list(self, depth: int) -> None:
        """Goes behind the list or set that begins here; raises as `struct`."""
        header = self._byte()
        size = header >> 4
        self._skip_all(self.varint() if size == _LONG_LIST else size, (header & 0x0F,), depth)

    def go_over_map(self, depth: int) -> None:
        """Goes behind the map that begins here; raises as `struct`."""
        size = self.varint()
        if size:
            kinds = self._byte()
            self._skip_all(size, (kinds >> 4, kinds & 0x0F), depth)

    def _skip_all(self, size: int, kinds: tuple[int, ...], depth: int) -> None:
        if depth > _MOST_NESTED:
            raise ThriftError
        for _ in range(size):  # each takes a byte at least: the end comes first
            for kind in kinds:
                self._skip(kind, depth)

    def go(self, num_bytes: int) -> None:
        """Goes behind bytes that are not looked at; raises as `struct`."""
        if not 0 <= num_bytes <= self._end - self.position:
            raise ThriftError
        self.position += num_bytes

    def _byte(self) -> int:
        self.go(1)
        return self._content[self.position - 1]

    def varint(self) -> int:
        """Returns the unsigned number that begins here and goes behind it; raises as `struct`."""
        value = 0
        for place in range(_VARINT_BYTES):
            byte = self._byte()
            value |= (byte & 0x7F) << (7 * place)
            if byte < 0x80:  # noqa: PLR2004  the last byte has no mark
                return value
        raise ThriftError

    def _zigzag(self) -> int:
        value = self.varint()
        return (value >> 1) ^ -(value & 1)


_SKIPS: dict[int, Callable[[CompactReader, int], object]] = {
    _TRUE: lambda reader, _: reader.go(1),
    _FALSE: lambda reader, _: reader.go(1),
    _BYTE: lambda reader, _: reader.go(1),
    _I16: lambda reader, _: reader.varint(),
    I32: lambda reader, _: reader.varint(),
    _I64: lambda reader, _: reader.varint(),
    _DOUBLE: lambda reader, _: reader.go(8),
    _BINARY: lambda reader, _: reader.go(reader.varint()),
    _LIST: lambda reader, depth: reader.go_over_list(depth),
    _SET: lambda reader, depth: reader.go_over_list(depth),
    _MAP: lambda reader, depth: reader.go_over_map(depth),
    STRUCT: lambda reader, depth: reader.struct(depth),
}
