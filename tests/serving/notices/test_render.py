import io
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest
from pypdf import PdfReader

from serving.notices.document import make_document
from serving.notices.errors import LanguageError, RenderError
from serving.notices.forms import ACTION_DESCRIPTIONS, ActionKind, NoticeForm
from serving.notices.notice import Action, Language
from serving.notices.printable import PRINTABLE
from serving.notices.render import TEXT_WIDTH, render_file, render_html, render_pdf, render_text
from serving.notices.samples import APPLICANT, sample_case
from serving.notices.templates_digest import templates_sha256

GOLDEN = Path(__file__).with_name("golden")
NOTICE = sample_case(NoticeForm.C1).notice


class TextOnly(HTMLParser):
    def __init__(self):
        super().__init__()
        self.texts = []
        self.is_style = False

    def handle_starttag(self, tag, _attributes):
        self.is_style = tag in {"style", "title"}

    def handle_endtag(self, _tag):
        self.is_style = False

    def handle_data(self, data):
        if not self.is_style:
            self.texts.append(data)


def words_of(text):
    """The characters a reader sees, without spacing, bullets and the rule below the title."""
    lines = [line.removeprefix("  - ") for line in text.splitlines() if set(line) != {"="}]
    return "".join("".join(lines).replace("•", "").split())


def expected_words(notice):
    return words_of("".join(make_document(notice).texts()))


def pdf_of(notice):
    return PdfReader(io.BytesIO(render_pdf(notice)))


def test_the_fonts_hold_every_printable_character():
    request = replace(NOTICE.transaction, description="x".join(sorted(PRINTABLE)))
    assert render_pdf(replace(NOTICE, transaction=request)).startswith(b"%PDF")


@pytest.mark.parametrize("character", ["名", "\u2041", "\u2043"])
def test_a_character_that_no_font_holds_is_refused_by_the_typesetter(character):
    assert character not in PRINTABLE
    request = replace(NOTICE.transaction, description=f"a car {character} loan")
    with pytest.raises(RenderError, match="typesetter refused"):
        render_pdf(replace(NOTICE, transaction=request))


def test_every_description_of_an_action_on_an_account_can_be_told_to_a_guarantor():
    notice = sample_case(NoticeForm.REPORT_USED).notice
    for kind in (ActionKind.TERMINATION, ActionKind.UNFAVORABLE_CHANGE):
        for description in ACTION_DESCRIPTIONS[kind]:
            action = Action(kind=kind, description=description)
            assert "We have " in render_text(replace(notice, action=action))
        unknown = Action(kind=kind, description="Account looked at")
        with pytest.raises(RenderError, match=r"action\.description"):
            render_text(replace(notice, action=unknown))


def test_an_offer_that_holds_until_the_next_day_holds_for_one_day():
    notice = sample_case(NoticeForm.C4).notice
    next_day = replace(notice.counteroffer, respond_by=notice.dated_on + timedelta(days=1))
    shown = " ".join(render_text(replace(notice, counteroffer=next_day)).split())
    assert "please notify us within 1 day (by " in shown


@pytest.mark.parametrize("form", NoticeForm)
def test_the_text_of_each_form_is_the_golden_one_byte_for_byte(form):
    golden = (GOLDEN / f"{form.value}.txt").read_bytes()
    assert render_text(sample_case(form).notice).encode() == golden


@pytest.mark.parametrize("form", NoticeForm)
def test_text_html_and_pdf_say_the_same(form):
    notice = sample_case(form).notice
    page = TextOnly()
    page.feed(render_html(notice))
    pdf = "\n".join(sheet.extract_text() for sheet in pdf_of(notice).pages)
    expected = expected_words(notice)
    assert words_of(render_text(notice)) == expected
    assert words_of("".join(page.texts)) == expected
    assert words_of(pdf) == expected


@pytest.mark.parametrize("form", NoticeForm)
def test_each_form_is_one_tagged_page_with_its_fonts_inside(form):
    reader = pdf_of(sample_case(form).notice)
    root = reader.trailer["/Root"]
    assert len(reader.pages) == 1
    assert root["/MarkInfo"]["/Marked"] is True or root["/MarkInfo"]["/Marked"].value is True
    assert root["/Lang"] == "en"
    assert "pdfuaid:part" in root["/Metadata"].get_object().get_data().decode()
    fonts = reader.pages[0]["/Resources"]["/Font"].values()
    for font in fonts:
        descendant = font.get_object()["/DescendantFonts"][0].get_object()
        assert {"/FontFile2", "/FontFile3"} & descendant["/FontDescriptor"].get_object().keys()


def roles_below(element):
    element = element.get_object()
    if not hasattr(element, "get"):
        return []
    children = element.get("/K", [])
    children = children if isinstance(children, list) else [children]
    below = [
        role for child in children if not isinstance(child, int) for role in roles_below(child)
    ]
    return [str(element["/S"]), *below] if "/S" in element else below


def test_the_structure_of_a_pdf_has_headings_paragraphs_and_lists_in_reading_order():
    roles = roles_below(pdf_of(NOTICE).trailer["/Root"]["/StructTreeRoot"])
    assert [role for role in roles if role.startswith("/H")] == ["/H1", "/H2", "/H2", "/H2"]
    assert roles.count("/L") == 2
    assert roles.count("/LI") == len(NOTICE.reasons) + len(NOTICE.score_block.key_factors)
    assert "/P" in roles


def test_the_same_notice_gives_the_same_bytes_also_from_several_threads():
    with ThreadPoolExecutor(4) as threads:
        copies = set(threads.map(render_pdf, [NOTICE] * 8))
    assert len(copies) == 1
    assert render_html(NOTICE) == render_html(NOTICE)


@pytest.mark.parametrize(
    "name", ['<script>alert("x")</script> & Sons', "#panic() $x$ *A* _B_ @c <d>", "O'Neil \\ Łódź"]
)
def test_names_are_printed_and_never_interpreted(name):
    notice = replace(NOTICE, recipient=replace(APPLICANT, name=name))
    assert "<script>" not in render_html(notice)
    page = TextOnly()
    page.feed(render_html(notice))
    assert name in "".join(page.texts)
    assert words_of(name) in words_of(pdf_of(notice).pages[0].extract_text())


def test_no_line_of_text_is_wider_than_the_page():
    for form in NoticeForm:
        lines = render_text(sample_case(form).notice).splitlines()
        assert max(map(len, lines)) <= TEXT_WIDTH


def test_a_notice_that_does_not_fit_goes_on_a_second_page():
    many = tuple(replace(NOTICE.reasons[0], text=f"Reason number {n}") for n in range(30))
    reader = pdf_of(replace(NOTICE, reasons=many))
    assert len(reader.pages) == 2
    assert "Reason number 29" in reader.pages[0].extract_text()
    for number, page in enumerate(reader.pages, start=1):
        assert f"Change, page {number} of 2" in " ".join(page.extract_text().split())


def test_a_notice_of_one_page_has_no_page_number():
    assert "page 1" not in pdf_of(NOTICE).pages[0].extract_text()


def test_spanish_is_not_rendered():
    with pytest.raises(LanguageError, match="approved"):
        render_text(replace(NOTICE, language=Language.SPANISH))


@pytest.mark.parametrize(
    ("form", "change", "field"),
    [
        (NoticeForm.C1, {"creditors": ()}, "creditors"),
        (NoticeForm.C4, {"counteroffer": None}, "counteroffer"),
        (NoticeForm.C5, {"right_to_reasons": None}, "right_to_reasons"),
        (NoticeForm.C6, {"incompleteness": None}, "incompleteness"),
        (
            NoticeForm.C1,
            {"score_block": replace(NOTICE.score_block, created_on=None)},
            "score_block.created_on",
        ),
    ],
)
@pytest.mark.parametrize("render", [render_text, render_html, render_pdf])
def test_a_missing_part_is_named_with_its_clause(form, change, field, render):
    with pytest.raises(RenderError, match=rf"^{field} is .*(CFR|USC)"):
        render(replace(sample_case(form).notice, **change))


def test_a_file_is_written_whole_or_not_at_all(tmp_path):
    output = tmp_path / "notice.txt"
    render_file(NOTICE, output)
    with pytest.raises(LanguageError):
        render_file(replace(NOTICE, language=Language.SPANISH), output)
    assert output.read_text() == render_text(NOTICE)
    assert list(tmp_path.iterdir()) == [output]
    with pytest.raises(RenderError, match="existing folder"):
        render_file(NOTICE, tmp_path / "missing" / "notice.pdf")


def test_the_digest_of_the_templates_is_the_one_that_the_samples_carry():
    assert NOTICE.layout.templates_sha256 == templates_sha256()
    assert len(templates_sha256()) == 64
