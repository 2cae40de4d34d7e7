"""What the law says of an answer, question by question; see 12 CFR 1002.13 and 1003, Appendix B."""

from collections.abc import Iterator, Sequence

from serving.monitoring.errors import MonitoringAnswerError
from serving.monitoring.record import (
    AGGREGATE,
    WRITTEN_IN,
    Answer,
    AskedUnder,
    MonitoringRecord,
    Origin,
    TakenBy,
)

MAX_AGE_YEARS = 130
MAX_WRITTEN_LENGTH = 100
_NOTED = ("ethnicity", "race", "sex")
"""What is noted by observation where it is declined in person. Source: 12 CFR 1002.13(b)."""
_ONE_OBSERVED = ("ethnicity", "sex")
_QUESTIONS = (*_NOTED, "marital_status", "age_years")
_ONE_ANSWER = ("marital_status", "age_years")
_ASKED = "12 CFR 1002.13(a)(1)"
_OBTAINED = "12 CFR 1002.13(b)"
_APPENDIX_B = "12 CFR 1003, Appendix B"


def check_records(records: Sequence[MonitoringRecord]) -> None:
    """Checks the answers of a case.

    Raises:
        MonitoringAnswerError: names the question and the provision, never an answer.
    """
    for number, record in enumerate(records):
        place = f"applicants.{number}"
        for name, answer in _answers(record):
            _check_asked(record, answer, name=name, place=f"{place}.{name}")
            if answer is not None:
                _check_values(answer, name=name, place=f"{place}.{name}")
                _check_observed(record, answer, name=name, place=f"{place}.{name}")
        _check_written(record, place=f"{place}.written_in")


def _answers(record: MonitoringRecord) -> Iterator[tuple[str, Answer[object] | None]]:
    for name in _QUESTIONS:
        yield name, getattr(record, name)


def _check_asked(
    record: MonitoringRecord, answer: Answer[object] | None, *, name: str, place: str
) -> None:
    is_asked = name in _NOTED or record.asked_under is AskedUnder.REGULATION_B
    if answer is None and is_asked:
        clause = _ASKED if record.asked_under is AskedUnder.REGULATION_B else _APPENDIX_B
        _refuse(place, "the question asked, and its answer or that it was declined", clause)


def _check_values(answer: Answer[object], *, name: str, place: str) -> None:
    values = answer.values
    if (answer.origin is Origin.DECLINED) != (not values):
        _refuse(place, "values, or that the answer was declined, not both", _OBTAINED)
    if len(set(values)) != len(values):
        _refuse(place, "each value once", _APPENDIX_B)
    if name in _ONE_ANSWER and len(values) > 1:
        _refuse(place, "one value", _ASKED)


def _check_observed(
    record: MonitoringRecord, answer: Answer[object], *, name: str, place: str
) -> None:
    in_person = record.taken_by is TakenBy.IN_PERSON
    if answer.origin is Origin.DECLINED and name in _NOTED and in_person:
        if not record.observation_not_possible:
            _refuse(
                place,
                "what was noted on the basis of visual observation or surname, or "
                "observation_not_possible",
                _OBTAINED,
            )
        return
    if answer.origin is not Origin.OBSERVED:
        return
    if name not in _NOTED:
        _refuse(place, "no observation: only ethnicity, race and sex are noted so", _OBTAINED)
    if not in_person:
        _refuse(place, "no observation: the application was not taken in person", _APPENDIX_B)
    if not set(answer.values) <= AGGREGATE:
        _refuse(place, "an aggregate category where it was observed", _APPENDIX_B)
    if name in _ONE_OBSERVED and len(answer.values) > 1:
        _refuse(place, "one value where it was observed", _APPENDIX_B)


def _check_written(record: MonitoringRecord, *, place: str) -> None:
    names = [name for name, _ in record.written_in]
    if len(set(names)) != len(names):
        _refuse(place, "each category once", _APPENDIX_B)
    told = [answer for _, answer in _answers(record) if answer is not None]
    reported = {v for a in told if a.origin is Origin.SELF_REPORTED for v in a.values}
    if not {WRITTEN_IN[name] for name in names} <= reported:
        _refuse(place, "text beside a category that the applicant chose", _APPENDIX_B)


def _refuse(field: str, expected: str, clause: str) -> None:
    raise MonitoringAnswerError(field=field, expected=expected, clause=clause)
