"""`wherefore records purge-due`: shows what is due, and purges it."""

from datetime import UTC, datetime

import pytest
from fake_service import run_command

from serving.adapters.sql.storage import open_storage
from serving.cases.case import Stage
from serving.purge_commands import records
from serving.settings import Settings

LONG_AGO = datetime(2020, 1, 6, 15, tzinfo=UTC)


@pytest.fixture
def settings(tmp_path, monkeypatch):
    state = tmp_path / "state"
    monkeypatch.setenv("WHEREFORE_STATE_DIR", str(state))
    return Settings(state_dir=state)


def retained(made, settings, *names, **options):
    with open_storage(settings) as storage:
        for name in names:
            made.desk(storage.cases, case_id=name, **options).deny_and_tell().retain()


def stages(settings, *names):
    with open_storage(settings) as storage:
        return [storage.cases.entry(name).stage for name in names]


def purge_due(*arguments):
    done = run_command(records, "purge-due", *arguments)
    assert done.exit_code == 0, done.output
    return done.output


def test_what_is_due_is_shown_and_purged_only_when_that_is_said(settings, made):
    retained(made, settings, "c-1", "c-2", now=LONG_AGO)
    retained(made, settings, "c-new")
    shown = purge_due()
    assert "2 cases are due to be purged\n  c-1\n  c-2\nnothing was purged" in shown
    assert "--yes" in shown
    assert stages(settings, "c-1", "c-2") == [Stage.RETAINED] * 2
    assert "2 cases are purged\n  c-1\n  c-2\n" in purge_due("--yes", "--by", "u-operator")
    assert stages(settings, "c-1", "c-2") == [Stage.PURGED] * 2
    assert stages(settings, "c-new") == [Stage.RETAINED]
    assert purge_due().startswith("0 cases are due to be purged\nnothing was purged\n")


def test_however_many_are_due_they_all_go_and_each_stands_in_the_audit_log(settings, made):
    names = [f"c-{number:03}" for number in range(120)]
    retained(made, settings, *names, now=LONG_AGO)
    assert "and 100 more" in purge_due("--yes", "--by", "u-operator")
    with open_storage(settings) as storage:
        purges = [
            entry
            for name in names
            for entry in storage.audit.entries(object_kind="case", object_id=name)
            if entry.action.action == "case_purged"
        ]
        assert {entry.action.actor_id for entry in purges} == {"u-operator"}
        assert len(purges) == 120
        assert storage.audit.verify() == storage.audit.head
