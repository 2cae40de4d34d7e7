"""The clocks against a table of dates made by hand: tests/data/clock_dates.csv."""

import csv
from datetime import date, timedelta
from pathlib import Path

import pytest

from serving.cases.clock import ClockKind
from serving.cases.decisions import Outcome
from serving.cases.events import ApplicantKind, ReasonsRequested
from serving.cases.keeping_events import RetentionRequested
from serving.cases.notice_events import NoticePurpose

TABLE = Path(__file__).parents[2] / "data" / "clock_dates.csv"
with TABLE.open(encoding="utf-8", newline="") as file:
    ROWS = list(csv.DictReader(file))


def action_taken(new, at, **fields):
    return new("2023-12-01", **fields).complete(at), ClockKind.ACTION_TAKEN


def action_after_items(new, at, **fields):
    told = new("2023-12-01", **fields)
    told = told.ask_for_items("2023-12-04", respond_by="2029-01-01").complete(at)
    return told, ClockKind.ACTION_TAKEN


def incomplete_application(new, at, **fields):
    return new(at, **fields), ClockKind.INCOMPLETE_APPLICATION


def _offered(new, **fields):
    told = new("2023-12-01", **fields).complete("2023-12-02").assess("2023-12-03")
    return told.decide("2023-12-04", Outcome.COUNTEROFFER)


def counteroffer(new, at, **fields):
    return _offered(new, **fields).notify(at, NoticePurpose.COUNTEROFFER), ClockKind.COUNTEROFFER


def account_adverse_action(new, at, **fields):
    told = new("2023-12-01", account=True, **fields).assess("2023-12-03")
    return told.decide(at, Outcome.ACCOUNT_ADVERSE_ACTION), ClockKind.ACCOUNT_ADVERSE_ACTION


def adverse_action_on_incomplete(new, at, **fields):
    told = new("2023-12-01", **fields).assess("2023-12-03").decide(at, Outcome.DENY)
    return told, ClockKind.ADVERSE_ACTION_ON_INCOMPLETE


def _denied(new, **fields):
    told = new("2023-12-01", **fields).complete("2023-12-02").assess("2023-12-03")
    return told.decide("2023-12-04", Outcome.DENY)


def reasons_request_window(new, at, **fields):
    told = _denied(new, **fields).notify(at, reasons_on_request=True)
    return told, ClockKind.REASONS_REQUEST_WINDOW


def reasons_statement(new, at, **fields):
    notified = (date.fromisoformat(at) - timedelta(days=60)).isoformat()
    told = _denied(new, **fields).notify(notified, reasons_on_request=True)
    return told.add(ReasonsRequested, at), ClockKind.REASONS_STATEMENT


def retention(new, at, **fields):
    return _denied(new, **fields).notify(at), ClockKind.RETENTION


def retention_after_request(new, at, **fields):
    told, kind = retention(new, at, **fields)
    if fields["applicant"] is ApplicantKind.LARGE_BUSINESS:
        told.add(RetentionRequested, (date.fromisoformat(at) + timedelta(days=60)).isoformat())
    return told, kind


def retention_withdrawn(new, at, **fields):
    decided = (date.fromisoformat(at) + timedelta(days=9)).isoformat()
    return new(at, **fields).decide(decided, Outcome.WITHDRAWN), ClockKind.RETENTION


RULES = {
    rule.__name__: rule
    for rule in (
        action_taken,
        action_after_items,
        incomplete_application,
        counteroffer,
        account_adverse_action,
        adverse_action_on_incomplete,
        reasons_request_window,
        reasons_statement,
        retention,
        retention_after_request,
        retention_withdrawn,
    )
}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['rule']}-{row['moment']}")
def test_a_due_date_is_the_one_worked_out_by_hand(story, row):
    told, kind = RULES[row["rule"]](
        story,
        row["moment"],
        applicant=ApplicantKind(row["applicant"]),
        zone=row["time_zone"],
    )
    clock = told.clock(kind)
    assert clock is not None
    assert clock.due_on.isoformat() == row["due_on"], row["reasoning"]


def test_the_table_covers_every_rule_and_has_rows_enough():
    assert {row["rule"] for row in ROWS} == set(RULES)
    assert len(ROWS) >= 60
    assert len({tuple(row.values()) for row in ROWS}) == len(ROWS)
