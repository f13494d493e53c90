"""What stands on a sheet, as plain data in no language yet: which record, its content, its state and its signatures (PR-9).

A form of one record is a declaration (`declare(Printable(…))`); its route, preview, print, copy count and verification come with it.
A document that somebody signs prints its frozen round, never the record as it is now.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from portal.database import db
from portal.models import card, history
from portal.models.approval import RETURNED, Approval
from portal.models.approval_kinds import KINDS, DocumentKind
from portal.models.approval_round import ApprovalRound
from portal.models.approval_signature import Signature
from portal.models.approval_step import ApprovalStep
from portal.models.choice_names import Names, names_of
from portal.models.contact import Contact
from portal.models.credit import KIND as CREDIT_CHANGE
from portal.models.customer import Customer, CustomerState
from portal.models.investigation import KIND as INVESTIGATION
from portal.models.sheet import BLANK
from portal.models.standard import in_force
from portal.models.standard import value as standard
from portal.permissions import Permission, Role
from portal.printing.catalogue import SHEETS
from portal.printing.labels import Labels
from portal.printing.naming import named
from portal.rules.chains import choose_case, signatures
from portal.rules.freezing import content_hash
from portal.rules.message import N_, Message

MEANINGS = {
    "made": N_("fills in"),
    "review": N_("reviews"),
    "approve": N_("approves"),
    "inform": N_("is informed"),
    "opinion": N_("advises"),
}
CANCELLED = "cancelled"
"""State of the sheet of a document that was approved, and cancelled afterwards."""
CHANGES_SHOWN = 20
"""So many of the newest changes that matter stand on a customer card; the portal keeps all."""


Finish = Callable[[dict[str, Any], Labels], None]
"""Names in place what a path alone does not say, after codes and amounts are named."""


@dataclass(frozen=True)
class Box:
    """A signature box: whose it is, and the signature once it is given. `title` is a message, or a site's own {"zh", "en"}."""

    title: Message | Mapping[str, str]
    meaning: str
    type: str = "paper"
    signature: Signature | None = None
    step: ApprovalStep | None = None
    """The step whose box it is; None where no round has begun, or it is signed by hand."""


@dataclass(frozen=True)
class Paper:
    """A sheet ready to be put into a language."""

    sheet: str
    record_type: str
    subject: str
    content: dict[str, Any]
    record_id: int | None = None
    customer_id: int | None = None
    label: str = ""
    state: str = ""
    round: ApprovalRound | None = None
    boxes: tuple[Box, ...] = ()
    choices: Mapping[str, str] = field(default_factory=dict)
    """Lists of choices by path in the content."""
    names: Names | None = None
    """What their codes are called on it; None for as they are called today."""
    amounts: Collection[str] = ()
    finish: Finish | None = None
    warnings: tuple[Message, ...] = ()
    """What to know before it is printed; not on the sheet."""
    cancelled: Message | None = None
    """What the sheet says of a document that was cancelled after it was approved."""

    @property
    def content_hash(self) -> str:
        """Return the SHA-256 of the content; of a round the one that is signed."""
        return self.round.content_hash if self.round else content_hash(self.content)

    @property
    def signatures(self) -> int:
        """Return how many boxes are signed."""
        return sum(box.signature is not None for box in self.boxes)

    @property
    def version(self) -> tuple[str, int | None, str, str, int]:
        """Return what makes two copies the same: subject, round, content, state, signatures."""
        return self.subject, self.round.number if self.round else None, self.content_hash, self.state, self.signatures


@dataclass(frozen=True)
class Printable:
    """One form of one record. A document kind's is made by `of_kind`: content and signatures come from its approval, if it has one."""

    sheet: str
    """Name in `catalogue.SHEETS`, and in the address of the print."""
    model: Any
    """The mapped class; `visible_to` is its scope."""
    content: Callable[[Any], dict[str, Any]]
    """Return the record as plain JSON data in the parts that the sheet's template names."""
    blank: dict[str, Any]
    """The content of an empty form."""
    label: Callable[[Any], str]
    """Return what lists and the log call it."""
    page: Callable[[Any], tuple[str, dict[str, Any]]]
    """Return endpoint and values of the record's own page."""
    permission: Permission = Permission.SHEET_PRINT
    kind: str = ""
    """The document kind, where somebody signs it."""
    boxes: tuple[Box, ...] = ()
    """Boxes to sign by hand, where it is no document kind."""
    state: Callable[[Any], str] = lambda record: ""
    choices: Mapping[str, str] = field(default_factory=dict)
    """Lists of choices by path in the content; a document kind declares its own."""
    amounts: Collection[str] = ()
    customer_id: Callable[[Any], int | None] = lambda record: record.customer_id
    finish: Finish | None = None
    fits: Callable[[Any], bool] = lambda record: True
    """Whether the form is this record's, where several forms have their records in one table."""
    offered: Callable[[], bool] = lambda: True
    """Whether the empty form is among those that are offered."""
    made_at: Callable[[Any], tuple[str, dict[str, Any]]] | None = None
    """Return endpoint and values of the page where it is made, where it is the cover of more than one sheet."""
    warnings: Callable[[Any], Iterable[Message]] = lambda record: ()
    """Return what to know before it is printed."""
    long: Callable[[Any], bool] = lambda record: False
    """Whether the sheet of a record has so many rows that it is made in the background."""
    changed: str = N_("The content has changed since it was printed.")
    """What is said of a copy whose content is no longer that of the record."""

    def subject(self, record_id: int) -> str:
        """Return what copies are counted by."""
        return f"{self.sheet}:{record_id}"


PRINTABLES: dict[str, Printable] = {}


def declare(printable: Printable) -> Printable:
    """Add a form of one record."""
    PRINTABLES[printable.sheet] = printable
    return printable


def of_kind(kind: DocumentKind, *, blank: dict[str, Any]) -> Printable:
    """Return the form of a document kind, as the kind declares it."""
    return Printable(
        sheet=kind.sheet, model=kind.model, content=kind.snapshot, blank=blank, label=kind.label, page=kind.page, kind=kind.name
    )


def paths(tables: Mapping[str, Iterable[card.Field]], wanted: Callable[[card.Field], Any]) -> dict[str, Any]:
    """Return what `wanted` says of the fields of each part, by path, where it says anything."""
    return {f"{part}.{one.name}": wanted(one) for part, fields in tables.items() for one in fields if wanted(one)}


# --- papers ------------------------------------------------------------------------------------------------------------


def paper_of(printable: Printable, record: Any) -> Paper:
    """Return the sheet of a record as it would print now.

    A document in approval, decided or given up prints its last round; one that was never submitted, or is being revised, its draft.
    """
    if printable.kind:
        approval = Approval.latest_for(printable.kind, record.id)
        if approval is not None and approval.state not in RETURNED:
            return paper_of_round(approval, approval.current_round)
        kind = KINDS[printable.kind]
        return _signed_by_kind(
            printable, kind, record, content=kind.snapshot(record), state="draft", boxes=chain_boxes(kind, kind.case(record))
        )
    return Paper(
        sheet=printable.sheet,
        record_type=printable.sheet,
        record_id=record.id,
        subject=printable.subject(record.id),
        customer_id=printable.customer_id(record),
        label=printable.label(record),
        content=printable.content(record),
        state=printable.state(record),
        boxes=printable.boxes,
        choices=printable.choices,
        amounts=printable.amounts,
        finish=printable.finish,
        warnings=tuple(printable.warnings(record)),
    )


def paper_of_round(approval: Approval, round_: ApprovalRound) -> Paper:
    """Return the sheet of one round of an approval: the frozen content with the signatures given so far (AP-4, AP-6)."""
    boxes = tuple(_box(step) for step in round_.steps)
    cancelled = approval.kind.cancelled(approval.document) if round_.outcome == "approved" else None
    return Paper(
        sheet=approval.kind.sheet,
        record_type=approval.kind_name,
        record_id=approval.record_id,
        subject=f"{approval.kind.sheet}:{approval.record_id}",
        customer_id=approval.customer_id,
        label=approval.title,
        content=round_.snapshot,
        state=CANCELLED if cancelled else round_.outcome or "pending",
        cancelled=cancelled,
        round=round_,
        boxes=boxes,
        names=round_.names(approval.kind.choices),
        amounts=approval.kind.amounts,
    )


def blank_paper(printable: Printable) -> Paper:
    """Return the empty form, with the signature boxes of the chain in force."""
    boxes = chain_boxes(KINDS[printable.kind], {}) if printable.kind else printable.boxes
    return Paper(
        sheet=printable.sheet,
        record_type=BLANK,
        subject=f"{printable.sheet}:{BLANK}",
        content=printable.blank,
        boxes=boxes,
        finish=printable.finish,
    )


def chain_boxes(kind: DocumentKind, facts: Mapping[str, str]) -> tuple[Box, ...]:
    """Return the empty boxes of the chain that a document would go through if it were submitted today."""
    titles = {entry["code"]: entry for entry in standard("approval.signatories")}
    steps = [step for group in choose_case(in_force(kind.chain).value, facts)["steps"] for step in signatures(group)]
    return tuple(Box(_title(step.get("role", ""), titles.get(step.get("title", ""), {})), step["meaning"], step["type"]) for step in steps)


def _signed_by_kind(printable: Printable, kind: DocumentKind, record: Any, **values: Any) -> Paper:
    return Paper(
        sheet=printable.sheet,
        record_type=kind.name,
        record_id=record.id,
        subject=printable.subject(record.id),
        customer_id=printable.customer_id(record),
        label=kind.label(record),
        choices=kind.choices,
        amounts=kind.amounts,
        **values,
    )


def _box(step: ApprovalStep) -> Box:
    if step.type == "opinion":
        return Box(Message(N_("Opinion asked of a colleague")), "opinion", step.type, step.signature, step)
    return Box(_title(step.role, step.title_names), step.meaning, step.type, step.signature, step)


def _title(role: str, names: Mapping[str, str]) -> Message | Mapping[str, str]:
    return Message(Role(role).label) if role else {"zh": names.get("zh", ""), "en": names.get("en", "")}


# --- the forms ---------------------------------------------------------------------------------------------------------

_CARD = {"customer": card.FIELDS, "contacts": card.CONTACT_FIELDS}
_CHOICES = paths(_CARD, lambda one: one.choices)
_AMOUNTS = tuple(paths(_CARD, lambda one: one.kind == "money"))
_CHECKED = (Box(_title("rep", {}), "made"), Box(_title("supervisor", {}), "review"))


def _customer(customer: Customer) -> dict[str, Any]:
    return {
        "number": customer.number,
        **card.texts(card.FIELDS, customer),
        "provisional": "yes" if customer.grade_provisional else "",
        "owner": customer.owner.name if customer.owner else "",
        "team": customer.team.name if customer.team else "",
    }


def _contacts(customer: Customer) -> list[dict[str, Any]]:
    order = (Contact.emergency, Contact.id)
    records = db.session.scalars(select(Contact).where(Contact.customer_id == customer.id).order_by(*order))
    return [card.texts(card.CONTACT_FIELDS, contact) for contact in records]


_MATTERS = {"Customer": card.MATTERS, "Contact": frozenset({"name"})}


def _changes(customer: Customer) -> list[dict[str, Any]]:
    """Return the changes that matter, with their reason, the newest last: what the paper card has its table for (AR-4)."""
    events, _more = history.changes(customer, limit=200)
    found = [
        {
            "changed_on": event.data.get("effective_on") or "",
            "field": change["field"] if event.record_type == "Customer" else "contact",
            "old": change["old"],
            "new": change["new"],
            "reason": event.data["reason"],
            "who": event.actor_name,
        }
        for event in events
        if event.data.get("reason") and event.record_type in _MATTERS
        for change in event.data.get("changes", [])
        if change["field"] in _MATTERS[event.record_type] and change["old"] not in ("", None)
    ]
    return list(reversed(found[:CHANGES_SHOWN]))


def _finish_card(document: dict[str, Any], labels: Labels) -> None:
    customer = document["customer"]
    if customer.get("grade") and customer["provisional"]:
        customer["grade"] = labels("%(grade)s (provisional)", grade=customer["grade"])
    for change in document.get("changes", []):
        path = f"customer.{change['field']}"
        for end in ("old", "new"):
            names = names_of({"customer": {change["field"]: change[end]}}, _CHOICES)
            change[end] = named(change[end], labels, names, _AMOUNTS, path)
        field_ = card.CARD.get(change["field"])
        change["field"] = labels(field_.title) if field_ else labels(N_("Contact"))


def _card_state(customer: Customer) -> str:
    # The original card is made when the investigation is approved (AR-2): before that its print is a draft.
    return "draft" if customer.state == CustomerState.PROSPECT else ""


def _is_a_card(customer: Customer) -> bool:
    # Its copies are withdrawn (`standing`): the card of a record that was merged is that of the one which took it in (AR-3).
    return customer.state != CustomerState.MERGED


def _customer_page(customer: Customer) -> tuple[str, dict[str, Any]]:
    return "archive.customer", {"customer_id": customer.id}


declare(
    Printable(
        sheet="customer_card",
        model=Customer,
        content=lambda customer: {"customer": _customer(customer), "contacts": _contacts(customer), "changes": _changes(customer)},
        blank={"customer": {}, "contacts": [], "changes": []},
        label=lambda customer: customer.full_name,
        page=_customer_page,
        boxes=_CHECKED,
        state=_card_state,
        choices=_CHOICES,
        amounts=_AMOUNTS,
        customer_id=lambda customer: customer.id,
        finish=_finish_card,
        fits=_is_a_card,
    )
)
declare(
    Printable(
        sheet="customer_status",
        model=Customer,
        content=lambda customer: {
            "customer": _customer(customer),
            "registered_on": customer.registered_on.isoformat() if customer.registered_on else "",
        },
        blank={"customer": {}, "registered_on": ""},
        label=lambda customer: customer.full_name,
        page=_customer_page,
        boxes=_CHECKED,
        state=_card_state,
        choices=_CHOICES,
        amounts=_AMOUNTS,
        customer_id=lambda customer: customer.id,
        finish=_finish_card,
        fits=_is_a_card,
    )
)
declare(of_kind(CREDIT_CHANGE, blank={"customer": {}, "old": {}, "new": {}, "change": {}}))
declare(of_kind(INVESTIGATION, blank={"customer": {}, "contacts": [], "investigation": {}}))
assert all(name in SHEETS for name in PRINTABLES)  # noqa: S101 - a misspelt form is a mistake of ours
