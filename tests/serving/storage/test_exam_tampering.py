"""What is exported is what was recorded: of a changed database no package is written.

The database here lost the triggers that refuse changes, as its owner could take them away. Sealed
values, plain columns and lines of the audit log are changed, and rows are taken out.
"""

from contextlib import ExitStack, suppress

import pytest
import sqlalchemy as sa

from serving.adapters.exam_export import export_package
from serving.adapters.sql.engine import reading, writing
from serving.adapters.sql.storage import TREE_NAME, open_databases, open_storage
from serving.adapters.sql.tables import metadata
from serving.cases.anchors import read_anchors
from serving.cases.errors import AuditBrokenError
from serving.cases.exam_package import verify_package
from serving.errors import ServingError
from serving.notices.case_file import dump_case
from serving.notices.forms import NoticeForm
from serving.notices.samples import sample_case
from serving.settings import Settings


class Archive:
    """A told case among others in a SQLite database without triggers, its log anchored."""

    def __init__(self, storage, desk, engine, settings):
        self.storage, self.desk, self.engine, self.settings = storage, desk, engine, settings

    def run(self, statement, **values):
        with writing(self.engine) as connection:
            connection.execute(sa.text(statement), values)

    def values(self):
        """Every sealed value of the case and its lines of the audit log, with how to replace it."""
        for table in metadata.sorted_tables:
            owned = next((n for n in ("case_id", "object_id") if n in table.c), None)
            # Only this case has a notice, so what belongs to a notice is its own.
            where = f"{owned} = :case_id" if owned else ":case_id IS NOT NULL"
            for column in table.c:
                if not isinstance(column.type, sa.LargeBinary):
                    continue
                asked = f"SELECT rowid, {column.name} FROM {table.name} WHERE {where}"
                with reading(self.engine) as connection:
                    rows = connection.execute(sa.text(asked), {"case_id": self.desk.case_id}).all()
                change = f"UPDATE {table.name} SET {column.name} = :value WHERE rowid = :row"
                for row, value in rows:
                    if value is not None:
                        yield f"{table.name}.{column.name}", change, row, bytes(value)

    def export(self, path, by):
        return export_package(self.storage, self.desk.case_id, path, by=by, at=self.desk.now)


@pytest.fixture
def archive(tmp_path, made):
    settings = Settings(state_dir=tmp_path / "state")
    with ExitStack() as stack:
        # A broken log stops the end of a service, too.
        stack.enter_context(suppress(AuditBrokenError))
        storage = stack.enter_context(open_storage(settings))
        cases, _ = stack.enter_context(open_databases(settings))
        made.desk(storage.cases).open(made.file())
        desk = made.desk(storage.cases).open(made.file(consumer_id="p-3"))
        desk.complete().assess().decide()
        content = dump_case(sample_case(NoticeForm.C1)).encode()
        desk.draft(content, renderings={"application/pdf": b"%PDF", "text/plain": b"Dear"})
        desk.release().send()
        made.desk(storage.cases).open(made.file(consumer_id="p-4"))
        storage.anchor()
        with reading(cases.engine) as connection:
            named = sa.text("SELECT name FROM sqlite_master WHERE type = 'trigger'")
            names = connection.execute(named).scalars().all()
        found = Archive(storage, desk, cases.engine, settings)
        for name in names:
            found.run(f"DROP TRIGGER {name}")
        yield found


def test_a_changed_byte_anywhere_in_what_is_exported_is_found(archive, made, tmp_path):
    path, places = tmp_path / "package.zip", set()
    for place, change, row, value in list(archive.values()):
        places.add(place)
        for position in {0, len(value) // 2, len(value) - 1}:
            bad = bytearray(value)
            bad[position] ^= 1
            archive.run(change, value=bytes(bad), row=row)
            with pytest.raises(ServingError):
                archive.export(path, made.compliance)
        archive.run(change, value=value, row=row)
    assert not path.exists()
    assert places >= {
        "audit_log.line", "events.content", "documents.content", "submissions.content",
        "applicants.name", "applicants.address_lines", "data_keys.wrapped", "notices.content",
        "notice_renderings.content",
    }  # fmt: skip
    archive.export(path, made.compliance)
    anchors = read_anchors(archive.storage.anchor_file)
    assert verify_package(path, anchors=anchors).num_notices == 1


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM events WHERE sequence = 3 AND case_id = :case_id",
        "DELETE FROM audit_log WHERE object_id = :case_id AND sequence = 5",
        "UPDATE audit_log SET object_id = 'c-other' WHERE sequence = 5",
        "DELETE FROM audit_log WHERE sequence >= 9",
        "DELETE FROM documents WHERE case_id = :case_id",
        "UPDATE documents SET kind = 'letter' WHERE case_id = :case_id",
        "DELETE FROM submissions WHERE case_id = :case_id",
        "UPDATE product_terms SET amount_usd = amount_usd + 1 WHERE case_id = :case_id",
        "DELETE FROM product_terms WHERE case_id = :case_id",
        "UPDATE applicants SET role = 'guarantor' WHERE case_id = :case_id",
        "DELETE FROM property_details WHERE case_id = :case_id",
        "DELETE FROM notice_renderings WHERE media_type = 'text/plain'",
    ],
)
def test_what_is_gone_changed_or_filed_elsewhere_is_found(archive, made, tmp_path, change):
    archive.run(change, **({"case_id": archive.desk.case_id} if ":case_id" in change else {}))
    with pytest.raises(ServingError):
        archive.export(tmp_path / "package.zip", made.compliance)


def test_entries_of_others_are_not_read_for_an_export_but_by_the_whole_verification(
    archive, made, tmp_path
):
    archive.run("UPDATE audit_log SET line = 'changed' WHERE sequence = 1")
    path = tmp_path / "package.zip"
    archive.export(path, made.compliance)
    assert verify_package(path, anchors=read_anchors(archive.storage.anchor_file))
    with pytest.raises(AuditBrokenError) as found:
        archive.storage.anchor()
    assert found.value.sequence == 1


def test_without_its_tree_an_export_reads_the_whole_log(archive, made, tmp_path):
    (archive.settings.state_dir / TREE_NAME).unlink()
    archive.export(tmp_path / "package.zip", made.compliance)
    (archive.settings.state_dir / TREE_NAME).unlink()
    archive.run("UPDATE audit_log SET line = 'changed' WHERE sequence = 1")
    with pytest.raises(AuditBrokenError):
        archive.export(tmp_path / "again.zip", made.compliance)
