import io

import pytest
from rich.console import Console

from training.progress import text_progress


@pytest.fixture
def console():
    return lambda terminal: Console(file=io.StringIO(), force_terminal=terminal, width=120)


def test_a_terminal_shows_a_bar_that_ends_full(console):
    shown = console(True)
    with text_progress(shown, "reading", total=64) as on_texts:
        on_texts(32)
        on_texts(32)
    content = shown.file.getvalue()
    assert "64/64" in content
    assert "texts/s" in content


def test_elsewhere_a_short_reading_prints_nothing(console):
    shown = console(False)
    with text_progress(shown, "reading", total=2) as on_texts:
        on_texts(2)
    assert shown.file.getvalue() == ""
