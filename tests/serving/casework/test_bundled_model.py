"""The bundled model on denied texts, from the application to the purge, on SQLite."""

import json
from pathlib import Path

import pytest

from data_pipeline.domain.application import LoanApplication
from model_store.artifact import starter_directory
from model_store.predictor import Predictor
from serving.adapters.sql.storage import open_storage
from serving.cases.case import Stage
from serving.cases.decisions import DecisionPath, ReviewAnswer
from serving.cases.notice_events import Channel
from serving.casework import assessing, deciding, keeping, letters, printing, reading
from serving.casework.desk import Desk, ScoredApplication
from serving.casework.printing import Rendering
from serving.scoring import ScoringService
from serving.settings import Settings

TEXTS = Path(__file__).parents[2] / "data" / "narratives_dev.jsonl"
NUM_TEXTS = 4


@pytest.fixture(scope="module")
def score():
    service = ScoringService(predictor=Predictor.load(starter_directory()))
    return lambda row: ScoredApplication(row=service.score([row])[0])


def denied_texts():
    for line in TEXTS.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if row["denied"] and "incomplete_application" not in row["categories"]:
            yield row["text"]


def confirm(found):
    """What an underwriter decides who agrees with the model and dismisses what it left open."""
    return deciding.Decide(
        outcome=deciding.Outcome.DENY,
        path=DecisionPath.SCORE,
        reasons=deciding.confirmed(found),
        review_answers=tuple(
            ReviewAnswer(reason=r.reason, accepted=False) for r in found.review_reasons
        ),
    )


def test_denied_texts_become_letters_that_are_kept_and_purged(tmp_path, make_office, people, score):
    underwriter, compliance = people
    with open_storage(Settings(state_dir=tmp_path)) as storage:
        office = make_office(storage)
        office.desk = Desk(storage=storage, score=score, now=office.clock)
        done = []
        for text in denied_texts():
            case_id = office.receive(application=LoanApplication(text=text))
            found = assessing.assess(office.desk, case_id, by=underwriter).case.assessment
            if not found.principal_reasons:
                continue
            deciding.decide(office.desk, case_id, confirm(found), by=underwriter)
            _, notice_id = office.drafted(case_id=case_id)
            quotes = [e for r in found.principal_reasons for e in r.evidence]
            assert all(e.quote == text[e.start : e.end] for e in quotes)
            summary = reading.risk_summary(office.desk, case_id, by=underwriter)
            assert f"{found.risk_score:.1f} percent" in summary.sentences[0]
            causes = {"C6": "every one of them was a principal reason"}
            assert (
                letters.check(office.desk, notice_id, causes=causes, by=underwriter).blocked_by
                == ()
            )
            letters.release(office.desk, notice_id, by=compliance)
            letters.mark_sent(office.desk, notice_id, channel=Channel.MAILED, by=compliance)
            printed = " ".join(
                printing.regenerate(office.desk, notice_id, Rendering.TEXT).decode().split()
            )
            for reason in letters.letter_file(office.desk, notice_id).notice.reasons:
                assert reason.text in printed
            keeping.retain(office.desk, case_id, by=compliance)
            done.append(case_id)
            if len(done) == NUM_TEXTS:
                break
        assert len(done) == NUM_TEXTS
        office.clock.go_to("2029-01-31")
        assert set(keeping.purge_due(office.desk, by=compliance)) == set(done)
        assert {storage.cases.entry(case_id).stage for case_id in done} == {Stage.PURGED}
        storage.audit.verify()
