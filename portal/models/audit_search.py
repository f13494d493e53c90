"""Finding entries of the audit log, by person, record, kind, customer and time (RO-7), and what its words mean."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Select, select

from portal import clock
from portal.database import db
from portal.models.audit import AuditEvent
from portal.models.customer import Customer
from portal.models.history import action, title_of
from portal.models.staff import Staff
from portal.rules.message import N_, Refusal

KIND_LABELS = {
    "sign-in": N_("Sign-in"),
    "access": N_("Look"),
    "change": N_("Change"),
    "permission": N_("Permission"),
    "signature": N_("Signature"),
    "approval": N_("Approvals"),
    "print": N_("Print"),
    "export": N_("Export"),
    "import": N_("Import"),
    "system": N_("System"),
}


@dataclass(frozen=True)
class Wanted:
    """What a reader of the log looks for; empty fields do not narrow."""

    actor_id: int | None = None
    kind: str = ""
    record_type: str = ""
    record_id: int | None = None
    customer_number: str = ""
    from_date: date | None = None
    to_date: date | None = None

    def query(self, reader: Staff) -> Select[AuditEvent]:
        """Return the entries wanted, in no order. Raises `Refusal` for a customer that is not there, or days the wrong way round."""
        query = AuditEvent.visible_to(reader)
        for column, value in (
            (AuditEvent.actor_id, self.actor_id),
            (AuditEvent.kind, self.kind),
            (AuditEvent.record_type, self.record_type),
        ):
            if value:
                query = query.where(column == value)
        if self.record_id is not None:
            query = query.where(AuditEvent.record_id == self.record_id)
        if self.customer_number:
            customer_id = db.session.scalar(select(Customer.id).where(Customer.number == self.customer_number))
            if customer_id is None:
                raise Refusal(N_("There is no customer %(number)s."), field="customer_number", number=self.customer_number)
            query = query.where(AuditEvent.customer_id == customer_id)
        if self.from_date and self.to_date and self.to_date < self.from_date:
            raise Refusal(N_("The last day is before the first."), field="to_date")
        if self.from_date:
            query = query.where(AuditEvent.at >= _midnight(self.from_date))
        if self.to_date:
            query = query.where(AuditEvent.at < _midnight(self.to_date + timedelta(days=1)))
        return query


def _midnight(day: date) -> datetime:
    """Return the beginning of a day at the site."""
    return datetime.combine(day, time(), clock.SITE_ZONE)


def newest(query: Select[AuditEvent], *, before: int | None = None, limit: int = 50) -> tuple[list[AuditEvent], bool]:
    """Return entries, the newest first, those before entry `before` only; and whether there are older ones."""
    if before is not None:
        query = query.where(AuditEvent.id < before)
    found = list(db.session.scalars(query.order_by(AuditEvent.id.desc()).limit(limit + 1)))
    return found[:limit], len(found) > limit


def lines(query: Select[AuditEvent]) -> Iterator[AuditEvent]:
    """Yield all entries, the oldest first, in memory that does not grow with them."""
    for event in db.session.scalars(query.order_by(AuditEvent.id).execution_options(yield_per=1000)):
        yield event
        db.session.expunge(event)


def neighbours(event: AuditEvent) -> tuple[int | None, int | None]:
    """Return the ids of the entries before and after one."""
    before = db.session.scalar(select(AuditEvent.id).where(AuditEvent.id < event.id).order_by(AuditEvent.id.desc()).limit(1))
    after = db.session.scalar(select(AuditEvent.id).where(AuditEvent.id > event.id).order_by(AuditEvent.id).limit(1))
    return before, after


def details(event: AuditEvent) -> dict[str, Any]:
    """Return what an entry carries besides its changes: reason, source, figures."""
    return {key: value for key, value in event.data.items() if key != "changes" and value not in ("", None)}


_ACCOUNT_ACTIONS = (
    ("", "signed-in", N_("Signed in")),
    ("", "signed-out", N_("Signed out")),
    ("", "failed", N_("Failed sign-in")),
    ("", "throttled", N_("Sign-in refused after too many attempts")),
    ("", "password-wrong", N_("Wrong password when signing or changing the password")),
    ("Staff", "sessions-ended", N_("Signed out everywhere else")),
    ("Staff", "signed-out-by-manager", N_("Signed out by a manager")),
    ("Staff", "account-created", N_("Account created")),
    ("Staff", "account-changed", N_("Account changed")),
    ("Staff", "account-deactivated", N_("Account deactivated")),
    ("Staff", "account-reactivated", N_("Account active again")),
    ("Staff", "profile-changed", N_("Profile changed")),
    ("Staff", "password-set", N_("Password changed")),
    ("Staff", "password-reset", N_("Password reset")),
    ("Staff", "signature-picture-set", N_("Signature picture saved")),
    ("Staff", "signature-picture-removed", N_("Signature picture removed")),
    ("Team", "team-created", N_("Team created")),
    ("Team", "team-changed", N_("Team changed")),
    ("Team", "team-deactivated", N_("Team deactivated")),
    ("Team", "team-reactivated", N_("Team active again")),
    ("Delegation", "delegation-given", N_("Delegate named")),
    ("Delegation", "delegation-ended", N_("Delegation ended")),
    ("", "audit-exported", N_("Audit log exported")),
)
_LOOKS = (
    ("Customer", "customer-viewed", N_("Customer looked at")),
    ("ArchiveDocument", "document-read-on-loan", N_("Document read on a loan")),
    ("", "document-downloaded", N_("Document downloaded")),
    ("", "downloaded", N_("File downloaded")),
    ("", "scan-downloaded", N_("Scan downloaded")),
    ("", "sealed-form-downloaded", N_("Sealed form downloaded")),
    ("", "exported", N_("Exported")),
)
_OFFICE_ACTIONS = (
    ("ImportRun", "uploaded", N_("File for an import uploaded")),
    ("ImportRun", "started", N_("Import begun")),
    ("ImportRun", "imported", N_("Import done")),
    ("ImportRun", "cancelled", N_("Import given up")),
    ("ImportRun", "upload-removed", N_("Uploaded file removed after its time")),
    ("ImportRun", "take-back-started", N_("Taking back an import begun")),
    ("SiteDay", "calendar-day-set", N_("Day of the calendar set")),
    ("SiteDay", "calendar-day-removed", N_("Day of the calendar taken out")),
    ("StandardVersion", "standard-set", N_("Standard changed")),
    ("StandardVersion", "standard-cancelled", N_("Change of a standard withdrawn")),
    ("", "standards-exported", N_("Standards exported")),
    ("", "standards-imported", N_("Standards imported")),
    ("", "channel-changed", N_("Service channel changed")),
    ("", "channel-evaluated", N_("Service channel evaluated")),
    ("", "demonstration-removed", N_("Demonstration data removed")),
    ("", "files-tidied", N_("Files tidied up")),
    ("", "sales-recounted", N_("Sums of sales counted anew")),
)
for _declared in (*_ACCOUNT_ACTIONS, *_LOOKS, *_OFFICE_ACTIONS):
    action(*_declared)

FIELD_LABELS = {
    "account": N_("Account"),
    "name": N_("Name of the record"),
    "role": N_("Role"),
    "team": N_("Team"),
    "department": N_("Department"),
    "department_code": N_("Sees the proposals routed to"),
    "post": N_("Post"),
    "email": N_("E-mail"),
    "telephone": N_("Telephone"),
    "language": N_("Language"),
    "active": N_("Active"),
    "delegate": N_("Delegate"),
    "from_date": N_("From the day"),
    "to_date": N_("To"),
    "to": N_("Open work goes to"),
    "customers": N_("Customers"),
    "reason": N_("Reason"),
    "source": N_("Source"),
    "count": N_("How many there are"),
    # of records and their steps
    "state": N_("State"),
    "kind": N_("Kind"),
    "channel": N_("Channel"),
    "priority": N_("Priority"),
    "cause": N_("Cause"),
    "owner": N_("In charge"),
    "assignee": N_("In charge"),
    "staff": N_("In charge"),
    "assistant": N_("Assisting"),
    "tag": N_("Tag"),
    "graded_on": N_("Graded on"),
    "grade_valid_until": N_("Grade valid until"),
    "grade_provisional": N_("Provisional grade"),
    "archive_number": N_("Archive number"),
    "binder": N_("Binder"),
    "file": N_("File"),
    "day": N_("Day"),
    "due_on": N_("Due on"),
    "effective_on": N_("Takes effect on"),
    "title": N_("Title"),
    "amount": N_("Amount (yuan)"),
    "cost": N_("Cost (yuan)"),
    "budget": N_("Budget (yuan)"),
    "total": N_("Total"),
    "grade": N_("Grade"),
    "opinion": N_("Opinion on it"),
    "round": N_("Round"),
    "signature": N_("Number of the signature"),
    "document": N_("Kind of paper"),
    "hash": N_("Hash of the signature"),
    "approval": N_("Number of the approval"),
    "register": N_("Office register"),
    "satisfaction": N_("Satisfaction"),
    "parcel": N_("Number of the parcel"),
    "paper_name": N_("Who signed on paper"),
    "certificate": N_("Fingerprint of the certificate"),
    "sha256": N_("Hash of the file"),
    "import_id": N_("Number of the import"),
    "row": N_("Row"),
    "filters": N_("Conditions"),
    "taken_at": N_("Backup taken at"),
    "sessions_ended": N_("Sessions that were ended"),
    "records": N_("Records removed"),
    "files": N_("Files removed"),
    "rows": N_("How many rows"),
    "numbers": N_("Archive numbers"),
    "cards": N_("Numbers of the cards"),
    "witnesses": N_("Witnesses"),
    "loan": N_("Number of the loan"),
    "disposal": N_("Number of the disposal"),
    "papers": N_("Papers of this loan"),
    "figures": N_("What was counted"),
    "counts": N_("What was counted"),
    "moved": N_("What moved along"),
    "outcome": N_("What came of it"),
    "result": N_("What came of it"),
    "who": N_("Whom it concerns"),
    "what": N_("What was exported"),
    "format": N_("File format"),
    "differences": N_("How many differed"),
    # of a print
    "sheet": N_("Sheet"),
    "form": N_("Form number"),
    "subject": N_("What was printed, by its code"),
    "copy": N_("Copy"),
    "code": N_("Verification code"),
    "content_hash": N_("Hash of the content"),
    "pages": N_("Page count"),
}
"""Names of fields in old and new values; a field that is not here is shown by its own name."""

__all__ = ["FIELD_LABELS", "KIND_LABELS", "Wanted", "details", "lines", "neighbours", "newest", "title_of"]
