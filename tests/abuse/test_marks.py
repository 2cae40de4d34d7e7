"""The search for marks finds them in every form that something may be kept in."""

import base64
import io
import zipfile
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marks import ACCOUNT, MARKS, SLUG, TEXT, marks_in

FORMS = {
    "as it is": str.encode,
    "in capitals": lambda text: text.upper().encode(),
    "utf-16": lambda text: text.encode("utf-16-le"),
    "hexadecimal": lambda text: text.encode().hex().encode(),
    "percent-encoded": lambda text: quote(text).encode(),
    "wholly percent-encoded": lambda text: "".join(f"%{b:02X}" for b in text.encode()).encode(),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("mark", [mark for mark in MARKS if mark != "e-mail"])
def test_a_mark_is_found_in_every_form(mark, form):
    assert mark in marks_in(b"before " + FORMS[form](MARKS[mark]) + b" after")


@given(before=st.binary(max_size=40), after=st.binary(max_size=40))
def test_marks_are_found_in_base64_wherever_they_stand(before, after):
    content = base64.b64encode(before + TEXT.encode() + after)
    assert marks_in(content) == {"name", "ssn", "account", "phrase"}


def test_marks_are_found_in_the_members_of_a_zip_file():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("notice.json", TEXT * 20)
    assert marks_in(file.getvalue()) == set(MARKS)


def test_marks_are_found_in_an_id_and_nothing_in_what_has_none():
    assert marks_in(SLUG) == {"name", "ssn", "account"}
    assert marks_in(f"Her debts are heavy; account {ACCOUNT[:6]}.") == set()
