"""Kinds of documents that somebody must sign. A kind is a declaration; nothing else in the portal knows how signing works."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from portal.database import transition

if TYPE_CHECKING:
    from portal.models.approval import Approval
    from portal.models.staff import Staff


def goes_to(state: str) -> Callable[[Any, Any, Any], None]:
    """Return the event that takes a document that is in approval to `state`, and changes nothing else."""

    def move(document: Any, _approval: Any, _by: Any) -> None:
        transition(document, expect={"state": "pending"}, change={"state": state})

    return move


def _nothing(_document: Any, _approval: Approval, _by: Staff | None) -> None:
    """Do nothing: the default of what a decision does."""


@dataclass(frozen=True)
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
    case: Callable[[Any], Mapping[str, str]]
    """Return the facts of the document that pick the case of the chain, such as `{"limit": "above"}` (`rules.chains.choose_case`)."""
    label: Callable[[Any], str]
    """Return what the inbox calls the document, such as the customer's name."""
    snapshot: Callable[[Any], dict[str, Any]]
    """Return the document as plain JSON (texts, numbers as text, codes of choices): what is frozen, hashed, shown, printed and signed."""
    page: Callable[[Any], tuple[str, dict[str, Any]]]
    """Return endpoint and values of the document's own page."""
    filed_as: str
    """Under which kind of document (a code of `choices.document_kind`) its sealed form is filed in the customer's dossier (AP-7)."""
    check: Callable[[Any], None] = lambda document: None
    """Raise `Refusal` when the document is not ready to be submitted."""
    on_submitted: Callable[[Any, Approval, Staff | None], None] = _nothing
    on_sent_back: Callable[[Any, Approval, Staff | None], None] = _nothing
    on_withdrawn: Callable[[Any, Approval, Staff | None], None] = _nothing
    on_rejected: Callable[[Any, Approval, Staff | None], None] = _nothing
    on_approved: Callable[[Any, Approval, Staff | None], None] = _nothing
    """What each event does to the document and its customer; in the same transaction, the actor last."""
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
