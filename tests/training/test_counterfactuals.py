import pytest

from data_pipeline.corpus.narratives import load_corpus
from data_pipeline.domain.application import MAX_TEXT_BYTES
from data_pipeline.domain.masking import mask
from training.counterfactuals import counterfactuals, removals


def changed(text, *, per_basis=8, seed=0):
    return counterfactuals([text], per_basis=per_basis, seed=seed)


def texts_of(basis, text):
    return {c.text for c in changed(text) if c.basis == basis}


def test_he_becomes_she_throughout():
    text = "He says his overtime is steady, and he has been there 6 years. Call him."
    found = texts_of("sex", text)
    assert found == {"She says her overtime is steady, and she has been there 6 years. Call her."}


def test_a_couple_changes_places():
    found = texts_of("sex", "He earns $3,000, she earns $2,000.")
    assert found == {"She earns $3,000, he earns $2,000."}


def test_an_age_becomes_another_age():
    found = texts_of("age", "Borrower is 62 years old, DTI 41%.")
    assert len(found) > 2
    for text in found:
        assert text.startswith("Borrower is ")
        assert text.endswith(" years old, DTI 41%.")
        assert "62" not in text


def test_a_decade_becomes_another_decade():
    found = texts_of("age", "She is in her sixties.")
    assert found
    assert all(text.startswith("She is in her ") and "sixties" not in text for text in found)


@pytest.mark.parametrize(
    ("text", "basis", "expected"),
    [
        ("Sex: F\nIncome: $4,000", "demographic line", {"Sex: M\nIncome: $4,000"}),
        ("Gender: male", "demographic line", {"Gender: female"}),
    ],
)
def test_a_demographic_line_gets_another_value_of_its_kind(text, basis, expected):
    assert texts_of(basis, text) == expected


def test_a_line_on_race_gets_words_of_that_basis():
    found = texts_of("demographic line", "Race: Samoan")
    assert found
    assert all(text.removeprefix("Race: ").casefold() != "samoan" for text in found)


def test_capitals_follow_the_word_replaced_and_acronyms_stay_capitals():
    for text in texts_of("income from a public assistance program", "Income: Welfare $900."):
        word = text.split()[1]
        assert word == word.upper() or word == word.capitalize()
    assert all("WIFE" not in t or t[:4] == "WIFE" for t in texts_of("marital status", "WIFE signs"))
    assert all(t.split()[0].isupper() for t in texts_of("marital status", "WIFE signs"))


def test_a_word_without_another_becomes_neutral():
    (text,) = texts_of("sex (childbearing)", "Applicant is pregnant and returns in May.")
    assert text == "Applicant is with a personal circumstance and returns in May."


def test_one_basis_is_changed_at_a_time():
    text = "He receives SSI of $900."
    bases = {c.basis: c.text for c in changed(text)}
    assert set(bases) == {"sex", "income from a public assistance program"}
    assert "SSI" in bases["sex"]
    assert bases["income from a public assistance program"].startswith("He receives ")


def test_identifiers_and_everything_else_stay():
    text = "SSN 123-45-6789, call 555-867-5309. He owes $12,400 on 3 cards since 2021."
    (other,) = {c.text for c in changed(text)}
    assert other == text.replace("He owes", "She owes")


def test_a_text_that_states_nothing_gives_nothing():
    assert changed("DTI 51.2% BE, LTV 88, two cards 30 days past due.") == []
    assert changed("") == []


def test_sources_point_back_and_the_seed_decides():
    texts = ["DTI 40%.", "Cuban applicant, VOE ok.", "He pays."]
    found = counterfactuals(texts, seed=1)
    assert {c.source for c in found} == {1, 2}
    assert counterfactuals(texts, seed=1) == found
    many = [counterfactuals(texts[1:2], per_basis=1, seed=s)[0].text for s in range(8)]
    assert len(set(many)) > 1


def test_a_text_that_would_grow_over_the_limit_is_left_out():
    filler = "x" * (MAX_TEXT_BYTES - len("He pays. "))
    assert changed(f"He pays. {filler}") == []


def test_in_the_corpus_the_masker_hides_nearly_every_swap():
    texts = [narrative.text for narrative in load_corpus()[:150]]
    found = counterfactuals(texts, seed=0)
    assert len(found) > 60
    seen = [c for c in found if mask(c.text).text != mask(texts[c.source]).text]
    # What is left are words that the masker knows only beside certain others.
    assert len(seen) < 0.15 * len(found)


def test_a_removal_puts_the_neutral_wording_of_the_masker_in_the_place_of_one_basis():
    found = {c.basis: c.text for c in removals(["He receives SSI of $900.", "DTI 40%."])}
    assert set(found) == {"sex", "income from a public assistance program"}
    assert "SSI" in found["sex"]
    assert not found["sex"].startswith("He ")
    benefit = found["income from a public assistance program"]
    assert benefit.startswith("He receives ")
    assert "SSI" not in benefit
    assert "$900" in benefit


def test_in_the_corpus_a_removed_word_and_a_masked_one_read_the_same():
    texts = [narrative.text for narrative in load_corpus()[:150]]
    found = removals(texts)
    assert len(found) > 30
    seen = [c for c in found if mask(c.text).text != mask(texts[c.source]).text]
    assert len(seen) < 0.05 * len(found)
