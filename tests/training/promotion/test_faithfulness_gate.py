"""A version that explains less faithfully than the champion is refused, each time in a sentence."""

import datetime as dt
import hashlib

import pytest

from model_store.registry.registered import RegisteredVersion
from training.errors import PromotionError
from training.promotion.card import card_with_reports
from training.promotion.faithfulness_gate import check_faithfulness
from training.promotion.gate import Candidate
from training.promotion.records import (
    DataSetRecord,
    FaithfulnessRecord,
    MetricRecord,
    RatioScores,
)

NUM_TEXTS = 100
SAMPLES = "100 labelled texts, 20 ranked (beam 3), 10 slow (20 steps, 500 evaluations), 0 simulated"


def digest(content):
    return hashlib.sha256(content.encode()).hexdigest()


def version(number):
    return RegisteredVersion(
        name="tiny",
        version=number,
        aliases=(),
        tags={"wherefore.digest": digest(f"model {number}")},
        source="",
        run_id="run",
        created=dt.datetime(2026, 11, 20, tzinfo=dt.UTC),
    )


def figure(num_right, *, scored=True):
    hits = [1.0] * num_right + [0.0] * (NUM_TEXTS - num_right)
    scores = RatioScores(numerators=hits, denominators=[1.0] * NUM_TEXTS)
    return MetricRecord(value=num_right / NUM_TEXTS, scores=scores if scored else None)


def texts(*, file="texts", order="ids", **metrics):
    return DataSetRecord(
        digest=digest(file),
        order_digest=digest(order),
        num_examples=NUM_TEXTS,
        metrics=metrics or {"flip_rate_exact": figure(80)},
    )


def candidate(number, *, model=None, samples=SAMPLES, **data_sets):
    return Candidate(
        version=version(number),
        faithfulness=FaithfulnessRecord(
            model_digest=digest(model or f"model {number}"),
            model_version="tiny",
            created="2026-11-20",
            samples=samples,
            data_sets=data_sets or {"labelled": texts()},
        ),
    )


def refusal(ours, champion):
    with pytest.raises(PromotionError) as caught:
        check_faithfulness(ours, champion)
    message = str(caught.value)
    assert "\n" not in message
    assert len(message) < 450
    return message


def test_nothing_is_asked_where_there_is_no_champion_or_it_has_no_report():
    check_faithfulness(Candidate(version=version(2)), None)
    check_faithfulness(Candidate(version=version(2)), Candidate(version=version(1)))
    check_faithfulness(candidate(2), Candidate(version=version(1)))


def test_a_version_without_a_report_is_refused_where_the_champion_has_one():
    message = refusal(Candidate(version=version(2)), candidate(1))
    assert message.startswith("models:/tiny/2 has no faithfulness report, which models:/tiny/1")
    assert "wherefore evaluate --faithfulness" in message


def test_a_figure_that_is_worse_with_its_whole_paired_interval_is_refused():
    ours = candidate(2, labelled=texts(flip_rate_exact=figure(60)))
    message = refusal(ours, candidate(1))
    assert "models:/tiny/2 explains less faithfully than models:/tiny/1" in message
    assert "flip_rate_exact 0.600 against 0.800 of models:/tiny/1, 95 % interval -0.2" in message


def test_a_figure_that_is_worse_within_chance_or_better_is_no_hindrance():
    for num_right in (79, 80, 95):
        ours = candidate(2, labelled=texts(flip_rate_exact=figure(num_right)))
        check_faithfulness(ours, candidate(1))


def test_of_errors_and_omissions_more_is_worse():
    few, many = ({"simulated": texts(direction_errors=figure(number))} for number in (1, 12))
    assert "direction_errors 0.120 against 0.010" in refusal(
        candidate(2, **many), candidate(1, **few)
    )
    check_faithfulness(candidate(2, **few), candidate(1, **many))


def test_a_figure_that_is_only_shown_is_not_compared():
    ours, theirs = (
        {"labelled": texts(flip_rate_exact=figure(80), flip_rate_random=figure(n, scored=False))}
        for n in (90, 5)
    )
    check_faithfulness(candidate(2, **ours), candidate(1, **theirs))


@pytest.mark.parametrize("changes", [{"file": "others"}, {"order": "other ids"}])
def test_reports_on_other_texts_are_refused(changes):
    message = refusal(candidate(2, labelled=texts(**changes)), candidate(1))
    assert "were not measured in faithfulness on the same labelled texts" in message


def test_a_part_that_was_left_out_is_refused():
    champion = candidate(1, labelled=texts(), simulated=texts(direction_errors=figure(0)))
    assert "on the same simulated texts: expected digest" in (
        message := refusal(candidate(2), champion)
    )
    assert "found no such texts" in message


def test_other_sample_sizes_are_refused():
    message = refusal(candidate(2, samples=SAMPLES.replace("20 ranked", "5 ranked")), candidate(1))
    assert "were not measured alike in faithfulness: expected 100 labelled texts, 20" in message


def test_a_figure_of_the_champion_that_is_not_given_is_refused():
    champion = candidate(1, labelled=texts(flip_rate_exact=figure(80), rank_correlation=figure(80)))
    assert "does not give rank_correlation with its scores" in refusal(candidate(2), champion)


def test_a_report_of_another_model_is_refused():
    message = refusal(candidate(2, model="other"), None)
    assert "the faithfulness report of models:/tiny/2 is of another model" in message
    refusal(candidate(2), candidate(1, model="other"))


def test_the_card_tells_what_was_found_and_says_where_nothing_was_measured(new_artifact):
    manifest = new_artifact().manifest
    card = card_with_reports(manifest, faithfulness=candidate(1).faithfulness)
    assert "## Faithfulness of its explanations" in card
    assert "| Flipped without the quotes of “exact” | 0.800 | at least 0.8 |" in card
    assert "no faithfulness has been measured" not in card
    assert "no faithfulness has been measured" in card_with_reports(manifest)
