"""Rows of the file of a case: applicants, terms, property, documents, submissions."""

import json
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from pydantic import TypeAdapter

from data_pipeline.domain.application import LoanApplication
from serving.adapters.encryption.sealing import DataKey, Place
from serving.adapters.plain_files import plain_file
from serving.adapters.sql.tables import (
    applicants,
    documents,
    product_terms,
    property_details,
    submissions,
)
from serving.cases.application_file import (
    Applicant,
    ApplicationFile,
    Document,
    ProductTerms,
    PropertyDetails,
    TermsKind,
)
from serving.cases.audit import canonical_json
from serving.cases.audited import FILE_DIGEST
from serving.cases.file_record import digest_of_file

_APPLICATION = TypeAdapter(LoanApplication)


class CaseFile:
    """The file of one case within a transaction."""

    def __init__(self, connection: sa.Connection, case_id: str, key: DataKey) -> None:
        """Takes the transaction, the case and its key."""
        self._connection, self._case_id, self._key = connection, case_id, key

    def write(self, file: ApplicationFile, *, before: ApplicationFile | None = None) -> None:
        """Writes a file in place of the one before; documents and submissions are only added."""
        if before is not None:
            for table in (applicants, product_terms, property_details):
                self._connection.execute(table.delete().where(table.c.case_id == self._case_id))
        self._insert(applicants, [self._applicant(n, a) for n, a in enumerate(file.applicants)])
        self._insert(product_terms, [self._terms(terms) for terms in file.terms])
        if file.collateral is not None:
            self._insert(property_details, [self._property(file.collateral)])
        kept = before.documents if before else ()
        for document in file.documents[len(kept) :]:
            self.add_document(document)
        if file.application is not None and file.application != (before and before.application):
            self._submit(file.application)

    def read(self) -> ApplicationFile:
        """Returns the file as it is now."""
        return self._read(self.submissions())

    def _read(self, submitted: Sequence[LoanApplication]) -> ApplicationFile:
        return ApplicationFile(
            application=submitted[-1] if submitted else None,
            applicants=tuple(map(self._read_applicant, self._rows(applicants, "position"))),
            terms=tuple(sorted(map(_read_terms, self._rows(product_terms)), key=_kind_order)),
            collateral=next(map(self._read_property, self._rows(property_details)), None),
            documents=tuple(map(self._read_document, self._rows(documents, "position"))),
        )

    def digests(self) -> dict[str, str]:
        """Returns the digest of the file as it is now, for the audit log."""
        submitted = self.submissions()
        return {FILE_DIGEST: digest_of_file(plain_file(self._read(submitted), submitted))}

    def submissions(self) -> tuple[LoanApplication, ...]:
        """Returns every application submitted, the first one first."""
        return tuple(
            _APPLICATION.validate_json(self._open(row.content, self._submission(row.revision)))
            for row in self._rows(submissions, "revision")
        )

    def add_document(self, document: Document) -> None:
        """Adds a paper behind those there."""
        place = self._place("documents", "content", document.document_id)
        row = {
            "document_id": document.document_id,
            "position": self._count(documents),
            "kind": document.kind,
            "media_type": document.media_type,
            "received_at": document.received_at,
            "content": self._key.seal(document.content, place),
        }
        self._insert(documents, [row])

    def _submit(self, application: LoanApplication) -> None:
        revision = self._count(submissions) + 1
        plain = _APPLICATION.dump_python(application, mode="json", exclude_none=True)
        content = self._key.seal(canonical_json(plain), self._submission(revision))
        self._insert(submissions, [{"revision": revision, "content": content}])

    def _insert(self, table: sa.Table, rows: list[dict[str, object]]) -> None:
        if rows:
            filed = [{"case_id": self._case_id, **row} for row in rows]
            self._connection.execute(table.insert(), filed)

    def _rows(self, table: sa.Table, *order: str) -> list[sa.Row[*tuple[Any, ...]]]:
        wanted = sa.select(table).where(table.c.case_id == self._case_id)
        return list(self._connection.execute(wanted.order_by(*(table.c[name] for name in order))))

    def _count(self, table: sa.Table) -> int:
        wanted = sa.select(sa.func.count()).select_from(table)
        return self._connection.scalar(wanted.where(table.c.case_id == self._case_id)) or 0

    def _applicant(self, position: int, applicant: Applicant) -> dict[str, object]:
        texts = {
            "name": applicant.name,
            "address_lines": list(applicant.address_lines),
            "email": applicant.email,
        }
        sealed = {
            column: None
            if value is None
            else self._seal(value, self._place("applicants", column, applicant.consumer_id))
            for column, value in texts.items()
        }
        return {
            "consumer_id": applicant.consumer_id,
            "position": position,
            "role": applicant.role,
            **sealed,
        }

    def _read_applicant(self, row: sa.Row[*tuple[Any, ...]]) -> Applicant:
        def text(column: str) -> object:
            place = self._place("applicants", column, row.consumer_id)
            sealed = row._mapping[column]  # noqa: SLF001  SQLAlchemy's public name for it
            return None if sealed is None else json.loads(self._open(sealed, place))

        email = text("email")
        return Applicant(
            consumer_id=row.consumer_id,
            role=row.role,
            name=str(text("name")),
            address_lines=_lines(text("address_lines")),
            email=None if email is None else str(email),
        )

    def _terms(self, terms: ProductTerms) -> dict[str, object]:
        return {
            "kind": terms.kind,
            "product": terms.product,
            "amount_usd": terms.amount_usd,
            "term_months": terms.term_months,
            "annual_rate_percent": terms.annual_rate_percent,
        }

    def _property(self, found: PropertyDetails) -> dict[str, object]:
        place = self._place("property_details", "address_lines")
        return {
            "value_usd": found.value_usd,
            "property_type": found.property_type,
            "state": found.state,
            "occupancy": found.occupancy,
            "num_units": found.num_units,
            "lien_position": found.lien_position,
            "address_lines": self._seal(list(found.address_lines), place),
        }

    def _read_property(self, row: sa.Row[*tuple[Any, ...]]) -> PropertyDetails:
        place = self._place("property_details", "address_lines")
        return PropertyDetails(
            value_usd=row.value_usd,
            property_type=row.property_type,
            state=row.state,
            occupancy=row.occupancy,
            num_units=row.num_units,
            lien_position=row.lien_position,
            address_lines=_lines(json.loads(self._open(row.address_lines, place))),
        )

    def _read_document(self, row: sa.Row[*tuple[Any, ...]]) -> Document:
        return Document(
            document_id=row.document_id,
            kind=row.kind,
            media_type=row.media_type,
            received_at=row.received_at,
            content=self._open(row.content, self._place("documents", "content", row.document_id)),
        )

    def _place(self, table: str, column: str, *row: str | int) -> Place:
        return Place(table=table, column=column, row=(self._case_id, *row))

    def _submission(self, revision: int) -> Place:
        return self._place("submissions", "content", revision)

    def _seal(self, value: object, place: Place) -> bytes:
        return self._key.seal(json.dumps(value).encode(), place)

    def _open(self, sealed: bytes, place: Place) -> bytes:
        return self._key.open(sealed, place)


def count_documents(connection: sa.Connection, case_id: str) -> int:
    """Returns how many papers the file of a case has."""
    wanted = sa.select(sa.func.count()).select_from(documents)
    return connection.scalar(wanted.where(documents.c.case_id == case_id)) or 0


def _lines(found: object) -> tuple[str, ...]:
    assert isinstance(found, list)  # noqa: S101  written by `_seal` above
    return tuple(map(str, found))


def _kind_order(terms: ProductTerms) -> int:
    return list(TermsKind).index(terms.kind)


def _read_terms(row: sa.Row[*tuple[Any, ...]]) -> ProductTerms:
    return ProductTerms(
        kind=row.kind,
        product=row.product,
        amount_usd=row.amount_usd,
        term_months=row.term_months,
        annual_rate_percent=row.annual_rate_percent,
    )
