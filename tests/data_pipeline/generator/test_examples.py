from itertools import islice
from math import log

import pytest

from data_pipeline.domain.taxonomy import CATEGORIES, REASON_CATEGORY_INDEX, REASONS
from data_pipeline.examples import UNKNOWN
from data_pipeline.generator.examples import examples_from_simulation
from data_pipeline.generator.simulation import HELD_OUT_FAMILIES, simulate


def test_every_file_becomes_one_fully_labelled_example(synthetic_files):
    files = synthetic_files[:200]
    for file, example in zip(files, examples_from_simulation(files), strict=True):
        held = {CATEGORIES[i] for i, t in enumerate(example.category_targets) if t == 1.0}
        assert held == set(file.categories)
        assert {REASONS[i] for i, t in enumerate(example.reason_targets) if t == 1.0} == set(
            file.reasons
        )
        assert set(example.category_targets) <= {0.0, 1.0}
        assert tuple(CATEGORIES[i] for i in example.category_order) == file.categories
        assert example.risk_probability == file.default_probability
        assert example.id == example.group == file.id
        assert example.style == file.family
        assert example.product == file.applicant.request.product.value


def test_evidence_stands_in_the_masked_text_where_the_figures_are(synthetic_files):
    files = [f for f in synthetic_files if f.evidence][:150]
    for file, example in zip(files, examples_from_simulation(files), strict=True):
        assert {CATEGORIES[s.category_index] for s in example.evidence} == {
            e.category for e in file.evidence
        }
        quotes = {file.text[e.start : e.end] for e in file.evidence}
        found = {example.text[s.start : s.end] for s in example.evidence}
        assert any(quote in found for quote in quotes)


def test_fields_stand_behind_the_text_and_move_no_evidence():
    files = list(islice(simulate(60, seed=9), 60))
    plain = list(examples_from_simulation(files))
    full = list(examples_from_simulation(files, with_fields=True))
    for bare, rich in zip(plain, full, strict=True):
        assert rich.text.startswith(bare.text)
        assert "Debt-to-income ratio: " in rich.text[len(bare.text) :]
        assert rich.evidence == bare.evidence


def test_the_author_of_a_held_out_text_is_the_author_of_no_training_text(synthetic_files):
    authors = {
        f.family: e.author
        for f, e in zip(synthetic_files, examples_from_simulation(synthetic_files), strict=True)
    }
    held_out = {authors[family] for family in HELD_OUT_FAMILIES}
    assert held_out.isdisjoint(a for f, a in authors.items() if f not in HELD_OUT_FAMILIES)


@pytest.fixture(scope="module")
def soft(synthetic_files):
    return list(
        zip(synthetic_files, examples_from_simulation(synthetic_files, softness=0.5), strict=True)
    )


def test_soft_targets_say_how_nearly_each_limit_that_the_text_touches_is_passed(soft):
    for file, example in soft:
        stated = {CATEGORIES.index(fact.category) for fact in file.facts}
        for index, target in enumerate(example.category_targets):
            if index in stated:
                assert log(target / (1 - target)) * 0.5 == pytest.approx(file.severities[index])
            else:
                assert target == 0.0


def test_targets_may_be_as_good_as_hard(synthetic_files):
    for file, example in zip(
        synthetic_files, examples_from_simulation(synthetic_files, softness=1e-6), strict=True
    ):
        severities = zip(example.category_targets, file.severities, strict=True)
        assert all(target == pytest.approx(0.0) or severity >= 0 for target, severity in severities)


def test_soft_evidence_and_order_are_those_of_the_limits_passed_whatever_was_decided(soft):
    approved_all_the_same = 0
    for file, example in soft:
        passed = [c for c, target in enumerate(example.category_targets) if target > 0.5]
        assert {span.category_index for span in example.evidence} == set(passed)
        assert sorted(passed, key=lambda c: -file.severities[c])[:4] == list(example.category_order)
        assert {CATEGORIES.index(c) for c in file.random_categories}.isdisjoint(passed)
        approved_all_the_same += bool(passed) and not file.denied
    assert approved_all_the_same


def test_soft_reasons_are_known_where_they_were_decided(soft):
    unknown = 0
    for file, example in soft:
        decided = {CATEGORIES.index(category) for category in file.categories}
        for reason, target, category in zip(
            REASONS, example.reason_targets, REASON_CATEGORY_INDEX, strict=True
        ):
            if target == UNKNOWN:
                unknown += 1
                assert category not in decided
            elif target:
                assert reason in file.reasons
                assert target == example.category_targets[category]
    assert unknown


def test_what_stands_in_the_text_of_a_category_is_its_evidence_where_it_is_a_cause(synthetic_files):
    for file in synthetic_files:
        causes = set(file.categories) - set(file.random_categories)
        assert file.evidence == tuple(fact for fact in file.facts if fact.category in causes)
    assert any(not file.denied and file.facts for file in synthetic_files)
