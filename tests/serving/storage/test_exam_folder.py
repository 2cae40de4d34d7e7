"""Exam packages of many cases in one folder, in as many runs as it takes."""

import csv
import json
import os
import signal
import subprocess
import sys
import zipfile
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from typer.testing import CliRunner

from serving.adapters.exam_folder import INDEX, FolderExport
from serving.adapters.sql.case_days import CaseDay
from serving.adapters.sql.storage import open_storage
from serving.cases.anchors import read_anchors
from serving.cases.audit import AuditHead, chained, from_line, to_line
from serving.cases.exam_package import (
    MANIFEST,
    PACKAGE_DIGEST,
    PROOF,
    PackageError,
    digest_of_files,
    verify_package,
    write_package,
)
from serving.records_commands import audit
from serving.settings import Settings

RUN_UNTIL_KILLED = """
import os, signal, sys
from datetime import UTC, date, datetime
from pathlib import Path
from serving.adapters import exam_export
from serving.adapters.sql.storage import open_storage
from serving.cases.events import Actor
from serving.exam_run import export_days
from serving.settings import Settings

state, folder, kill_at = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
calls = 0

def trace(frame, event, _):
    global calls
    if event == "call" and frame.f_code.co_filename.endswith(("zipfile.py", "durable.py")):
        calls += 1
        if calls == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

with open_storage(Settings(state_dir=state)) as storage:
    sys.setprofile(trace)
    export_days(
        storage, folder, "received", first=date(2026, 1, 1), last=date(2026, 12, 31),
        by=Actor(actor_id="u-examiner", role="operator"),
    )
"""


@pytest.fixture
def export(storage, made, tmp_path):
    """Exports cases into a folder; each call is a run of its own."""

    def run(case_ids, **options):
        made_now = FolderExport(
            storage,
            tmp_path / "packages",
            by=made.compliance,
            now=lambda: datetime.now(UTC),
        )
        return made_now.run(case_ids, **options)

    return run


def opened(storage, made, number):
    return [made.desk(storage.cases).open(made.file()).case_id for _ in range(number)]


def test_every_package_of_a_folder_verifies_and_the_index_lists_it(storage, made, export, tmp_path):
    case_ids = [*opened(storage, made, 3), made.desk(storage.cases).deny_and_tell().case_id]
    counted = []
    report = export(case_ids, advance=lambda: counted.append(1))
    assert (report.num_written, report.num_kept, report.num_purged) == (4, 0, 0)
    assert len(counted) == 4
    folder = tmp_path / "packages"
    assert folder.stat().st_mode & 0o077 == 0
    anchors = read_anchors(storage.anchor_file)
    with (folder / INDEX).open(newline="") as file:
        lines = list(csv.DictReader(file))
    assert [line["case_id"] for line in lines] == case_ids
    for line in lines:
        proved = verify_package(folder / line["file"], anchors=anchors)
        assert (proved.case_id, str(proved.num_events)) == (line["case_id"], line["events"])
    assert len(list(folder.iterdir())) == 5


def test_a_second_run_writes_only_what_is_missing_broken_or_older_than_its_case(
    storage, made, export, tmp_path
):
    desk = made.desk(storage.cases).open()
    same, broken, missing, other = opened(storage, made, 4)
    case_ids = [desk.case_id, same, broken, missing, other]
    export(case_ids)
    folder = tmp_path / "packages"
    before = {path.name: path.read_bytes() for path in folder.glob("*.zip")}
    desk.complete()
    (folder / f"{broken}.zip").write_bytes(before[f"{broken}.zip"][:-10])
    (folder / f"{missing}.zip").unlink()
    (folder / f"{other}.zip").write_bytes(before[f"{same}.zip"])
    (folder / f".{same}.zip.tmp").write_bytes(b"left by a run that was killed")
    report = export(case_ids)
    assert (report.num_written, report.num_kept) == (4, 1)
    assert (folder / f"{same}.zip").read_bytes() == before[f"{same}.zip"]
    assert verify_package(folder / f"{desk.case_id}.zip").num_events == 2
    assert {verify_package(path).case_id for path in folder.glob("*.zip")} == set(case_ids)
    assert not list(folder.glob(".*"))
    assert export(case_ids).num_kept == 5


def test_a_package_of_another_deployment_is_not_taken_for_ours(made, tmp_path):
    folder, names = tmp_path / "packages", ("Staging Person", "Dana Whitlow")
    for name in names:
        with open_storage(Settings(state_dir=tmp_path / name)) as storage:
            file = made.file()
            first = replace(file.applicants[0], name=name)
            made.desk(storage.cases, case_id="c-1").open(replace(file, applicants=(first,)))
            ours = FolderExport(storage, folder, by=made.compliance, now=lambda: made.start)
            assert ours.run(["c-1"]).num_written == 1
            assert ours.run(["c-1"]).num_kept == 1
            anchors = read_anchors(storage.anchor_file)
            assert verify_package(folder / "c-1.zip", anchors=anchors)
            with zipfile.ZipFile(folder / "c-1.zip") as package:
                assert name in package.read("file.json").decode()


def test_a_package_whose_export_is_invented_is_not_kept(storage, made, export, tmp_path):
    [case_id] = opened(storage, made, 1)
    export([case_id])
    path = tmp_path / "packages" / f"{case_id}.zip"
    before = path.read_bytes()
    with zipfile.ZipFile(path) as package:
        files = {name: package.read(name) for name in package.namelist()}
    proof = json.loads(files.pop(PROOF))
    del files[MANIFEST]
    files["case.json"] = files["case.json"].replace(b"received", b"complete")
    true = from_line(proof["tail"][0].encode(), sequence=proof["num_leaves"] + 1)
    digests = true.action.digests | {PACKAGE_DIGEST: digest_of_files(files)}
    place = AuditHead(sequence=proof["num_leaves"], hash=true.previous)
    invented = chained(replace(true.action, digests=digests), place)
    proof["tail"] = [to_line(invented).decode()]
    proof["head"] = {"sequence": invented.sequence, "hash": invented.hash}
    write_package(path, files, proof=proof)
    assert verify_package(path).case_id == case_id
    assert export([case_id]).num_written == 1
    assert path.read_bytes() != before
    assert verify_package(path, anchors=read_anchors(storage.anchor_file))


def test_a_reading_or_an_export_makes_no_package_older(storage, made, export, tmp_path):
    [case_id] = opened(storage, made, 1)
    export([case_id])
    assert export([case_id]).num_kept == 1
    person = storage.cases.entry(case_id).assigned_to
    assert person is None
    storage.cases.assign(case_id, "u-7", expected=None, by=made.compliance, at=made.start)
    assert export([case_id]).num_written == 1


def test_an_id_with_a_slash_is_a_file_of_the_folder(storage, made, export, tmp_path):
    desk = made.desk(storage.cases, case_id="branch:7/2026").open()
    export([desk.case_id])
    [path] = (tmp_path / "packages").glob("*.zip")
    assert verify_package(path).case_id == desk.case_id


def test_a_purged_case_is_counted_and_has_no_package(storage, made, export, tmp_path):
    desk = made.desk(storage.cases).deny_and_tell()
    desk.retain().purge()
    report = export([desk.case_id])
    assert (report.num_written, report.num_purged) == (0, 1)
    assert not list((tmp_path / "packages").glob("*.zip"))


def test_cases_are_found_by_the_creditors_day(storage, made):
    """Received on 30 June at 23:30 in New York, which is 1 July in UTC."""
    at = datetime(2026, 7, 1, 3, 30, tzinfo=UTC)
    desk = made.desk(storage.cases, now=at - timedelta(hours=1)).open()
    later = made.desk(storage.cases, now=at).open()
    june, july = date(2026, 6, 30), date(2026, 7, 1)
    received = CaseDay.RECEIVED
    assert storage.cases_of_days(received, first=june, last=june) == (desk.case_id,)
    assert storage.cases_of_days(received, first=july, last=july) == (later.case_id,)
    both = storage.cases_of_days(received, first=june, last=july)
    assert both == tuple(sorted([desk.case_id, later.case_id]))
    ever = {"first": date.min, "last": date.max}
    assert storage.cases_of_days(CaseDay.DECIDED, **ever) == ()
    desk.complete().assess().decide()
    assert storage.cases_of_days(CaseDay.DECIDED, **ever) == (desk.case_id,)
    assert storage.cases_of_days(CaseDay.NOTIFIED, **ever) == ()


def test_a_run_that_is_killed_leaves_whole_packages_and_is_taken_up(tmp_path, made):
    state, folder = tmp_path / "var", tmp_path / "packages"
    with open_storage(Settings(state_dir=state)) as storage:
        case_ids = opened(storage, made, 3)
    for kill_at in (30, 90, 150):
        killed = subprocess.run(
            [sys.executable, "-c", RUN_UNTIL_KILLED, state, folder, str(kill_at)],
            env={"PATH": os.environ["PATH"]}, capture_output=True, timeout=300, check=False,
        )  # fmt: skip
        assert killed.returncode == -signal.SIGKILL, killed.stderr
        for path in folder.glob("*.zip"):
            assert verify_package(path).case_id in case_ids
        assert not (folder / INDEX).exists()
    with open_storage(Settings(state_dir=state)) as storage:
        FolderExport(
            storage, folder, by=made.compliance, now=lambda: datetime.now(UTC),
        ).run(case_ids)  # fmt: skip
    assert {verify_package(path).case_id for path in folder.glob("*.zip")} == set(case_ids)
    assert not list(folder.glob(".*"))


def test_a_range_is_exported_and_its_folder_verified_by_command(wherefore, tmp_path, made):
    with open_storage(Settings(state_dir=tmp_path / "var")) as storage:
        told = made.desk(storage.cases).deny_and_tell()
        opened(storage, made, 2)
    days = ("--from", "2026-01-01", "--to", "2026-01-31")
    first = wherefore("audit", "export-range", "packages", *days, "--on", "received")
    assert "3 cases: wrote 3 packages to packages, kept 0" in first.stdout, first.stderr
    (tmp_path / "var" / "cases.db").unlink()
    anchor = tmp_path / "var" / "audit_anchor.jsonl"
    verified = wherefore("audit", "verify-package", "packages", "--anchor", anchor)
    assert verified.stdout.count("as exported:") == 3, verified.stderr
    broken = tmp_path / "packages" / f"{told.case_id}.zip"
    broken.write_bytes(broken.read_bytes()[:-10])
    refused = CliRunner().invoke(audit, ["verify-package", str(broken.parent)])
    assert isinstance(refused.exception, PackageError)
    assert broken.name in str(refused.exception)


def test_days_in_the_wrong_order_and_a_folder_without_packages_are_refused(tmp_path):
    wrong = ["export-range", str(tmp_path / "x"), "--from", "2026-02-01", "--to", "2026-01-01"]
    refused = CliRunner().invoke(audit, wrong)
    assert refused.exit_code == 2
    assert not (tmp_path / "x").exists()
    empty = CliRunner().invoke(audit, ["verify-package", str(tmp_path)])
    assert isinstance(empty.exception, PackageError)
