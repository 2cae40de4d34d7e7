"""Whatever changes who may do what stands in the audit log: programs, their keys, people's keys."""

import shutil
from datetime import timedelta
from pathlib import Path

import pytest
import structlog
from pydantic import SecretStr
from typer.testing import CliRunner

from serving.adapters.identity.tokens import new_signing_key
from serving.adapters.sql.audit import SqlAuditTrail
from serving.adapters.sql.storage import open_identity
from serving.cases.errors import AuditFieldError
from serving.cases.events import Actor
from serving.client_commands import app as clients
from serving.identity.errors import ClientCommandError
from serving.identity.scopes import Scope
from serving.key_commands import app as keys
from serving.key_records import first_key_made
from serving.keys import list_keys
from serving.settings import Settings

LEAD = Actor(actor_id="lead-1", role="operator")


def entries_of(store, kind, object_id):
    log = SqlAuditTrail(store._engine)
    assert log.verify() == log.head
    found = log.entries(object_kind=kind, object_id=object_id)
    return [(e.action.action, e.action.actor_id, dict(e.action.versions)) for e in found]


def run(app, *arguments):
    done = CliRunner().invoke(app, arguments)
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.stdout.strip()


@pytest.fixture
def state(tmp_path, identity_state_to_copy, monkeypatch):
    """A state folder with a database, which the commands use."""
    found = Path(shutil.copytree(identity_state_to_copy, tmp_path / "deployed"))
    monkeypatch.setenv("WHEREFORE_STATE_DIR", str(found))
    return found


def test_changes_of_a_program_are_recorded_in_either_database(any_store, made):
    narrow = made.client(only=frozenset({Scope.SCORE, Scope.BACKLOGS}))
    any_store.add_client(narrow, secret_sha256="1" * 64, by=LEAD)
    any_store.change_client("loan-system", is_disabled=True, by=LEAD)
    any_store.change_client("loan-system", is_disabled=False)
    later = made.start + timedelta(days=9)
    any_store.change_client("loan-system", secret_sha256="2" * 64, expires_at=later, by=LEAD)
    any_store.change_client("loan-system", expires_at=later)
    any_store.withdraw_tokens("loan-system", by=LEAD)
    assert not any_store.withdraw_tokens("nobody", by=LEAD)
    assert entries_of(any_store, "client", "loan-system") == [
        ("client_entered", "lead-1", {"role": "batch", "only": "backlogs/score"}),
        ("client_disabled", "lead-1", {}),
        ("client_enabled", "operator", {}),
        ("client_secret_renewed", "lead-1", {}),
        ("client_extended", "operator", {}),
        ("client_tokens_withdrawn", "lead-1", {}),
    ]
    assert entries_of(any_store, "client", "nobody") == []


def test_what_was_refused_is_not_recorded(any_store, made):
    any_store.add_client(made.client(), secret_sha256="1" * 64)
    with pytest.raises(ClientCommandError):
        any_store.add_client(made.client(), secret_sha256="2" * 64, by=LEAD)
    entered = [("client_entered", "operator", {"role": "batch"})]
    assert entries_of(any_store, "client", "loan-system") == entered


def test_keys_that_sign_tokens_are_recorded_by_their_ids(any_store, made):
    new = new_signing_key(made.start)
    any_store.rotate_signing_key(
        new, now=made.start, rotation=made.rotation, lifetime=made.lifetime
    )
    any_store.drop_signing_keys(by=LEAD)
    made_by_server = [("signing_key_made", "wherefore", {})]
    assert entries_of(any_store, "signing_key", new.key_id) == made_by_server
    assert entries_of(any_store, "signing_key", "all") == [("signing_keys_destroyed", "lead-1", {})]


def test_the_command_on_programs_says_who_runs_it(state):
    run(clients, "add", "loan-system", "--by", "lead-1")
    run(clients, "disable", "loan-system")
    with open_identity(Settings(state_dir=state)) as store:
        found = entries_of(store, "client", "loan-system")
    assert [(word, who) for word, who, _ in found] == [
        ("client_entered", "lead-1"),
        ("client_disabled", "operator"),
    ]


def test_keys_of_people_are_recorded_by_their_ids_and_never_themselves(state):
    key = run(keys, "add", "dana", "--role", "batch", "--only", "score", "--by", "lead-1")
    [listed] = list_keys(state)
    with structlog.testing.capture_logs():
        assert run(keys, "revoke", "dana") == "1 key revoked"
    with open_identity(Settings(state_dir=state)) as store:
        found = entries_of(store, "api_key", listed.key_id)
        lines = b"".join(SqlAuditTrail(store._engine).lines())
    assert found == [
        ("key_made", "lead-1", {"role": "batch", "only": "score", "person": "dana"}),
        ("key_revoked", "operator", {"role": "batch", "person": "dana"}),
    ]
    assert key.encode() not in lines


def test_where_no_database_is_keys_are_made_all_the_same(tmp_path, monkeypatch):
    monkeypatch.setenv("WHEREFORE_STATE_DIR", str(tmp_path / "elsewhere"))
    assert run(keys, "add", "dana").startswith("wf_")
    assert run(keys, "revoke", "dana") == "1 key revoked"
    assert {path.name for path in (tmp_path / "elsewhere").iterdir()} <= {
        "api_keys.json",
        ".api_keys.json.lock",
    }


def test_a_key_that_cannot_be_recorded_is_not_left_behind(state):
    with pytest.raises(AuditFieldError):
        run(keys, "add", "dana", "--by", "Dana Whitlow")
    assert list_keys(state) == []


def test_the_key_of_the_first_start_is_recorded_as_made_by_the_server(state):
    with open_identity(Settings(state_dir=state)) as store:
        recorded = first_key_made(SecretStr("wf_first"))
        store.record(recorded)
        found = entries_of(store, "api_key", recorded.object_id)
    assert found == [("key_made", "wherefore", {"role": "underwriter", "person": "person-1"})]
