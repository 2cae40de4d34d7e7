import pytest

from data_pipeline.domain.masking import mask


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("so Wade Christian is the borrower", "so [NAME] is the borrower"),
        ("the judgment names R. Crane twice", "the judgment names [NAME] twice"),
        ("I was told by a Mr. Church at noon", "I was told by a Mr. [NAME] at noon"),
        ("CC-34 Castellane, M. / 4", "CC-34 [NAME]. / 4"),
        ("Fivecrows, Bill\t1988", "[NAME]\t1988"),
        ('7,"Will","Price",4', '7,"[NAME]","[NAME]",4'),
        ("Lincoln (UW): yes\nLincoln (UW): no", "[NAME] (UW): yes\n[NAME] (UW): no"),
        ("My name is Lyle Stackpole, S-T-A-C-K-P-O-L-E", "My name is [NAME], [NAME]"),
        ("Approve it today.\n\nSkip", "Approve it today.\n\n[NAME]"),
        ("so Peg said the kid is fine", "so [NAME] said the kid is fine"),
    ],
)
def test_a_name_that_one_neighbour_tells_is_masked(text, masked):
    assert mask(text).text == masked


@pytest.mark.parametrize(
    "text",
    [
        "LOAN OFFICER: yes\nX: a\nLOAN OFFICER: no",
        "Fannie Mae, Ginnie Mae, Sallie Mae, Wells Fargo, Chase Bank, Chase Freedom",
        "the Neighbor Line and the Book said 420k",
        "at Clover Ridge, on Adams Street, in Myrtle Beach",
        "Reno, NV | Elko, NV",
        "Price 13,500. Grant income ended in April, May and June.",
    ],
)
def test_what_only_looks_like_a_name_stays(text):
    assert mask(text).text == text
