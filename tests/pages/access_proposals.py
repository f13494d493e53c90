"""Rows of proposals: registration, routing, letters, extensions (PP-1 to PP-4)."""

from __future__ import annotations

from typing import Any

from portal import clock
from portal.database import db
from portal.models import proposal_intake, proposal_letter
from portal.models.dossier import Upload
from portal.models.proposal import Proposal
from portal.models.proposal_department import parts_of
from portal.models.proposal_extension import ProposalExtension
from tests import factories, proposing
from tests.access import Row, everyone
from tests.approving import person, picture
from tests.service.requesting import taken


def _ids(one: Proposal, **more: Any) -> dict[str, Any]:
    return {"proposal": one.id, "customer": one.customer_id, "version": one.version, "today": clock.today().isoformat(), **more}


def _bare() -> dict[str, Any]:
    customer = factories.customer("rep1")
    return {"customer": customer.id, "number": customer.number, "today": clock.today().isoformat()}


def _registered() -> dict[str, Any]:
    return _ids(proposing.registered())


def _numbered() -> dict[str, Any]:
    return {**_registered(), "number": ""}


def _with_file() -> dict[str, Any]:
    one = proposing.registered()
    kept = proposal_intake.keep_files(one, [Upload.of(picture(), "来信.png")], by=person("rep1"))
    db.session.commit()
    return _ids(one, file=kept[0].id)


def _requested() -> dict[str, Any]:
    return {"request": taken(factories.customer("rep1"), kind="suggestion").id}


def _drafted() -> dict[str, Any]:
    routing = proposing.routing(proposing.registered())
    return _ids(routing.proposal, routing=routing.id, version=routing.version)


def _routed() -> dict[str, Any]:
    one = proposing.routed()
    line = next(iter(db.session.scalars(parts_of(one.id))))
    return _ids(one, line=line.id)


def _extending() -> dict[str, Any]:
    one = proposing.registered()
    extension = ProposalExtension.begin(one, {"ground": "important", "reason": "需外部试验"}, by=person("sup1"))
    db.session.commit()
    return _ids(one, extension=extension.id, version=extension.version)


def _letter() -> dict[str, Any]:
    one = proposing.registered()
    found = proposal_letter.draft(one, "thanks", by=person("rep1"))
    db.session.commit()
    return _ids(one, letter=found.id, version=found.version)


def _failed() -> dict[str, Any]:
    ids = _letter()
    db.session.execute(
        db.update(proposal_letter.ProposalLetter).where(proposal_letter.ProposalLetter.id == ids["letter"]).values(
            state="sent", mail_state="failed", address="lin@example.com"
        )
    )  # fmt: skip
    db.session.commit()
    return ids


def _own(endpoint: str, url: str, method: str = "GET", status: int = 200, **values: Any) -> Row:
    """Return the row of a page of everybody who sees the customer."""
    return Row(endpoint, url, method, owner=status, supervisor=status, manager=status, **values)


def _routers(endpoint: str, url: str, method: str = "GET", status: int = 200, **values: Any) -> Row:
    """Return the row of what the supervisor does: the rep in charge may not."""
    return Row(endpoint, url, method, owner=403, supervisor=status, manager=status, **values)


_WRITTEN = {
    "customer": "{number}", "kind": "quality", "channel": "letter", "contact": "林秋实", "reach": "13800001111", "received_on": "{today}",
    "received_time": "09:40", "summary": "来料检验增加抽检比例", "text": "建议对关键零件提高抽检比例。", "version": "{version}",
}  # fmt: skip
_ROWS = {"kind": "quality", "responsible": "0", "row-0-department": "quality", "row-0-way": "paper", "version": "{version}", "do": "save"}
_TABLE, _THANKS = {"kind": "sales", "do": "table"}, {"what": "thanks", "language": "en"}
_NOBODY, _NO_GROUND = {**_ROWS, "responsible": ""}, {"ground": "x", "reason": "需外部试验", "version": "{version}"}
_DAYS = {"ground": "complicated", "reason": "需外部试验", "version": "{version}", "do": "save"}
_TEXT = {"way": "letter", "to_name": "林秋实", "address": "", "subject": "致谢", "body": "谢谢。", "version": "{version}"}

ROWS = [
    everyone("proposals.proposals", "/proposals", prepare=_routed),
    everyone("proposals.proposals", "/proposals?state=&q=抽检&kind=quality&channel=e-mail&department=quality", prepare=_routed),
    everyone("proposals.proposals", "/proposals?state=open&late=1&team=x&customer=9&last=2020-13-01"),
    everyone("proposals.proposals_file", "/proposals/file?format=csv", prepare=_registered),
    everyone("proposals.alike", "/proposals/similar?summary=来料检验增加抽检", prepare=_registered),
    everyone("proposals.proposal_new", "/proposals/new"),
    everyone("proposals.proposal_new", "/proposals/new?customer={customer}", prepare=_bare),
    Row(
        "proposals.proposal_new", "/proposals/new", "POST", _WRITTEN, lambda: {**_bare(), "version": ""},
        owner=303, colleague=422, stranger=422, supervisor=303, other_supervisor=422, manager=303,
    ),
    everyone("proposals.proposal_new", "/proposals/new", "POST", 422, data={"kind": "x", "received_on": "2999-01-01"}),
    _own("proposals.of_customer", "/customers/{customer}/proposals", prepare=_registered),
    _own("proposals.proposal", "/proposals/{proposal}", prepare=_registered),
    _own("proposals.proposal", "/proposals/{proposal}", prepare=_routed),
    _own("proposals.proposal", "/proposals/{proposal}", prepare=_letter),
    _own("proposals.file", "/proposals/{proposal}/files/{file}", prepare=_with_file),
    _own("proposals.proposal_edit", "/proposals/{proposal}/edit", prepare=_registered),
    _own("proposals.proposal_edit", "/proposals/{proposal}/edit", prepare=_routed),
    _own("proposals.proposal_edit", "/proposals/{proposal}/edit", "POST", 303, data=_WRITTEN, prepare=_numbered),
    _own("proposals.files_new", "/proposals/{proposal}/files", "POST", 422, prepare=_registered),
    _own("proposals.proposal_void", "/proposals/{proposal}/voidance", "POST", 303, data={"reason": "误登"}, prepare=_registered),
    _own("proposals.proposal_void", "/proposals/{proposal}/voidance", "POST", 422, prepare=_registered),
    _own("proposals.from_request", "/requests/{request}/proposal", "POST", 303, prepare=_requested),
    _routers("proposals.routing_new", "/proposals/{proposal}/routing/new?kind=sales", prepare=_registered),
    _routers("proposals.routing_new", "/proposals/{proposal}/routing/new", "POST", 303, data=_ROWS, prepare=_registered),
    _routers("proposals.routing_new", "/proposals/{proposal}/routing/new", "POST", data=_TABLE, prepare=_registered),
    _own("proposals.routing", "/proposal-routings/{routing}", prepare=_drafted),
    _routers("proposals.routing_edit", "/proposal-routings/{routing}/edit", prepare=_drafted),
    _routers("proposals.routing_edit", "/proposal-routings/{routing}/edit", "POST", 422, data=_NOBODY, prepare=_drafted),
    _routers("proposals.routing_submit", "/proposal-routings/{routing}/submission", "POST", 303, prepare=_drafted),
    _routers("proposals.routing_give_up", "/proposal-routings/{routing}/giving-up", "POST", 303, prepare=_drafted),
    _own("proposals.copy_sent", "/proposal-departments/{line}/copy", "POST", 303, prepare=_routed),
    _routers("proposals.extension_new", "/proposals/{proposal}/extension/new", prepare=_registered),
    _routers("proposals.extension_new", "/proposals/{proposal}/extension/new", "POST", 303, data=_DAYS, prepare=_registered),
    _own("proposals.extension", "/proposal-extensions/{extension}", prepare=_extending),
    _routers("proposals.extension_edit", "/proposal-extensions/{extension}/edit", prepare=_extending),
    _routers("proposals.extension_edit", "/proposal-extensions/{extension}/edit", "POST", 422, data=_NO_GROUND, prepare=_extending),
    _routers("proposals.extension_submit", "/proposal-extensions/{extension}/submission", "POST", 303, prepare=_extending),
    _routers("proposals.extension_give_up", "/proposal-extensions/{extension}/giving-up", "POST", 303, prepare=_extending),
    _own("proposals.letter_new", "/proposals/{proposal}/letters", "POST", 303, data=_THANKS, prepare=_registered),
    _own("proposals.letter", "/proposal-letters/{letter}", prepare=_letter),
    _own("proposals.letter", "/proposal-letters/{letter}", prepare=_failed),
    _own("proposals.letter", "/proposal-letters/{letter}", "POST", 303, data={**_TEXT, "do": "send"}, prepare=_letter),
    _own("proposals.letter", "/proposal-letters/{letter}", "POST", 422, data={**_TEXT, "way": "mail", "do": "send"}, prepare=_letter),
    _own("proposals.letter_again", "/proposal-letters/{letter}/sending", "POST", 422, prepare=_failed),
    _own("proposals.letter_drop", "/proposal-letters/{letter}/giving-up", "POST", 303, prepare=_letter),
]  # fmt: skip
