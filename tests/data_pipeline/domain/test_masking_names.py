import pytest

from data_pipeline.domain.masking import mask


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("borrower Jane Doe asks", "borrower [NAME] asks"),
        ("Co-borrower Xyvonne Quellar has", "Co-borrower [NAME] has"),
        ("Her husband Thorvald pays.", "Their household member [NAME] pays."),
        ("SUBJECT: OBERMEYER, CLAUDIA R", "SUBJECT: [NAME]"),
        ("Last name: Abernathy", "Last name: [NAME]"),
        ("my name is jaylen brooks", "my name is [NAME]"),
        ("[10:31] Ebere: hello", "[10:31] [NAME]: hello"),
        ("| Gottfried Zimmer | 392-81-6650 |", "| [NAME] | [SSN] |"),
        ("for J. R. Pickering.", "for [NAME]."),
        ("Genevieve St. Clair owes", "[NAME] owes"),
        ("Ana María de la Cruz owes", "[NAME] owes"),
        ("paid.\n\nBest,\nGreg", "paid.\n\nBest,\n[NAME]"),
    ],
)
def test_a_name_of_a_person_is_masked(text, masked):
    assert mask(text).text == masked


def test_a_person_found_once_is_found_again_by_either_name_and_in_lower_case():
    text = "Borrower Marisol Delgadillo. DELGADILLO pays late; marisol says no. Delgadillo's DTI."
    masked = "Borrower [NAME]. [NAME] pays late; [NAME] says no. [NAME]'s DTI."
    assert mask(text).text == masked


@pytest.mark.parametrize(
    "text",
    [
        "Wells Fargo, Ally, Discover, Chase and Fannie Mae",
        "Ford Explorer, Kia Forte, Harley-Davidson, John Deere",
        "Delgadillo Landscaping LLC and Harrell Roofing",
        "Madison, WI and Charlotte NC",
        "Charles Schwab, Edward Jones, Raymond James",
        "Will advise in May. Grant income stopped. Frank discussion held.",
        "FICO, LTV, DTI, DSCR, HELOC, NMLS 488213",
        "I've paid. We're late. It's fine.",
        "Form 1003, Regulation B, Section 1071",
    ],
)
def test_lenders_makes_places_and_words_stay(text):
    assert mask(text).text == text


def test_a_business_named_after_a_person_stays_after_the_person_was_found():
    masked = mask("Guarantor Renata Kessler owns Kessler Roofing.").text
    assert masked == "Guarantor [NAME] owns Kessler Roofing."
