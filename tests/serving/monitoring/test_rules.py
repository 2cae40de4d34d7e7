"""What may be kept for monitoring, question by question. Source: 12 CFR 1002.13; 1003, App. B."""

from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_pipeline.domain.application import LoanApplication
from serving.cases.application_file import Applicant, ApplicationFile
from serving.cases.case import Case
from serving.monitoring.errors import MonitoringAnswerError
from serving.monitoring.record import (
    AGGREGATE,
    Answer,
    AskedUnder,
    Ethnicity,
    MaritalStatus,
    MonitoringRecord,
    Origin,
    Race,
    Sex,
    TakenBy,
)
from serving.monitoring.rules import check_records

DECLINED = Answer(origin=Origin.DECLINED)


def told(*values):
    return Answer(origin=Origin.SELF_REPORTED, values=values)


def noted(*values):
    return Answer(origin=Origin.OBSERVED, values=values)


WHOLE = MonitoringRecord(
    consumer_id="p-1",
    asked_under=AskedUnder.REGULATION_B,
    taken_by=TakenBy.IN_PERSON,
    ethnicity=told(Ethnicity.HISPANIC_OR_LATINO, Ethnicity.CUBAN),
    race=told(Race.ASIAN, Race.KOREAN, Race.WHITE),
    sex=told(Sex.FEMALE, Sex.MALE),
    marital_status=told(MaritalStatus.SEPARATED),
    age_years=told(44),
)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"ethnicity": noted(Ethnicity.HISPANIC_OR_LATINO)},
        {"race": noted(Race.ASIAN, Race.WHITE)},
        {"sex": noted(Sex.MALE)},
        {"marital_status": DECLINED, "age_years": DECLINED},
        {"race": DECLINED, "observation_not_possible": True},
        {"race": DECLINED, "taken_by": TakenBy.INTERNET},
        {"race": told(Race.OTHER_ASIAN), "written_in": (("other_asian", "Hmong"),)},
        {"asked_under": AskedUnder.REGULATION_C, "marital_status": None, "age_years": None},
    ],
)
def test_what_the_law_has_asked_and_noted_is_kept(changes):
    check_records([replace(WHOLE, **changes)])


@pytest.mark.parametrize(
    ("changes", "field", "clause"),
    [
        # Every question is asked; under Regulation C marital status and age need not be.
        ({"marital_status": None}, "marital_status", "1002.13(a)(1)"),
        ({"age_years": None}, "age_years", "1002.13(a)(1)"),
        ({"asked_under": AskedUnder.REGULATION_C, "sex": None}, "sex", "Appendix B"),
        # An answer is declined or has values.
        ({"race": told()}, "race", "1002.13(b)"),
        ({"race": Answer(origin=Origin.DECLINED, values=(Race.WHITE,))}, "race", "1002.13(b)"),
        ({"race": told(Race.WHITE, Race.WHITE)}, "race", "Appendix B"),
        ({"age_years": told(44, 45)}, "age_years", "1002.13(a)(1)"),
        # What is declined in person is noted, to the extent possible.
        ({"sex": DECLINED}, "sex", "1002.13(b)"),
        # Only ethnicity, race and sex are, in person, by aggregate category.
        ({"marital_status": noted(MaritalStatus.MARRIED)}, "marital_status", "1002.13(b)"),
        ({"age_years": noted(44)}, "age_years", "1002.13(b)"),
        ({"taken_by": TakenBy.MAIL, "sex": noted(Sex.MALE)}, "sex", "Appendix B"),
        ({"taken_by": TakenBy.TELEPHONE, "race": noted(Race.WHITE)}, "race", "Appendix B"),
        ({"race": noted(Race.KOREAN)}, "race", "Appendix B"),
        ({"ethnicity": noted(Ethnicity.CUBAN)}, "ethnicity", "Appendix B"),
        ({"sex": noted(Sex.MALE, Sex.FEMALE)}, "sex", "Appendix B"),
        # Own words stand beside a category that the applicant chose.
        ({"written_in": (("other_asian", "Hmong"),)}, "written_in", "Appendix B"),
        ({"written_in": (("other_asian", "a"), ("other_asian", "b"))}, "written_in", "Appendix B"),
    ],
)
def test_what_the_law_does_not_have_is_refused_with_its_clause(changes, field, clause):
    with pytest.raises(MonitoringAnswerError) as refused:
        check_records([WHOLE, replace(WHOLE, consumer_id="p-2", **changes)])
    assert refused.value.field == f"applicants.1.{field}"
    assert clause in refused.value.clause
    assert "Hmong" not in str(refused.value)


@given(st.sampled_from(Race), st.sampled_from(Origin), st.sampled_from(TakenBy), st.booleans())
def test_nothing_is_noted_that_was_not_seen_in_person(race, origin, taken_by, not_possible):
    values = () if origin is Origin.DECLINED else (race,)
    record = replace(
        WHOLE,
        taken_by=taken_by,
        race=Answer(origin=origin, values=values),
        observation_not_possible=not_possible,
    )
    in_person = taken_by is TakenBy.IN_PERSON
    expected = {
        Origin.SELF_REPORTED: True,
        Origin.OBSERVED: in_person and race in AGGREGATE,
        Origin.DECLINED: not_possible or not in_person,
    }[origin]
    try:
        check_records([record])
    except MonitoringAnswerError:
        assert not expected
    else:
        assert expected


def test_nothing_that_is_scored_or_decided_on_has_a_place_for_an_answer():
    questions = {"ethnicity", "race", "sex", "marital_status", "age_years"}
    assert questions < {field.name for field in fields(MonitoringRecord)}
    for kind in (LoanApplication, ApplicationFile, Applicant, Case):
        assert not {field.name for field in fields(kind)} & {*questions, "age", "gender"}
