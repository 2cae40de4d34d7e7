"""The exam package over HTTP: who may have it, and that it proves itself elsewhere."""

import base64
import io
import json
import os
import random
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from serving.adapters.sql.storage import open_storage
from serving.cases.anchors import read_anchors
from serving.cases.exam_package import verify_package

COMMAND = Path(sys.executable).with_name("wherefore")


@pytest.fixture
def elsewhere(tmp_path):
    """Runs the installed command where there is neither database nor key nor setting."""
    place = tmp_path / "elsewhere"
    place.mkdir()

    def run(*arguments):
        clean = {"PATH": os.environ["PATH"], "HOME": str(place), "COLUMNS": "100"}
        return subprocess.run(
            [COMMAND, *map(str, arguments)],
            cwd=place, env=clean, capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip

    return run


def downloaded(bench, case_id):
    answer = bench.compliance.get(f"/api/v1/applications/{case_id}/exam-package")
    assert answer.status_code == 200, answer.text
    return answer


def test_a_downloaded_package_verifies_on_a_machine_without_the_database(
    bench, stored, tmp_path, elsewhere
):
    case_id, notice_id = bench.released()
    bench.post(f"notices/{notice_id}/sent", {"channel": "mailed"})
    answer = downloaded(bench, case_id)
    assert answer.headers["content-type"] == "application/zip"
    name = f"exam-package-{case_id}.zip"
    assert answer.headers["content-disposition"] == f'attachment; filename="{name}"'
    assert int(answer.headers["content-length"]) == len(answer.content)
    assert answer.headers["cache-control"] == "no-store"
    package = tmp_path / "elsewhere" / name
    package.write_bytes(answer.content)
    anchors = tmp_path / "elsewhere" / "anchors.jsonl"
    anchors.write_bytes((stored.state_dir / "audit_anchor.jsonl").read_bytes())
    verified = elsewhere("audit", "verify-package", name, "--anchor", anchors)
    assert verified.returncode == 0, verified.stderr
    assert "as exported: 8 events and 1 notices" in verified.stdout
    package.write_bytes(answer.content[:-10])
    assert elsewhere("audit", "verify-package", name).returncode == 2


def test_a_package_holds_the_letter_and_an_export_is_recorded_as_a_reading(bench, stored):
    case_id, notice_id = bench.released()
    answer = downloaded(bench, case_id)
    with zipfile.ZipFile(io.BytesIO(answer.content)) as package:
        assert b"%PDF" in package.read(f"notices/{notice_id}/notice.pdf")[:8]
        assert json.loads(package.read("case.json"))["case_id"] == case_id
    with open_storage(stored) as storage:
        last = storage.audit.entries(object_kind="case", object_id=case_id)[-1].action
        assert (last.action, last.actor_id, last.role) == (
            "case_exported",
            "compliance-2",
            "compliance",
        )
        assert read_anchors(storage.anchor_file)


def test_two_packages_of_one_case_both_verify(bench, tmp_path):
    case_id = bench.receive()
    for number in (1, 2):
        path = tmp_path / f"{number}.zip"
        path.write_bytes(downloaded(bench, case_id).content)
        assert verify_package(path).case_id == case_id


def test_who_may_not_export_is_refused_and_learns_nothing_of_the_case(bench, stored):
    case_id = bench.receive()
    for asked in (case_id, "c-nobody"):
        for client in (bench.underwriter, bench.intake):
            refused = client.get(f"/api/v1/applications/{asked}/exam-package")
            problem = refused.json()
            assert (refused.status_code, problem["code"]) == (403, "not_permitted")
            assert "export_cases" in problem["detail"]
            assert asked not in refused.text
    missing = bench.compliance.get("/api/v1/applications/c-nobody/exam-package")
    assert (missing.status_code, missing.json()["code"]) == (404, "not_stored")
    with open_storage(stored) as storage:
        entries = storage.audit.entries(object_kind="case", object_id=case_id)
    assert [entry.action.action for entry in entries] == ["application_received"]


def test_a_purged_case_has_no_package(bench):
    case_id, notice_id = bench.released()
    bench.post(f"notices/{notice_id}/sent", {"channel": "mailed"})
    bench.post(f"applications/{case_id}/retain", by=bench.compliance)
    bench.go_to("2028-12-21")
    bench.post(f"applications/{case_id}/purge", by=bench.compliance)
    gone = bench.compliance.get(f"/api/v1/applications/{case_id}/exam-package")
    assert (gone.status_code, gone.json()["code"]) == (410, "case_purged")


def test_nothing_in_clear_stays_on_the_server(bench, stored):
    case_id = bench.receive()
    abandoned = stored.state_dir / "exam-package-of-a-killed-server"
    abandoned.mkdir()
    (abandoned / "package.zip").write_bytes(b"Dana Whitlow")
    os.utime(abandoned, (0, 0))
    downloaded(bench, case_id)
    assert list(stored.state_dir.glob("exam-package-*")) == []
    running = stored.state_dir / "exam-package-of-another-request"
    running.mkdir()
    downloaded(bench, case_id)
    assert running.exists()


def test_a_package_of_several_pieces_arrives_whole(bench, tmp_path):
    text = base64.b64encode(random.Random(20261120).randbytes(45_000)).decode()
    case_id = bench.receive(application={"text": text})
    path = tmp_path / "package.zip"
    path.write_bytes(downloaded(bench, case_id).content)
    # It cannot be packed to less than its 45,000 bytes, and a piece has 32 KiB.
    assert path.stat().st_size > 45_000
    assert verify_package(path).num_events == 1
