"""`wherefore notice draft|check|render|release|sent` on the database of the settings."""

import logging

import pytest
import structlog
from typer.testing import CliRunner

from serving.adapters.sql.storage import open_storage
from serving.cases.decisions import Outcome
from serving.cases.errors import EventTimeError, IllegalEventError, SecondPersonError
from serving.cases.events import Actor
from serving.cases.store_errors import UnknownCaseError, UnknownNoticeError
from serving.casework import deciding, intake
from serving.casework.desk import Desk
from serving.casework.errors import FactsError
from serving.casework.printing import Rendering
from serving.errors import KeyFileError, NotPermittedError, UnauthorizedError
from serving.identity.scopes import Scope
from serving.key_file import KEY_FILE_NAME
from serving.keys import Person, add_key
from serving.notice_commands import app
from serving.notices.case_file import dump_case
from serving.notices.forms import NoticeForm
from serving.notices.samples import sample_case
from serving.settings import Settings


@pytest.fixture(autouse=True)
def _logs_as_before():
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def state(tmp_path, monkeypatch):
    """The state directory of the settings, empty."""
    directory = tmp_path / "state"
    monkeypatch.setenv("WHEREFORE_STATE_DIR", str(directory))
    return directory


@pytest.fixture
def key_files(state, tmp_path):
    """One file per person with their key in it."""
    people = (
        Person(person_id="underwriter-1"),
        Person(person_id="underwriter-4"),
        Person(person_id="compliance-2", role="compliance"),
        Person(person_id="auditor-5", role="auditor"),
        Person(person_id="batch-6", role="batch"),
        Person(person_id="admin-7", role="admin"),
        Person(person_id="compliance-8", role="compliance", only=frozenset({Scope.SCORE})),
    )
    found = {}
    for person in people:
        found[person.person_id] = tmp_path / person.person_id
        key = add_key(state, person).get_secret_value()
        found[person.person_id].write_text(key + "\n")
    return found


@pytest.fixture
def denied(state, make_office):
    """The id of a case that was denied, in the past: commands go by the machine's time."""
    with open_storage(Settings(state_dir=state)) as storage:
        office = make_office(storage)
        office.clock.go_to("2026-11-12")
        return office.denied()


@pytest.fixture
def run(key_files):
    def invoke(*arguments, by="underwriter-1"):
        words = [*map(str, arguments), "--key-file", str(key_files[by])]
        return CliRunner().invoke(app, words)

    return invoke


def test_a_notice_is_drafted_checked_printed_and_released_by_two_people(
    run, denied, state, tmp_path
):
    drafted = run("draft", denied, "--form", "c-2")
    assert drafted.exit_code == 0, drafted.exception
    notice_id = drafted.stdout.strip()
    assert run("check", notice_id).exit_code == 0
    letter = tmp_path / "letter.txt"
    assert run("render", notice_id, letter).exit_code == 0
    released = run("release", notice_id, by="compliance-2")
    assert released.stdout.strip().endswith("released")
    with open_storage(Settings(state_dir=state)) as storage:
        kept = storage.cases.notice(notice_id).content.renderings
        assert kept[Rendering.TEXT] == letter.read_bytes()


def test_who_drafted_does_not_release(run, denied):
    notice_id = run("draft", denied, by="compliance-2").stdout.strip()
    assert run("check", notice_id).exit_code == 0
    refused = run("release", notice_id, by="compliance-2")
    assert isinstance(refused.exception, SecondPersonError)


NO_CASES = ("batch-6", "admin-7", "compliance-8")


@pytest.mark.parametrize(
    ("arguments", "scope", "refused"),
    [
        (("draft", "CASE"), Scope.WRITE_NOTICES, ("auditor-5", *NO_CASES)),
        (("check", "n-00"), Scope.WRITE_NOTICES, ("auditor-5", *NO_CASES)),
        (("render", "n-00", "n.txt"), Scope.READ_CASES, NO_CASES),
        (("release", "n-00"), Scope.RELEASE_NOTICES, ("underwriter-1", "auditor-5", *NO_CASES)),
        (("sent", "n-00"), Scope.WRITE_NOTICES, ("auditor-5", *NO_CASES)),
    ],
)
def test_a_key_does_no_more_at_the_command_line_than_over_http(run, arguments, scope, refused):
    for person_id in refused:
        error = run(*arguments, by=person_id).exception
        assert isinstance(error, NotPermittedError), person_id
        assert error.scope is scope


def test_the_case_of_somebody_else_is_not_there_at_the_command_line_either(
    run, denied, state, tmp_path
):
    notice_id = run("draft", denied).stdout.strip()
    with open_storage(Settings(state_dir=state)) as storage:
        by = Actor(actor_id="compliance-2", role="compliance")
        intake.assign(Desk(storage=storage), denied, "underwriter-1", by=by)
    letter = tmp_path / "letter.txt"
    assert isinstance(run("draft", denied, by="underwriter-4").exception, UnknownCaseError)
    for arguments in (("check", notice_id), ("render", notice_id, letter), ("sent", notice_id)):
        refused = run(*arguments, by="underwriter-4")
        assert isinstance(refused.exception, UnknownNoticeError), arguments
    assert run("render", notice_id, letter, by="auditor-5").exit_code == 0
    assert run("check", notice_id).exit_code == 0


def test_people_whose_keys_were_made_elsewhere_are_known_at_the_command_line_too(
    run, denied, key_files, tmp_path, monkeypatch
):
    elsewhere = tmp_path / "elsewhere"
    key = add_key(elsewhere, Person(person_id="underwriter-3")).get_secret_value()
    key_files["underwriter-3"] = tmp_path / "underwriter-3"
    key_files["underwriter-3"].write_text(key)
    assert isinstance(run("draft", denied, by="underwriter-3").exception, UnauthorizedError)
    monkeypatch.setenv("WHEREFORE_KEY_FILE", str(elsewhere / KEY_FILE_NAME))
    assert run("draft", denied, by="underwriter-3").exit_code == 0


def test_files_are_checked_and_printed_without_a_key(tmp_path):
    file = tmp_path / "notice.json"
    file.write_text(dump_case(sample_case(NoticeForm.C1)))
    assert CliRunner().invoke(app, ["check", str(file)]).exit_code == 0
    assert CliRunner().invoke(app, ["render", str(file), str(tmp_path / "n.txt")]).exit_code == 0
    assert CliRunner().invoke(app, ["sample", "C-1", str(tmp_path / "s.json")]).exit_code == 0


def test_who_has_no_key_does_nothing(denied, state, key_files, tmp_path):
    wrong = tmp_path / "wrong"
    wrong.write_text("wf_nobody")
    for file, error in [(wrong, UnauthorizedError), (tmp_path / "missing", KeyFileError)]:
        result = CliRunner().invoke(app, ["draft", denied, "--key-file", str(file)])
        assert isinstance(result.exception, error)
    asked = CliRunner().invoke(app, ["draft", denied], input="wf_nobody\n")
    assert isinstance(asked.exception, UnauthorizedError)


def test_a_form_or_a_notice_that_is_not_there_is_told(run, denied):
    assert isinstance(run("draft", denied, "--form", "C-9").exception, FactsError)
    missing = run("release", "n-00", by="compliance-2")
    assert isinstance(missing.exception, UnknownNoticeError)


def test_each_recipients_notice_is_drafted_and_released(run, state, make_office, make_applicant):
    with open_storage(Settings(state_dir=state)) as storage:
        office = make_office(storage)
        office.clock.go_to("2026-11-12")
        case_id = office.denied(applicants=(make_applicant(), make_applicant(2)))
    drafted = run("draft", case_id)
    [only] = drafted.stdout.split()
    assert run("check", only).exit_code == 0
    with open_storage(Settings(state_dir=state)) as storage:
        assert storage.cases.load(case_id).case.notice(only).draft.consumer_id is None
    nobody = run("draft", case_id, "--consumer", "consumer-2")
    assert isinstance(nobody.exception, IllegalEventError)
    assert run("release", only, only, by="compliance-2").stdout.count("released") == 1


@pytest.fixture
def stored(state, make_office):
    """Does something at an office over the state directory, in the past."""

    def work(do):
        with open_storage(Settings(state_dir=state)) as storage:
            office = make_office(storage)
            office.clock.go_to("2026-11-12")
            return do(office)

    return work


def countered(office):
    case_id = office.assessed()
    command = office.denial(case_id, outcome=Outcome.COUNTEROFFER)
    deciding.decide(office.desk, case_id, command, by=Actor(actor_id="u-9", role="underwriter"))
    return case_id


def test_offer_and_reasons_go_out_in_one_letter_and_leave_nothing_due(run, stored, state):
    case_id = stored(countered)
    terms = ("--term", "Amount=$12,000.00", "--term", "Term = 48 months")
    drafted = run("draft", case_id, *terms, "--respond-by", "2099-01-31")
    assert drafted.exit_code == 0, drafted.exception
    notice_id = drafted.stdout.strip()
    assert run("check", notice_id).exit_code == 0
    assert run("release", notice_id, by="compliance-2").exit_code == 0
    told = run("sent", notice_id, by="compliance-2")
    assert told.stdout == "notified, counteroffer open; nothing is due\n", told.exception
    with open_storage(Settings(state_dir=state)) as storage:
        letter = storage.cases.notice(notice_id).content.renderings[Rendering.TEXT].decode()
    assert "Amount: $12,000.00" in letter
    assert "We can, however, offer you credit on the following terms" in letter


def test_what_is_missing_is_asked_for_by_command(run, stored):
    case_id = stored(lambda office: office.receive(is_complete=False))
    items = ("--item", "Pay statements of the last 30 days")
    drafted = run("draft", case_id, *items, "--respond-by", "2099-01-31")
    assert drafted.exit_code == 0, drafted.exception
    notice_id = drafted.stdout.strip()
    assert run("check", notice_id).exit_code == 0
    early = run("sent", notice_id, by="compliance-2")
    assert isinstance(early.exception, IllegalEventError)
    run("release", notice_id, by="compliance-2")
    told = run("sent", notice_id, "--at", "2026-11-01T12:00Z", by="compliance-2")
    assert isinstance(told.exception, EventTimeError)
    told = run("sent", notice_id, by="compliance-2")
    assert told.stdout == "awaiting information; nothing is due\n", told.exception


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        (("--term", "Amount $12,000"), "--term"),
        (("--term", "=$12,000"), "--term"),
        (("--accept-at", "400 Quarry Street"), "--accept-at"),
        (("--account-action", "denial"), "--account-action"),
        (("--term", "Amount=$12,000"), "counteroffer.respond_by"),
        (("--term", "Amount=$12,000", "--respond-by", "2020-01-31"), "counteroffer.respond_by"),
        ((), "counteroffer"),
    ],
)
def test_an_offer_that_cannot_be_names_field_and_clause(run, stored, arguments, field):
    refused = run("draft", stored(countered), *arguments)
    assert isinstance(refused.exception, FactsError)
    assert refused.exception.field == field
    assert "12 CFR 1002" in str(refused.exception)
