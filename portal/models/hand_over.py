"""Hand-over 移交 (RO-5), assisting reps 协办 (RO-8) and tags: what is done to one customer or to many at once.

What else goes along with a customer says so itself: `@goes_along` on a function of the module that owns it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, delete, insert, literal, not_, or_, select, update
from sqlalchemy.orm import load_only

from portal import clock
from portal.database import db
from portal.models import audit
from portal.models.customer import Customer, CustomerAssistant, CustomerTag, possible_owners
from portal.models.notice import notify
from portal.models.search_index import index_many
from portal.models.staff import Staff
from portal.permissions import Permission
from portal.rules.message import N_, Message, Refusal

if TYPE_CHECKING:
    from portal.models.hand_over_record import HandOver, Keeping

LONGEST_TAG = 20
_PORTION = 1000

Follower = Callable[[list[int], Staff, Staff], None]
_followers: list[Follower] = []
_first: list[Follower] = []


def goes_along(follower: Follower) -> Follower:
    """Declare work that goes along with customers (RO-5): called with (customer ids, to, by), in the same transaction.

    Open documents in approval stay with who submitted them and need no follower.
    """
    if follower not in _followers:
        _followers.append(follower)
    return follower


def goes_along_first(follower: Follower) -> Follower:
    """Declare work as `goes_along` does, but called while the customers are still in the charge of whom they leave."""
    if follower not in _first:
        _first.append(follower)
    return follower


def may_hand_over(user: Staff) -> ColumnElement[bool]:
    """Return the condition on customers that `user` may hand over: a manager all, a supervisor those of the team and their own.

    Assisting with a customer does not suffice (RO-8).
    """
    if user.is_manager or not user.may(Permission.CUSTOMER_HAND_OVER):
        return literal(user.is_manager)
    own = Customer.owner_id == user.id
    return own if user.team_id is None else or_(Customer.team_id == user.team_id, own)


def _portions(ids: Iterable[int]) -> Iterable[list[int]]:
    rest = sorted(set(ids))
    return (rest[start : start + _PORTION] for start in range(0, len(rest), _PORTION))


def _load(ids: list[int]) -> list[Customer]:
    """Return the customers as far as their history needs them, locked until the end of the transaction."""
    few = load_only(Customer.id, Customer.number, Customer.full_name, Customer.owner_id, Customer.team_id, Customer.version)
    query = select(Customer).where(Customer.id.in_(ids)).order_by(Customer.id).options(few).with_for_update()
    return list(db.session.scalars(query.execution_options(populate_existing=True)))


def _names() -> dict[int | None, str]:
    return {row.id: row.name for row in db.session.execute(select(Staff.id, Staff.name))}


def hand_over(ids: Iterable[int], *, to: Staff, by: Staff, reason: str = "", record: HandOver | None = None) -> int:
    """Give customers to `to`, and with them their open work; return how many changed hands (RO-5).

    `ids` are in the scope of `by` already (`register.chosen` or `matching`). Each change stands in the customer's history, and what moved
    in `record`, or in a hand-over for each who had some of them; `to` gets a notice. Raises `Refusal` when nothing is chosen, when `to`
    cannot have customers, or when a customer is not theirs to hand over.
    """
    ids = list(ids)
    if not ids:
        raise Refusal("No customer is chosen.")
    if to.id not in {person.id for person in possible_owners(by)}:
        raise Refusal("Choose an active member of a team whom you may give customers to.", field="to")
    ensure_theirs(ids, by)
    from portal.models.hand_over_record import Keeping

    return _give(ids, to=to, by=by, reason=reason, keeping=Keeping(to=to, by=by, reason=reason, record=record))


def ensure_theirs(ids: list[int], by: Staff) -> None:
    """Raise `Refusal` where `by` only assists with one of the customers: who has it, and who helps, is for its own team to say (RO-8)."""
    for portion in _portions(ids):
        name = db.session.scalar(select(Customer.full_name).where(Customer.id.in_(portion), not_(may_hand_over(by))).limit(1))
        if name:
            raise Refusal("%(name)s is of another team: its supervisor or a manager decides who has it and who assists.", name=name)


def hand_over_all(*, of: Staff, to: Staff, by: Staff, reason: str = "", record: HandOver | None = None) -> int:
    """Give everything that `of` is in charge of to `to`, whatever its state, and end their assisting; return how many customers (RO-4).

    For accounts that are deactivated or leave the team; `by` is a manager or the supervisor of the team. `record` keeps what moved
    (`HandOver.move_all`). Raises `Refusal`.
    """
    if of.id == to.id:
        raise Refusal("Choose somebody else.", field="to")
    release(of, by=by)
    ids = list(db.session.scalars(select(Customer.id).where(Customer.owner_id == of.id)))
    return hand_over(ids, to=to, by=by, reason=reason, record=record) if ids else 0


def follow_owner(owner: Staff, *, by: Staff) -> int:
    """Take the customers of somebody who changed teams along into the new one, as their history then says; return how many (RO-4)."""
    ids = list(db.session.scalars(select(Customer.id).where(Customer.owner_id == owner.id)))
    return _give(ids, to=owner, by=by, reason="", told=False)


def give_to_who_is_here(customer: Customer, *, beside: Customer, by: Staff, reason: str = "") -> None:
    """Give a customer to who took over from its person in charge, else to who is in charge of `beside`, where that person has left (RO-4).

    For a record that was on no list when its person left, because it was merged. It stays where it is if neither is here.
    """
    owner = customer.owner
    heirs = [] if owner is None or _can_have_customers(owner) else [_successor(owner), beside.owner]
    to = next((one for one in heirs if one is not None and _can_have_customers(one)), None)
    if to is not None:
        from portal.models.hand_over_record import Keeping

        _give([customer.id], to=to, by=by, reason=reason, keeping=Keeping(to=to, by=by, reason=reason, record=None))


def _can_have_customers(person: Staff) -> bool:
    return person.active and person.team_id is not None


def _team(record: Customer | Staff) -> str:
    return record.team.name if record.team else ""


def _give(ids: list[int], *, to: Staff, by: Staff, reason: str, told: bool = True, keeping: Keeping | None = None) -> int:
    names, done = _names(), 0
    for portion in _portions(ids):
        moving = [one for one in _load(portion) if (one.owner_id, one.team_id) != (to.id, to.team_id)]
        if not moving:
            continue
        if keeping is not None:
            keeping.note(moving)
        for customer in moving:
            changes: list[dict[str, Any]] = []
            if customer.owner_id != to.id:
                changes.append({"field": "owner", "old": names.get(customer.owner_id, ""), "new": to.name})
            if customer.team_id != to.team_id:
                changes.append({"field": "team", "old": _team(customer), "new": _team(to)})
            audit.write("change", "handed-over", actor=by, record=customer, label=customer.full_name, changes=changes, reason=reason)
        moved = [customer.id for customer in moving]
        for follower in _first:
            follower(moved, to, by)
        values = {"owner_id": to.id, "team_id": to.team_id, "updated_at": clock.now(), "version": Customer.version + 1}
        db.session.execute(update(Customer).where(Customer.id.in_(moved)).values(values).execution_options(synchronize_session=False))
        now_owned = delete(CustomerAssistant).where(CustomerAssistant.customer_id.in_(moved), CustomerAssistant.staff_id == to.id)
        db.session.execute(now_owned.execution_options(synchronize_session=False))
        for customer in moving:
            db.session.expire(customer)
        for follower in _followers:
            follower(moved, to, by)
        index_many(moved)
        done += len(moved)
    if keeping is not None:
        keeping.finish()
    if done and told and to.id != by.id:
        text = N_("%(name)s has handed %(count)s customers over to you.")
        notify(to, Message(text, {"name": by.name, "count": done}), link="/customers?sort=-changed")
    return done


def now_of(person: Staff | None, customer: Customer | None, *, follows_owner: bool, by: Staff | None) -> Staff | None:
    """Return whose work is now that was `person`'s when it was given, where it is opened again or begins only now (RO-4, RO-5).

    What follows who is in charge of the customer is theirs. Other work stays where it was while the account is active; then it is of
    who took over, of who is in charge, or of `by`. None where none of them is there.
    """
    owner = customer.owner if customer is not None else None
    mine = [owner, person] if follows_owner else [person, _successor(person), owner]
    return next((one for one in (*mine, by) if one is not None and one.in_office), None)


def taken_up(person: Staff | None, customer: Customer | None, *, follows_owner: bool, by: Staff) -> tuple[Staff, list[dict[str, Any]]]:
    """Return whose the work is that `by` opens again, as `now_of`, and what changes by it, as [{field, old, new}]."""
    whose = now_of(person, customer, follows_owner=follows_owner, by=by) or by
    same = person is not None and person.id == whose.id
    return whose, [] if same else [{"field": "staff", "old": person.name if person else "", "new": whose.name}]


def left_behind(user: Staff) -> tuple[list[int], list[int]]:
    """Return the accounts that have ended and whose work `user` took over, and those whose work nobody took over who is here (RO-4)."""
    gone = list(db.session.scalars(select(Staff).where(~Staff.active).order_by(Staff.id)))
    heirs = {person.id: _successor(person) for person in gone}
    mine = [number for number, heir in heirs.items() if heir is not None and heir.id == user.id]
    return mine, [number for number, heir in heirs.items() if heir is None]


def _successor(person: Staff | None) -> Staff | None:
    """Return who took over all that somebody had in hand who has left; of who has left as well, who took over from them."""
    from portal.models.hand_over_record import HandOver

    known: set[int] = set()
    while person is not None and not person.active and person.id not in known:
        known.add(person.id)
        person = HandOver.taker_of(person)
    return person


# --- assisting reps (RO-8) -----------------------------------------------------------------------------------------------


def assist(ids: Iterable[int], staff: Staff, *, by: Staff) -> int:
    """Name `staff` an assisting rep of customers; return of how many they were not yet. Raises `Refusal`."""
    ids = list(ids)
    if not ids:
        raise Refusal("No customer is chosen.")
    if not staff.in_office:
        raise Refusal("This account is deactivated.", field="staff")
    ensure_theirs(ids, by)
    done = 0
    for portion in _portions(ids):
        rows = CustomerAssistant.staff_id == staff.id, CustomerAssistant.customer_id.in_(portion)
        have = set(db.session.scalars(select(CustomerAssistant.customer_id).where(*rows)))
        new = [one for one in _load(portion) if one.id not in have and one.owner_id != staff.id]
        if not new:
            continue
        db.session.execute(insert(CustomerAssistant), [{"customer_id": one.id, "staff_id": staff.id} for one in new])
        _changed(new, "assistant-named", {"field": "assistant", "old": "", "new": staff.name}, by)
        index_many(one.id for one in new)
        done += len(new)
    if done and staff.id != by.id:
        text = N_("%(name)s has named you assisting rep of %(count)s customers.")
        notify(staff, Message(text, {"name": by.name, "count": done}), link="/customers")
    return done


def end_assisting(ids: Iterable[int], staff: Staff, *, by: Staff) -> int:
    """End that `staff` assists with customers; return of how many they did. Raises `Refusal`."""
    ids = list(ids)
    if not ids:
        raise Refusal("No customer is chosen.")
    ensure_theirs(ids, by)
    return _end_assisting(ids, staff, by)


def release(staff: Staff, *, by: Staff) -> None:
    """End all assisting of somebody who leaves: whoever comes back to the account sees what they are then given (RO-4, RO-8)."""
    ids = list(db.session.scalars(select(CustomerAssistant.customer_id).where(CustomerAssistant.staff_id == staff.id)))
    _end_assisting(ids, staff, by)


def _end_assisting(ids: list[int], staff: Staff, by: Staff) -> int:
    done = 0
    for portion in _portions(ids):
        rows = CustomerAssistant.staff_id == staff.id, CustomerAssistant.customer_id.in_(portion)
        have = list(db.session.scalars(select(CustomerAssistant.customer_id).where(*rows)))
        if have:
            db.session.execute(delete(CustomerAssistant).where(*rows).execution_options(synchronize_session=False))
            _changed(_load(have), "assistant-ended", {"field": "assistant", "old": staff.name, "new": ""}, by)
            index_many(have)
            done += len(have)
    return done


# --- tags ------------------------------------------------------------------------------------------------------------------


def _tag(tag: str) -> str:
    tag = " ".join(tag.split())
    if not tag:
        raise Refusal("Name the tag.", field="tag")
    if len(tag) > LONGEST_TAG:
        raise Refusal("A tag has at most %(most)s characters.", field="tag", most=LONGEST_TAG)
    return tag


def add_tag(ids: Iterable[int], tag: str, *, by: Staff) -> int:
    """Put a tag on customers; return on how many it was not yet. Raises `Refusal` (field `tag`)."""
    ids, tag, done = list(ids), _tag(tag), 0
    if not ids:
        raise Refusal("No customer is chosen.")
    for portion in _portions(ids):
        have = set(db.session.scalars(select(CustomerTag.customer_id).where(CustomerTag.tag == tag, CustomerTag.customer_id.in_(portion))))
        new = [one for one in _load(portion) if one.id not in have]
        if new:
            db.session.execute(insert(CustomerTag), [{"customer_id": one.id, "tag": tag} for one in new])
            _changed(new, "tagged", {"field": "tag", "old": "", "new": tag}, by)
            done += len(new)
    return done


def remove_tag(ids: Iterable[int], tag: str, *, by: Staff) -> int:
    """Take a tag off customers; return of how many. Raises `Refusal` (field `tag`)."""
    ids, tag, done = list(ids), _tag(tag), 0
    if not ids:
        raise Refusal("No customer is chosen.")
    for portion in _portions(ids):
        rows = CustomerTag.tag == tag, CustomerTag.customer_id.in_(portion)
        have = list(db.session.scalars(select(CustomerTag.customer_id).where(*rows)))
        if have:
            db.session.execute(delete(CustomerTag).where(*rows).execution_options(synchronize_session=False))
            _changed(_load(have), "untagged", {"field": "tag", "old": tag, "new": ""}, by)
            done += len(have)
    return done


def _changed(customers: list[Customer], action: str, change: dict[str, Any], by: Staff) -> None:
    """Write one change into the history of each customer; expire what was loaded of it."""
    for customer in customers:
        audit.write("change", action, actor=by, record=customer, label=customer.full_name, changes=[change])
        db.session.expire(customer, ["assistants"])
