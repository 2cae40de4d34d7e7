import json
import stat

import pytest
from pydantic import SecretStr
from typer.testing import CliRunner

from serving.errors import KeyFileError
from serving.key_commands import app
from serving.keys import (
    DEFAULT_ROLE,
    FIRST_PERSON_ID,
    KEY_FILE_NAME,
    Person,
    add_key,
    list_people,
    open_api_keys,
)
from serving.permissions import Permission


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


def test_a_state_directory_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "state").write_text("")
    with pytest.raises(KeyFileError, match="WHEREFORE_STATE_DIR"):
        open_api_keys(tmp_path / "state")


def test_the_first_key_is_a_person_and_each_further_one_another(tmp_path):
    first = open_api_keys(tmp_path)
    second = add_key(tmp_path, Person(person_id="compliance-2", role="compliance", name="Q"))
    keys = open_api_keys(tmp_path)
    assert keys.person_of(first.new_key.get_secret_value()) == Person(person_id=FIRST_PERSON_ID)
    assert keys.person_of(second.get_secret_value()).person_id == "compliance-2"
    assert keys.person_of("wf_other") is None
    assert [person.name for person in list_people(tmp_path)] == [None, "Q"]
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
    assert list_people(tmp_path) == []


def test_the_command_prints_a_key_once_and_lists_people(monkeypatch, tmp_path):
    monkeypatch.setenv("WHEREFORE_STATE_DIR", str(tmp_path))
    made = CliRunner().invoke(app, ["add", "compliance-2", "--role", "compliance"])
    key = made.stdout.strip()
    assert open_api_keys(tmp_path).person_of(key).role == "compliance"
    listed = CliRunner().invoke(app, ["list"])
    assert listed.stdout == "compliance-2\tcompliance\n"


def test_a_permission_comes_with_the_role_or_with_the_key(tmp_path):
    monitoring = frozenset({Permission.ENTER_MONITORING})
    given = [
        Person(person_id="underwriter-1"),
        Person(person_id="compliance-2", role="compliance"),
        Person(person_id="intake-3", permissions=monitoring),
    ]
    keys = [add_key(tmp_path, person).get_secret_value() for person in given]
    found = [open_api_keys(tmp_path).person_of(key) for key in keys]
    assert [person.may(Permission.EXPORT_CASES) for person in found] == [False, True, False]
    assert [person.may(Permission.ENTER_MONITORING) for person in found] == [False, False, True]


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
    assert person.permissions == {Permission.ENTER_MONITORING}
    assert CliRunner().invoke(app, ["list"]).stdout.endswith("\t\tenter_monitoring\n")
    assert CliRunner().invoke(app, ["add", "x", "--permit", "all"]).exit_code == 2
