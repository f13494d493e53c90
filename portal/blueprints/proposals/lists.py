"""The list of proposals with its filters, and as a file; a customer's proposals (PP-4, PP-10)."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select

from portal import clock, htmx, list_files
from portal.blueprints.proposals import bp
from portal.database import db
from portal.i18n import is_chinese, of_choice
from portal.looks import look
from portal.models import proposal_clock, proposal_list
from portal.models.customer import Customer
from portal.models.proposal import Proposal
from portal.models.proposal_list import FIGURES, GROUPS, OPEN, ProposalQuery
from portal.models.standard import value as standard
from portal.models.team import Team
from portal.permissions import Permission, requires
from portal.rules import proposals as rules
from portal.sessions import me


def words() -> dict[str, Any]:
    """Return the words that pages of proposals use."""
    return {
        "states": rules.STATES,
        "channels": rules.CHANNELS,
        "parts": rules.PARTS,
        "line_states": rules.LINE_STATES,
        "ways": rules.WAYS,
        "today": clock.today(),
        "kind_names": {one["code"]: of_choice(one) for one in standard("choices.proposal_kind")},
        "last_day": last_day,
    }


def last_day(proposal: Proposal) -> tuple[str, date, str]:
    """Return how far a proposal is from its last day in words, the day that says it, and the tone of a label."""
    if proposal.decided_on:
        late = proposal.decided_on > proposal.limit_on
        return _("decided late") if late else _("decided"), proposal.decided_on, "seal" if late else ""
    left = (proposal.limit_on - clock.today()).days
    if left < 0:
        late_by = _("1 day overdue") if left == -1 else _("overdue by %(days)s days", days=-left)
        return late_by, proposal.limit_on, "seal"
    said = {0: _("last day today"), 1: _("1 day left")}.get(left) or _("%(days)s days left", days=left)
    return said, proposal.limit_on, "warn" if proposal.warned else ""


@bp.get("/proposals")
@requires(Permission.PROPOSAL_READ)
def proposals() -> Any:
    """Show a page of the proposals in scope: what is undecided by its last day, all by number."""
    args = request.args if request.args else {"state": OPEN}
    query, user = ProposalQuery.read(args), me()
    page = proposal_list.listing(query).page(user, query, after=request.args.get("after", ""), before=request.args.get("before", ""))
    return htmx.render(
        "proposals/list.html",
        "list",
        query=query,
        rows=page.rows,
        places=proposal_clock.places(page.rows) if query.by_due else {},
        count=page.found,
        kinds=standard("choices.proposal_kind"),
        departments=standard("choices.department"),
        teams=db.session.scalars(select(Team).order_by(Team.name)).all() if user.is_manager else [],
        chips=_chips(query),
        next=_address(query, after=page.next) if page.next else "",
        previous=_address(query, before=page.previous) if page.previous else "",
        open_state=OPEN,
        groups=GROUPS,
        **words(),
    )


def _address(query: ProposalQuery, **changes: Any) -> str:
    return url_for("proposals.proposals", **{"state": "", **query.args(), **changes})


def _chips(query: ProposalQuery) -> list[tuple[str, str]]:
    colon = "：" if is_chinese() else ": "
    return [
        (said if name == "late" else f"{said}{colon}{_words(name, value)}", _address(query.without(name)))
        for name, value in query.filters.items()
        if (name, value) != ("state", OPEN) and (said := _(query.FILTERS[name]))
    ]


def _words(name: str, value: str) -> str:
    if name == "state":
        if value in GROUPS:
            word = GROUPS[value][0]
            return _(word)
        return _(rules.STATES[value][0])
    if name in ("channel", "figure"):
        words: dict[str, str] = rules.CHANNELS if name == "channel" else FIGURES
        return _(words[value])
    if name in ("kind", "department"):
        entries = standard("choices.proposal_kind" if name == "kind" else "choices.department")
        return next((str(of_choice(one)) for one in entries if one["code"] == value), value)
    if name == "customer":
        customer = db.session.scalar(Customer.visible_to(me()).where(Customer.id == int(value)))
        return customer.full_name if customer else value
    if name == "team":
        team = db.session.get(Team, int(value))
        return team.name if team else value
    return value


@bp.get("/proposals/file")
@requires(Permission.CUSTOMER_EXPORT)
def proposals_file() -> Any:
    """Answer the list as a file."""
    query = ProposalQuery.read(request.args)
    heads = [
        _("Proposal number"), _("Customer number"), _("Customer"), _("Kind of proposal"), _("How received"), _("Received on"),
        _("Summary of the proposal"), _("Full text"), _("State"), _("Responsible department"), _("Target day"),
        _("Last day of the proposal"), _("Decided on"), _("Days late"), _("Handled by"),
    ]  # fmt: skip
    kinds = {one["code"]: of_choice(one) for one in standard("choices.proposal_kind")}
    departments = {one["code"]: of_choice(one) for one in standard("choices.department")}

    def rows() -> Any:
        for one in proposal_list.listing(query).rows(me(), query):
            yield [
                one.number, one.customer.number, one.customer.full_name, kinds.get(one.kind, one.kind), _(rules.CHANNELS[one.channel]),
                one.received_on, one.summary, one.text, _(rules.STATES[one.state][0]), departments.get(one.responsible, one.responsible),
                one.target_on, one.limit_on, one.decided_on, proposal_clock.late_days(one) if one.state != rules.VOID else "",
                one.handler.name,
            ]  # fmt: skip

    return list_files.answer(_("Customers' proposals"), heads, rows(), what="proposals", filters=query.args())


@bp.get("/customers/<int:customer_id>/proposals")
@requires(Permission.PROPOSAL_WORK, customer=Customer)
def of_customer(customer: Customer) -> Any:
    """Show the proposals of a customer, the newest first."""
    look(customer)
    return render_template(
        "proposals/customer.html", customer=customer, rows=proposal_list.of_customer(me(), customer.id, most=50), places={}, **words()
    )
