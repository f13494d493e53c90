"""Kinds of documents that somebody must sign. A kind is a declaration; nothing else in the portal knows how signing works."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import Select

from portal.database import transition
from portal.rules.message import Message

if TYPE_CHECKING:
    from portal.models.approval import Approval
    from portal.models.staff import Staff


Event = Callable[[Any, "Approval", "Staff | None"], None]
"""What happens to a document; in the same transaction, the actor last."""


def into_approval(document: Any, *, before: Any = "draft", **change: Any) -> None:
    """Take a document into approval, with what else changes at its submission. Raises `StateConflict` unless it stands as `before`.

    With its new version an edit that is open at this moment fails instead of changing what is signed (AP-5).
    """
    expect = {"state": before, "version": document.version}
    transition(document, expect=expect, change={**change, "state": "pending", "version": document.version + 1})


def _submitted(document: Any, _approval: Approval, _by: Staff | None) -> None:
    into_approval(document)


def _returned(document: Any, _approval: Approval, _by: Staff | None) -> None:
    transition(document, expect={"state": "pending"}, change={"state": "draft"})


def _rejected(document: Any, _approval: Approval, _by: Staff | None) -> None:
    transition(document, expect={"state": "pending"}, change={"state": "rejected"})


def _given_up(document: Any, _approval: Approval, _by: Staff | None) -> None:
    transition(document, expect={"state": "draft"}, change={"state": "given-up"})


@dataclass(frozen=True, kw_only=True)
class DocumentKind:
    """One kind of document: how it is called, printed, frozen, routed, and what its decision does."""

    name: str
    """Code, such as `investigation`."""
    title: str
    """English message id of the form's title."""
    model: Any
    """The mapped class; it has `id`, `customer_id` and `visible_to`."""
    sheet: str
    """Name of the printed form in `printing.catalogue.SHEETS`."""
    chain: str
    """Name of the standard that holds the chain, such as `chain.investigation`."""
    page: Callable[[Any], tuple[str, dict[str, Any]]]
    """Return endpoint and values of the document's own page."""
    filed_as: str
    """Under which kind of document (a code of `choices.document_kind`) its sealed form is filed in the customer's dossier (AP-7)."""
    case: Callable[[Any], Mapping[str, str]] = lambda document: {}
    """Return the facts of the document that pick the case of the chain, such as `{"limit": "above"}` (`rules.chains.choose_case`)."""
    covers: Select[Any, Any] | None = None
    """Which customers each document covers, where one may cover several: a statement of (number of the document, customer). Where it is
    None, a document is of the one customer its approval names, or of none. `Approval.running_on` asks it: they are not merged meanwhile."""
    label: Callable[[Any], str] = lambda document: document.label
    """Return what the inbox calls the document, such as the customer's name."""
    snapshot: Callable[[Any], dict[str, Any]] = lambda document: document.snapshot()
    """Return the document as plain JSON (texts, numbers as text, codes of choices): what is frozen, hashed, shown, printed and signed."""
    check: Callable[[Any], None] = lambda document: document.ensure_ready()
    """Raise `Refusal` when the document is not ready to be submitted."""
    on_submitted: Event = _submitted
    on_returned: Event = _returned
    """Sent back, or withdrawn."""
    on_rejected: Event = _rejected
    on_approved: Event
    on_given_up: Event | None = _given_up
    """Let go by who submitted it, after it came back; None where the document has to be made in any case."""
    cancelled: Callable[[Any], Message | None] = lambda document: None
    """Return what its sheet says of an approved document that was cancelled afterwards: by whom, when, why; None where nobody did."""
    labels: Mapping[str, str] = field(default_factory=dict)
    """English message ids by path in the snapshot (`change.new_limit`): how differences name a place."""
    choices: Mapping[str, str] = field(default_factory=dict)
    """Lists of choices by path in the snapshot (`customer.nature` → `nature`): codes there show and print under their names."""
    amounts: Collection[str] = ()
    """Paths in the snapshot that hold yuan as text; they show and print as amounts."""


KINDS: dict[str, DocumentKind] = {}


def declare(kind: DocumentKind) -> DocumentKind:
    """Add a kind of document; called once by the module that owns the document's model."""
    KINDS[kind.name] = kind
    return kind
