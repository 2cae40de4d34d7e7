"""What the route on monitoring data takes, and the little that it answers."""

from datetime import datetime
from typing import Annotated, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from serving.api.case_requests import Command, ConsumerId
from serving.monitoring.record import (
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
from serving.monitoring.rules import MAX_AGE_YEARS, MAX_WRITTEN_LENGTH

T = TypeVar("T")
_MAX_VALUES = 20
_MAX_APPLICANTS = 20
Age = Annotated[int, Field(ge=0, le=MAX_AGE_YEARS, strict=True)]
WrittenInCategory = Literal[
    "other_hispanic_or_latino",
    "american_indian_or_alaska_native",
    "other_asian",
    "other_pacific_islander",
]


class AnswerBody(Command, Generic[T]):
    """The answer to one question."""

    origin: Origin = Field(
        description="`self_reported`; `declined`; or `observed`: declined in person, then noted on "
        "the basis of visual observation or surname (ethnicity, race and sex only)."
    )
    values: list[T] = Field(default=[], max_length=_MAX_VALUES, description="Empty where declined.")


def _answer(body: AnswerBody[T] | None) -> Answer[T] | None:
    return None if body is None else Answer(origin=body.origin, values=tuple(body.values))


class WrittenInBody(Command):
    """A name of origin or tribe in the applicant's own words, beside a category chosen."""

    category: WrittenInCategory
    text: str = Field(min_length=1, max_length=MAX_WRITTEN_LENGTH)


class ApplicantAnswers(Command):
    """The answers of one applicant; leave out a question only where it was not asked."""

    consumer_id: ConsumerId
    ethnicity: AnswerBody[Ethnicity] | None = None
    race: AnswerBody[Race] | None = None
    sex: AnswerBody[Sex] | None = None
    marital_status: AnswerBody[MaritalStatus] | None = None
    age_years: AnswerBody[Age] | None = None
    written_in: list[WrittenInBody] = Field(default=[], max_length=_MAX_VALUES)
    observation_not_possible: bool = Field(
        default=False, description="What was declined in person could not be noted either."
    )


class MonitoringRequest(Command):
    """What the applicants of a case were asked for monitoring, and what they answered."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "asked_under": "regulation_b",
                    "taken_by": "in_person",
                    "applicants": [
                        {
                            "consumer_id": "consumer-1",
                            "ethnicity": {"origin": "declined"},
                            "race": {"origin": "self_reported", "values": ["asian", "korean"]},
                            "sex": {"origin": "observed", "values": ["female"]},
                            "marital_status": {"origin": "declined"},
                            "age_years": {"origin": "self_reported", "values": [44]},
                            "observation_not_possible": True,
                        }
                    ],
                }
            ]
        }
    )

    asked_under: AskedUnder = Field(
        description="`regulation_b`: purchase or refinancing of a principal residence, 12 "
        "CFR 1002.13; `regulation_c`: another loan on a dwelling that is reported, 12 CFR "
        "1003.4(a)(10)."
    )
    taken_by: TakenBy = Field(description="How the application was taken; video is in person.")
    applicants: list[ApplicantAnswers] = Field(min_length=1, max_length=_MAX_APPLICANTS)

    def records(self) -> tuple[MonitoringRecord, ...]:
        """Returns them as they are kept."""
        return tuple(self._record(answers) for answers in self.applicants)

    def _record(self, found: ApplicantAnswers) -> MonitoringRecord:
        return MonitoringRecord(
            consumer_id=found.consumer_id,
            asked_under=self.asked_under,
            taken_by=self.taken_by,
            ethnicity=_answer(found.ethnicity),
            race=_answer(found.race),
            sex=_answer(found.sex),
            marital_status=_answer(found.marital_status),
            age_years=_answer(found.age_years),
            written_in=tuple((each.category, each.text) for each in found.written_in),
            observation_not_possible=found.observation_not_possible,
        )


class MonitoringReceipt(BaseModel):
    """That the data were kept. What they are is not told again, here or anywhere over HTTP."""

    case_id: str
    entered_at: datetime = Field(description="When they were entered, UTC.")
