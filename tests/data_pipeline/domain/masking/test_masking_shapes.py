import pytest

from data_pipeline.domain.masking import mask


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("his passport shows 3/14/1987 too", "their passport shows [DOB] too"),
        ("records list 30-08-1985, day first", "records list [DOB], day first"),
        ("on the deed, he's 3/27/60, quitclaim", "on the deed, they's [DOB], quitclaim"),
        ("Lopez 19870304 and 03041987", "[NAME] [DOB] and [DOB]"),
        ('7,"x",371045528,19800214,"5"', '7,"x",[SSN],[DOB],"5"'),
        ("the card says 14-FEB-55.", "the card says [DOB]."),
        ("the card says 4 Feb 1988.", "the card says [DOB]."),
        ("it says 1962, Dec. 9 there", "it says [DOB] there"),
        ("it says 2 IX 1968 there", "it says [DOB] there"),
        ("it says '62-10-12 there", "it says '[DOB] there"),
        ("it says 94 DEC 30 there", "it says [DOB] there"),
        ("it says Jan/07/87 there", "it says [DOB] there"),
        ("it says June 4, 1961 there", "it says [DOB] there"),
        ("geb. 14.02.1966", "geb. [DOB]"),
        ("BORN b. 6/3/1983, back in January 2024", "BORN b. [DOB], back in January 2024"),
    ],
)
def test_an_old_date_that_nothing_else_claims_is_one_of_birth(text, masked):
    assert mask(text).text == masked


@pytest.mark.parametrize(
    "text",
    [
        "opened June 4, 1961; built before 6/15/1976; filed 03/14/2004",
        "deed recorded 06/14/1998, moved 5/5/1996, hired 19990412",
        "ratios 28.4/60, lates 30/60/90, 60 Oct 30 Dec, an 80-10-10",
        "3/14/1987 opened, 3/14/1987 14:02",
        "LENDER  OPENED  BAL\nACME  03/15/1998  6,500  4,182  118\n",
        "seen 3/14/2015, due 11/30/2024",
    ],
)
def test_a_date_of_the_loan_or_of_the_house_stays(text):
    assert mask(text).text == text


SUMS = "owes 12,500 of 61,300 and 4,418.\n"


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        (f"{SUMS}Acme 330441, closed", f"{SUMS}Acme [ACCOUNT], closed"),
        (f"{SUMS}accounts 88120, 60201 (kids)", f"{SUMS}accounts [ACCOUNT], [ACCOUNT] (kids)"),
        ("the one\nat Frost 59 0041 882 there", "the one\nat Frost [ACCOUNT] there"),
        ("Membership 900 441-7 remains", "Membership [ACCOUNT] remains"),
        ("one\ncontract C8104471-9 ok", "one\ncontract [ACCOUNT] ok"),
        ("one\ncoll BE2-10-8849 ok", "one\ncoll [ACCOUNT] ok"),
        ("one\nHearWell HW-60553 paid", "one\nHearWell [ACCOUNT] paid"),
        ("one\nbadge 004471 there", "one\nbadge [ACCOUNT] there"),
        ("our note 77-88-51 has it", "our note [ACCOUNT] has it"),
        ("salary to 7 2 0 8 8 1 4 4, always", "salary to [ACCOUNT], always"),
        ("mine is 6 3 3 0 9 4 4 1 8, yes", "mine is [SSN], yes"),
        ("number 042-S5-1O33 there", "number [SSN] there"),
        ("number 226-93-x118 there", "number [SSN] there"),
        ("PL 61 1090 1014 0000 0712 1981 2874 is", "[ACCOUNT] is"),
        ("my Truist (*8814) paid", "my Truist ([ACCOUNT]) paid"),
        ("Last of your social?\nCaller: 3310. Ok", "Last of your social?\nCaller: [SSN]. Ok"),
        ("SSN last three 204.", "SSN last three [SSN]."),
        ("the card you have ending, I think, 4421", "the card you have ending, I think, [ACCOUNT]"),
    ],
)
def test_a_number_written_like_no_figure_is_masked_whatever_stands_before_it(text, masked):
    assert mask(text).text == masked


@pytest.mark.parametrize(
    "text",
    [
        "AMT 118000 PRICE 610000 LIMIT 54500 GROSS 171036",
        f"{SUMS}limit 25000, 36000 miles, price 171036, Reno NV 89501",
        "R: 1 1 2 2 3 2 1 2 3 3 2 4 and 0 1 1 1 0 1 1",
        "scores 742 719 701, net 380 412 395",
        "a 4506-C, the 1099-R, the 1040-X, form HUD-7584, F-150 938",
        "GARN 18-CV-1187 and CV-24-309",
        "seq 0071936; as of 051204; 2024 1040",
        "card ending balance 4500",
    ],
)
def test_a_figure_without_commas_a_form_or_a_history_stays(text):
    assert mask(text).text == text


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("then Joy Summers came", "then [NAME] came"),
        ("so Mark Long said", "so [NAME] said"),
        ("so Rosalind Pike said", "so [NAME] said"),
        ("ask K. Moon today", "ask [NAME] today"),
        ("Patel, H and Patel, H. came", "[NAME] and [NAME] came"),
        ("APPROVED BY VANDERVEEN", "APPROVED BY [NAME]"),
        ("det. Szczepan came", "det. [NAME] came"),
        ("who has garrity. fern mcquillan is out", "who has [NAME]. [NAME] is out"),
    ],
)
def test_a_name_of_ordinary_words_or_without_capitals_is_masked(text, masked):
    assert mask(text).text == masked


@pytest.mark.parametrize(
    "text",
    [
        "Grant Price is high. Will Long term do? Mark Price as 20",
        "in West Orange, at Spring Hill and Clover Ridge, North Shore",
        "MAX MILES, LIEN FREE, the P.O. Box",
    ],
)
def test_two_ordinary_words_that_are_no_person_stay(text):
    assert mask(text).text == text


@pytest.mark.parametrize(
    "text",
    [
        "Total assets 4863210 liabilities 1213450",
        "net worth 1234567",
        "Revenue 2345678; net income 345678",
        "inventory 3456789 and AR 1234599",
        "equity of 2345678, payables 1234561",
        "Garnishment 04/12/2006 of wages",
        "Collection 05/06/2007 Midland $400",
        "evicted 01/05/2008",
        "house inherited 05/06/2007",
    ],
)
def test_a_sum_without_commas_and_the_day_of_an_event_stay(text):
    assert mask(text).text == text


@pytest.mark.parametrize("word", ["acct", "share", "HOME EQUITY", "savings"])
def test_a_number_of_seven_digits_behind_another_word_is_an_account(word):
    assert mask(f"{word} 8812733").text == f"{word} [ACCOUNT]"
