import pytest

from data_pipeline.domain.masking import mask


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("Chase checking 558120047", "Chase checking [ACCOUNT]"),
        ("acct w/ us is 88-20391", "acct w/ us is [ACCOUNT]"),
        ("R/T 124000054", "R/T [ROUTING]"),
        ("M&T 022000046 9871120043", "M&T [ROUTING] [ACCOUNT]"),
        ("card 2223 0031 2200 3222", "card [CARD]"),
        ("reach at 5095550143", "reach at [PHONE]"),
        ("cell 612 555 0177", "cell [PHONE]"),
        ("cell 614/555-0138", "cell [PHONE]"),
        ("SSN 577 - 40 - 1183", "SSN [SSN]"),
        ("ss# 531882047", "ss# [SSN]"),
        ("FEIN 310882710", "FEIN [EIN]"),
        ("Date of birth (mm/dd/yyyy)  11 / 08 / 1959", "Date of birth (mm/dd/yyyy)  [DOB]"),
        ("born the 9th of April, 1948", "born the [DOB]"),
        ("b. 4-17-1955", "b. [DOB]"),
        ("DOBs 5/2/2003 and 7/19/1964", "DOBs [DOB] and [DOB]"),
        ("318-44-0098,1987-03-04,8000", "[SSN],[DOB],8000"),
        ("lives at 88 Cottonwood Crescent", "lives at [ADDRESS]"),
        ("to RR 2 Box 118", "to [ADDRESS]"),
        ("at 1409 LOCUST ST APT 4", "at [ADDRESS]"),
        ("P.O. Box 72", "[ADDRESS]"),
    ],
)
def test_an_identifier_without_a_telling_form_is_found_by_what_stands_beside_it(text, masked):
    assert mask(text).text == masked


@pytest.mark.parametrize(
    "text",
    [
        "opened 06/2011, closed 03/14/2024, applied August 3, 2025",
        "NMLS 402117, file 25-10077, VIN 3KPF24AD8PE512847",
        "30 60 60 90, lates 3-2-1, score 742 719 2019",
        "amount 250000000, income 58,400, price $398,000",
        "2019 Forest River, 2021 Silverado Trail Boss",
        "AUTO 631  ATV 244  CRDS 702  SIG LN 377",
        "reduced to 35 after student ln",
        "born in Reno, paid 12/2023",
    ],
)
def test_facts_beside_such_words_stay(text):
    assert mask(text).text == text
