"""How customers come onto a gift list and off it (GF-2): many at once or one by hand; each refusal is kept with its reason.

The yearly cap is taken when a customer is put on a list, and given back when the customer is taken off, rejected or the gift comes back.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import aliased

from portal import clock
from portal.database import StateConflict, db, transition
from portal.models import audit, benefit, gift_budget, history, in_charge
from portal.models.approval_authors import note_author
from portal.models.contact import Contact
from portal.models.customer import Customer
from portal.models.draft import ensure_never_submitted
from portal.models.gift_campaign import OPEN, GiftCampaign, GiftTier, lock
from portal.models.gift_judging import judge, needs_permit
from portal.models.gift_list import (
    DRAFT,
    GIVEN_UP,
    GONE,
    LISTED,
    NAME,
    PROPOSED,
    REMOVED,
    RETURNED,
    GiftList,
    GiftRecipient,
    GiftRefusal,
)
from portal.models.staff import Staff
from portal.permissions import Permission
from portal.rules.gifts import LETTERS, LONGEST_LINE, LONGEST_TEXT
from portal.rules.message import N_, Refusal, stored

_QUIET = {"synchronize_session": False}
_PORTION = 500
_PERSON = ("person", "post", "official")
"""Whom a permit is given for."""


class Drawn(NamedTuple):
    """What came of putting customers on a list: how many are on it now, and why the others are not, by customer."""

    put_on: int
    refused: dict[int, Refusal]


# --- lists -----------------------------------------------------------------------------------------------------------------


def can_compose(campaign: GiftCampaign, user: Staff) -> bool:
    """Return whether `user`, who sees the campaign, puts customers on its lists: its team's supervisor, or a manager (GF-2)."""
    return campaign.can_edit(user)


def can_work(listed: GiftList, user: Staff) -> bool:
    """Return whether `user`, who sees the list, may put customers on it and take them off now."""
    return listed.state == DRAFT and can_compose(listed.campaign, user)


def begin_list(tier: GiftTier, *, by: Staff, supplementary: bool = False) -> GiftList:
    """Begin the list of a tier, or one for the places of gifts that came back, and return it, flushed (GF-4, GF-6).

    Raises `Refusal` where no gift came back, `StateConflict` where the tier has such a list already.
    """
    campaign = tier.campaign
    if not can_compose(campaign, by):
        raise StateConflict(f"gift campaign {campaign.id}")
    if supplementary and not replaceable(tier):
        raise Refusal("No gift of this tier came back whose place is free.")
    place = (db.session.scalar(select(func.max(GiftList.place)).where(GiftList.tier_id == tier.id)) or 0) + 1
    number = f"{campaign.number}-{LETTERS[tier.code]}{place if place > 1 else ''}"
    found = GiftList(
        campaign=campaign, tier=tier, place=place, number=number, supplementary=supplementary, composed_by_id=by.id, gifts=[]
    )  # fmt: skip
    try:
        with db.session.begin_nested():
            db.session.add(found)
    except IntegrityError as error:
        raise StateConflict(f"list of gift tier {tier.id}") from error
    note_author(NAME, found, by)
    audit.write("change", "gift-list-begun", actor=by, record=found, label=found.label)
    return found


def draft_of(tier: GiftTier, *, supplementary: bool = False) -> GiftList | None:
    """Return the list of a tier that is being written."""
    same = (GiftList.tier_id == tier.id, GiftList.state == DRAFT, GiftList.supplementary.is_(supplementary))
    return db.session.scalar(select(GiftList).where(*same))


def replaceable(tier: GiftTier) -> int:
    """Return how many recipients of a tier sent their gift back and have nobody in their place yet (GF-6)."""
    return db.session.scalar(select(func.count()).select_from(_returned(tier).subquery())) or 0


def free_places(campaign: GiftCampaign) -> dict[int, int]:
    """Return what `replaceable` does for each tier of a campaign that has such a place, asked together."""
    query = select(GiftRecipient.tier_id, func.count()).where(GiftRecipient.campaign_id == campaign.id, *_free())
    return {row[0]: row[1] for row in db.session.execute(query.group_by(GiftRecipient.tier_id))}


def _free() -> tuple[Any, ...]:
    other = aliased(GiftRecipient)
    taken = select(other.id).where(other.replaces_id == GiftRecipient.id, other.state.not_in(GONE)).exists()
    return GiftRecipient.state == RETURNED, ~taken


def _returned(tier: GiftTier) -> Any:
    """Return a query of the ids of recipients whose place is free, the longest free first."""
    return select(GiftRecipient.id).where(GiftRecipient.tier_id == tier.id, *_free()).order_by(GiftRecipient.id)


def give_up(listed: GiftList, *, by: Staff) -> None:
    """Let a draft go; its customers leave it and their caps are given back. Raises `Refusal` for one submitted before, `StateConflict`."""
    if not can_work(listed, by):
        raise StateConflict(f"gift list {listed.id}")
    ensure_never_submitted(NAME, listed)
    let_go(listed, by=by)
    audit.write("change", "gift-list-given-up", actor=by, record=listed, label=listed.label)


def let_go(listed: GiftList, *, by: Staff | None, reason: str = "") -> None:
    """Give up a draft, its customers and its caps, whatever became of its campaign. Raises `StateConflict`."""
    transition(listed, expect={"state": DRAFT, "version": listed.version}, change={"state": GIVEN_UP, "version": listed.version + 1})
    leave(listed, REMOVED, by=by, reason=reason)


# --- putting on ------------------------------------------------------------------------------------------------------------


def put_on(
    listed: GiftList, customer_ids: Sequence[int], *, reason: str, by: Staff, who: Mapping[str, Any] | None = None, permit_reason: str = ""
) -> Drawn:
    """Put customers on a draft in the order given, as far as each may be and there are places (GF-2); keep why the others may not.

    Customers outside the scope of `by` are left out silently. `who` (person, post, official) is for a single one, and with `reason` takes
    the place of what was proposed; of others, the person is whom the proposal names, else the customer's first contact, or who heads the
    company. A manager's `permit_reason` lets government bodies and officials on, but nobody whom that manager has proposed.
    Raises `Refusal` (field `reason`) without a reason, `StateConflict` where the list is no draft any more or was changed just then.
    """
    if not can_work(listed, by):
        raise StateConflict(f"gift list {listed.id}")
    if not reason.strip():
        raise Refusal("Say why these customers are given something.", field="reason")
    _turn(listed)
    lock(GiftTier, GiftTier.id == listed.tier_id)
    db.session.refresh(listed.campaign)
    tier, asked = listed.tier, _in_scope(customer_ids, by)
    proposals = _proposals(listed.campaign_id, asked)
    may = bool(permit_reason) and by.may(Permission.GIFT_PERMIT)
    own = {number for number, one in proposals.items() if one.proposed_by_id == by.id} if may else set[int]()
    proposed = {number for number, one in proposals.items() if one.official}
    officials = proposed if who is None else set(asked) if who["official"] else set[int]()
    permitted = {number for number, one in proposals.items() if one.permitted_by_id and not (who and _differing(one, who))}
    judged = judge(tier, [one for one in asked if one not in own], officials=officials, permitted=set(asked) if may else permitted)
    fit, refused = judged.fit, judged.refused
    refused |= {one: Refusal("Somebody else permits what you have proposed yourself.", field="permit_reason") for one in own}
    replaced = list(db.session.scalars(_returned(tier))) if listed.supplementary else []
    people = _people([one for one in fit if one not in proposals]) if who is None else {}
    if who is None:
        nobody = [one for one in fit if one not in proposals and one not in people]
        text = N_("The card names nobody who could take the gift. Enter a contact, or put the customer on by hand.")
        refused |= {number: Refusal(text, field="person") for number in nobody}
        fit = [one for one in fit if one in proposals or one in people]
    room = len(replaced) if listed.supplementary else tier.most_number - _listed(tier)
    fit, beyond = fit[: max(room, 0)], fit[max(room, 0) :]
    if fit:
        if not listed.supplementary:
            gift_budget.take_places(tier, len(fit))
        permit = {"permitted_by_id": by.id, "permit_reason": permit_reason[:LONGEST_TEXT]} if may else {}
        _write(listed, fit, proposals, replaced, reason=reason, by=by, who=who, people=people, permit=permit)
    refused |= {number: gift_budget.tier_full(tier) for number in beyond}  # once the others have their places: it says how many are taken
    _note(listed, asked, refused, by)
    note_author(NAME, listed, by)
    for staff_id in {one.proposed_by_id for number, one in proposals.items() if number in set(fit) and one.proposed_by_id}:
        note_author(NAME, listed, db.session.get_one(Staff, staff_id))
    audit.write(
        "change", "gift-list-drawn", actor=by, record=listed, label=listed.label, reason=reason[:LONGEST_LINE], put_on=len(fit),
        refused=len(refused),
    )  # fmt: skip
    return Drawn(len(fit), refused)


def put_one(listed: GiftList, customer: Customer, values: Mapping[str, Any], *, by: Staff) -> GiftRecipient:
    """Put one customer on a draft by hand and return the recipient: `values` are person, post, official, reason, permit_reason (GF-2).

    Raises `Refusal` with the field, `StateConflict`.
    """
    permit_reason = values.get("permit_reason") or ""
    check_person(values)
    who = {name: values[name] for name in ("person", "post", "official")}
    if permit_reason and not by.may(Permission.GIFT_PERMIT):
        raise Refusal("Only a manager permits a gift to a government body or an official.", field="permit_reason")
    done = put_on(listed, [customer.id], reason=values["reason"] or "", by=by, who=who, permit_reason=permit_reason)
    for refusal in done.refused.values():
        raise refusal.at(refusal.field or "customer")
    if not done.put_on:
        raise Refusal("Choose a customer that you see.", field="customer")
    mine = (GiftRecipient.list_id == listed.id, GiftRecipient.customer_id == customer.id, GiftRecipient.state == LISTED)
    return db.session.scalars(select(GiftRecipient).where(*mine)).one()


def lacking(values: Mapping[str, Any]) -> Iterator[Refusal]:
    """Yield a refusal with its field for what is not given of person and reason: who takes a gift, and why, is on record (GF-2)."""
    if not values.get("person"):
        yield Refusal("Say who takes the gift.", field="person")
    if not values.get("reason"):
        yield Refusal("Say why this customer is given something.", field="reason")


def check_person(values: Mapping[str, Any]) -> None:
    """Raise `Refusal` with the field unless person and reason are given (GF-2)."""
    for refusal in lacking(values):
        raise refusal


def _in_scope(customer_ids: Sequence[int], by: Staff) -> list[int]:
    asked, seen = list(dict.fromkeys(customer_ids)), set[int]()
    for some in _portions(asked):
        seen |= set(db.session.scalars(Customer.visible_to(by).with_only_columns(Customer.id).where(Customer.id.in_(some))))
    return [one for one in asked if one in seen]


def _listed(tier: GiftTier) -> int:
    return db.session.scalars(select(GiftTier.listed).where(GiftTier.id == tier.id)).one()


def _proposals(campaign_id: int, ids: Sequence[int]) -> dict[int, GiftRecipient]:
    found: dict[int, GiftRecipient] = {}
    for some in _portions(list(ids)):
        mine = (GiftRecipient.campaign_id == campaign_id, GiftRecipient.customer_id.in_(some), GiftRecipient.state == PROPOSED)
        found |= {one.customer_id: one for one in db.session.scalars(select(GiftRecipient).where(*mine))}
    return found


def _write(
    listed: GiftList, fit: Sequence[int], proposals: Mapping[int, GiftRecipient], replaced: Sequence[int], *, reason: str, by: Staff,
    who: Mapping[str, Any] | None, people: Mapping[int, tuple[str, str]], permit: Mapping[str, Any],
) -> None:  # fmt: skip
    """Make the recipients, a proposal becoming one, and take their parts of the caps."""
    tier, moment = listed.tier, clock.now()
    places = dict(zip(fit, replaced, strict=False))
    fresh = [number for number in fit if number not in proposals]
    common = {
        "campaign_id": listed.campaign_id, "tier_id": tier.id, "list_id": listed.id, "reason": reason[:LONGEST_TEXT],
        "amount": tier.amount, "state": LISTED, "added_by_id": by.id, "created_at": moment, **permit,
    }  # fmt: skip
    rows = []
    for number in fresh:
        name, post = (who["person"], who["post"]) if who is not None else people.get(number, ("", ""))
        person = {"person": name[:LONGEST_LINE], "post": post[:LONGEST_LINE], "official": bool(who and who["official"])}
        rows.append({**common, **person, "customer_id": number, "replaces_id": places.get(number)})
    changes: dict[int, list[dict[str, str]]] = {}
    try:
        with db.session.begin_nested():
            in_charge.lock(fresh)
            for some in _portions(rows):
                db.session.execute(insert(GiftRecipient), some)
            for number in fit:
                if number in proposals:
                    one = proposals[number]
                    one.state, one.list_id, one.tier_id, one.added_by_id = LISTED, listed.id, tier.id, by.id
                    one.amount, one.replaces_id = tier.amount, places.get(number)
                    changes[number] = _write_person(one, {**who, "reason": reason}) if who is not None else []
                    if permit:
                        one.permitted_by, one.permit_reason = by, permit["permit_reason"]
            db.session.flush()
    except IntegrityError as error:
        raise StateConflict(f"gift list {listed.id}") from error
    ids: dict[int, int] = {}
    for some in _portions(list(fit)):
        query = select(GiftRecipient.customer_id, GiftRecipient.id).where(
            GiftRecipient.list_id == listed.id, GiftRecipient.customer_id.in_(some), GiftRecipient.state == LISTED
        )
        ids |= {row.customer_id: row.id for row in db.session.execute(query)}
    wanted = [benefit.Wanted(number, tier.amount, ids[number]) for number in fit]
    missed = benefit.take_many(wanted, on=listed.campaign.first_on, source=benefit.GIFT, by=by, title=listed.campaign.name)
    for refusal in missed.values():
        raise refusal
    for number, changed in changes.items():
        if changed:
            one = proposals[number]
            audit.write("change", "gift-person-named", actor=by, record=one, label=one.label, changes=changed)
    for number in fit if permit else ():
        one = db.session.get_one(GiftRecipient, ids[number])
        audit.write("change", "gift-permitted", actor=by, record=one, label=one.label, reason=one.permit_reason[:LONGEST_LINE])


def _people(ids: Sequence[int]) -> dict[int, tuple[str, str]]:
    """Return name and post of who takes a gift: the contact who decides, else the first one, else who heads the company by the card."""
    found: dict[int, tuple[str, str]] = {}
    for some in _portions(list(ids)):
        query = select(Contact.customer_id, Contact.name, Contact.post).where(Contact.customer_id.in_(some), Contact.name != "")
        for row in db.session.execute(query.order_by(Contact.decides.desc(), Contact.id)):
            found.setdefault(row.customer_id, (row.name, row.post))
        heads = select(Customer.id, Customer.general_manager, Customer.legal_representative).where(Customer.id.in_(some))
        for card in db.session.execute(heads):
            name = card.general_manager or card.legal_representative
            if name:
                found.setdefault(card.id, (name, ""))
    return found


def _note(listed: GiftList, asked: Sequence[int], refused: Mapping[int, Refusal], by: Staff) -> None:
    for some in _portions(list(asked)):
        gone = delete(GiftRefusal).where(GiftRefusal.list_id == listed.id, GiftRefusal.customer_id.in_(some))
        db.session.execute(gone, execution_options=_QUIET)
    moment = clock.now()
    rows = [
        {
            "list_id": listed.id, "customer_id": number, "text": one.message.text, "figures": stored(one.message.params), "by_id": by.id,
            "at": moment,
        }
        for number, one in refused.items()
    ]  # fmt: skip
    for some in _portions(rows):
        db.session.execute(insert(GiftRefusal), some)


def _turn(listed: GiftList, **change: Any) -> None:
    """Take the draft's row, so that of two acts at once one counts. Raises `StateConflict`."""
    campaign = db.session.scalar(select(GiftCampaign.state).where(GiftCampaign.id == listed.campaign_id))
    if campaign != OPEN:
        raise StateConflict(f"gift campaign {listed.campaign_id}")
    expect = {"state": DRAFT, "version": listed.version}
    transition(listed, expect=expect, change={**change, "version": listed.version + 1})


def can_name(recipient: GiftRecipient, user: Staff) -> bool:
    """Return whether `user`, who sees the recipient, may say who takes the gift: of a proposal who made it, on a draft who composes it."""
    if recipient.state == PROPOSED:
        return recipient.campaign.state == OPEN and (_theirs(recipient, user) or can_compose(recipient.campaign, user))
    return recipient.state == LISTED and recipient.on_list is not None and can_work(recipient.on_list, user)


def _theirs(recipient: GiftRecipient, user: Staff) -> bool:
    """Return whether `user` has proposed the customer, or is in charge of it now (RO-5)."""
    return user.id in (recipient.proposed_by_id, recipient.customer.owner_id)


def name_person(recipient: GiftRecipient, values: Mapping[str, Any], *, by: Staff, version: int) -> None:
    """Say anew who takes the gift and why: `values` as in `put_one`. Raises `Refusal` with the field, `StateConflict`.

    A permit was given for one person: for another a proposal waits for one again, and on a list nobody is named who needs one (GF-2).
    """
    if not can_name(recipient, by) or recipient.version != version:
        raise StateConflict(f"gift recipient {recipient.id}")
    check_person(values)
    other = _differing(recipient, values)
    if other and recipient.state == LISTED and needs_permit(recipient.customer, official=values["official"]):
        if recipient.permitted_by_id is None:
            text = N_("A government body or an official is given nothing, unless a manager permits it with a reason.")
            raise Refusal(text, field="official")
        text = N_("The gift is permitted for %(person)s. For somebody else, take the customer off the list and have it permitted anew.")
        raise Refusal(text, field=other[0], person=recipient.person)
    if recipient.on_list is not None:
        _turn(recipient.on_list)
        note_author(NAME, recipient.on_list, by)
    changes = _write_person(recipient, values)
    db.session.flush()
    audit.write("change", "gift-person-named", actor=by, record=recipient, label=recipient.label, changes=changes)


def _kept(name: str, values: Mapping[str, Any]) -> Any:
    """Return what is stored of a value that was entered."""
    return bool(values[name]) if name == "official" else (values[name] or "")[: LONGEST_TEXT if name == "reason" else LONGEST_LINE]


def _differing(recipient: GiftRecipient, values: Mapping[str, Any]) -> list[str]:
    """Return by which fields somebody else than before takes the gift."""
    return [name for name in _PERSON if getattr(recipient, name) != _kept(name, values)]


def _write_person(recipient: GiftRecipient, values: Mapping[str, Any]) -> list[dict[str, str]]:
    """Write who takes a gift and why, and return what changed. A permit for somebody else goes."""
    other, changes = _differing(recipient, values), []
    for name in (*_PERSON, "reason"):
        new = _kept(name, values)
        if getattr(recipient, name) != new:
            changes.append({"field": name, "old": str(getattr(recipient, name)), "new": str(new)})
            setattr(recipient, name, new)
    if other and recipient.permitted_by is not None:
        changes.append({"field": "permitted_by", "old": recipient.permitted_by.name, "new": ""})
        recipient.permitted_by, recipient.permit_reason = None, ""
    return changes


# --- taking off ------------------------------------------------------------------------------------------------------------


def take_off(listed: GiftList, ids: Collection[int], *, reason: str, by: Staff) -> int:
    """Take recipients off a draft and return how many; their caps and places are given back. Raises `Refusal`, `StateConflict`."""
    if not can_work(listed, by):
        raise StateConflict(f"gift list {listed.id}")
    if not reason.strip():
        raise Refusal("Say why.", field="off_reason")
    if not ids:
        raise Refusal("No customer is chosen.", field="ids")
    _turn(listed)
    number = leave(listed, REMOVED, by=by, ids=ids, reason=reason)
    note_author(NAME, listed, by)
    audit.write("change", "gift-list-changed", actor=by, record=listed, label=listed.label, reason=reason[:LONGEST_LINE], taken_off=number)
    return number


def leave(listed: GiftList, state: str, *, by: Staff | None, ids: Collection[int] | None = None, reason: str = "") -> int:
    """Let recipients of a list that is not approved go to `state`, all or those of `ids`; give back caps and places; return how many."""
    db.session.flush()
    query = select(GiftRecipient.id, GiftRecipient.replaces_id).where(GiftRecipient.list_id == listed.id, GiftRecipient.state == LISTED)
    rows = [row for row in db.session.execute(query) if ids is None or row.id in ids]
    change = {
        "state": state, "end_reason": reason[:LONGEST_TEXT], "ended_by_id": by.id if by else None, "ended_at": clock.now(),
        "version": GiftRecipient.version + 1,
    }  # fmt: skip
    for some in _portions([row.id for row in rows]):
        step = update(GiftRecipient).where(GiftRecipient.id.in_(some), GiftRecipient.state == LISTED)
        db.session.execute(step.values(**change), execution_options=_QUIET)
    forget_loaded()
    places = sum(1 for row in rows if row.replaces_id is None)
    if places:
        gift_budget.take_places(listed.tier, -places)
    benefit.give_back_many(benefit.GIFT, [row.id for row in rows])
    return len(rows)


def forget_loaded() -> None:
    """Have loaded recipients read anew after statements past the ORM."""
    for one in list(db.session.identity_map.values()):
        if isinstance(one, GiftRecipient):
            db.session.expire(one)


def _portions(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    return (values[start : start + _PORTION] for start in range(0, len(values), _PORTION))


for _name, _title in (
    ("gift-list-begun", N_("Gift list begun")),
    ("gift-list-drawn", N_("Customers put on a gift list")),
    ("gift-list-changed", N_("Customers taken off a gift list")),
    ("gift-list-given-up", N_("Gift list given up")),
):
    history.action("GiftList", _name, _title)
history.action("GiftRecipient", "gift-person-named", N_("Said anew who takes a gift"))
