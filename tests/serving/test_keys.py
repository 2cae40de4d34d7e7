import json
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import structlog
from pydantic import SecretStr
from typer.testing import CliRunner

from serving.errors import KeyFileError
from serving.identity.person import DEFAULT_ROLE, Person
from serving.identity.scopes import OF_ROLES, Scope
from serving.identity.validity import in_days
from serving.key_commands import app
from serving.key_file import KEY_FILE_NAME, read_people
from serving.keys import (
    FIRST_PERSON_ID,
    ApiKeys,
    add_key,
    list_keys,
    open_api_keys,
    revoke_keys,
)


def test_the_first_start_makes_a_key_and_later_starts_do_not(tmp_path):
    first = open_api_keys(tmp_path / "state")
    second = open_api_keys(tmp_path / "state")
    key = first.new_key.get_secret_value()
    assert second.new_key is None
    assert first.accept(key)
    assert second.accept(key)


def test_the_key_file_is_its_owners_alone_and_does_not_hold_the_key(tmp_path):
    keys = open_api_keys(tmp_path / "state")
    path = tmp_path / "state" / KEY_FILE_NAME
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert keys.new_key.get_secret_value() not in path.read_text()


@pytest.mark.parametrize("wrong", ["", "wf_", "wf_" + "A" * 43, "ключ", "\ud800"])
def test_another_key_is_not_accepted(tmp_path, wrong):
    assert not open_api_keys(tmp_path).accept(wrong)


def test_the_stored_hash_itself_is_not_accepted(tmp_path):
    keys = open_api_keys(tmp_path)
    stored = json.loads((tmp_path / KEY_FILE_NAME).read_text())["keys"][0]["sha256"]
    assert not keys.accept(stored)


def test_a_configured_key_is_the_only_one_and_leaves_no_file(tmp_path):
    keys = open_api_keys(tmp_path / "state", configured=SecretStr("k" * 32))
    assert keys.accept("k" * 32)
    assert keys.new_key is None
    assert not (tmp_path / "state").exists()


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"keys": [{}]}', '{"keys": 4}', "\x00"])
def test_a_broken_key_file_is_refused_in_one_sentence(tmp_path, content):
    (tmp_path / KEY_FILE_NAME).write_text(content)
    with pytest.raises(KeyFileError, match="is not an API key file") as caught:
        open_api_keys(tmp_path)
    assert "\n" not in str(caught.value)


def test_a_key_file_made_elsewhere_is_read_and_followed_and_no_first_key_made(tmp_path):
    made = tmp_path / "made"
    key = add_key(made, Person(person_id="a", role="compliance")).get_secret_value()
    keys = open_api_keys(tmp_path / "state", key_file=made / KEY_FILE_NAME)
    assert keys.new_key is None
    assert not (tmp_path / "state").exists()
    assert keys.person_of(key).role == "compliance"
    another = add_key(made, Person(person_id="b")).get_secret_value()
    assert keys.person_of(another).person_id == "b"


def test_a_key_file_made_elsewhere_that_is_not_there_is_named_with_its_setting(tmp_path):
    with pytest.raises(KeyFileError, match=r"keys\.json cannot be read .*WHEREFORE_KEY_FILE"):
        open_api_keys(tmp_path, key_file=tmp_path / "keys.json")


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_a_key_file_that_others_could_add_a_key_to_is_refused(tmp_path, mode):
    add_key(tmp_path, Person(person_id="a"))
    (tmp_path / KEY_FILE_NAME).chmod(mode)
    with pytest.raises(KeyFileError, match=f"mode {mode:04o}.*chmod 600"):
        open_api_keys(tmp_path)


def test_a_state_directory_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "state").write_text("")
    with pytest.raises(KeyFileError, match="WHEREFORE_STATE_DIR"):
        open_api_keys(tmp_path / "state")


def test_the_first_key_is_a_person_and_each_further_one_another(tmp_path):
    first = open_api_keys(tmp_path)
    second = add_key(tmp_path, Person(person_id="compliance-2", role="compliance", name="Q"))
    keys = open_api_keys(tmp_path)
    made = keys.person_of(first.new_key.get_secret_value())
    assert (made.person_id, made.role) == (FIRST_PERSON_ID, DEFAULT_ROLE)
    assert in_days(364) < made.expires_at <= in_days(365)
    assert keys.person_of(second.get_secret_value()).person_id == "compliance-2"
    assert keys.person_of("wf_other") is None
    assert [listed.person.name for listed in list_keys(tmp_path)] == [None, "Q"]
    assert stat.S_IMODE((tmp_path / KEY_FILE_NAME).stat().st_mode) == 0o600


def test_a_key_added_later_is_taken_by_a_running_server(tmp_path):
    keys = open_api_keys(tmp_path)
    later = add_key(tmp_path, Person(person_id="compliance-2")).get_secret_value()
    assert keys.person_of(later).person_id == "compliance-2"


def test_a_key_taken_out_of_the_file_is_not_accepted_any_more(tmp_path):
    keys = open_api_keys(tmp_path)
    (tmp_path / KEY_FILE_NAME).write_text('{"keys": []}')
    assert not keys.accept(keys.new_key.get_secret_value())


@pytest.mark.parametrize("content", [None, "", "{"])
def test_a_key_file_that_breaks_locks_nobody_out(tmp_path, content):
    keys = open_api_keys(tmp_path)
    path = tmp_path / KEY_FILE_NAME
    path.unlink() if content is None else path.write_text(content)
    assert keys.accept(keys.new_key.get_secret_value())


def test_a_key_from_before_people_had_ids_is_a_person_of_its_own(tmp_path):
    keys = open_api_keys(tmp_path)
    path = tmp_path / KEY_FILE_NAME
    [entry] = json.loads(path.read_text())["keys"]
    path.write_text(json.dumps({"keys": [{"sha256": entry["sha256"]}]}))
    person = keys.person_of(keys.new_key.get_secret_value())
    assert person == Person(person_id=f"key-{entry['sha256'][:8]}", role=DEFAULT_ROLE)


@pytest.mark.parametrize(
    "person",
    [
        Person(person_id=""),
        Person(person_id="Dana Whitlow"),
        Person(person_id="x" * 64),
        Person(person_id="dana", role="Chief of all"),
        Person(person_id="dana", name="x" * 201),
    ],
)
def test_an_id_role_or_name_that_is_not_usable_makes_no_key(tmp_path, person):
    with pytest.raises(KeyFileError, match="expected") as caught:
        add_key(tmp_path, person)
    assert "Dana" not in str(caught.value)
    assert list_keys(tmp_path) == []


def test_the_command_prints_a_key_once_and_lists_people(monkeypatch, tmp_path):
    monkeypatch.setenv("WHEREFORE_STATE_DIR", str(tmp_path))
    made = CliRunner().invoke(app, ["add", "compliance-2", "--role", "compliance"])
    key = made.stdout.strip()
    assert open_api_keys(tmp_path).person_of(key).role == "compliance"
    listed = CliRunner().invoke(app, ["list"])
    [columns] = [line.split("\t") for line in listed.stdout.splitlines()]
    assert columns[1:3] == ["compliance-2", "compliance"]
    assert columns[-1] == in_days(365).date().isoformat()
    assert key not in listed.stdout


def test_a_permission_comes_with_the_role_or_with_the_key(tmp_path):
    monitoring = frozenset({Scope.ENTER_MONITORING})
    given = [
        Person(person_id="underwriter-1"),
        Person(person_id="compliance-2", role="compliance"),
        Person(person_id="intake-3", permissions=monitoring),
    ]
    keys = [add_key(tmp_path, person).get_secret_value() for person in given]
    found = [open_api_keys(tmp_path).person_of(key) for key in keys]
    assert [person.principal.may(Scope.EXPORT_CASES) for person in found] == [False, True, False]
    assert [person.principal.may(Scope.ENTER_MONITORING) for person in found] == [
        False,
        False,
        True,
    ]


def test_a_permission_that_nobody_knows_makes_no_key_file(tmp_path):
    key = open_api_keys(tmp_path)
    path = tmp_path / KEY_FILE_NAME
    stored = json.loads(path.read_text())
    stored["keys"][0]["permissions"] = ["everything"]
    path.write_text(json.dumps(stored))
    with pytest.raises(KeyFileError, match="is not an API key file"):
        open_api_keys(tmp_path)
    assert key.accept(key.new_key.get_secret_value())


def test_the_command_gives_and_lists_permissions(monkeypatch, tmp_path):
    monkeypatch.setenv("WHEREFORE_STATE_DIR", str(tmp_path))
    made = CliRunner().invoke(app, ["add", "intake-3", "--permit", "enter_monitoring"])
    person = open_api_keys(tmp_path).person_of(made.stdout.strip())
    assert person.permissions == {Scope.ENTER_MONITORING}
    assert "\t\tenter_monitoring\t\t" in CliRunner().invoke(app, ["list"]).stdout
    assert CliRunner().invoke(app, ["add", "x", "--permit", "all"]).exit_code == 2


def test_a_key_may_do_what_its_role_brings_or_less(tmp_path):
    score = frozenset({Scope.SCORE})
    whole = add_key(tmp_path, Person(person_id="batch-1", role="batch")).get_secret_value()
    less = add_key(tmp_path, Person(person_id="b", role="batch", only=score)).get_secret_value()
    keys = open_api_keys(tmp_path)
    assert keys.person_of(whole).scopes == OF_ROLES["batch"]
    assert keys.person_of(less).scopes == score


@pytest.mark.parametrize(
    "person",
    [
        Person(person_id="a", role="batch", permissions=frozenset({Scope.DECIDE})),
        Person(person_id="a", role="batch", only=frozenset({Scope.DECIDE})),
        Person(person_id="a", role="batch", only=frozenset({Scope.SCORE, Scope.DECIDE})),
        Person(person_id="a", role="intake"),
    ],
)
def test_no_key_is_made_with_more_than_a_role_can_bring_or_with_nothing(tmp_path, person):
    with pytest.raises(KeyFileError, match="expected"):
        add_key(tmp_path, person)


def test_a_key_is_accepted_until_it_expires(tmp_path):
    soon = datetime.now(UTC) + timedelta(hours=1)
    key = add_key(tmp_path, Person(person_id="a", expires_at=soon)).get_secret_value()
    assert open_api_keys(tmp_path).accept(key)
    stored = json.loads((tmp_path / KEY_FILE_NAME).read_text())
    stored["keys"][0]["expires_at"] = "2026-01-01T00:00:00+00:00"
    (tmp_path / KEY_FILE_NAME).write_text(json.dumps(stored))
    assert not open_api_keys(tmp_path).accept(key)


def test_a_key_of_a_role_from_an_older_file_keeps_its_permissions_only(tmp_path):
    key = add_key(tmp_path, Person(person_id="intake-3", role="batch")).get_secret_value()
    stored = json.loads((tmp_path / KEY_FILE_NAME).read_text())
    stored["keys"][0] |= {"role": "intake", "permissions": ["enter_monitoring"]}
    (tmp_path / KEY_FILE_NAME).write_text(json.dumps(stored))
    with structlog.testing.capture_logs() as logs:
        person = open_api_keys(tmp_path).person_of(key)
    assert person.scopes == {Scope.ENTER_MONITORING}
    assert [(log["event"], log["role"]) for log in logs] == [("key_role_unknown", "intake")]


def test_a_key_or_all_keys_of_a_person_are_revoked_at_once(tmp_path):
    given = [add_key(tmp_path, Person(person_id=p)).get_secret_value() for p in "aab"]
    keys = open_api_keys(tmp_path)
    assert revoke_keys(tmp_path, list_keys(tmp_path)[2].key_id) == 1
    assert [keys.accept(key) for key in given] == [True, True, False]
    assert revoke_keys(tmp_path, "a") == 2
    assert not any(map(keys.accept, given))
    with pytest.raises(KeyFileError, match="no key has this id"):
        revoke_keys(tmp_path, "a")


def test_a_key_revoked_while_a_server_starts_is_refused_by_it(tmp_path):
    key = add_key(tmp_path, Person(person_id="a")).get_secret_value()
    read_at_start = read_people(tmp_path / KEY_FILE_NAME)
    revoke_keys(tmp_path, "a")
    assert not ApiKeys(read_at_start, path=tmp_path / KEY_FILE_NAME).accept(key)


def test_keys_that_are_made_at_once_are_all_kept(tmp_path):
    def make(number):
        return add_key(tmp_path, Person(person_id=f"p-{number}")).get_secret_value()

    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(make, range(24)))
    assert all(map(open_api_keys(tmp_path).accept, made))


def test_of_servers_that_start_at_once_one_makes_the_first_key(tmp_path):
    with ThreadPoolExecutor(8) as pool:
        keys = list(pool.map(lambda _: open_api_keys(tmp_path), range(8)))
    [shown] = [found.new_key for found in keys if found.new_key]
    assert all(found.accept(shown.get_secret_value()) for found in keys)
    assert len(list_keys(tmp_path)) == 1


def test_the_command_narrows_and_revokes(monkeypatch, tmp_path):
    monkeypatch.setenv("WHEREFORE_STATE_DIR", str(tmp_path))
    made = CliRunner().invoke(app, ["add", "a", "--only", "score", "--days", "2"])
    person = open_api_keys(tmp_path).person_of(made.stdout.strip())
    assert person.scopes == {Scope.SCORE}
    assert person.expires_at <= in_days(2)
    assert CliRunner().invoke(app, ["revoke", "a"]).stdout == "1 key revoked\n"
    assert CliRunner().invoke(app, ["list"]).stdout == ""
