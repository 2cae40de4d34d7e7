"""Backups: made while others write, restored to what they were, refused where they are not."""

import json
import os
import shutil
import signal
import subprocess
import sys
import textwrap
import threading
import zipfile

import pytest
import sqlalchemy as sa
from alembic.script import ScriptDirectory
from pydantic import SecretStr

from serving.adapters.backup.archive import FOLDER_PREFIX
from serving.adapters.backup.errors import (
    BackupFileError,
    BackupMismatchError,
    BackupTargetError,
)
from serving.adapters.backup.restoring import restore_backup
from serving.adapters.backup.taking import make_backup
from serving.adapters.sql import tables
from serving.adapters.sql.contents import contents_of, differing
from serving.adapters.sql.engine import reading, writing
from serving.adapters.sql.rotation import retire, rotate
from serving.adapters.sql.storage import open_databases, open_monitoring, open_storage
from serving.adapters.sql.upgrade import CASES, check_version, downgrade, upgrade
from serving.cases.errors import AuditBrokenError
from serving.cases.store_errors import DatabaseVersionError, EncryptionKeyError
from serving.key_file import KEY_FILE_NAME
from serving.settings import Settings

RINGS = ("encryption_keys.json", "monitoring_keys.json")


def silent(what, done, total):
    assert 0 <= done <= total or not total, what


@pytest.fixture(params=["sqlite", "postgresql"])
def new_place(request, tmp_path):
    """Makes settings of a deployment in which nothing is yet; each call another one."""
    num_made = 0

    def make(kind=request.param, **changes):
        nonlocal num_made
        num_made += 1
        urls = {}
        if kind == "postgresql":
            make_database = request.getfixturevalue("make_database")
            names = ("database_url", "monitoring_database_url")
            urls = {name: SecretStr(make_database()) for name in names}
        return Settings(state_dir=tmp_path / f"state-{num_made}", **urls, **changes)

    return make


@pytest.fixture
def old(new_place, made):
    """A deployment with rows in every table, its service stopped."""
    settings = new_place()
    made.fill_everything(settings)
    (settings.state_dir / KEY_FILE_NAME).write_text("{}")
    return settings


@pytest.fixture
def sqlite_backup(tmp_path, made):
    """A small backup of SQLite, with its keys."""
    settings = Settings(state_dir=tmp_path / "backed-up")
    with open_storage(settings) as storage:
        made.desk(storage.cases).deny_and_tell()
    return make_backup(settings, tmp_path / "small.zip", tell=silent, with_keys=True).path


def contents(settings):
    with open_databases(settings) as found:
        result = []
        for each in found:
            with reading(each.engine) as connection:
                result.append(contents_of(connection))
        return result


def copy_rings(old, new):
    new.state_dir.mkdir(parents=True, exist_ok=True)
    for name in RINGS:
        shutil.copy(old.state_dir / name, new.state_dir / name)


def test_what_is_restored_is_every_row_as_it_was(old, new_place, tmp_path):
    before = contents(old)
    made = make_backup(old, tmp_path / "backup.zip", tell=silent)
    assert made.path.stat().st_mode & 0o777 == 0o600
    new = new_place()
    copy_rings(old, new)
    done = restore_backup(new, made.path, tell=silent)
    assert done.missing_rings == ()
    for was, now in zip(before, contents(new), strict=True):
        assert differing(was, now) == {}
        assert all(table.num_rows for table in now.values())
    for name, found in made.manifest.databases.items():
        was = before[("cases", "monitoring").index(name)]
        assert {n: t.num_rows for n, t in found.tables.items()} == {
            n: t.num_rows for n, t in was.items()
        }
    assert (new.state_dir / KEY_FILE_NAME).read_text() == "{}"
    for path in new.state_dir.iterdir():
        assert path.stat().st_mode & 0o077 == 0, path
    assert not list(tmp_path.rglob(f"{FOLDER_PREFIX}*"))


def test_what_is_restored_works_on(old, new_place, tmp_path, made):
    backup = make_backup(old, tmp_path / "backup.zip", tell=silent, with_keys=True)
    new = new_place()
    restore_backup(new, backup.path, tell=silent)
    with open_storage(old) as was, open_storage(new) as now:
        head = was.audit.verify()
        assert now.audit.verify() == head == now.audit.head
        with reading(now._engine) as connection:
            case_ids = connection.scalars(sa.select(tables.applications.c.case_id)).all()
        assert len(case_ids) >= 3
        purged = 0
        for case_id in case_ids:
            if now.cases.entry(case_id).stage == "purged":
                purged += 1
                continue
            assert now.cases.load(case_id) == was.cases.load(case_id)
            assert now.cases.file(case_id) == was.cases.file(case_id)
        assert purged == 1
        made.desk(now.cases).deny_and_tell()
        assert now.audit.verify().sequence == head.sequence + 8
    with open_monitoring(old) as was, open_monitoring(new) as now:
        kept = list(now.case_ids())
        assert kept
        assert [now.records(c) for c in kept] == [was.records(c) for c in kept]


def test_a_backup_among_writers_is_of_one_moment(new_place, tmp_path, made):
    settings, ended = new_place(), threading.Event()

    def write(storage):
        while not ended.is_set():
            made.desk(storage.cases).open().complete().assess()

    with open_storage(settings) as storage:
        made.desk(storage.cases).deny_and_tell()
        writers = [threading.Thread(target=write, args=(storage,)) for _ in range(2)]
        for writer in writers:
            writer.start()
        try:
            backup = make_backup(settings, tmp_path / "backup.zip", tell=silent, with_keys=True)
            after = storage.audit.head.sequence
        finally:
            ended.set()
            for writer in writers:
                writer.join()
    new = new_place()
    restore_backup(new, backup.path, tell=silent)
    with open_storage(new) as now:
        head = now.audit.verify()
        assert 8 <= head.sequence == backup.manifest.head.sequence <= after
        with reading(now._engine) as connection:
            wanted = sa.select(tables.case_states.c.case_id, tables.case_states.c.num_events)
            states = connection.execute(wanted).all()
        assert sum(state.num_events for state in states) == head.sequence
        for state in states:
            stored = now.cases.load(state.case_id)
            assert stored.num_events == state.num_events
            entries = now.audit.entries(object_kind="case", object_id=state.case_id)
            assert [e.action.digests["event"] for e in entries] == list(stored.digests)


def test_keys_are_in_a_backup_only_where_asked_for(old, new_place, tmp_path):
    without = make_backup(old, tmp_path / "without.zip", tell=silent).path
    with_keys = make_backup(old, tmp_path / "with.zip", tell=silent, with_keys=True).path
    secrets = [(old.state_dir / name).read_bytes() for name in RINGS]
    for path, expected in ((without, 0), (with_keys, 2)):
        with zipfile.ZipFile(path) as archive:
            found = [archive.read(name) for name in archive.namelist()]
        assert sum(content in found for content in secrets) == expected
    new = new_place()
    done = restore_backup(new, without, tell=silent)
    assert [path.name for path in done.missing_rings] == list(RINGS)
    with pytest.raises(EncryptionKeyError, match="restore it"), open_storage(new):
        pass
    copy_rings(old, new)
    with open_storage(new):
        pass


def test_a_ring_of_another_deployment_is_told_before_anything_gets_its_place(
    old, new_place, tmp_path, made
):
    backup = make_backup(old, tmp_path / "backup.zip", tell=silent)
    other, new = new_place(), new_place()
    with open_storage(other):
        pass
    copy_rings(other, new)
    before = sorted(new.state_dir.iterdir())
    with pytest.raises(EncryptionKeyError, match="found the keys"):
        restore_backup(new, backup.path, tell=silent)
    assert sorted(p for p in new.state_dir.iterdir() if p.stat().st_size) == before
    copy_rings(old, new)
    restore_backup(new, backup.path, tell=silent)


def test_nothing_that_is_there_is_overwritten(old, new_place, tmp_path):
    backup = make_backup(old, tmp_path / "backup.zip", tell=silent, with_keys=True)
    kept = backup.path.read_bytes()
    with pytest.raises(BackupTargetError, match="expected none"):
        make_backup(old, backup.path, tell=silent)
    assert backup.path.read_bytes() == kept
    before = contents(old)
    with pytest.raises(BackupTargetError, match="move this one away"):
        restore_backup(old, backup.path, tell=silent)
    assert contents(old) == before
    new = new_place()
    new.state_dir.mkdir()
    (new.state_dir / KEY_FILE_NAME).write_text("another")
    with pytest.raises(BackupTargetError, match=KEY_FILE_NAME):
        restore_backup(new, backup.path, tell=silent)
    assert (new.state_dir / KEY_FILE_NAME).read_text() == "another"


def test_a_folder_gets_backups_named_by_their_time(old, tmp_path):
    folder = tmp_path / "backups"
    folder.mkdir()
    made = make_backup(old, folder, tell=silent)
    assert [path.name for path in folder.iterdir()] == [made.path.name]
    assert made.path.name == f"wherefore-{made.manifest.made_at:%Y%m%dT%H%M%SZ}.zip"


def test_a_backup_of_every_older_version_is_upgraded(old, new_place, tmp_path):
    versions = [s.revision for s in ScriptDirectory(str(CASES.directory)).walk_revisions()]
    for version in versions[1:]:
        with open_databases(old) as (cases, _):
            downgrade(cases.engine, CASES, to=version, discard=True)
        backup = make_backup(old, tmp_path / f"{version}.zip", tell=silent, with_keys=True)
        assert backup.manifest.databases["cases"].version == version
        new = new_place()
        restore_backup(new, backup.path, tell=silent)
        with open_databases(old) as (cases, _):
            upgrade(cases.engine, CASES)
        with open_databases(new) as (cases, _):
            check_version(cases.engine, CASES)
        assert contents(new) == contents(old)


def test_a_database_of_a_newer_program_is_not_backed_up(old, tmp_path):
    with open_databases(old) as (cases, _), writing(cases.engine) as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(DatabaseVersionError, match="newer program"):
        make_backup(old, tmp_path / "backup.zip", tell=silent)
    assert not list(tmp_path.glob("*.zip"))
    assert not list(tmp_path.glob(f"{FOLDER_PREFIX}*"))


def test_a_broken_audit_log_is_not_backed_up_as_if_it_were_whole(old, tmp_path):
    with open_databases(old) as (cases, _):
        downgrade(cases.engine, CASES, to="0001", discard=True)
        with writing(cases.engine) as connection:
            connection.execute(sa.text("DELETE FROM audit_log WHERE sequence = 3"))
    with pytest.raises(AuditBrokenError, match="entry 3"):
        make_backup(old, tmp_path / "backup.zip", tell=silent)
    assert not list(tmp_path.glob("*.zip"))


def test_an_error_in_the_midst_leaves_nothing_behind(old, new_place, tmp_path):
    num_told = 0

    class StopError(Exception):
        pass

    def stop_at(number):
        def tell(what, done, total):
            nonlocal num_told
            num_told += 1
            if num_told == number:
                raise StopError

        return tell

    backup = make_backup(old, tmp_path / "backup.zip", tell=stop_at(0), with_keys=True)
    for number in (1, num_told // 2, num_told):
        num_told = 0
        with pytest.raises(StopError):
            make_backup(old, tmp_path / "other.zip", tell=stop_at(number))
        assert [path.name for path in tmp_path.glob("*.zip")] == ["backup.zip"]
        assert not list(tmp_path.glob(f"{FOLDER_PREFIX}*"))
    new, num_told = new_place(), 0
    with pytest.raises(StopError):
        restore_backup(new, backup.path, tell=stop_at(3))
    assert not [path for path in new.state_dir.rglob("*") if path.stat().st_size]
    restore_backup(new, backup.path, tell=silent)


def test_an_anchor_file_that_knows_of_more_stops_a_restore(old, new_place, tmp_path, made):
    backup = make_backup(old, tmp_path / "backup.zip", tell=silent, with_keys=True)
    with open_storage(old) as storage:
        made.desk(storage.cases).open()
    kept = tmp_path / "anchors.jsonl"
    shutil.copy(old.state_dir / "audit_anchor.jsonl", kept)
    new = new_place(audit_anchor_file=kept)
    with pytest.raises(BackupTargetError, match="where the backup ends"):
        restore_backup(new, backup.path, tell=silent)
    other = new_place()
    with open_storage(other) as storage:
        made.desk(storage.cases).open()
    shutil.copy(other.state_dir / "audit_anchor.jsonl", kept)
    with pytest.raises(AuditBrokenError, match="anchored"):
        restore_backup(new, backup.path, tell=silent)
    kept.unlink()
    restore_backup(new, backup.path, tell=silent)
    assert kept.exists()


def test_keys_that_lie_in_no_file_or_rotate_are_not_taken_along(old, tmp_path):
    # What is deleted below waits for the copy, which cannot end before it.
    hurried = old.model_copy(update={"database_wait_seconds": 1.0})
    with open_databases(hurried) as (cases, monitoring):
        ring = ",".join(
            json.loads((old.state_dir / name).read_text())["keys"][0]["key"] for name in RINGS
        )
        given = old.model_copy(update={"encryption_keys": SecretStr(ring)})
        with pytest.raises(BackupMismatchError, match="WHEREFORE_ENCRYPTION_KEYS"):
            make_backup(given, tmp_path / "backup.zip", tell=silent, with_keys=True)

        def rotate_meanwhile(what, done, total):
            if what == "copying monitoring" and done == total and len(cases.ring.keys()) == 1:
                rotate(monitoring)
                retire(monitoring)
                cases.ring.add()

        with pytest.raises(BackupMismatchError, match="begin again"):
            make_backup(old, tmp_path / "backup.zip", tell=rotate_meanwhile, with_keys=True)
    assert not list(tmp_path.glob("*.zip"))


def _changed(content, change):
    half = len(content) // 2
    return {
        "empty": b"",
        "of something else": b"To whom it may concern",
        "half": content[:half],
        "a byte short": content[:-1],
        "a bit changed": content[:half] + bytes([content[half] ^ 1]) + content[half + 1 :],
    }[change]


@pytest.mark.parametrize(
    "change", ["empty", "of something else", "half", "a byte short", "a bit changed"]
)
def test_a_file_that_is_no_whole_backup_is_told_and_nothing_written(
    sqlite_backup, tmp_path, change
):
    content = sqlite_backup.read_bytes()
    broken = tmp_path / "broken.zip"
    broken.write_bytes(_changed(content, change))
    new = Settings(state_dir=tmp_path / "new")
    with pytest.raises(BackupFileError) as told:
        restore_backup(new, broken, tell=silent)
    assert "found" in str(told.value)
    assert "expected a whole one" in str(told.value)
    assert "another copy" in str(told.value)
    assert not new.state_dir.exists()


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(BackupFileError, match="No such file"):
        restore_backup(Settings(state_dir=tmp_path / "new"), tmp_path / "no.zip", tell=silent)
    with pytest.raises(BackupFileError, match="cannot be written"):
        make_backup(Settings(state_dir=tmp_path / "new"), tmp_path / "no" / "x.zip", tell=silent)


def rewritten(path, target, *, manifest=lambda m: m, members=lambda _, content: content):
    """Writes an archive again, with another manifest or other members."""
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "manifest.json":
                content = json.dumps(manifest(json.loads(content)))
            else:
                content = members(name, content)
            if content is not None:
                new.writestr(name, content)
    return target


def _counting_wrong(manifest):
    manifest["databases"]["cases"]["tables"]["events"]["num_rows"] += 1
    return manifest


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"manifest": lambda m: m | {"format": 2}}, BackupFileError, "another version"),
        ({"manifest": lambda m: m | {"mark": "x"}}, BackupFileError, "something else"),
        ({"manifest": lambda m: m | {"more": 1}}, BackupFileError, "damaged list"),
        ({"manifest": lambda m: m | {"databases": {}}}, BackupFileError, "other databases"),
        ({"manifest": _counting_wrong}, BackupFileError, "rows of events"),
        (
            {"manifest": lambda m: m | {"head": {"sequence": 7, "hash": "0" * 64}}},
            BackupFileError,
            "ends elsewhere",
        ),
        ({"members": lambda n, c: None if n == "cases.db" else c}, BackupFileError, "cases.db"),
        ({"members": lambda _, c: c + b"x"}, BackupFileError, "SHA-256"),
    ],
)
def test_an_archive_that_says_something_else_than_it_holds_is_refused(
    sqlite_backup, tmp_path, change, error, words
):
    new = Settings(state_dir=tmp_path / "new")
    with pytest.raises(error, match=words):
        restore_backup(new, rewritten(sqlite_backup, tmp_path / "x.zip", **change), tell=silent)
    assert not new.state_dir.exists() or not list(new.state_dir.iterdir())


def test_a_backup_of_a_newer_program_is_refused(sqlite_backup, tmp_path):
    def newer(manifest):
        manifest["databases"]["cases"]["version"] = "9999"
        return manifest

    path = rewritten(sqlite_backup, tmp_path / "x.zip", manifest=newer)
    with pytest.raises(DatabaseVersionError, match="newer program"):
        restore_backup(Settings(state_dir=tmp_path / "new"), path, tell=silent)


def test_a_backup_of_another_kind_of_database_is_refused(sqlite_backup, tmp_path, make_database):
    new = Settings(state_dir=tmp_path / "new", database_url=make_database())
    with pytest.raises(BackupMismatchError, match="found sqlite for cases, expected postgresql"):
        restore_backup(new, sqlite_backup, tell=silent)


_KILLED = """
import os, signal, sys
from pathlib import Path
from serving.adapters.backup.taking import make_backup
from serving.settings import Settings

def tell(what, done, total):
    if what == "writing cases.db":
        os.kill(os.getpid(), signal.SIGKILL)

make_backup(Settings(state_dir=Path(sys.argv[1])), Path(sys.argv[2]), tell=tell)
"""


def test_killed_in_the_midst_there_is_no_file_under_the_name(sqlite_backup, tmp_path):
    state, target = tmp_path / "backed-up", tmp_path / "killed.zip"
    code = textwrap.dedent(_KILLED)
    ended = subprocess.run([sys.executable, "-c", code, state, target], check=False, timeout=300)
    assert ended.returncode == -signal.SIGKILL
    assert not target.exists()
    [left] = tmp_path.glob(f"{FOLDER_PREFIX}*")
    assert left.stat().st_mode & 0o077 == 0
    os.utime(left, (0, 0))
    make_backup(Settings(state_dir=state), target, tell=silent)
    assert not left.exists()


def test_backup_and_restore_by_command(sqlite_backup, wherefore, tmp_path):
    (tmp_path / "backed-up").rename(tmp_path / "var")
    made = wherefore("database", "backup", "by-command.zip")
    assert "entry 8 ends the audit log" in made.stdout, made.stderr
    assert "not in it" in made.stdout
    (tmp_path / "var").rename(tmp_path / "lost")
    done = wherefore("database", "restore", "by-command.zip")
    assert "rows as they were" in done.stdout, done.stderr
    assert done.stdout.count("nothing can be read without it") == 2
    for name in RINGS:
        shutil.copy(tmp_path / "lost" / name, tmp_path / "var" / name)
    assert wherefore("database", "check").returncode == 0
    again = wherefore("database", "restore", "by-command.zip")
    assert again.returncode == 2
    assert "move this one away" in again.stderr
    assert "Traceback" not in again.stderr
    down = wherefore("database", "downgrade", "0001")
    assert "version 0001" in down.stdout, down.stderr
    refused = wherefore("database", "downgrade", "base")
    assert refused.returncode == 2
    assert "--discard" in refused.stderr
