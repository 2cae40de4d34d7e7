"""M4: a model that is due to be validated anew is warned of (12 CFR 1002.2(p)(1)(iv))."""

from dataclasses import replace
from datetime import date

import pytest
from structlog.testing import capture_logs

from serving.casework import assessing, reading
from serving.policy import DEFAULT_POLICY

SENTENCE = "This model was due to be checked anew by November 19, 2026."


def assessed(office, revalidate_by):
    policy = DEFAULT_POLICY.model_copy(update={"revalidate_by": revalidate_by})
    office.desk = replace(office.desk, policy=policy)
    with capture_logs() as logs:
        case_id = office.assessed()
    warned = [entry for entry in logs if entry["event"] == "model_revalidation_overdue"]
    return case_id, warned


def summary(office, case_id, people):
    return " ".join(reading.risk_summary(office.desk, case_id, by=people[0]).sentences)


def test_from_the_day_after_every_assessment_warns(office, people):
    case_id, [warned] = assessed(office, date(2026, 11, 19))
    assert (warned["log_level"], warned["revalidate_by"]) == ("warning", "2026-11-19")
    assert SENTENCE in summary(office, case_id, people)


@pytest.mark.parametrize("day", [None, date(2026, 11, 20)])
def test_until_that_day_nothing_is_said(office, people, day):
    case_id, warned = assessed(office, day)
    assert warned == []
    assert "checked anew" not in summary(office, case_id, people)


def test_a_person_who_reads_without_the_model_is_not_warned(office, people):
    case_id, _ = assessed(office, date(2026, 11, 19))
    assessing.assess_by_hand(office.desk, case_id, by=people[0])
    assert "checked anew" not in summary(office, case_id, people)


def test_a_day_that_nobody_has_set_leaves_the_version_of_the_policy_as_it_was():
    later = DEFAULT_POLICY.model_copy(update={"revalidate_by": date(2027, 6, 30)})
    assert later.version != DEFAULT_POLICY.version == "policy-d4f8bda1f3a5"
