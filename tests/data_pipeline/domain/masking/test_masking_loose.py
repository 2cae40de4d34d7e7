import pytest

from data_pipeline.domain.masking import mask


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("rent verified at 2401 Wisteria Wlk, T2 there", "rent verified at [ADDRESS] there"),
        ("owned 218 N. 52nd since 2016", "owned [ADDRESS] since 2016"),
        ("They live at 4417 Desert Willow, rented", "They live at [ADDRESS], rented"),
        ("he lives at 5247 w diversey 2nd fl, alone", "they lives at [ADDRESS], alone"),
        ("at the yard, 414 nc hwy 58 s there", "at the yard, [ADDRESS] there"),
        ("mail goes to NM 518 MILE 22 HSE 4", "mail goes to [ADDRESS]"),
        ("over on Tuttle Creek Road, number 88", "over on [ADDRESS]"),
        ("sent to Space 41, Desert Palms MHP; returned", "sent to [ADDRESS]; returned"),
        ("Lives at: R.R. #4, Box 212-C", "Lives at: [ADDRESS]"),
        ("the bill went to P.O. Drawer 4471, Fort Worth", "the bill went to [ADDRESS], Fort Worth"),
        ("at Bldg 9 Apt 9-204, 3800 Moorpark Ave here", "at [ADDRESS] here"),
        ("it is four hundred Monroe, apartment six", "it is [ADDRESS]"),
    ],
)
def test_an_address_that_is_no_plain_street_line_is_masked(text, masked):
    assert mask(text).text == masked


@pytest.mark.parametrize(
    "text",
    [
        "a 2,400 sq ft ranch at the lake, 12 acres on Route 9",
        "came in at 149 first, stands at 36 back, 90 today",
        "a score of 640 Experian, 688 Middle, 712 Equifax Beacon",
        "1 AT 30 DAYS ON LAKESHORE CU, 24 MONTHS LATES_24M: 1 AT 30 DAYS\n",
        "cash at 186 weekly; two accounts at 90 today",
        "a 2018 Park Model, a 2019 Ford on the road, 48 Months",
        "Mission Lane #2 charged off, Garden Grove branch",
        "12 2nd mortgage payments, 120 3rd party items",
    ],
)
def test_a_figure_before_a_word_is_no_address(text):
    assert mask(text).text == text


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("born the 4th day of March, 1958", "born the [DOB]"),
        ("DOB: 1961, Feb 14", "DOB: [DOB]"),
        ("birthday 9/62, retired", "birthday [DOB], retired"),
        ("three kids, the last 3/14/2016, all well", "three kids, the last [DOB], all well"),
        ("Ana Lopez (1961), cosigner", "[NAME] ([DOB]), cosigner"),
    ],
)
def test_a_day_of_birth_in_unusual_writing_is_masked(text, masked):
    assert mask(text).text == masked


@pytest.mark.parametrize(
    "text",
    ["birth certificate filed 3/14/2016", "child support paid since 3/14/2016", "turned 40 on it"],
)
def test_a_day_of_something_else_behind_such_a_word_stays(text):
    assert mask(text).text == text


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("her policy no. HO-4471-88 lapsed", "their policy no. [ACCOUNT] lapsed"),
        ("loan CP 004-4718 matures", "loan [ACCOUNT] matures"),
        ("shares, suffixes S1, L22", "shares, suffixes [ACCOUNT]"),
    ],
)
def test_a_number_behind_a_word_that_announces_one_is_masked(text, masked):
    assert mask(text).text == masked


@pytest.mark.parametrize(
    "text",
    [
        "loan 250000 at 6.5",
        "a car loan. AV 37400 vs 39600 out",
        "note 5/1 ARM",
        "local SAVINGS FY23/FY24",
        "certificate 2021 renewal",
    ],
)
def test_a_sum_a_term_or_a_year_behind_such_a_word_stays(text):
    assert mask(text).text == text


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "unit",
    ["12 A ", "lot 1, ", "Hwy 1 ", "Aa Rd 1 ", "at 12 Aa ", "[ADDRESS], ", "b.", "kids ",
     "policy 1-", "A-1-", "twenty-"],
)  # fmt: skip
def test_a_long_row_of_what_such_things_begin_with_is_masked_in_linear_time(unit):
    text = (unit * 65_536)[:65_536]
    masked = mask(text)
    assert masked.original_span(0, len(masked.text)) == (0, len(text))
