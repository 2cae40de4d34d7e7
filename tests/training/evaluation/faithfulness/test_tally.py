import numpy as np
import pytest

from training.evaluation.faithfulness.figures import (
    FAITHFULNESS_FIGURE_BY_NAME,
    FAITHFULNESS_FIGURES,
)
from training.evaluation.faithfulness.journal import Journal
from training.evaluation.faithfulness.report import MeasuredTexts, build_faithfulness_report
from training.evaluation.faithfulness.tally import Tally, counted, merged, number_of

FLIPS = FAITHFULNESS_FIGURE_BY_NAME["flip_rate_exact"]
GAPS = FAITHFULNESS_FIGURE_BY_NAME["gradients_gap_p95"]
ONCE = np.ones((1, 3))


def tally(*flips, gaps=()):
    found = Tally()
    for flip in flips:
        found.add(FLIPS.name, flip)
    for gap in gaps:
        found.note(GAPS.name, gap)
    return found


def test_a_mean_counts_every_category_of_every_text():
    tallies = [tally(1.0, 0.0), tally(1.0), tally()]
    assert counted(FLIPS, tallies)(ONCE)[0] == pytest.approx(2 / 3)
    assert counted(FLIPS, tallies)(np.array([[2.0, 0.0, 1.0]]))[0] == pytest.approx(0.5)
    assert number_of(FLIPS, tallies) == 3
    assert counted(FLIPS, [tally()]) is None


def test_what_is_not_defined_counts_for_nothing():
    assert tally(float("nan"), 1.0).sums[FLIPS.name] == (1.0, 1.0)


def test_a_percentile_is_over_all_values_as_often_as_their_text_is_drawn():
    tallies = [tally(gaps=range(95)), tally(gaps=[1000.0] * 5), tally()]
    figure = counted(GAPS, tallies)
    assert figure(ONCE)[0] == 94.0
    assert figure(np.array([[1.0, 2.0, 0.0]]))[0] == 1000.0
    assert np.isnan(figure(np.array([[0.0, 0.0, 1.0]]))[0])


def test_tallies_of_a_text_are_put_together():
    whole = merged([tally(1.0, gaps=[1.0]), tally(0.0, gaps=[2.0])])
    assert whole.sums == {FLIPS.name: (1.0, 2.0)}
    assert whole.values == {GAPS.name: [1.0, 2.0]}


def test_every_figure_says_what_it_is_and_a_comparison_is_of_a_mean():
    assert len(FAITHFULNESS_FIGURE_BY_NAME) == len(FAITHFULNESS_FIGURES)
    for figure in FAITHFULNESS_FIGURES:
        assert figure.meaning.endswith(".")
        assert figure.kind == "mean" or not figure.is_compared


def test_a_value_is_met_on_the_right_side():
    errors = FAITHFULNESS_FIGURE_BY_NAME["direction_errors"]
    assert FLIPS.is_met(0.8) is True
    assert FLIPS.is_met(0.79) is False
    assert errors.is_met(0.0) is True
    assert errors.is_met(0.001) is False
    assert FAITHFULNESS_FIGURE_BY_NAME["methods_jaccard"].is_met(0.1) is None


def test_a_journal_gives_back_what_an_earlier_run_kept(tmp_path):
    path = tmp_path / "out" / "journal.jsonl"
    Journal(path, conditions={"seed": 1}).keep("quotes", "a", tally(1.0, gaps=[0.5]))
    again = Journal(path, conditions={"seed": 1})
    assert again.get("quotes", "a") == tally(1.0, gaps=[0.5])
    assert again.get("quotes", "b") is None
    assert again.get("edits", "a") is None


def test_a_line_that_was_cut_off_is_forgotten_and_nothing_else(tmp_path):
    path = tmp_path / "journal.jsonl"
    journal = Journal(path, conditions={})
    for name in "ab":
        journal.keep("quotes", name, tally(1.0))
    path.write_text(path.read_text()[:-10])
    again = Journal(path, conditions={})
    assert again.get("quotes", "a") is not None
    assert again.get("quotes", "b") is None
    again.keep("quotes", "b", tally(0.0))
    assert len(Journal(path, conditions={})) == 2


def test_what_was_found_under_other_conditions_is_thrown_away(tmp_path):
    path = tmp_path / "journal.jsonl"
    Journal(path, conditions={"seed": 1}).keep("quotes", "a", tally(1.0))
    assert len(Journal(path, conditions={"seed": 2})) == 0
    assert len(Journal(path, conditions={"seed": 1})) == 0


def test_a_report_on_few_reasons_says_so_and_one_on_many_does_not():
    def report(number):
        tallies = []
        for _ in range(2):
            tally = Tally()
            tally.add("direction_errors", 0.0, number)
            tallies.append(tally)
        texts = MeasuredTexts(
            name="files",
            digest="0" * 64,
            ids=("a", "b"),
            groups=("a", "b"),
            drawn_by="text",
            tallies=tuple(tallies),
        )
        return build_faithfulness_report({"simulated": texts}, title="t", seed=0, conditions={})

    few, many = report(499.0), report(500.0)
    assert "looked for in 998 reasons" in few.notes[-1]
    assert many.notes == ()
    found = many.named("direction_errors")
    assert (found.number, found.is_met, found.estimate.high) == (1000, True, 0.0)
    assert [figure.name for figure in many.asked] == ["direction_errors"]
    assert many.missed == []
