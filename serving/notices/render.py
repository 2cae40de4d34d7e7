"""A notice as plain text, HTML and tagged PDF, all three with the same words.

The same notice gives the same bytes: nothing is read from the clock, the machine's fonts or the
network.
"""

import json
import textwrap
import threading
from dataclasses import asdict
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Final

import jinja2
import typst

from serving.notices.blocks import Block, BlockKind
from serving.notices.document import make_document
from serving.notices.errors import RenderError
from serving.notices.notice import AdverseActionNotice
from serving.notices.templates_digest import template_text

TEXT_WIDTH = 78
"""Columns of the plain text."""

PDF_STANDARD: Final = "ua-1"
"""Universal accessibility: tagged structure, language and title are required."""


def render_text(notice: AdverseActionNotice) -> str:
    """Returns the notice as plain text, at most 78 columns wide where words allow.

    Raises:
        LanguageError: the language has no approved texts.
        RenderError: a part that the form prints is missing.
    """
    document = make_document(notice)
    blocks = [_block_text(block) for block in document.blocks]
    title = _wrapped(document.title)
    return "\n\n".join([f"{title}\n{'=' * min(len(document.title), TEXT_WIDTH)}", *blocks]) + "\n"


def _wrapped(text: str, *, first: str = "", rest: str = "") -> str:
    return textwrap.fill(
        text,
        TEXT_WIDTH,
        initial_indent=first,
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _block_text(block: Block) -> str:
    match block.kind:
        case BlockKind.HEADING:
            return _wrapped(block.lines[0])
        case BlockKind.PARAGRAPH | BlockKind.LINES:
            return "\n".join(map(_wrapped, block.lines))
        case BlockKind.ITEMS:
            return "\n".join(_wrapped(line, first="  - ", rest="    ") for line in block.lines)
        case BlockKind.FIELDS:
            rows = zip(block.lines[::2], block.lines[1::2], strict=True)
            return "\n".join(_wrapped(f"{label} {value}", rest="    ") for label, value in rows)


@cache
def _html_template() -> jinja2.Template:
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    return environment.from_string(template_text("notice.html.jinja"))


def render_html(notice: AdverseActionNotice) -> str:
    """Returns the notice as one HTML page without scripts or outside resources.

    Raises:
        LanguageError: the language has no approved texts.
        RenderError: a part that the form prints is missing.
    """
    document = make_document(notice)
    size = f"{notice.layout.font_size_pt:g}"
    return _html_template().render(document=document, font_size_pt=size) + "\n"


_ONE_AT_A_TIME = threading.Lock()


@cache
def _compiler() -> typst.Compiler:
    return typst.Compiler(font_paths=[], ignore_system_fonts=True)


def render_pdf(notice: AdverseActionNotice) -> bytes:
    """Returns the notice as a tagged PDF (PDF/UA-1) on US letter paper, fonts embedded.

    Raises:
        LanguageError: the language has no approved texts.
        RenderError: a part that the form prints is missing, or the typesetter refuses the notice.
    """
    document = make_document(notice)
    content = asdict(document) | {"author": notice.creditors[0].name}
    try:
        with _ONE_AT_A_TIME:  # the compiler refuses a second thread
            pdf = _compiler().compile(
                template_text("notice.typ").encode(),
                format="pdf",
                pdf_standards=PDF_STANDARD,
                timestamp=_midnight(notice),
                sys_inputs={
                    "document": json.dumps(content, ensure_ascii=False),
                    "font_size_pt": f"{notice.layout.font_size_pt:g}",
                },
            )
    except typst.TypstError as error:
        raise RenderError(
            f"the typesetter refused the notice ({error.message}): check its texts"
        ) from None
    if not isinstance(pdf, bytes):
        raise RenderError("the typesetter gave no PDF: install typst as pinned")
    return pdf


def _midnight(notice: AdverseActionNotice) -> datetime:
    return datetime.combine(notice.dated_on, datetime.min.time(), tzinfo=UTC)


SUFFIXES = (".pdf", ".html", ".txt")
"""What `render_file` writes."""


def render_file(notice: AdverseActionNotice, output: Path) -> None:
    """Writes the notice as its suffix says: complete, or not at all.

    Raises:
        RenderError: the suffix is unknown or the file cannot be written.
    """
    match output.suffix:
        case ".pdf":
            content = render_pdf(notice)
        case ".html":
            content = render_html(notice).encode()
        case ".txt":
            content = render_text(notice).encode()
        case other:
            raise RenderError(f"cannot render {other!r}: name a file in {', '.join(SUFFIXES)}")
    partial = output.with_name(f".{output.name}.partial")
    try:
        partial.write_bytes(content)
        partial.replace(output)
    except OSError as error:
        raise RenderError(
            f"cannot write {output} ({error.strerror}): name a file in an existing folder"
        ) from None
    finally:
        partial.unlink(missing_ok=True)
