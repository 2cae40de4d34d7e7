"""The fairness report: what it finds, what it leaves unjudged, and the words it uses."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest

from model_store.manifest import Manifest
from training.errors import EvaluationError
from training.fairness.figures import FAIRNESS_FIGURES, MIN_GROUP_ROWS
from training.fairness.page import (
    fairness_html,
    fairness_json,
    fairness_markdown,
    write_fairness_report,
)
from training.fairness.record import fairness_record
from training.fairness.report import build_fairness_report, drawn_units
from training.promotion.records import FairnessRecord, read_record

CONDITIONS = {"date": "2026-11-20", "command": "wherefore evaluate --fairness <x>"}
MANIFEST = Manifest(name="tiny", version="0.0.1", created="2026-01-01", files={"x": "y"})


def drawn(seed, *, num_rows, rate):
    return list(np.random.default_rng(seed).random(num_rows) < rate)


@pytest.fixture(scope="module")
def planted(new_rows, new_outcomes):
    """A register in which the model favours men, and treats two races alike."""
    sex = (["Male"] * 300 + ["Female"] * 300) * 2
    race = ["White"] * 600 + ["Asian"] * 560 + ["Joint"] * (MIN_GROUP_ROWS - 20) + [""] * 10
    favourable = (drawn(1, num_rows=300, rate=0.8) + drawn(2, num_rows=300, rate=0.5)) * 2
    approved = drawn(3, num_rows=1200, rate=0.7)
    rows = new_rows(
        approved=approved, lenders=[f"L{n % 40}" for n in range(1200)], sex=sex, race=race
    )
    noise = np.random.default_rng(4).normal(scale=0.02, size=1200)
    outcomes = new_outcomes(
        favourable=favourable,
        approved=approved,
        score=list(np.clip(np.where(favourable, 0.2, 0.7) + noise, 0, 1)),
    )
    return rows, outcomes


@pytest.fixture(scope="module")
def report(planted):
    return build_fairness_report(*planted, title="made up", seed=1, conditions=CONDITIONS)


def group_of(report, characteristic, name):
    found = {c.characteristic.name: c for c in report.characteristics}[characteristic]
    return {group.name: group for group in found.groups}[name]


def test_a_planted_disparity_is_measured_with_its_interval(report):
    women = group_of(report, "sex", "Female")
    ratio = women.figures["adverse_impact_ratio"]
    assert ratio.low < 0.5 / 0.8 < ratio.high < 0.8
    for name in ("adverse_impact_ratio", "matched_adverse_impact_ratio", "denial_smd"):
        assert women.verdicts[name] == "disparity measured", name
    assert women.verdicts["equal_opportunity_difference"] == "disparity measured"
    assert women.verdicts["recorded_adverse_impact_ratio"] == "no difference told from chance"


def test_what_the_lenders_decided_is_not_counted_as_a_disparity_of_the_model(
    new_rows, new_outcomes
):
    approved = [True] * 90 + [False] * 10 + [True] * 20 + [False] * 80
    rows = new_rows(approved=approved, sex=["Male"] * 100 + ["Female"] * 100)
    outcomes = new_outcomes(
        favourable=drawn(1, num_rows=100, rate=0.5) * 2,
        approved=approved,
        score=list(np.random.default_rng(1).random(100)) * 2,
        risk=[5.0, 6.0] * 100,
    )
    report = build_fairness_report(rows, outcomes, title="x", seed=1, conditions={})
    women = group_of(report, "sex", "Female")
    assert women.verdicts["recorded_adverse_impact_ratio"] == "disparity measured"
    counted = {n: v for n, v in women.verdicts.items() if n != "recorded_adverse_impact_ratio"}
    assert report.num_disparities == list(counted.values()).count("disparity measured")
    assert report.num_comparisons == sum(v != "not defined" for v in counted.values())


def test_groups_treated_alike_show_no_disparity_of_the_ratio(report):
    asian = group_of(report, "race", "Asian")
    assert asian.verdicts["adverse_impact_ratio"] == "no difference told from chance"


def test_a_group_too_small_is_named_and_not_judged(report):
    race = next(c for c in report.characteristics if c.characteristic.name == "race")
    assert race.too_small == {"Joint": 30}
    assert race.num_not_provided == 10
    assert [group.name for group in race.groups] == ["White", "Asian"]
    for content in (fairness_html(report), fairness_markdown(report)):
        assert "Joint (30 rows)" in content


def test_the_reference_group_comes_first_and_is_compared_with_nothing(report):
    men = group_of(report, "sex", "Male")
    assert men.is_reference
    assert men.verdicts == {}
    assert set(men.figures) == {f.name for f in FAIRNESS_FIGURES if f.neutral is None}
    assert (men.num_rows, report.num_rows) == (600, 1200)


def test_without_a_reference_group_nothing_is_judged(planted):
    rows, outcomes = planted
    women = replace(rows, groups={"sex": tuple(["Female"] * 600 + ["Joint"] * 600)})
    report = build_fairness_report(women, outcomes, title="x", seed=1, conditions={})
    assert report.characteristics[0].groups == ()
    assert report.num_comparisons == 0
    assert "Not judged" in fairness_html(report)
    assert "Not judged" in fairness_markdown(report)


def test_too_few_approved_rows_leave_equal_opportunity_undefined(new_rows, new_outcomes):
    approved = [True] * 100 + [True] * 29 + [False] * 71
    rows = new_rows(approved=approved, sex=["Male"] * 100 + ["Female"] * 100)
    outcomes = new_outcomes(favourable=drawn(1, num_rows=200, rate=0.5), approved=approved)
    report = build_fairness_report(rows, outcomes, title="x", seed=1, conditions={})
    women = group_of(report, "sex", "Female")
    assert women.figures["equal_opportunity_difference"].value is None
    assert women.verdicts["equal_opportunity_difference"] == "not defined"
    assert women.figures["adverse_impact_ratio"].value is not None
    assert "too few" in fairness_html(report)


def test_equal_opportunity_between_the_furthest_groups_needs_approved_rows_in_each(
    new_rows, new_outcomes
):
    approved = [True] * 80 + [False] * 20 + [False] * 60 + [True] * 40 + [False] * 20
    favourable = [True] * 100 + [True] * 50 + [False] * 10 + [True] * 20 + [False] * 40
    race = ["White"] * 100 + ["Asian"] * 60 + ["Joint"] * 60
    rows = new_rows(approved=approved, race=race)
    outcomes = new_outcomes(favourable=favourable, approved=approved)
    report = build_fairness_report(rows, outcomes, title="x", seed=1, conditions={})
    widest = report.characteristics[0].widest
    assert widest["equal_opportunity_ratio"] == 0.5  # of those who are joint, not 0 of no Asian
    assert widest["equal_opportunity_difference"] == 0.5
    assert widest["demographic_parity_ratio"] == pytest.approx(20 / 60)
    two = replace(rows, groups={"race": tuple("Asian" if r == "Joint" else r for r in race)})
    few = replace(outcomes, approved_N=outcomes.approved_N & (np.arange(220) < 189))
    report = build_fairness_report(two, few, title="x", seed=1, conditions={})
    assert set(report.characteristics[0].widest) == {
        "demographic_parity_ratio",
        "demographic_parity_difference",
    }
    assert "demographic parity ratio" in fairness_html(report)


def test_lenders_are_drawn_whole_where_there_are_enough(planted, new_rows):
    assert drawn_units(planted[0])[0] == "lender"
    few = new_rows(approved=[True] * 20, lenders=[f"L{n % 9}" for n in range(20)])
    assert drawn_units(few) == ("row", few.ids)
    some = new_rows(approved=[True] * 20, lenders=[f"L{n}" if n else "" for n in range(20)])
    assert drawn_units(some)[0] == "row"


def test_intervals_by_lender_are_wider_where_lenders_differ(new_rows, new_outcomes):
    lenders = [f"L{n // 40:02d}" for n in range(800)]
    by_lender = np.random.default_rng(1).random(20) < 0.5
    favourable = [bool(by_lender[n // 40]) for n in range(800)]
    approved, sex = [True] * 800, ["Male" if n % 40 < 20 else "Female" for n in range(800)]
    outcomes = new_outcomes(favourable=favourable, approved=approved)

    def width(**given):
        rows = new_rows(approved=approved, sex=sex, **given)
        report = build_fairness_report(rows, outcomes, title="x", seed=1, conditions={})
        rate = group_of(report, "sex", "Female").figures["favourable_rate"]
        return rate.high - rate.low

    assert width(lenders=lenders) > 2 * width()


def test_the_json_is_strict_and_the_page_is_self_contained(report):
    content = json.loads(fairness_json(report), parse_constant=pytest.fail)
    assert content["num_disparities"] == report.num_disparities > 0
    page = fairness_html(report)
    assert re.findall(r"""(?:src|href)=["'](?!data:|#)""", page) == []
    assert "<script" not in page
    images = re.findall(r"<img [^>]*>", page)
    assert len(images) == 5  # three comparisons, a curve for each characteristic
    assert all(len(re.search(r'alt="([^"]*)"', image)[1]) > 40 for image in images)
    assert "&lt;x&gt;" in page
    assert page == fairness_html(report)


def test_no_sentence_calls_a_model_fair(report):
    for content in (fairness_html(report), fairness_markdown(report), fairness_json(report)):
        words = re.sub(r"base64,[^\"]*", "", content).replace("--fairness", "").lower()
        assert re.findall(r"\b(?:un)?fair\b|unbiased|no bias|compliant", words) == []
        assert "disparity measured" in words


def test_the_notes_say_what_the_figures_do_not(report, planted):
    said = " ".join(report.notes)
    assert "not its cause" in said
    assert "no credit history" in said
    rows, outcomes = planted
    one_sided = replace(outcomes, favourable_N=np.ones(1200, dtype=bool))
    limited = replace(rows, num_decided=5000, num_left_out=3)
    notes = build_fairness_report(limited, one_sided, title="x", seed=1, conditions={}).notes
    assert any("100.0 % of the rows" in note for note in notes)
    assert any(note.startswith("1,200 of 5,000") for note in notes)
    assert any(note.startswith("3 rows") for note in notes)


def test_files_are_written_beside_each_other(report, tmp_path):
    write_fairness_report(report, tmp_path / "new")
    assert {path.name for path in (tmp_path / "new").iterdir()} == {
        "fairness_report.json",
        "fairness_report.html",
        "fairness_report.md",
    }


def test_the_record_holds_groups_and_sizes_and_no_row(report, planted):
    record = fairness_record(MANIFEST, planted[0], report)
    again = read_record(FairnessRecord, record.model_dump_json().encode(), origin="x")
    assert again == record
    assert (record.model_digest, record.num_examples) == (MANIFEST.digest, 1200)
    race = record.attributes["race"]
    assert (race["Joint"].num_examples, race["Joint"].is_judged) == (30, False)
    assert race["White"].is_reference
    assert race["Joint"].metrics == {}
    estimate = group_of(report, "sex", "Female").figures["adverse_impact_ratio"]
    kept = record.attributes["sex"]["Female"].metrics["adverse_impact_ratio"]
    assert (kept.value, kept.low, kept.high) == (estimate.value, estimate.low, estimate.high)
    assert set(record.compared()) == {("sex", "Female"), ("race", "Asian")}
    assert len(record.model_dump_json()) < 20_000


def test_one_group_alone_makes_no_record(planted):
    rows, outcomes = planted
    men = replace(rows, groups={"sex": ("Male",) * 1200})
    report = build_fairness_report(men, outcomes, title="x", seed=1, conditions={})
    with pytest.raises(EvaluationError, match="rows of one group only"):
        fairness_record(MANIFEST, men, report)
