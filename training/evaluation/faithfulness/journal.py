"""What was measured so far, kept line by line, so that a run that ends early goes on from there."""

import json
from collections.abc import Mapping
from pathlib import Path

from training.evaluation.faithfulness.tally import Tally, as_json, from_json

JOURNAL = "faithfulness_progress.jsonl"
"""File of the journal, in the folder of the report; removed when the report is written."""


class Journal:
    """Tallies by part and text; written as they come where there is a file."""

    def __init__(self, path: Path | None, *, conditions: Mapping[str, object]) -> None:
        """Reads what an earlier run with the same conditions left.

        Args:
            path: the file; None to keep nothing.
            conditions: what the tallies depend on; those of a run under others are thrown away.
        """
        self._path = path
        self._known: dict[tuple[str, str], Tally] = {}
        self._first = json.dumps({"conditions": conditions}, sort_keys=True, default=str)
        if path is None:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        if lines and lines[0] == self._first:
            self._known = dict(filter(None, map(_read, lines[1:])))
        # Written anew, so that half a line of a killed run is never followed by another.
        self._write([self._first, *(_line(*key, t) for key, t in self._known.items())])

    def __len__(self) -> int:
        return len(self._known)

    def get(self, part: str, text: str) -> Tally | None:
        """Returns what was kept; None where nothing was."""
        return self._known.get((part, text))

    def keep(self, part: str, text: str, tally: Tally) -> None:
        """Keeps a tally, on disk before it returns."""
        self._known[part, text] = tally
        if self._path is not None:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(_line(part, text, tally) + "\n")

    def _write(self, lines: list[str]) -> None:
        if self._path is not None:
            part = self._path.with_suffix(".part")
            part.write_text("\n".join(lines) + "\n", encoding="utf-8")
            part.replace(self._path)


def _line(part: str, text: str, tally: Tally) -> str:
    return json.dumps({"part": part, "text": text, **as_json(tally)})


def _read(line: str) -> tuple[tuple[str, str], Tally] | None:
    """A line of the journal; None for one that was cut off."""
    try:
        found = json.loads(line)
        return (str(found["part"]), str(found["text"])), from_json(found)
    except (ValueError, KeyError, TypeError):
        return None
