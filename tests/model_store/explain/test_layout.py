import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from data_pipeline.domain.application import LoanApplication
from data_pipeline.domain.rendering import render_text
from model_store.explain.layout import MAX_CLAUSE_TOKENS, lay_out

PIECES = st.sampled_from(
    ["DTI 51.2% ", "SSN 123-45-6789", "Dear Mr. Smith,\r\n", "jane.doe@example.com ", "income ",
     "her husband ", "71 years old ", "$1,250.50", "non-payment", "🙂", "👩‍👧", "e\u0301", "日本",
     "\r\n", "\u00a0", "  ", "<pad>", "</s>", ". ", "(212) 555-0147", "don't ", "\ud83d", "\0",
     "\nCredit score: 540", "; and ", "61%—far ", "。"]
)  # fmt: skip
TEXTS = st.one_of(st.text(max_size=60), st.lists(PIECES, max_size=25).map("".join))


@settings(max_examples=200)
@given(TEXTS)
@example("\0e\u0301🙂\r\nSSN 123-45-6789; Dear Mr. Smith")
@example("as they told us last week the ratio is " * 6 + "61%—far over the 43 allowed here")
def test_every_unit_is_what_stands_in_the_text_and_holds_each_token_once(predictor, text):
    (read,) = predictor.read([text])
    layout = lay_out(read)
    for units in (layout.words, layout.clauses):
        for unit in units:
            assert text[unit.start : unit.end] == unit.quote != ""
        ends = [position for unit in units for position in (unit.start, unit.end)]
        assert ends == sorted(ends)
        tokens = [t for unit in units for t in range(unit.first_token, unit.stop_token)]
        assert tokens == (list(range(len(read.tokens.ids))) if units else [])
    assert layout.words == tuple(w for clause in layout.clauses for w in layout.words_of(clause))
    assert bool(layout.words) == bool(layout.clauses) == bool(read.masked.text.strip())


def test_a_masked_identifier_is_quoted_as_it_was_written(predictor):
    text = "SSN 123-45-6789 was given."
    (read,) = predictor.read([text])
    assert "123-45-6789" in [word.quote for word in lay_out(read).words]
    assert "123-45-6789" not in read.masked.text


def test_clauses_of_the_rendered_fields_name_their_field_and_free_text_names_none(predictor):
    application = LoanApplication(
        text="Credit score: not known to me.", credit_score=540, state="TX"
    )
    (read,) = predictor.read([render_text(application)])
    layout = lay_out(read)
    named = {clause.quote: clause.field for clause in layout.clauses}
    assert named["Credit score: 540"] == "credit_score"
    assert named["State: TX"] == "state"
    assert named["Credit score: not known to me."] is None
    assert layout.fields() == {"credit_score": (1,), "state": (2,)}


def test_a_file_that_ends_with_a_line_end_has_its_fields_too(predictor):
    (read,) = predictor.read([render_text(LoanApplication(text="Fine.", credit_score=540)) + "\n"])
    assert list(lay_out(read).fields()) == ["credit_score"]


def test_a_long_clause_is_cut_between_words(predictor):
    (read,) = predictor.read(["income of three thousand dollars " * 30])
    clauses = lay_out(read).clauses
    assert len(clauses) > 1
    assert max(clause.num_tokens for clause in clauses) <= MAX_CLAUSE_TOKENS
    assert all(clause.quote[-1].isalpha() for clause in clauses)


@pytest.mark.parametrize("text", ["", " \r\n\u00a0"])
def test_a_blank_text_has_no_units(predictor, text):
    (read,) = predictor.read([text])
    assert lay_out(read).words == lay_out(read).clauses == ()
