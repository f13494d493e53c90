"""What customers receive for proposals: the list, one award, handed over and confirmed by two people, over the cap decided (PP-6, PP-7)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from portal import clock, htmx, list_files
from portal.blueprints.proposals import bp
from portal.blueprints.proposals.outcome_forms import HandOverForm, PermitForm, ReceiptForm, sent_file
from portal.blueprints.proposals.pages import part
from portal.database import StateConflict, db
from portal.filters import colon
from portal.i18n import translate
from portal.looks import look
from portal.models import award_list, proposal_award, proposal_figures
from portal.models.award_list import AWARDS, AwardQuery
from portal.models.customer import Customer
from portal.models.proposal import Proposal, ProposalFile
from portal.models.proposal_award import KINDS, PRIZE, REWARD, STATES, ProposalAward
from portal.models.proposal_decision import BANDS
from portal.models.standard import why
from portal.permissions import Permission, ensure, requires
from portal.rules.encouragement import RULES
from portal.rules.message import N_
from portal.rules.money import capitals
from portal.rules.text import clean, clean_line
from portal.saving import saving
from portal.sessions import me


@part("proposals/awards_panel.html", "aside")
def _awards(proposal: Proposal) -> dict[str, Any] | None:
    """Show what the customer receives for a proposal."""
    found = [] if me().is_department else proposal_award.of_proposal(proposal)
    return {"awards": found, "kinds": KINDS, "states": STATES} if found else None


# --- list ------------------------------------------------------------------------------------------------------------------


@bp.get("/proposals/awards")
@requires(Permission.PROPOSAL_WORK)
def awards() -> Any:
    """Show a page of rewards, prizes and souvenirs, the newest first, with the sums of what is listed."""
    query, user = AwardQuery.read(request.args), me()
    page = AWARDS.page(user, query, after=request.args.get("after", ""), before=request.args.get("before", ""))
    return htmx.render(
        "proposals/awards.html",
        "list",
        query=query,
        rows=page.rows,
        count=page.found,
        sums=award_list.sums(user, query),
        years=proposal_figures.years(),
        kinds=KINDS,
        states=STATES,
        chips=[(_said(name, value), _address(query.without(name))) for name, value in query.filters.items()],
        next=_address(query, after=page.next) if page.next else "",
        previous=_address(query, before=page.previous) if page.previous else "",
    )


def _address(query: AwardQuery, **changes: Any) -> str:
    return url_for("proposals.awards", **{**query.args(), **changes})


def _said(name: str, value: str) -> str:
    if name in ("kind", "state"):
        word = KINDS[value] if name == "kind" else STATES[value][0]
        value = _(word)
    elif name == "customer":
        customer = db.session.scalar(Customer.visible_to(me()).where(Customer.id == int(value)))
        value = customer.full_name if customer else value
    return f"{_(AwardQuery.FILTERS[name])}{colon()}{value}"


@bp.get("/proposals/awards/file")
@requires(Permission.CUSTOMER_EXPORT)
def awards_file() -> Any:
    """Answer the list as a file."""
    query = AwardQuery.read(request.args)
    heads = [
        _("Year"), _("Proposal number"), _("Customer number"), _("Customer"), _("Summary of the proposal"), _("What is given"),
        _("Earned by"), _("Grade of the reward"), _("Amount (yuan)"), _("State"), _("Paid out on"), _("Recipient"), _("Paid out by"),
        _("Confirmed by"),
    ]  # fmt: skip

    def rows() -> Any:
        for one in AWARDS.rows(me(), query):
            told = one.snapshot()
            yield [
                one.year, told["number"], told["customer_number"], told["customer"], told["summary"], _(KINDS[one.kind]),
                _(RULES[one.rule]) if one.rule else "", told["grade"], one.amount, _(STATES[one.state][0]), one.handed_on, one.payee,
                told["handed_by"], told["confirmed_by"],
            ]  # fmt: skip

    return list_files.answer(_("Rewards for proposals"), heads, rows(), what="proposal-awards", filters=query.args())


# --- one -------------------------------------------------------------------------------------------------------------------


@bp.get("/proposal-awards/<int:award_id>")
@requires(Permission.PROPOSAL_WORK, award=ProposalAward)
def award(award: ProposalAward) -> Any:
    """Show a reward, prize or souvenir, and what is to be done with it."""
    return _page(award)


def _page(award: ProposalAward, status: int = 200, **forms: Any) -> Any:
    user = me()
    look(award.customer)
    over = award.over_cap
    file = db.session.scalar(
        db.select(ProposalFile).where(ProposalFile.proposal_id == award.proposal_id, ProposalFile.attachment_id == award.receipt_id)
    ) if award.receipt_id else None  # fmt: skip
    page = render_template(
        "proposals/award.html",
        award=award,
        proposal=award.proposal,
        customer_seen=db.session.scalar(Customer.visible_to(user).where(Customer.id == award.customer_id).with_only_columns(Customer.id)),
        kinds=KINDS,
        states=STATES,
        rules=RULES,
        capitals=capitals(award.amount),
        answer=_why(award),
        over=translate(over.message) if over else "",
        receipt=file,
        can={"permit": award.can_permit(user), "hand": award.can_hand(user), "confirm": award.can_confirm(user)},
        forms={
            "permit": PermitForm(formdata=None, prefix="permit-"),
            "hand": HandOverForm(formdata=None, prefix="hand-", data={"handed_on": clock.today(), "payee": award.proposal.contact}),
            "confirm": ReceiptForm(formdata=None, prefix="confirm-"),
            **forms,
        },
    )
    return page, status


def _why(award: ProposalAward) -> Any:
    """Return the answer to 'Why?' beside the amount: rule, clause, version, figures of the case (ST-2)."""
    standard = {REWARD: BANDS, PRIZE: "proposal.prize.amount"}.get(award.kind, "proposal.souvenir")
    version = award.decision.bands_version if award.kind == REWARD and award.decision else award.terms_version
    told: dict[str, Any] = {N_("Proposal number"): award.proposal.number, N_("Year"): str(award.year)}
    return why(standard, version=version, **told)


def _done(award: ProposalAward, name: str, form: Any, act: Callable[[], None], said: str) -> Any:
    number = award.id
    if form.validate():
        with saving(form.refuse) as saved:
            act()
        if saved:
            flash(said, "ok")
            return redirect(url_for("proposals.award", award_id=number), 303)
    return _page(db.session.get_one(ProposalAward, number), 422, **{name: form})


@bp.post("/proposal-awards/<int:award_id>/delivery")
@requires(Permission.PROPOSAL_WORK, award=ProposalAward)
def award_hand(award: ProposalAward) -> Any:
    """Record that it was handed over, to whom and when."""
    if not award.can_hand(me()):
        raise StateConflict(f"proposal award {award.id}")
    form = HandOverForm(prefix="hand-")
    said = _("Recorded. Now somebody else confirms it with the signed receipt.") if award.is_money else _("Recorded.")

    def act() -> None:
        award.hand_over(clean_line(form.payee.data or ""), form.handed_on.data, by=me())

    return _done(award, "hand", form, act, said)


@bp.post("/proposal-awards/<int:award_id>/receipt")
@requires(Permission.PROPOSAL_DECIDE, award=ProposalAward)
def award_confirm(award: ProposalAward) -> Any:
    """Confirm a payment with the signed receipt: another person than who handed it over."""
    ensure(award.handed_by_id != me().id)
    if not award.can_confirm(me()):
        raise StateConflict(f"proposal award {award.id}")
    form = ReceiptForm(prefix="confirm-")

    def act() -> None:
        award.confirm(sent_file("receipt", "confirm-"), by=me())

    return _done(award, "confirm", form, act, _("The payment is confirmed."))


@bp.post("/proposal-awards/<int:award_id>/permission")
@requires(Permission.PROPOSAL_PERMIT, award=ProposalAward)
def award_permit(award: ProposalAward) -> Any:
    """Decide about a prize or souvenir over the cap."""
    if not award.can_permit(me()):
        raise StateConflict(f"proposal award {award.id}")
    form, pay = PermitForm(prefix="permit-"), request.form.get("act") == "pay"

    def act() -> None:
        award.permit(clean(form.reason.data or ""), pay=pay, by=me())

    return _done(award, "permit", form, act, _("It is permitted and can be handed over.") if pay else _("It is not paid."))
