"""The dossier 客户档案: a customer's filed documents, their files in versions, and the binders they lie in (AR-8 to AR-10)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any

from sqlalchemy import ForeignKey, Index, Select, Text, func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.database import Base, StateConflict, db
from portal.models import audit, card, history
from portal.models.attachment import Attachment
from portal.models.binder import Binder, ensure_can_file
from portal.models.customer import BYTEWISE, Customer, NumberSeries, check_choice
from portal.models.dossier_fields import BY_NAME, DEFAULT_RETENTION, FIELDS
from portal.models.scope import HangsOnCustomer
from portal.models.staff import Staff
from portal.models.standard import value as standard
from portal.models.standard_effects import touching, used_in
from portal.permissions import Permission
from portal.rules import file_content
from portal.rules.archive_numbers import archive_number, rank, retained_until, series_of
from portal.rules.dates import has_come
from portal.rules.message import N_, Message, Refusal

FILED, REMOVED, DISPOSED = "filed", "removed", "disposed"


@dataclass(frozen=True)
class Upload:
    """A file that was sent, judged by its content (AR-10)."""

    content: bytes
    filename: str
    judged: file_content.Judged

    @classmethod
    def of(cls, content: bytes, filename: str) -> Upload:
        """Return the upload of a file. Raises `Refusal` (field `file`) for what cannot be filed."""
        judged = file_content.judge(content, filename, standard("upload.size_limit_mb"))
        return cls(content, file_content.safe_name(filename, judged.media_type), judged)

    @cached_property
    def sha256(self) -> str:
        """Return the content's SHA-256."""
        return hashlib.sha256(self.content).hexdigest()

    @property
    def title(self) -> str:
        """Return what a document of this file is called until somebody says better: the file's name without its ending."""
        return self.filename.rpartition(".")[0]


class ArchiveDocument(HangsOnCustomer, Base):
    """A filed document 归档文件 of a customer's dossier."""

    __tablename__ = "archive_document"

    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"))
    kind: Mapped[str]
    """A code of `choices.document_kind`."""
    title: Mapped[str]
    dated_on: Mapped[date]
    pages: Mapped[int | None]
    on_paper: Mapped[bool] = mapped_column(default=False)
    """Whether a paper original is kept; with a file there is a scan too."""
    archive_number: Mapped[str] = mapped_column(BYTEWISE, unique=True)
    series: Mapped[str]
    """The number without its item: what items are counted in."""
    former_numbers: Mapped[str] = mapped_column(Text, default="")
    """Numbers it had before its year, kind or retention changed, one a line; they stand on what was printed."""
    year: Mapped[int]
    retention: Mapped[str]
    author: Mapped[str] = mapped_column(default="")
    """责任者: who made the document."""
    reference: Mapped[str] = mapped_column(default="")
    """文号: the number that its author gave it."""
    confidentiality: Mapped[str] = mapped_column(default="internal")
    binder_id: Mapped[int | None] = mapped_column(ForeignKey("binder.id"), index=True)
    remarks: Mapped[str] = mapped_column(Text, default="")
    approval_id: Mapped[int | None] = mapped_column(ForeignKey("approval.id"), unique=True)
    """The approval whose signed form this is; such a document is filed by the portal and stays as it is (AP-7)."""
    state: Mapped[str] = mapped_column(default=FILED)
    """filed | removed (filed by mistake) | disposed (AR-11)"""
    removed_because: Mapped[str] = mapped_column(default="")
    frozen_by_id: Mapped[int | None] = mapped_column()
    """The approval for disposal that covers it: until then it stays as it is (AP-5)."""
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    updated_at: Mapped[datetime] = mapped_column(default=clock.now)
    version: Mapped[int] = mapped_column(default=1)

    customer: Mapped[Customer] = relationship()
    binder: Mapped[Binder | None] = relationship()
    created_by: Mapped[Staff | None] = relationship(foreign_keys=[created_by_id])
    versions: Mapped[list[DocumentVersion]] = relationship(back_populates="document", order_by="DocumentVersion.number")

    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (
        Index(None, "customer_id", "state", "kind"),
        Index(None, "state", "retention", "year"),
    )

    # --- who reads it --------------------------------------------------------------------------------------------------

    @classmethod
    def readable_by(cls, user: Staff) -> Select[ArchiveDocument]:
        """Return the documents that `user` may read today: those in scope, and those that a loan opens (RO-2). For reading only.

        What changes a document asks `visible_to`.
        """
        from portal.models.loan_reading import lent_to

        lent, in_scope = lent_to(user), cls.visible_to(user)
        if lent is None or in_scope.whereclause is None:
            return in_scope
        return select(cls).where(or_(in_scope.whereclause, lent))

    # --- what it is ----------------------------------------------------------------------------------------------------

    @property
    def label(self) -> str:
        """Return what lists and the log call it."""
        return f"{self.archive_number} {self.title}"

    @property
    def medium(self) -> str:
        """Return paper, scan or both (AR-9)."""
        return ("both" if self.versions else "paper") if self.on_paper else "scan"

    @property
    def retained_until(self) -> date | None:
        """Return the last day of its retention period, None for permanent."""
        return retained_until(self.retention, self.year)

    @property
    def current(self) -> DocumentVersion | None:
        """Return its newest file, None for one that is on paper only."""
        return self.versions[-1] if self.versions else None

    @property
    def closed(self) -> Message | None:
        """Return why it may not be changed, or None."""
        if self.state != FILED:
            return Message(N_("This document is no longer in the dossier."))
        if self.approval_id is not None:
            return Message(N_("A signed form is filed by the portal and stays as it was signed."))
        if self.frozen_by_id is not None:
            return Message(N_("This document stands on a list for disposal in approval."))
        return None

    def can_change(self, user: Staff) -> bool:
        """Return whether `user`, who sees the dossier, may change the document now."""
        return user.may(Permission.DOSSIER_EDIT) and self.closed is None

    def can_remove(self, user: Staff) -> bool:
        """Return whether `user`, who sees the dossier, may take the document out of it now."""
        return user.may(Permission.DOSSIER_REMOVE) and self.closed is None

    def ensure_open(self) -> None:
        """Raise `Refusal` saying why where it may not be changed now."""
        if self.closed is not None:
            raise Refusal(self.closed.text, **self.closed.params)

    # --- what happens to it --------------------------------------------------------------------------------------------

    @classmethod
    def file(
        cls,
        customer: Customer,
        values: Mapping[str, Any],
        upload: Upload | None = None,
        *,
        by: Staff | None,
        source: str = "form",
        again: bool = False,
        **more: Any,
    ) -> ArchiveDocument:
        """File a document into a customer's dossier under the next archive number and return it, flushed (AR-9).

        `values` are those of `dossier_fields.FIELDS`. A file that is in the dossier already is refused unless `again`. `by` is None
        where the portal files a signed form, with `approval_id` among `more`: nothing else is filed once a dossier was destroyed and
        its card erased (AR-11). Raises `Refusal` with the field.
        """
        ensure_can_file(customer)
        if by is not None:
            history.ensure_not_erased(customer)
        checked = _checked(customer, values, upload)
        if upload is not None and not again:
            _ensure_new(customer, upload)
        if upload is None and not checked["on_paper"]:
            raise Refusal("Choose a file, or say that the original is on paper.", field="on_paper")
        year = checked["dated_on"].year
        series, number = _next_number(checked["kind"], checked["retention"], year)
        document = cls(
            customer_id=customer.id,
            series=series,
            archive_number=number,
            year=year,
            created_by_id=by.id if by else None,
            **checked,
            **more,
        )
        db.session.add(document)
        db.session.flush()
        changes = [
            {"field": name, "old": "", "new": text}
            for name, text in {"archive_number": document.archive_number, **card.texts(FIELDS, document)}.items()
            if text not in ("", False)
        ]
        audit.write("change", "filed", actor=by, record=document, label=document.label, changes=changes, source=source)
        if upload is not None:
            document.add_version(upload, by=by, note="", first=True)
        document._recount()
        return document

    def add_version(self, upload: Upload, *, by: Staff | None, note: str, first: bool = False) -> DocumentVersion:
        """Add a newer file of the same document; the older ones stay (AR-9). Raises `Refusal`."""
        if not first:
            self.ensure_open()
            if any(one.file.sha256 == upload.sha256 for one in self.versions):
                raise Refusal("This very file is a version of the document already.", field="file")
        kept = Attachment.keep(
            upload.content,
            filename=upload.filename,
            media_type=upload.judged.media_type,
            purpose="document",
            by=by,
            customer_id=self.customer_id,
        )
        db.session.flush()
        version = DocumentVersion(
            document_id=self.id,
            number=(self.current.number if self.current else 0) + 1,
            attachment_id=kept.id,
            pages=upload.judged.pages,
            note=note[:500],
            uploaded_by_id=by.id if by else None,
        )
        if upload.judged.pages and (self.pages is None or not first):
            self.pages = upload.judged.pages
        self.updated_at = clock.now()
        try:
            with db.session.begin_nested():
                self.versions.append(version)
        except IntegrityError as error:
            raise StateConflict(f"version {version.number} of document {self.id}") from error
        if not first:
            changes = [{"field": "file", "old": "", "new": kept.filename}]
            audit.write(
                "change", "version-added", actor=by, record=self, label=self.label, changes=changes, reason=note, sha256=kept.sha256
            )
        return version

    def change(self, values: Mapping[str, Any], *, by: Staff, reason: str = "") -> list[dict[str, Any]]:
        """Change what is said of the document and return what really changed, as [{field, old, new}].

        Another year, kind or retention period may mean another archive number; the former one stays findable. A shorter retention, or a
        date with which it ends earlier, asks for a reason (AR-9, AR-11). Raises `Refusal` with the field.
        """
        self.ensure_open()
        checked = _checked(self.customer, {**{one.name: getattr(self, one.name) for one in FIELDS}, **values}, None)
        if self.current is None and not checked["on_paper"]:
            raise Refusal("Without a file the original is on paper.", field="on_paper")
        if rank(checked["retention"]) > rank(self.retention) and not reason:
            raise Refusal("Say why the document is kept for a shorter time.", field="reason")
        end, was = retained_until(checked["retention"], checked["dated_on"].year), self.retained_until
        if end is not None and was is not None and end < was and not reason:
            raise Refusal(
                "With this date it is kept until %(after)s and not until %(before)s. Say why.",
                field="reason",
                after=end.isoformat(),
                before=was.isoformat(),
            )
        changes = card.apply(self, checked, BY_NAME)
        year = self.dated_on.year
        if {change["field"] for change in changes} & {"kind", "retention"} or year != self.year:
            self.year = year
            if _series(self.kind, self.retention, year) != self.series:
                before = self.archive_number
                self.series, self.archive_number = _next_number(self.kind, self.retention, year)
                self.former_numbers = "\n".join(filter(None, (self.former_numbers, before)))
                changes.append({"field": "archive_number", "old": before, "new": self.archive_number})
        if changes:
            self.updated_at = clock.now()
            audit.write("change", "changed", actor=by, record=self, label=self.label, changes=changes, reason=reason, source="form")
            self._recount()
        return changes

    def remove(self, *, by: Staff, reason: str) -> None:
        """Take a document out of the dossier that was filed by mistake; number, title and reason stay readable. Raises `Refusal`."""
        self.ensure_open()
        if not reason:
            raise Refusal("Say why it does not belong into the dossier.", field="reason")
        self.state, self.removed_because, self.binder_id, self.updated_at = REMOVED, reason[:500], None, clock.now()
        changes = [{"field": "state", "old": FILED, "new": REMOVED}]
        audit.write("change", "removed", actor=by, record=self, label=self.label, changes=changes, reason=reason, source="form")
        self._recount()

    def _recount(self) -> None:
        from portal.models.dossier_completeness import count

        count([self.customer_id])


class DocumentVersion(Base):
    """One file of a document. Never changed; a newer file is a new version."""

    __tablename__ = "archive_document_version"

    document_id: Mapped[int] = mapped_column(ForeignKey("archive_document.id"))
    number: Mapped[int]
    attachment_id: Mapped[int] = mapped_column(ForeignKey("attachment.id"), index=True)
    pages: Mapped[int | None]
    note: Mapped[str] = mapped_column(default="")
    uploaded_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    uploaded_at: Mapped[datetime] = mapped_column(default=clock.now)

    document: Mapped[ArchiveDocument] = relationship(back_populates="versions")
    file: Mapped[Attachment] = relationship()
    uploaded_by: Mapped[Staff | None] = relationship(foreign_keys=[uploaded_by_id])

    __table_args__ = (Index(None, "document_id", "number", unique=True),)

    @property
    def can_be_seen(self) -> bool:
        """Return whether its pages can be shown as pictures: PDF, JPEG and PNG."""
        return self.file.media_type in (file_content.PDF, file_content.JPEG, file_content.PNG)


def _ensure_new(customer: Customer, upload: Upload) -> None:
    same = (
        select(ArchiveDocument.archive_number)
        .join(DocumentVersion, DocumentVersion.document_id == ArchiveDocument.id)
        .join(Attachment, Attachment.id == DocumentVersion.attachment_id)
        .where(Attachment.sha256 == upload.sha256, ArchiveDocument.customer_id == customer.id, ArchiveDocument.state == FILED)
    )
    number = db.session.scalar(same.limit(1))
    if number:
        raise Refusal("This file is in the dossier already, as %(number)s.", field="file", number=number)


def _checked(customer: Customer, values: Mapping[str, Any], upload: Upload | None) -> dict[str, Any]:
    checked = {one.name: values.get(one.name, one.empty) for one in FIELDS}
    if upload is not None:
        checked["title"] = checked["title"] or upload.title
    for one in FIELDS:
        check_choice(one, checked[one.name])
    if not checked["kind"]:
        raise Refusal("Choose the kind of document.", field="kind")
    if not checked["title"]:
        raise Refusal("A document needs a title.", field="title")
    if checked["dated_on"] is None:
        raise Refusal("Enter the document's date.", field="dated_on")
    has_come(checked["dated_on"], clock.today(), field="dated_on")
    if checked["dated_on"].year < 1900:
        raise Refusal("This day is too long ago.", field="dated_on")
    checked["retention"] = checked["retention"] or retention_of(checked["kind"])
    checked["confidentiality"] = checked["confidentiality"] or "internal"
    if checked["binder_id"] is not None:
        binder = db.session.get(Binder, checked["binder_id"])
        if binder is None or binder.customer_id != customer.id:
            raise Refusal("This binder is not one of this customer's.", field="binder_id")
    return checked


def retention_of(kind: str) -> str:
    """Return the retention period with which documents of a kind begin (standard `dossier.rules`)."""
    return next((row["retention"] for row in standard("dossier.rules") if row["code"] == kind), DEFAULT_RETENTION)


def _parts(kind: str, retention: str, year: int) -> dict[str, str | int]:
    return {
        "fonds": standard("archive.fonds"),
        "category": standard("archive.category"),
        "office": standard("archive.office"),
        "kind": kind,
        "retention": retention,
        "year": year,
    }


def _next_number(kind: str, retention: str, year: int) -> tuple[str, str]:
    """Return the series of such documents and the next archive number in it."""
    template, parts = standard("archive.number_template"), _parts(kind, retention, year)
    series = series_of(template, parts)
    return series, archive_number(template, parts, NumberSeries.take(f"archive {series}"))


def _series(kind: str, retention: str, year: int) -> str:
    return series_of(standard("archive.number_template"), _parts(kind, retention, year))


# --- what hangs on it ----------------------------------------------------------------------------------------------------

used_in("choices.document_kind", ArchiveDocument.kind)
used_in("choices.confidentiality", ArchiveDocument.confidentiality)


@touching("archive.number_template", "archive.fonds", "archive.category", "archive.office")
def _numbers(_before: Any, _value: Any, _day: date) -> Any:
    count = db.session.scalar(select(func.count()).select_from(ArchiveDocument)) or 0
    yield Message(N_("%(count)s documents keep the archive numbers they have."), {"count": count})


history.stream("dossier", N_("Dossier"), kinds=("change", "file"), record_types=("ArchiveDocument", "Binder"))
history.action("ArchiveDocument", "filed", N_("Document filed"))
history.action("ArchiveDocument", "changed", N_("Document's particulars changed"))
history.action("ArchiveDocument", "version-added", N_("New version of a document"))
history.action("ArchiveDocument", "removed", N_("Document taken out of the dossier"))
