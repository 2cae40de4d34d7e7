import hashlib
from collections import Counter

import numpy as np
import pytest

from data_pipeline.domain.masking import mask
from data_pipeline.domain.taxonomy import CATEGORIES, REASON_INFO, DenialCategory
from data_pipeline.generator.examples import examples_from_simulation
from data_pipeline.generator.families import FAMILIES
from data_pipeline.generator.limits import HELD_OUT_VARIANTS, PolicyVariant
from data_pipeline.generator.phrases import HELD_OUT_REGISTERS
from data_pipeline.generator.policy import HMDA_SHARES
from data_pipeline.generator.simulation import (
    GENERATOR_VERSION,
    HELD_OUT_FAMILIES,
    SimulationSplit,
    simulate,
    simulate_file,
    split_of,
)
from data_pipeline.generator.writing import MAX_WORDS, MIN_WORDS, PROTECTED_SHARE
from data_pipeline.splits import require_no_leak

SEED = 11


def test_a_file_follows_from_its_seed_and_index_alone(synthetic_files):
    for index in (999, 4, 500, 0):
        assert simulate_file(index, seed=SEED) == synthetic_files[index]


def test_another_seed_gives_other_files(synthetic_files):
    others = [simulate_file(index, seed=SEED + 1) for index in range(50)]
    assert {f.text for f in others}.isdisjoint(f.text for f in synthetic_files)


def test_no_two_texts_are_the_same(synthetic_files):
    assert len({f.text for f in synthetic_files}) == len({f.id for f in synthetic_files}) == 1_000


def test_a_split_holds_the_files_of_its_indices(synthetic_files):
    held_out = list(simulate(20, seed=SEED, split=SimulationSplit.HELD_OUT))
    assert held_out == [f for f in synthetic_files if f.split is SimulationSplit.HELD_OUT][:20]
    assert [split_of(i).value for i in range(5)] == ["train"] * 4 + ["held_out"]


def test_training_files_are_of_no_held_out_family_and_no_held_out_policy(synthetic_files):
    train = [f for f in synthetic_files if f.split is SimulationSplit.TRAIN]
    assert {f.family for f in train} == {f.name for f in FAMILIES} - HELD_OUT_FAMILIES
    assert {f.variant for f in train} == set(PolicyVariant) - HELD_OUT_VARIANTS


def test_held_out_files_are_of_a_held_out_family_or_policy(synthetic_files):
    held_out = [f for f in synthetic_files if f.split is SimulationSplit.HELD_OUT]
    assert all(f.family in HELD_OUT_FAMILIES or f.variant in HELD_OUT_VARIANTS for f in held_out)
    assert {f.family for f in held_out} > HELD_OUT_FAMILIES
    assert {f.variant for f in held_out} > HELD_OUT_VARIANTS


def test_there_are_ten_families_for_training_and_two_held_out_with_words_of_their_own():
    assert len(FAMILIES) == 12
    assert len(HELD_OUT_FAMILIES) == 2
    for family in FAMILIES:
        registers = {register for register, _ in family.registers}
        assert bool(registers & HELD_OUT_REGISTERS) == family.is_held_out


def test_no_training_text_nearly_repeats_a_held_out_one(synthetic_files):
    examples = list(zip(synthetic_files, examples_from_simulation(synthetic_files), strict=True))
    by_split = {
        split: [example for file, example in examples if file.split is split]
        for split in SimulationSplit
    }
    require_no_leak({split.value: held for split, held in by_split.items()})
    families = [e for f, e in examples if f.family in HELD_OUT_FAMILIES]
    require_no_leak({"train": by_split[SimulationSplit.TRAIN], "families": families}, authors=True)


def test_texts_have_60_to_600_words(synthetic_files):
    sizes = [len(f.text.split()) for f in synthetic_files]
    assert min(sizes) >= MIN_WORDS
    assert max(sizes) <= MAX_WORDS
    assert 120 < np.mean(sizes) < 190


def test_about_a_third_is_denied_with_reasons_at_hmdas_rates(synthetic_files):
    denied = [f for f in synthetic_files if f.denied]
    assert 0.3 < len(denied) / len(synthetic_files) < 0.43
    stated = Counter(category for f in denied for category in f.categories)
    for category, share in HMDA_SHARES.items():
        assert stated[category] / len(denied) == pytest.approx(share, rel=0.5, abs=0.03)


def test_causes_agree_with_one_another(synthetic_files):
    for file in synthetic_files:
        assert file.denied == bool(file.categories)
        assert len(set(file.categories)) == len(file.categories) <= 4
        assert [REASON_INFO[reason].category for reason in file.reasons] == list(file.categories)
        assert set(file.random_categories) <= set(file.categories)


def test_every_cause_with_a_basis_is_carried_by_a_quote_and_no_other_category_is(synthetic_files):
    for file in synthetic_files:
        carried = {evidence.category for evidence in file.evidence}
        assert carried == set(file.categories) - set(file.random_categories)
        for evidence in file.evidence:
            quote = file.text[evidence.start : evidence.end]
            assert quote.strip()
            assert len(quote) < 200


def test_quotes_survive_masking_with_every_figure(synthetic_files):
    for file in synthetic_files:
        masked = mask(file.text)
        for evidence in file.evidence:
            for replaced in masked.replacements:
                if replaced.start < evidence.end and replaced.end > evidence.start:
                    lost = file.text[replaced.start : replaced.end]
                    assert not any(c.isdigit() for c in lost), (file.id, lost)


def test_a_severe_cause_and_a_harmless_fact_share_their_words():
    """The word for a bankruptcy, a collection or a late payment stands on approved files too."""
    files = list(simulate(1_500, seed=SEED + 2))
    for word in ("bankruptcy", "collection", "judgment", "repossess", "foreclosure"):
        holding = [f for f in files if word in f.text.lower()]
        caused = [f for f in holding if DenialCategory.PUBLIC_RECORD in f.categories]
        assert holding, word
        assert len(caused) < 0.5 * len(holding), word


def test_protected_mentions_are_as_frequent_whatever_was_decided(synthetic_files):
    def share(files):
        return np.mean([bool(f.protected_spans) for f in files])

    denied = [f for f in synthetic_files if f.denied]
    approved = [f for f in synthetic_files if not f.denied]
    assert share(synthetic_files) == pytest.approx(PROTECTED_SHARE, abs=0.035)
    assert share(denied) == pytest.approx(share(approved), abs=0.06)


def test_outside_its_protected_spans_a_text_holds_nothing_that_the_masker_takes_for_one(
    synthetic_files,
):
    for file in synthetic_files:
        for replaced in mask(file.text).replacements:
            inside = any(s <= replaced.start < e for s, e in file.protected_spans)
            assert inside or replaced.wording == "[NAME]", (file.id, replaced.wording)


def test_few_texts_state_the_decision(synthetic_files):
    words = ("declined", "denied", "turned down", "not approved", "approved", "granted")
    told = [f for f in synthetic_files if any(word in f.text.lower() for word in words)]
    assert len(told) < 0.25 * len(synthetic_files)


def test_a_severity_stands_for_every_category_and_most_causes_pass_their_limit(synthetic_files):
    passed = []
    for file in synthetic_files:
        severities = dict(zip(CATEGORIES, file.severities, strict=True))
        passed += [severities[c] > 0 for c in file.categories if c not in file.random_categories]
    assert np.mean(passed) > 0.9


def test_texts_change_only_together_with_the_version_of_the_generator():
    texts = "\n".join(file.text for file in simulate(50, seed=0))
    digests = {"1": "da3eac9ff207d10fc85762e875caaaf70a295d6dd36a55ef4a2908ecfce5cca4"}
    assert hashlib.sha256(texts.encode()).hexdigest() == digests[GENERATOR_VERSION]
