import pkgutil
import re
import subprocess
import sys
from types import ModuleType

import pytest

from data_pipeline.domain import masking
from data_pipeline.domain.masking import MASKING_VERSION, mask, patterns, version
from data_pipeline.domain.masking.patterns import PLACEHOLDERS
from data_pipeline.domain.prohibited_bases import GROUPS


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("SSN 123-45-6789.", "SSN [SSN]."),
        ("SSN xxx-xx-4471", "SSN [SSN]"),
        ("social security number 123456789", "social security number [SSN]"),
        ("ITIN 912-90-1234", "ITIN [ITIN]"),
        ("EIN 12-3456789", "EIN [EIN]"),
        ("routing 011000015", "routing [ROUTING]"),
        ("acct ending 3310, DTI 41", "acct ending [ACCOUNT], DTI 41"),
        ("LOAN_NO: 4400817265", "LOAN_NO: [ACCOUNT]"),
        ("card 4111 1111 1111 1111", "card [CARD]"),
        ("phone (212) 555-0147 x12", "phone [PHONE]"),
        ("or +44 20 7946 0958", "or [PHONE]"),
        ("write jane.q@example.com.", "write [EMAIL]."),
        ("see https://example.com/a?b=1.", "see [URL]."),
        ("from 10.0.0.1 today", "from [IP] today"),
        ("at 123 Main St Apt 4, Denver, CO 80202 now", "at [ADDRESS] now"),
        ("at 1187 Juniper Loop #204, Mesa AZ", "at [ADDRESS], Mesa AZ"),
        ("DOB: 04/19/1956", "DOB: [DOB]"),
        ("born on May 3, 1961", "born on [DOB]"),
        ("Mrs. Papadakis owes $40", "[NAME] owes $40"),
        ("Dear Mr. and Mrs. Smith,", "Dear [NAME],"),
        ("Applicant: John Q. Smith, DTI 45", "Applicant: [NAME], DTI 45"),
        ("name: Demientieff, Roy ; 5 y", "name: [NAME] ; 5 y"),
        ("paid.\r\n\r\nSincerely,\r\nJane Public", "paid.\r\n\r\nSincerely,\r\n[NAME]"),
    ],
)
def test_an_identifier_becomes_its_typed_placeholder(text, masked):
    assert mask(text).text == masked


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("Social Security income $1,904", "benefit income $1,904"),
        ("SSI $943 mo.", "benefit income $943 mo."),
        ("SSDI 1,021 a month", "benefit income 1,021 a month"),
        ("TANF and food stamps", "benefit income and benefit"),
        ("a Section 8 voucher", "a benefit"),
        ("drew unemployment in May", "drew benefit income in May"),
        ("Race: White", "Race: a personal characteristic"),
        ("Sex: F | DTI 40", "Sex: a personal characteristic | DTI 40"),
        ("a black woman", "a particular person"),
        ("a Muslim applicant", "a Particular applicant"),
        ("a 63-year-old man", "a of stated age person"),
        ("the woman, 67 years old, owes", "the person, of stated age, owes"),
        ("age 71; fico 700", "age as stated; fico 700"),
        ("I'm sixty-six.", "I'm of stated age."),
        ("her husband's pay is 6,900", "their household member's pay is 6,900"),
        ("on maternity leave", "on leave"),
        ("married filing jointly", "with a stated filing status"),
        ("filed a CFPB complaint", "contacted a creditor"),
    ],
)
def test_a_prohibited_basis_becomes_neutral_words(text, masked):
    assert mask(text).text == masked


@pytest.mark.parametrize(
    "text",
    [
        "Black Hawk County and Indian River, a white 2019 Ford, Grady-White boat, black lung pay",
        "single-family home, a single payment, single-wide, not a single late",
        "age of file 9, oldest trade 11 years, account age 4 yrs, mobile home age 30, aged 41 days",
        "Polish sausage maker, Mexican restaurant, Black Book 20,350",
        "child support $400, alimony 450, retirement income, pension 3,260",
        "Chase card opened in May, Christian works, Snap-on 60 now",
        "score 742 719 2019, DTI 41%, $1,234.56, 2/24, 05/06/2024, hist 000001001100",
        "VIN 1HGCM82633A004352, amount 250000000, $123,456,789",
        "2021 Silverado Trail Boss, 2022 Tiffin Open Road 34PA",
        "Customer: Three times. Dear Harbor Light Credit Union,",
        "roof is 12 years old, 26 yr old trees, I am 45 days late",
        "marriage line tight, unemployment tax lien",
        "two accounts, 17 accounts, loan 3, account 2",
    ],
)
def test_facts_of_lending_stay(text):
    assert mask(text).text == text


def test_spans_around_and_inside_a_placeholder_cover_the_replaced_stretch():
    text = "SSN 123-45-6789 ok"
    masked = mask(text)
    assert masked.text == "SSN [SSN] ok"
    assert masked.original_span(0, 3) == (0, 3)
    assert masked.original_span(4, 9) == (4, 15)
    assert masked.original_span(6, 7) == (4, 15)
    assert masked.original_span(6, 12) == (4, 18)
    assert masked.original_span(10, 12) == (16, 18)
    assert masked.original_span(12, 12) == (18, 18)


@pytest.mark.parametrize("span", [(-1, 2), (3, 2), (0, 99)])
def test_a_span_outside_the_text_is_refused(span):
    with pytest.raises(ValueError, match="outside the masked text"):
        mask("He owes").original_span(*span)


def test_placeholders_and_neutral_words_are_left_alone():
    neutral = [rule.neutral for group in GROUPS for rule in group.rules]
    for wording in [*PLACEHOLDERS, *neutral]:
        assert mask(wording).text == wording


def test_every_group_names_its_source_and_never_deletes():
    assert all(group.source and rule.neutral for group in GROUPS for rule in group.rules)


def test_the_version_is_a_number_and_a_digest():
    major, digest = MASKING_VERSION.split("-")
    assert major.isdigit()
    assert len(digest) == 12


def test_the_version_looks_into_every_module_of_the_masker():
    modules = {module.name for module in pkgutil.iter_modules(masking.__path__)} - {"version"}
    assert {module.__name__.rpartition(".")[2] for module in version.MODULES} == modules


def test_every_pattern_and_every_word_of_a_module_is_in_the_version():
    module = ModuleType("made")
    module.ONE, module.TWO = re.compile("one"), (re.compile("two", re.IGNORECASE),)
    module.THREE, module.FOUR = {"[SSN]": re.compile("three")}, frozenset({"five", "four"})
    module.FIVE = (patterns.ContextRule(heads="six", pattern="seven"),)
    told = list(version.told_by(module))
    assert told == ["six|seven||False", "five four", "32|one", "32|three", "34|two"]


def test_importing_the_masker_loads_no_framework():
    code = (
        "import sys, data_pipeline.domain.masking;"
        "print({'torch','pandas','fastapi','transformers'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
