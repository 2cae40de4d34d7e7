from itertools import islice

from data_pipeline.domain.taxonomy import CATEGORIES, REASONS
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
