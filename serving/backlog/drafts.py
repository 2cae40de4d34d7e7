"""Drafts of adverse action notices for the rows that the model would have denied.

A draft is a notice with its facts, as `wherefore notice check` takes it. Nobody has decided: its
record names no person who did, so that the check A1 keeps it from being released until a person
decides and a second one releases.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import structlog

from serving.backlog.beside import Beside
from serving.backlog.columns import json_text
from serving.backlog.draft_record import draft_case
from serving.backlog.draft_terms import DraftTerms
from serving.backlog.particulars import Particulars
from serving.casework.letters import RELEASE_FIELD
from serving.errors import ServingError
from serving.notices.case_file import NoticeCase, dump_case
from serving.notices.checks.every_check import blocking, check_notice
from serving.notices.checks.verdict import Verdict
from serving.rows import FailedRow, OutputRow, ScoredRow

UNDECIDED_FIELDS = frozenset({"record.decided_by", RELEASE_FIELD})
"""Fields that people fill in who decide and release: until then their check fails, as it should."""

log = structlog.stdlib.get_logger("wherefore.backlog")


class DraftOutcome(StrEnum):
    """What became of the draft of a row."""

    DRAFTED = "drafted"
    NOT_ADVISED = "not_advised"
    NOT_SCORED = "not_scored"
    PARTICULARS_MISSING = "particulars_missing"
    NOT_DRAFTABLE = "not_draftable"
    CHECKS_FAILED = "checks_failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class RowDraft:
    """What became of the draft of one row.

    Attributes:
        outcome: what.
        why: why there is no draft, or what it still needs; quotes nothing personal.
        columns: those that are missing, or cannot be read.
        failed: checks that failed beside those of deciding and releasing.
        case: the draft; None where there is none.
    """

    outcome: DraftOutcome
    why: str | None = None
    columns: tuple[str, ...] = ()
    failed: tuple[Verdict, ...] = ()
    case: NoticeCase | None = None


def draft_shard(
    terms: DraftTerms, beside: Sequence[Beside | None], rows: Sequence[OutputRow]
) -> tuple[bytes, Counter[str]]:
    """Returns the drafts of a shard, a line of JSON per row, and the rows by what became of theirs.

    A line holds the row's `entry` in the table, and its `letter`: the text of the draft's file,
    null where there is none.
    """
    lines, outcomes = [], Counter[str]()
    for found, row in zip(beside, rows, strict=True):
        assert found is not None  # noqa: S101  particulars were asked for
        drafted = _drafted(terms, found, row)
        outcomes[drafted.outcome.value] += 1
        letter = dump_case(drafted.case) if drafted.case else None
        lines.append(json_text({"entry": _entry(found, row, drafted), "letter": letter}) + "\n")
    return "".join(lines).encode(), outcomes


def draft_of(
    terms: DraftTerms, particulars: Particulars, row: ScoredRow, *, number: int
) -> RowDraft:
    """Drafts and checks the notice on a row whose particulars are whole.

    Raises:
        ServingError: the drafting refuses; the message quotes nothing personal.
    """
    case = draft_case(row, particulars, terms=terms, notice_id=terms.notice_id(number))
    assert case.record is not None  # noqa: S101  made with its facts
    verdicts = check_notice(case.notice, case.record)
    failed = [v for v in verdicts if not v.passed and v.field not in UNDECIDED_FIELDS]
    if blocked := blocking(failed):
        why = f"{len(blocked)} checks that block a release failed"
        return RowDraft(outcome=DraftOutcome.CHECKS_FAILED, why=why, failed=tuple(failed))
    return RowDraft(outcome=DraftOutcome.DRAFTED, failed=tuple(failed), case=case)


def _drafted(terms: DraftTerms, beside: Beside, row: OutputRow) -> RowDraft:
    if isinstance(row, FailedRow):
        return RowDraft(outcome=DraftOutcome.NOT_SCORED, why=f"the row has {row.error.code}")
    if not row.principal_reasons:
        return RowDraft(outcome=DraftOutcome.NOT_ADVISED)
    found = beside.particulars
    assert found is not None  # noqa: S101  a row that was scored could be read
    if found.missing or found.unreadable:
        told = {"missing": found.missing, "cannot be read": found.unreadable}
        return RowDraft(
            outcome=DraftOutcome.PARTICULARS_MISSING,
            why="; ".join(f"{', '.join(names)} {what}" for what, names in told.items() if names),
            columns=(*found.missing, *found.unreadable),
        )
    try:
        return draft_of(terms, found, row, number=beside.number)
    except ServingError as error:
        return RowDraft(outcome=DraftOutcome.NOT_DRAFTABLE, why=str(error))
    except Exception as error:  # noqa: BLE001 - a verdict of its own; its words may be personal
        kind = type(error).__name__
        log.warning("notice_not_drafted", number=beside.number, kind=kind)
        return RowDraft(outcome=DraftOutcome.NOT_DRAFTABLE, why=f"the drafting failed ({kind})")


def _entry(beside: Beside, row: OutputRow, drafted: RowDraft) -> Mapping[str, object]:
    case = drafted.case
    due = beside.due.due_on if beside.due else None
    return {
        "row": beside.number,
        "id": row.id,
        "due_on": due.isoformat() if due else None,
        "outcome": drafted.outcome.value,
        "why": drafted.why,
        "columns": list(drafted.columns),
        "notice_id": case.notice.notice_id if case else None,
        "form": case.notice.form.value if case else None,
        "open_review_reasons": [found.reason.value for found in row.review_reasons or ()],
        "failed_checks": [
            {
                "check_id": verdict.check_id,
                "severity": verdict.severity.value,
                "message": verdict.message,
            }
            for verdict in drafted.failed
        ],
    }
