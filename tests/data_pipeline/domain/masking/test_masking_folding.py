import unicodedata

import pytest

from data_pipeline.domain.masking import mask


@pytest.mark.parametrize(
    "hyphen", ["\u2010", "\u2011", "\u2012", "\u2013", "\u2014", "\u2212", "\u00ad", "\uff0d"]
)
def test_a_number_is_found_whatever_hyphen_it_is_written_with(hyphen):
    text = "SSN 123-45-6789, DOB 04-12-1985, cell 415-555-2671."
    assert mask(text.replace("-", hyphen)).text == "SSN [SSN], DOB [DOB], cell [PHONE]."


@pytest.mark.parametrize("space", ["\u00a0", "\u2009", "\u202f", "\u3000"])
def test_a_number_an_address_and_a_name_are_found_whatever_space_they_are_written_with(space):
    text = "4111 1111 1111 1111; 123 45 6789; 123 Main Street; Mr. John Smith owes"
    parts = "; ".join(part.replace(" ", space) for part in text.split("; "))
    assert mask(parts).text == f"[CARD]; [SSN]; [ADDRESS]; [NAME]{space}owes"


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("SSN 123\u200b-45\u2060-6789 ok", "SSN [SSN] ok"),
        ("123-45-6789\ufeff, DTI 41", "[SSN], DTI 41"),
        ("ja\u00adne@mail\u00ad.example.com is", "[EMAIL] is"),
        ("her hus\u200bband owes", "their household member owes"),
        ("SSN \uff11\uff12\uff13-\uff14\uff15-\uff16\uff17\uff18\uff19", "SSN [SSN]"),
    ],
)
def test_what_cannot_be_seen_hides_nothing(text, masked):
    assert mask(text).text == masked


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("SSN 123-45-\n6789.", "SSN [SSN]."),
        ("SSN 123-\r\n  45-6789.", "SSN [SSN]."),
        ("cell 415-\n555-2671.", "cell [PHONE]."),
        ("cell 415-555-\n2671.", "cell [PHONE]."),
        ("cell (415)\n555-2671.", "cell [PHONE]."),
        ("card 4111 1111\n1111 1111.", "card [CARD]."),
    ],
)
def test_a_number_over_the_end_of_a_line_is_one(text, masked):
    assert mask(text).text == masked


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_a_name_is_found_with_its_marks_apart(form):
    text = unicodedata.normalize(form, "Applicant: Zoë Müller, DTI 45. José García owes $40.")
    assert mask(text).text == "Applicant: [NAME], DTI 45. [NAME] owes $40."


def test_what_is_replaced_is_told_as_it_stands_in_the_text():
    text = unicodedata.normalize("NFD", "Zoë Müller, SSN 123\u200b-45-6789")
    told = [text[r.start : r.end] for r in mask(text).replacements]
    assert told == [unicodedata.normalize("NFD", "Zoë Müller"), "123\u200b-45-6789"]


@pytest.mark.parametrize(
    "text",
    [
        "2019\u20132021 at $4,000\u2013$5,000, scores 620\u2013679, \u2212$5, 125\u00a0000 a year",
        "FICO 612\u20142 collections, DTI 45\u20142019 repossession",
        "4111\n1111\n1111\n1111",
    ],
)
def test_figures_with_odd_signs_stay(text):
    assert mask(text).text == text
