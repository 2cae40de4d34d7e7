"""The exam package: what it holds, and that no byte of it can be changed unseen."""

import hashlib
import io
import json
import zipfile
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from serving.adapters.exam_export import export_package
from serving.adapters.memory_audit import MemoryAuditTrail
from serving.adapters.memory_cases import MemoryCaseStore, MemoryStorage
from serving.cases.anchors import read_anchors
from serving.cases.audit import AuditHead
from serving.cases.audited import FILE_DIGEST, RENDERINGS_DIGEST
from serving.cases.exam_package import PackageError, verify_package
from serving.cases.store_errors import CasePurgedError, UnknownCaseError
from serving.cases.worklist import WorklistQuery
from serving.errors import OutputError
from serving.exam_check import verify_packages
from serving.notices.case_file import dump_case
from serving.notices.forms import NoticeForm
from serving.notices.samples import sample_case


@pytest.fixture
def exported(storage, made, tmp_path):
    return export(storage, made, tmp_path / "package.zip")


def export(storage, made, path):
    made.desk(storage.cases).open(made.file())
    desk = made.desk(storage.cases).open().complete().assess().decide()
    content = dump_case(sample_case(NoticeForm.C1)).encode()
    desk.draft(content, renderings={"application/pdf": b"%PDF", "text/plain": b"Dear"})
    made.desk(storage.cases).open(made.file())
    desk.release().send()
    at = desk.now + timedelta(days=1)
    head = export_package(storage, desk.case_id, path, by=made.compliance, at=at)
    return path, desk, head


def test_a_package_proves_the_case_without_the_database(exported, storage):
    path, desk, head = exported
    report = verify_package(path, anchors=read_anchors(storage.anchor_file))
    assert (report.case_id, report.num_events, report.num_notices) == (desk.case_id, 8, 1)
    assert report.head == head == storage.audit.head
    assert path.stat().st_mode & 0o077 == 0


class EarlierTrail(MemoryAuditTrail):
    """Entries as an earlier program wrote them: without what they say of the file now."""

    def record(self, action):
        later = {FILE_DIGEST, RENDERINGS_DIGEST}
        kept = {name: digest for name, digest in action.digests.items() if name not in later}
        return super().record(replace(action, digests=kept))


def test_a_case_of_an_earlier_program_is_exported_and_what_is_not_proved_is_named(made, tmp_path):
    earlier = MemoryStorage()
    earlier.audit = EarlierTrail()
    earlier.cases = MemoryCaseStore(earlier.audit)
    path, desk, _ = export(earlier, made, tmp_path / "earlier.zip")
    unproved = ("file.json", f"notices/{desk.notice.notice_id}")
    assert verify_package(path).unrecorded == unproved
    [line] = verify_packages([path], anchors=())
    assert line.endswith(f"not proved: {', '.join(unproved)}")
    now, desk, _ = export(MemoryStorage(), made, tmp_path / "now.zip")
    assert verify_package(now).unrecorded == ()


def test_every_change_of_the_file_is_proved(any_storage, made, tmp_path):
    desk = made.desk(any_storage.cases).open(made.file())
    before = any_storage.cases.file(desk.case_id)
    application = replace(before.application, text="Bankrupt in 2025.")
    note = made.document(document_id="revision-1")
    any_storage.cases.revise_file(
        desk.case_id,
        replace(before, application=application, documents=(*before.documents, note)),
        expected_events=1,
        expected_documents=len(before.documents),
        by=made.underwriter,
        at=desk.now,
    )
    document = made.document()
    any_storage.cases.add_document(desk.case_id, document, by=made.underwriter)
    entries = any_storage.audit.entries(object_kind="case", object_id=desk.case_id)
    assert [e.action.action for e in entries if FILE_DIGEST in e.action.digests] == [
        "application_received", "file_revised", "document_added",
    ]  # fmt: skip
    assert len({e.action.digests[FILE_DIGEST] for e in entries}) == 3
    path = tmp_path / "package.zip"
    export_package(any_storage, desk.case_id, path, by=made.compliance, at=desk.now)
    assert verify_package(path).unrecorded == ()


def test_a_package_holds_record_explanation_checks_and_bytes(exported, made):
    path, desk, _ = exported
    with zipfile.ZipFile(path) as package:
        files = {name: package.read(name) for name in package.namelist()}
    case, file = json.loads(files["case.json"]), json.loads(files["file.json"])
    assert case["decision"]["outcome"] == "deny"
    assert case["explanation"]["principal_reasons"][0]["evidence"][0]["quote"] == made.canary
    assert {clock["kind"] for clock in case["clocks"]} >= {"action_taken", "retention"}
    assert len(case["templates_sha256"]) == 64
    assert file["applicants"][0]["name"] == made.canary
    assert file["submissions"][0]["loan_amount_usd"] == 24_000.1
    assert made.canary.encode() in files["documents/0001"]
    folder = f"notices/{desk.notice.notice_id}"
    assert files[f"{folder}/notice.pdf"] == b"%PDF"
    assert files[f"{folder}/notice.json"] == desk.notice.content
    checks = json.loads(files[f"{folder}/checks.json"])
    assert not checks["blocked"]
    assert len(checks["verdicts"]) > 20


def test_a_package_tells_nothing_of_other_cases(exported, storage):
    path, desk, _ = exported
    others = {e.case_id for e in storage.cases.worklist(WorklistQuery()).entries} - {desk.case_id}
    with zipfile.ZipFile(path) as package:
        content = b"".join(package.read(name) for name in package.namelist())
    assert len(others) == 2
    assert not [case_id for case_id in others if case_id.encode() in content]


def repack(path, change):
    """Rewrites a package with a valid manifest after a change to its files."""
    with zipfile.ZipFile(path) as package:
        files = {name: package.read(name) for name in package.namelist()}
    change(files)
    found = {n: hashlib.sha256(c).hexdigest() for n, c in files.items() if n != "manifest.json"}
    stored = {"format": json.loads(files["manifest.json"])["format"], "sha256": found}
    files["manifest.json"] = json.dumps(stored, indent=2, sort_keys=True).encode() + b"\n"
    with zipfile.ZipFile(path, "w") as package:
        for name, content in files.items():
            package.writestr(name, content)


def _swap(files, name, old, new):
    assert old in files[name]
    files[name] = files[name].replace(old, new, 1)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("a changed event", lambda f, _: _swap(f, "events.jsonl", b"u-decides", b"u-another")),
        ("a changed entry", lambda f, _: _swap(f, "audit.jsonl", b"u-decides", b"u-another")),
        ("an event left out", lambda f, _: _drop_line(f, "events.jsonl")),
        ("an entry left out", lambda f, _: _drop_line(f, "audit.jsonl")),
        ("another decision", lambda f, _: _swap(f, "case.json", b'"deny"', b'"approve"')),
        ("another document", lambda f, _: f.update({"documents/0001": b"other"})),
        ("a file added", lambda f, _: f.update({"note.txt": b"nothing"})),
        ("a file left out", lambda f, _: f.pop("README.txt")),
        ("another notice", lambda f, n: _swap(f, f"notices/{n}/notice.json", b"e", b"E")),
        ("another rendering", lambda f, n: f.update({f"notices/{n}/notice.pdf": b"%PDG"})),
        ("another head", lambda f, _: _swap(f, "proof.json", b'"sequence": ', b'"sequence": 1')),
        ("no proof", lambda f, _: f.update({"proof.json": b"{}"})),
        ("a proof that is none", lambda f, _: f.update({"proof.json": b"[1, 2]"})),
    ],
)
def test_a_package_made_anew_after_a_change_is_refused(exported, name, change):
    path, desk, _ = exported
    repack(path, lambda files: change(files, desk.notice.notice_id))
    with pytest.raises(PackageError):
        verify_package(path)


def _drop_line(files, name):
    files[name] = files[name].partition(b"\n")[2]


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.data())
def test_no_byte_of_a_file_in_a_package_can_be_changed(made, tmp_path, data):
    path = tmp_path / "package.zip"
    if not path.exists():
        export(MemoryStorage(), made, path)
        verify_package(path)
    with zipfile.ZipFile(path) as package:
        files = {name: bytearray(package.read(name)) for name in package.namelist()}
    content = files[data.draw(st.sampled_from(sorted(files)))]
    content[data.draw(st.integers(0, len(content) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    changed = tmp_path / "changed.zip"
    with zipfile.ZipFile(changed, "w") as package:
        for name, each in files.items():
            package.writestr(name, bytes(each))
    with pytest.raises(PackageError):
        verify_package(changed)


def test_a_package_that_leads_to_no_trusted_head_is_refused(exported):
    path, _, head = exported
    with pytest.raises(PackageError, match="anchor file"):
        verify_package(path, anchors=[AuditHead(sequence=head.sequence, hash="0" * 64)])


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"\x00" * 100])
def test_what_is_no_package_is_refused(tmp_path, content):
    path = tmp_path / "package.zip"
    path.write_bytes(content)
    with pytest.raises(PackageError):
        verify_package(path)
    with pytest.raises(PackageError):
        verify_package(tmp_path / "nowhere.zip")
    with zipfile.ZipFile(buffer := io.BytesIO(), "w") as package:
        package.writestr("a", b"b")
    path.write_bytes(buffer.getvalue())
    with pytest.raises(PackageError):
        verify_package(path)


def test_what_cannot_be_exported_is_told_and_leaves_no_file(storage, made, tmp_path):
    path = tmp_path / "package.zip"
    request = {"by": made.compliance, "at": made.start}
    with pytest.raises(UnknownCaseError):
        export_package(storage, "nowhere", path, **request)
    desk = made.desk(storage.cases).deny_and_tell()
    with pytest.raises(OutputError, match="existing folder"):
        export_package(storage, desk.case_id, tmp_path / "no" / "folder.zip", **request)
    desk.retain().purge()
    with pytest.raises(CasePurgedError):
        export_package(storage, desk.case_id, path, **request)
    assert not path.exists()
