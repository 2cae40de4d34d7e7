import re
from pathlib import Path

import pytest

from data_pipeline.domain.taxonomy import REASON_INFO
from serving.notices.compose import compose_agencies, compose_ecoa_notice
from serving.notices.errors import LanguageError, NoticeDataError
from serving.notices.forms import NoticeForm
from serving.notices.notice import Creditor, CreditorType, Language
from serving.notices.wording import (
    agencies_of,
    agencies_version,
    lexicon,
    own_wordings,
    reason_text,
    wording,
    wordings,
)

LAW = Path(__file__).parents[2] / "data" / "law"
REGULATION = "\n".join(path.read_text() for path in sorted(LAW.glob("*.txt")))


@pytest.mark.parametrize("name", sorted(wordings()))
def test_each_prescribed_text_stands_in_the_regulation_character_by_character(name):
    found = wordings()[name]
    official = found.text.format(**found.slots)
    assert official in REGULATION


def test_a_single_changed_character_would_be_seen():
    text = wordings()["report_free_copy"].text
    assert text.replace("60", "30") not in REGULATION


@pytest.mark.parametrize("info", REASON_INFO.values(), ids=lambda info: info.reason.value)
def test_each_reason_of_form_c1_is_worded_as_the_form_words_it(info):
    if info.c1_number < 24:
        listed = re.findall(r"^ +__(.+)$", REGULATION, flags=re.MULTILINE)
        assert listed[info.c1_number - 1] == info.notice_wording


def test_the_three_official_ecoa_wordings_differ():
    assert len({wordings()[n].text for n in ("ecoa_general", "ecoa_form_c3", "ecoa_form_c4")}) == 3


@pytest.mark.parametrize("kind", CreditorType)
def test_each_creditor_type_has_its_agencies(kind):
    assert agencies_of(kind)
    assert agencies_version() == "2024-03-20"


def test_a_nonbank_affiliate_of_a_large_bank_names_two_agencies():
    named = [a.name for a in agencies_of(CreditorType.NONBANK_AFFILIATE_OF_LARGE_DEPOSITORY)]
    assert named == ["Bureau of Consumer Financial Protection", "Federal Trade Commission"]


def test_a_type_without_a_fixed_office_is_refused_with_the_clause():
    kind = CreditorType.PACKERS_AND_STOCKYARDS
    with pytest.raises(NoticeDataError, match="Appendix A"):
        compose_agencies(Creditor(name="A", address_lines=("B",), creditor_type=kind))


def test_the_ecoa_notice_of_a_finance_company_names_the_trade_commission():
    text = compose_ecoa_notice(NoticeForm.C1, agencies_of(CreditorType.OTHER_CREDITOR))
    assert text.endswith(
        "is Federal Trade Commission, Consumer Response Center, 600 Pennsylvania Avenue NW, "
        "Washington, DC 20580."
    )


@pytest.mark.parametrize(
    ("name", "slots"), [("nothing", {}), ("score_range", {"low": "300"}), ("score_is", {"x": "1"})]
)
def test_an_unknown_text_or_slot_is_refused(name, slots):
    with pytest.raises(NoticeDataError):
        wording(name, **slots)


def test_spanish_reasons_are_blocked_until_approved():
    with pytest.raises(LanguageError, match=r"1002\.4"):
        reason_text(next(iter(REASON_INFO)), Language.SPANISH)


def test_every_expression_of_the_lexicon_is_valid_and_spares_the_reasons_of_the_taxonomy():
    expressions = [*lexicon().insufficient, *lexicon().prohibited]
    texts = [info.notice_wording.lower() for info in REASON_INFO.values()]
    assert [(e, t) for e in expressions for t in texts if re.search(e, t)] == []


def syllables(word):
    """Groups of vowels, without a silent e: an estimate that is never far off for plain words."""
    groups = re.findall(r"[aeiouy]+", word.lower())
    silent = word.lower().endswith("e") and not word.lower().endswith("le") and len(groups) > 1
    return max(1, len(groups) - silent)


def grade_of(text):
    """The Flesch-Kincaid grade. Source: Kincaid et al. (1975), Navy Research Branch Report 8-75."""
    sentences = [found for found in re.split(r"[.!?]+", text) if found.strip()]
    words = re.findall(r"[A-Za-z']+", text)
    per_sentence, per_word = len(words) / len(sentences), sum(map(syllables, words)) / len(words)
    return 0.39 * per_sentence + 11.8 * per_word - 15.59


@pytest.mark.parametrize("names", ["approval", "report_used"])
def test_sentences_of_our_own_are_readable_at_grade_eight(names):
    found = [w for name, w in own_wordings().items() if name.startswith(names)]
    assert found
    assert grade_of(" ".join(w.text.format(**w.slots) for w in found)) <= 8


def test_a_hard_text_is_told_to_be_hard():
    assert grade_of(wordings()["ecoa_general"].text) > 12


def test_no_sentence_of_our_own_passes_for_a_prescribed_one():
    assert not set(own_wordings()) & set(wordings())
    for found in own_wordings().values():
        assert found.source
        assert found.text.format(**found.slots) not in REGULATION
