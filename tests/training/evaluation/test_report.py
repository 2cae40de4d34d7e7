import json
import re
from dataclasses import replace

import numpy as np
import pytest

from training.evaluation.bootstrap import Estimate
from training.evaluation.figures import FIGURES
from training.evaluation.labelled import labelled_narratives
from training.evaluation.page import report_html, report_json, report_markdown, write_report
from training.evaluation.report import Subject, best_baseline, build_report
from training.swap_test import SwapFigures, SwapResult

CONDITIONS = {"date": "2026-11-20", "command": "wherefore evaluate --data <x>"}


def report_of(labelled, *subjects, **changes):
    values = {"title": "made up", "seed": 1, "conditions": CONDITIONS}
    return build_report(labelled, subjects, **{**values, **changes})


@pytest.fixture(scope="module")
def compared(labelled, new_answers):
    return report_of(
        labelled,
        Subject(name="ours", answers=new_answers(noise=0.1)),
        Subject(name="weak", answers=new_answers(noise=0.8, seed=1), is_baseline=True),
        Subject(name="strong", answers=new_answers(noise=0.3, seed=2), is_baseline=True),
    )


def test_every_figure_of_every_subject_is_there_with_its_interval(compared):
    assert compared.subjects == ("ours", "weak", "strong")
    assert compared.baselines == ("weak", "strong")
    assert compared.drawn_by == "author"
    assert compared.num_groups == 12
    for by_name in compared.figures.values():
        assert list(by_name) == [figure.name for figure in FIGURES]
    estimate = compared.figures["ours"]["micro_f1"]
    assert estimate.low <= estimate.value <= estimate.high


def test_differences_are_against_the_baseline_that_is_best_at_the_figure(compared):
    found = {d.figure: d for d in compared.differences}
    assert found["micro_f1"].other == "strong"
    ours, theirs = (compared.figures[name]["micro_f1"].value for name in ("ours", "strong"))
    assert found["micro_f1"].estimate.value == pytest.approx(ours - theirs)
    assert found["micro_f1"].verdict == "better"
    brier = found["category_brier"]
    assert brier.estimate.value < 0
    assert brier.verdict == "better"  # lower is better
    assert "reason_ece" not in found


def test_who_is_useless_is_no_rival_where_that_is_best(labelled, new_answers):
    def same_of_all(answers):
        listed_NC = np.ones_like(answers.listed_NC)
        return replace(
            answers,
            probability_NC=np.full_like(answers.probability_NC, 0.1),
            stated_NC=~listed_NC,
            listed_NC=listed_NC,
        )

    report = report_of(
        labelled,
        Subject(name="ours", answers=new_answers(noise=0.1)),
        Subject(name="strong", answers=new_answers(noise=0.3, seed=2), is_baseline=True),
        Subject(name="same of all", answers=same_of_all(new_answers()), is_baseline=True),
    )
    assert report.figures["same of all"]["omission_rate"].value == 0.0
    assert report.figures["same of all"]["listed_per_text"].value == 12.0
    compared = {d.figure: d.other for d in report.differences}
    assert compared["omission_rate"] == compared["micro_f1"] == "strong"


def test_a_model_against_itself_is_level(labelled, new_answers):
    answers = new_answers(noise=0.3)
    report = report_of(
        labelled,
        Subject(name="ours", answers=answers),
        Subject(name="same", answers=answers, is_baseline=True),
    )
    assert {d.verdict for d in report.differences} == {"level"}
    assert {d.estimate.value for d in report.differences} == {0.0}


def test_another_form_of_the_model_is_compared_with_it_and_is_no_rival(labelled, new_answers):
    form = Subject(name="in fp32", answers=new_answers(noise=0.05), is_form=True)
    rival = Subject(name="weak", answers=new_answers(noise=0.8, seed=1), is_baseline=True)
    ours = Subject(name="ours", answers=new_answers(noise=0.1))
    report = report_of(labelled, ours, form, rival)
    assert report.baselines == ("weak",)
    assert {d.other for d in report.differences} == {"weak"}
    found = {d.figure: d for d in report.form_differences}
    ours, theirs = (report.figures[name]["micro_f1"].value for name in ("ours", "in fp32"))
    assert found["micro_f1"].other == "in fp32"
    assert found["micro_f1"].estimate.value == pytest.approx(ours - theirs)
    assert "its other forms" in report_html(report)
    assert "less its other forms" in report_markdown(report)


def test_the_best_baseline_is_the_highest_or_the_lowest(compared):
    for figure in FIGURES:
        estimates = {n: compared.figures[n][figure.name] for n in compared.baselines}
        best = best_baseline(figure, estimates)
        if best is None:
            assert all(e.value is None for e in estimates.values())
        else:
            values = [e.value for e in estimates.values() if e.value is not None]
            choose = min if figure.lower_is_better else max
            assert estimates[best].value == choose(values), figure.name


def test_without_a_model_there_are_no_differences(labelled, new_answers):
    report = report_of(
        labelled, Subject(name="a baseline", answers=new_answers(), is_baseline=True)
    )
    assert report.differences == ()
    assert report.detailed == "a baseline"


def test_the_json_is_strict_and_holds_what_the_report_holds(compared):
    content = json.loads(report_json(compared), parse_constant=pytest.fail)
    assert content["figures"]["ours"]["reason_ece"]["value"] is None
    expected = compared.figures["ours"]["micro_f1"].value
    assert content["figures"]["ours"]["micro_f1"]["value"] == expected
    assert len(content["confusion"]["counts"]) == 13


def test_the_page_is_self_contained_and_every_picture_has_words_and_a_table(compared):
    page = report_html(compared)
    assert re.findall(r"""(?:src|href)=["'](?!data:|#)""", page) == []
    assert "@import" not in page
    assert "url(" not in page
    images = re.findall(r"<img [^>]*>", page)
    assert len(images) == 5
    for image in images:
        assert len(re.search(r'alt="([^"]*)"', image)[1]) > 40
    assert page.count("<table") >= len(images)
    assert "<script" not in page


def test_names_are_escaped_on_the_page(compared):
    page = report_html(replace(compared, title="<b>x</b>"))
    assert "<b>x</b>" not in page
    assert "&lt;b&gt;x&lt;/b&gt;" in page
    assert "--data &lt;x&gt;" in page


def test_no_applicant_text_reaches_a_report(compared, labelled, tmp_path):
    write_report(compared, tmp_path)
    written = [path.read_text() for path in tmp_path.iterdir()]
    assert {path.name for path in tmp_path.iterdir()} == {
        "report.json",
        "report.html",
        "report.md",
    }
    assert not any("asks for money" in content for content in written)
    assert all("asks for money" in text for text in labelled.texts)


def test_two_pages_of_one_report_are_the_same(compared):
    assert report_html(compared) == report_html(compared)


def test_what_is_not_defined_says_why(labelled, new_answers):
    answers = new_answers(risk=False)
    report = report_of(labelled, Subject(name="ours", answers=answers))
    for content in (report_html(report), report_markdown(report)):
        assert "not defined" in content.lower()
        assert "no outcome or estimate of default is known" in content
        assert "nan" not in re.sub(r"base64,[^\"]*", "", content).lower()


def test_what_is_nowhere_defined_is_told_once_below_the_figures(labelled, new_answers):
    subjects = [Subject(name=name, answers=new_answers(risk=False)) for name in ("ours", "theirs")]
    lines = report_markdown(report_of(labelled, *subjects)).splitlines()
    (line,) = [line for line in lines if "AUC of the risk" in line]
    assert line.startswith("- AUC of the risk: ")
    assert lines.index("Not defined here:") < lines.index(line)
    assert not any("not defined" in line for line in lines if line.startswith("| Primary"))


@pytest.mark.parametrize("categories", [(), (3,)])
def test_texts_of_one_class_give_a_report(new_narrative, new_answers, categories):
    narratives = [new_narrative(n, categories=categories) for n in range(5)]
    labelled = labelled_narratives(narratives, name="one class")
    report = report_of(labelled, Subject(name="ours", answers=new_answers().at(np.arange(5))))
    assert report.figures["ours"]["denied_auc"].value is None
    assert "all texts are denied, or none is" in report_html(report)


def test_a_single_text_of_the_greatest_length_gives_a_report(new_narrative, new_answers):
    text = "word " * 13_000 + "fact 3 of file 7"
    labelled = labelled_narratives(
        [new_narrative(7, categories=(3,), text=text)], name="one long text"
    )
    report = report_of(labelled, Subject(name="ours", answers=new_answers().at(np.arange(1))))
    assert report.figures["ours"]["primary_accuracy"].low is None
    assert "one long text" in report_html(replace(report, title=labelled.name))


def test_nothing_known_at_all_gives_a_report(labelled, new_answers):
    truth = replace(
        labelled.truth,
        target_NC=np.zeros((48, 12), dtype=bool),
        first_NC=np.zeros((48, 12), dtype=bool),
        denied_N=np.full(48, np.nan),
        complete_N=np.zeros(48, dtype=bool),
        default_probability_N=np.full(48, np.nan),
    )
    unknown = replace(labelled, truth=truth, narratives=None)
    report = report_of(unknown, Subject(name="ours", answers=new_answers()))
    assert all(e.value is None for e in report.figures["ours"].values())
    page = report_html(report)
    assert "Not defined: no text has complete labels." in page
    assert "Not defined: neither complete labels nor outcomes are known." in page


def swaps(num_changed):
    value = Estimate(value=0.25, low=0.1, high=0.5) if num_changed else Estimate(value=None)
    figures = SwapFigures(
        num_changed=num_changed,
        mean_risk_change=value,
        p99_risk_change=value,
        max_risk_change=value.value,
        category_flip_rate=value,
        text_flip_rate=value,
        primary_flip_rate=value,
    )
    return SwapResult(
        num_texts=9,
        num_stating=num_changed,
        overall=figures,
        by_basis={"sex": figures} if num_changed else {},
    )


def test_swaps_are_shown_and_their_absence_is_told(labelled, new_answers):
    report = report_of(
        labelled,
        Subject(name="ours", answers=new_answers()),
        swaps={"masked": swaps(4), "without": swaps(0)},
    )
    page = report_html(report)
    assert "4 of 9 texts state a basis" in page
    assert "no text states a prohibited basis" in page
    assert json.loads(report_json(report))["swaps"]["without"]["overall"]["max_risk_change"] is None
    assert "| masked | 4 | 0.250 (0.100 to 0.500) |" in report_markdown(report)


def test_few_groups_and_rows_left_out_are_noted(labelled, new_answers):
    few = replace(labelled, num_left_out=3)
    notes = report_of(few, Subject(name="ours", answers=new_answers())).notes
    assert any("12 groups" in note for note in notes)
    assert any(note.startswith("3 rows") for note in notes)
    assert any("synthetic" in note for note in notes)
