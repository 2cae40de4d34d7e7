import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_pipeline.domain.masking import mask

PIECES = st.sampled_from(
    [
        "He", "her ", "SSN 123-45-6789", "Dear ", "Mr. ", "Smith", ",\r\n", "Sincerely,\n", "age ",
        "71", "Section 8", "Social Security", " husband", "Name: ", "Applicant: ", "Jane Doe", "\n",
        "Sex: ", "F", "🙂", "e\u0301", "İ", " ", "-", "67-year-old ", "woman", "a@b.co",
        "12 Oak St",
        "acct ending ", "3310", "[SSN]", "[NAME]", "(212) 555-0147", "$1,200", "unemployment", "’s",
        "household member", "benefit income", "particular ", "black ", "born in ",
        "1961", "SS 1,200", "7760-5, ", "x6694", "...7160", "dob|ssn4|acct\n", "1|2|3\n",
        "ten six two", "12 Aa Rd ",
        "123\u201145\u20116789", "\u200b", "\u00ad", "\u00a0", "u\u0308", "123-45-\n6789", "\u2013",
        "b. 4/77", "last 4?\n: ", "PO Bx 88", "US Hwy 70 ", "0447 5506 62", "XX-XX-1992", "hers ",
    ]
)  # fmt: skip
DIGITS = st.text(alphabet="0123456789٣๔-. ()+/xX*\ud800\u2011\u200b\u00ad\n", max_size=40)
TEXTS = st.one_of(st.text(), DIGITS, st.lists(PIECES, max_size=12).map("".join))


@settings(max_examples=400)
@given(TEXTS)
def test_masking_a_masked_text_changes_nothing(text):
    once = mask(text).text
    assert mask(once).text == once


@settings(max_examples=300)
@given(TEXTS, st.sampled_from(["$84,000", "$1,250.00", "$910,500"]))
def test_fields_behind_a_text_change_nothing_in_it(text, amount):
    fields = f"Loan amount: {amount}\nCollateral value: $192,500\nLiquid assets: $134,060"
    assert mask(f"{text}\n\n{fields}").text == f"{mask(text + chr(10) * 2).text}{fields}"


def test_sums_without_commas_stay_where_fields_with_commas_follow():
    text = "VOD 134061 / need 87682"
    fields = "Loan amount: $115,100\nGross income: $137,400 a year\nLiquid assets: $134,060"
    assert mask(f"{text}\n\n{fields}").replacements == ()


@settings(max_examples=300)
@given(TEXTS)
def test_every_position_maps_back(text):
    masked = mask(text)
    starts = [masked.original_span(i, i)[0] for i in range(len(masked.text) + 1)]
    assert starts == sorted(starts)
    assert masked.original_span(0, len(masked.text)) == (0, len(text))
    at = masked_at = 0
    for r in masked.replacements:
        kept = text[at : r.start]
        assert masked.text[masked_at : r.masked_start] == kept
        if kept:
            assert masked.original_span(masked_at, r.masked_start) == (at, r.start)
        assert masked.text[r.masked_start : r.masked_end] == r.wording
        assert masked.original_span(r.masked_start, r.masked_end) == (r.start, r.end)
        at, masked_at = r.end, r.masked_end
    assert masked.text[masked_at:] == text[at:]


@given(st.text(alphabet="🙂e\u0301\r\n\t .;äßı日本", max_size=60))
def test_a_text_without_matches_comes_back_unchanged(text):
    assert mask(text).text == text
    assert mask(text).replacements == ()


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "unit",
    ["a", "1", "1 ", "1-", "A ", "Aa ", "a.", "a@", "@", " ", "\n", "Dear A", "Mr. ", "name: ",
     "http://", "123 Main ", "acct ", "social security ", "her ", "age ", "(", "+1 ", "x", "*", "…",
     "born in ", "Sincerely,\n", "Smith, J", "é", "[NAME]", "race: a ", "555-", "4111 ",
     "Wei:\n", "SMITH, ",
     "12 Oak ", "born 1 ", "born 3 ",
     "12,AB,", "[SSN] A ", "cc Aa, ", "x. -AB\n", "members Ab, ", "one ",
     "1/1/1970 ", "Aa\n", "Aa: b\n", "name ", "Al & ", "0Aaa ", "account ", "Aa MHP ",
     "Mr. Cooper ", "12-34-", "ssn|", "ssn|a|b\n1|2|3\n", "born six ", "\n12 Aa\n", "..12",
     "e\u0301", "\u0301\u0327", "1\u00ad", "1\u200b", "a\u200b", "\u200b", "4111\n", "123-\n",
     "xx-", "0 0000 ", "notes 1234, ", "12 Aa Unit 1 "],
)  # fmt: skip
def test_a_long_hostile_text_is_masked_in_linear_time(unit):
    text = (unit * 65_536)[:65_536]
    masked = mask(text)
    assert masked.original_span(0, len(masked.text)) == (0, len(text))
