"""Labelled texts from application to letter, by a simulated underwriter and a second person.

Every denied text is received, assessed by the model, decided by an underwriter who knows the
labels (confirms what the model states rightly, dismisses or adds the rest), drafted, checked,
released by somebody else, sent and made again; every other text is approved, and its letter takes
the same way. The underwriter first tries to release alone: that must be refused each time. All of
it on SQLite, in a folder that is thrown away. Writes a dated JSON result and prints it; exits 1
where anything failed.
"""

import argparse
import json
import logging
import os
import platform
import shlex
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from measured import result_file

from data_pipeline.domain.application import LoanApplication, LoanProduct
from data_pipeline.domain.taxonomy import DenialReason
from model_store.artifact import starter_directory
from model_store.predictor import Predictor
from serving.adapters.sql.storage import open_storage
from serving.cases.application_file import Applicant, ApplicantRole
from serving.cases.decisions import (
    Assessment,
    DecisionPath,
    Outcome,
    Provenance,
    ReviewAnswer,
)
from serving.cases.errors import SecondPersonError
from serving.cases.events import Actor
from serving.cases.notice_events import Channel
from serving.casework import assessing, deciding, drafting, intake, letters, printing
from serving.casework.desk import Desk, ScoredApplication
from serving.casework.facts import CaseFacts
from serving.casework.printing import Rendering
from serving.errors import ServingError
from serving.logs import configure_logs
from serving.notices import samples
from serving.notices.notice import CreditRequest, Transaction
from serving.scoring import ScoringService
from serving.settings import Settings

UNDERWRITER = Actor(actor_id="underwriter-1", role="underwriter")
COMPLIANCE = Actor(actor_id="compliance-2", role="compliance")
INCOMPLETE = DenialReason.CREDIT_APPLICATION_INCOMPLETE
OVERRIDE = "the underwriter read the file otherwise"
MORE_THAN_FOUR = "each of them was a principal reason"


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """A text with what its author says of it."""

    text_id: str
    text: str
    product: LoanProduct | None
    reasons: tuple[DenialReason, ...]
    quotes: tuple[str, ...]
    is_denied: bool


def read(path: Path) -> Iterator[Labelled]:
    """Yields the labelled texts of a .jsonl file."""
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        yield Labelled(
            text_id=row["id"],
            text=row["text"],
            product=LoanProduct(row["product"]) if row.get("product") else None,
            reasons=tuple(DenialReason(reason) for reason in row["reasons"]),
            quotes=tuple(span["quote"] for span in row.get("evidence", [])),
            is_denied=row["denied"],
        )


def decision_on(text: Labelled, found: Assessment, tally: Counter[str]) -> deciding.Decide:
    """Returns what an underwriter decides who knows the labels, and counts what was done."""
    merits = [reason for reason in text.reasons if reason is not INCOMPLETE]
    if text.is_denied and not merits:
        return _incomplete(text, tally)
    asked = [a.reason for a in found.review_reasons]
    stated = [a.reason for a in found.principal_reasons]
    answers = tuple(ReviewAnswer(reason=r, accepted=r in merits) for r in asked)
    given = [
        deciding.GivenReason(reason=r, provenance=Provenance.MODEL)
        for r in (*stated, *asked)
        if r in merits
    ]
    added = [
        deciding.GivenReason(
            reason=r, provenance=Provenance.PERSON, basis="read in the file by the underwriter"
        )
        for r in merits
        if r not in stated and r not in asked
    ]
    tally["stated by the model and confirmed"] += sum(r in merits for r in stated)
    tally["stated by the model and left out"] += sum(r not in merits for r in stated)
    tally["left to a person and accepted"] += sum(a.accepted for a in answers)
    tally["left to a person and dismissed"] += sum(not a.accepted for a in answers)
    tally["added by the underwriter"] += len(added)
    departs = any(r not in merits for r in stated) or (not stated and text.is_denied)
    return deciding.Decide(
        outcome=Outcome.DENY if text.is_denied else Outcome.APPROVE,
        path=_path(given, added) if text.is_denied else DecisionPath.JUDGMENTAL,
        reasons=(*given, *added) if text.is_denied else (),
        review_answers=answers,
        override_cause=OVERRIDE if departs else None,
    )


def _path(given: list[deciding.GivenReason], added: list[deciding.GivenReason]) -> DecisionPath:
    if given and added:
        return DecisionPath.BOTH
    return DecisionPath.SCORE if given else DecisionPath.JUDGMENTAL


def _incomplete(text: Labelled, tally: Counter[str]) -> deciding.Decide:
    tally["denied for incompleteness alone"] += 1
    reason = deciding.GivenReason(
        reason=INCOMPLETE, provenance=Provenance.PERSON, basis="the list of missing papers"
    )
    return deciding.Decide(
        outcome=Outcome.DENY,
        path=DecisionPath.JUDGMENTAL,
        reasons=(reason,),
        missing_items=text.quotes or ("What the underwriter asked for",),
    )


def receive(desk: Desk, text: Labelled) -> str:
    """Opens the case of a text and has it assessed; an incomplete application stays so."""
    command = intake.Receive(
        application=LoanApplication(text=text.text, product=text.product),
        applicants=(
            Applicant(
                consumer_id=f"consumer-{text.text_id}",
                role=ApplicantRole.PRIMARY,
                name=samples.APPLICANT.name,
                address_lines=samples.APPLICANT.address_lines,
            ),
        ),
        facts=CaseFacts(
            creditors=(samples.CREDITOR,),
            transaction=Transaction(request=CreditRequest.LOAN, description="a loan"),
            is_hmda_reportable=text.product is LoanProduct.MORTGAGE,
        ),
        case_id=f"case-{text.text_id}",
        time_zone="America/New_York",
    )
    case_id = intake.receive(desk, command, by=UNDERWRITER).case.case_id
    if not text.is_denied or any(reason is not INCOMPLETE for reason in text.reasons):
        intake.complete(desk, case_id, by=UNDERWRITER)
    assessing.assess(desk, case_id, by=UNDERWRITER)
    return case_id


def write_letter(desk: Desk, case_id: str, tally: Counter[str]) -> list[str]:
    """Takes a decided case to a sent letter and returns the checks that kept it from that."""
    _, notice_id = drafting.draft(desk, case_id, drafting.Draft(), by=UNDERWRITER)
    tally["drafted"] += 1
    causes = {"C6": MORE_THAN_FOUR}
    found = letters.check(desk, notice_id, causes=causes, by=UNDERWRITER)
    tally["warned of more than four reasons"] += any(
        v.check_id == "C6" and not v.passed for v in found.verdicts
    )
    if found.blocked_by:
        return list(found.blocked_by)
    tally["passed every check but the second person's"] += 1
    try:
        letters.release(desk, notice_id, by=UNDERWRITER)
        tally["RELEASED BY ONE PERSON"] += 1
    except SecondPersonError:
        tally["refused to one person"] += 1
    letters.release(desk, notice_id, by=COMPLIANCE)
    letters.mark_sent(desk, notice_id, channel=Channel.MAILED, by=COMPLIANCE)
    tally["released by a second person and sent"] += 1
    for kind in Rendering:
        printing.regenerate(desk, notice_id, kind)
        tally["renderings made again in the same bytes"] += 1
    return []


def run(desk: Desk, texts: list[Labelled]) -> dict[str, Any]:
    """Takes every text through and returns what happened."""
    tally: Counter[str] = Counter()
    failures: dict[str, list[str]] = {}
    for text in texts:
        try:
            case_id = receive(desk, text)
            found = desk.load(case_id).case.assessment
            assert found is not None
            deciding.decide(desk, case_id, decision_on(text, found, tally), by=UNDERWRITER)
            tally["denied" if text.is_denied else "approved"] += 1
            if blocked := write_letter(desk, case_id, tally):
                failures[text.text_id] = blocked
        except ServingError as error:
            failures[text.text_id] = [f"{type(error).__name__}: {error}"]
    head = desk.storage.audit.verify()
    return {
        "texts": len(texts),
        "counts": dict(sorted(tally.items())),
        "failures": failures,
        "audit_entries": head.sequence,
    }


@contextmanager
def open_desk(model: Path | None) -> Iterator[tuple[Desk, str]]:
    """Opens a desk in a folder that is thrown away, and gives the version of its model."""
    predictor = Predictor.load(model or starter_directory())
    service = ScoringService(predictor=predictor)
    with (
        tempfile.TemporaryDirectory(prefix="wherefore-denials-") as folder,
        open_storage(Settings(state_dir=Path(folder))) as storage,
    ):
        yield (
            Desk(
                storage=storage,
                score=lambda row: ScoredApplication(row=service.score([row])[0]),
            ),
            (predictor.model_version),
        )


def main() -> None:
    """Runs all texts of a file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help=".jsonl of labelled texts")
    parser.add_argument("--model", type=Path, help="directory of a model; the starter without")
    parser.add_argument("--output", type=result_file, help="JSON file to write")
    given = parser.parse_args()
    configure_logs(level=logging.WARNING)
    with open_desk(given.model) as (desk, model_version):
        found = run(desk, list(read(given.data)))
    result = {
        "what": "labelled texts from application to letter, see the script's first lines",
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "command": shlex.join(["python", "tests/benchmarks/bench_denials.py", *sys.argv[1:]]),
        "data": given.data.name,
        "model_version": model_version,
        "hardware": f"{os.cpu_count()} cores, {platform.machine()}, no GPU",
        "python": platform.python_version(),
        **found,
    }
    text = json.dumps(result, indent=1, ensure_ascii=False)
    if given.output:
        given.output.write_text(text + "\n", encoding="utf-8")
    print(text)
    sys.exit(1 if found["failures"] or "RELEASED BY ONE PERSON" in found["counts"] else 0)


if __name__ == "__main__":
    main()
