"""Merging two records of one customer (AR-3): everything hung on one moves to the other, and can be moved back for a while.

What hangs on a customer is found by following the foreign keys (`merge_hanging`), so that tables added later are covered; a table whose
rows say something of the record itself declares `info=duplicate.STAYS_AT_MERGE`. The audit log stays as it is: the survivor's
history shows the entries of both. A row that would stand twice (the same tag, the same assisting rep) stays where it is, and so does what
hangs on it by `duplicate.stays_with`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Column, ForeignKey, Select, Table, event, exists, func, insert, literal, select, update
from sqlalchemy.orm import Mapped, Session, aliased, mapped_column, relationship
from sqlalchemy.orm.util import identity_key

from portal import clock
from portal.database import Base, JsonValue, StateConflict, db, transition
from portal.models import audit, card
from portal.models.approval import Approval
from portal.models.credit import CreditChange
from portal.models.customer import Customer, CustomerAssistant, CustomerState, CustomerTag, ask_reason, derived, with_line
from portal.models.duplicate import STAYS_AT_MERGE
from portal.models.hand_over import ensure_theirs, give_to_who_is_here
from portal.models.history import action, is_erased
from portal.models.merge_hanging import hanging_on, title_of
from portal.models.scope import customer_scope
from portal.models.search_index import index_many
from portal.models.staff import Staff
from portal.models.standard import value as standard
from portal.rules.message import N_, Message, Refusal

_RANK = {CustomerState.PAST: 0, CustomerState.PROSPECT: 1, CustomerState.ACTIVE: 2}
"""Which state outlasts which: a record on the register is not merged into one that is not."""
_LINKS = {CustomerTag.__tablename__, CustomerAssistant.__tablename__}
"""Tables of mere links: one that is gone meanwhile is no obstacle to an undo."""
_QUIET: dict[str, Any] = {"synchronize_session": False}
_PORTION = 500
_MERGED = CustomerState.MERGED.value

Settler = Callable[[list[int]], None]
_settlers: list[Settler] = []
Clearer = Callable[[Customer, Customer, Staff], None]
_clearers: list[Clearer] = []


def settles(settler: Settler) -> Settler:
    """Declare what must follow after a merge or its undo: called with the ids of both records, in the same transaction."""
    if settler not in _settlers:
        _settlers.append(settler)
    return settler


def clears(clearer: Clearer) -> Clearer:
    """Declare what must be cleared up before a merge: called with survivor, loser and who merges, before anything moves.

    Of what only one can stand it lets one go, and raises `Refusal` where it cannot. An undo does not bring that back.
    """
    if clearer not in _clearers:
        _clearers.append(clearer)
    return clearer


action("Customer", "merged", N_("Another record merged into this one"))
action("Customer", "merged-away", N_("Merged into another record"))
action("Customer", "merge-undone", N_("Merge undone"))


class CustomerMerge(Base):
    """One merge: who was taken into whom, what was set on the survivor, and what moved."""

    __tablename__ = "customer_merge"

    survivor_id: Mapped[int] = mapped_column(ForeignKey("customer.id", ondelete="CASCADE"), index=True)
    loser_id: Mapped[int] = mapped_column(ForeignKey("customer.id", ondelete="CASCADE"), index=True)
    by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    at: Mapped[datetime] = mapped_column(default=clock.now)
    loser_state: Mapped[str]
    """The loser's state before."""
    fields: Mapped[dict[str, Any]] = mapped_column(JsonValue, default=dict)
    """What was set on the survivor's card: {field: [before, after]}, in plain data."""
    moved: Mapped[dict[str, Any]] = mapped_column(JsonValue, default=dict)
    """What moved: {table: {column: [ids]}}."""
    assistant_id: Mapped[int | None]
    """The row that made the loser's person in charge an assisting rep of the survivor."""
    undone_at: Mapped[datetime | None]
    undone_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))

    survivor: Mapped[Customer] = relationship(foreign_keys=[survivor_id])
    loser: Mapped[Customer] = relationship(foreign_keys=[loser_id])
    by: Mapped[Staff] = relationship(foreign_keys=[by_id])

    __table_args__ = ({"info": STAYS_AT_MERGE},)

    @classmethod
    def visible_to(cls, user: Staff) -> Select[CustomerMerge]:
        """Return the merges of which `user` sees both records."""
        survivor, loser = aliased(Customer), aliased(Customer)
        query = select(cls).join(survivor, survivor.id == cls.survivor_id).join(loser, loser.id == cls.loser_id)
        return query.where(customer_scope(user, survivor), customer_scope(user, loser))

    @classmethod
    def open_of(cls, customer: Customer) -> list[CustomerMerge]:
        """Return the merges into `customer` that can still be undone by their age, newest first."""
        since = clock.now() - timedelta(days=standard("customer.merge_undo_days"))
        query = select(cls).where(cls.survivor_id == customer.id, cls.undone_at.is_(None), cls.at > since)
        return list(db.session.scalars(query.order_by(cls.id.desc())))

    @property
    def undo_until(self) -> datetime:
        """Return until when the merge can be undone."""
        return self.at + timedelta(days=standard("customer.merge_undo_days"))

    # --- doing -------------------------------------------------------------------------------------------------------

    @classmethod
    def carry_out(
        cls,
        survivor: Customer,
        loser: Customer,
        *,
        by: Staff,
        take: Collection[str] = (),
        versions: tuple[int, int] | None = None,
        assist: bool = False,
        reason: str = "",
        effective_on: date | None = None,
    ) -> CustomerMerge:
        """Merge `loser` into `survivor` and return the merge, flushed; both are in the scope of `by`.

        `take` names the fields of the card whose value comes from the loser. `versions` are those of survivor and loser that `by` has
        seen. With `assist` the loser's person in charge becomes an assisting rep. Where a fact that matters is replaced, `reason` and
        `effective_on` are asked for and stand in its history (AR-4). Raises `Refusal`, and `StateConflict` where one of the two was
        changed meanwhile: of two merges at once of one record, one counts.
        """
        # Whoever is writing a record of one of them at this moment is done first: it moves with the others.
        both = select(Customer.id).where(Customer.id.in_((survivor.id, loser.id))).order_by(Customer.id)
        db.session.execute(both.with_for_update()).all()
        refuse_unless_mergeable(survivor, loser)
        ensure_theirs([loser.id], by)
        if versions is not None and versions != (survivor.version, loser.version):
            raise StateConflict("changed since it was looked at")
        matters = bool(replaced(survivor, loser, take))
        if matters:
            ask_reason(reason, effective_on)
        loser_state, owner_id, moment = loser.state, loser.owner_id, clock.now()
        for record in sorted((survivor, loser), key=lambda one: one.id):
            expect = {"state": record.state, "version": record.version, "frozen_by_id": None}
            change: dict[str, Any] = {"version": record.version + 1, "updated_at": moment}
            if record is loser:
                change |= {"state": CustomerState.MERGED.value, "merged_into_id": survivor.id}
            transition(record, expect=expect, change=change)
        if pending(survivor.id, loser.id):
            raise StateConflict("submitted meanwhile")
        for clear in _clearers:
            clear(survivor, loser, by)
        merge = cls(survivor_id=survivor.id, loser_id=loser.id, by_id=by.id, at=moment, loser_state=loser_state)
        moved: dict[str, dict[str, list[int]]] = {}
        for hanging in hanging_on(loser.id, survivor.id, taken={survivor.owner_id}):
            if hanging.moving:
                _move(hanging.table, hanging.column, hanging.moving, survivor.id)
                moved.setdefault(hanging.table.name, {})[hanging.column.name] = hanging.moving
        merge.moved = moved
        before = card.texts(card.EDITABLE, survivor)
        for name, value in _values(survivor, loser, take).items():
            setattr(survivor, name, value)
        after = card.texts(card.EDITABLE, survivor)
        merge.fields = {name: [before[name], after[name]] for name in before if before[name] != after[name]}
        if assist and owner_id is not None:
            merge.assistant_id = _assist(survivor, owner_id)
        db.session.add(merge)
        changes = [{"field": name, "old": old, "new": new} for name, (old, new) in merge.fields.items()]
        figures = {table: sum(len(ids) for ids in columns.values()) for table, columns in moved.items()}
        label = f"{loser.number} {loser.full_name}"
        why: dict[str, Any] = {"reason": reason, "effective_on": effective_on.isoformat() if effective_on and matters else ""}
        audit.write("change", "merged", actor=by, record=survivor, label=label, changes=changes, **why, source="merge", moved=figures)
        label = f"{survivor.number} {survivor.full_name}"
        audit.write("change", "merged-away", actor=by, record=loser, label=label, reason=reason, source="merge", moved=figures)
        _settle(survivor, loser)
        return merge

    # --- undoing -----------------------------------------------------------------------------------------------------

    def obstacles(self) -> list[Message]:
        """Return what stands in the way of an undo, in words; nothing where it can be done."""
        survivor, loser, found = self.survivor, self.loser, []
        if self.undone_at is not None:
            return [Message(N_("This merge was undone already."))]
        if self.undo_until <= clock.now():
            return [Message(N_("A merge can be undone for %(days)s days."), {"days": standard("customer.merge_undo_days")})]
        if survivor.state == CustomerState.MERGED:
            return [Message(N_("%(number)s itself was merged into another record since. Undo that first."), {"number": survivor.number})]
        if loser.state != CustomerState.MERGED or loser.merged_into_id != survivor.id:
            return [Message(N_("%(number)s is no longer a part of this customer."), {"number": loser.number})]
        if survivor.frozen_by_id is not None or pending(survivor.id):
            found.append(Message(N_("A document of this customer is in approval. Undo the merge when that is decided.")))
        if survivor.state == CustomerState.PAST and self.loser_state != CustomerState.PAST:
            found.append(Message(N_("Dealings with this customer have ended since.")))
        now = card.texts(card.EDITABLE, survivor)
        for name, (_before, after) in self.fields.items():
            if now[name] != after:
                found.append(Message(N_("Changed since the merge: %(field)s."), {"field": Message(card.CARD[name].title)}))
        for name, columns in self.moved.items():
            for column, ids in columns.items():
                gone = len(ids) - sum(len(some) for some in self._still_there(name, column, ids))
                if gone and name not in _LINKS:
                    found.append(Message(N_("Removed or moved on since: %(count)s of %(what)s."), {"count": gone, "what": title_of(name)}))
        return found

    def put_back(self) -> list[str]:
        """Return the fields that matter of which an undo replaces what the card says now: they change with a reason (AR-4)."""
        return [name for name, (_before, after) in self.fields.items() if name in card.MATTERS and after != ""]

    def undo(self, *, by: Staff, reason: str = "", effective_on: date | None = None) -> None:
        """Move everything back and give the survivor its old values again; who has left meanwhile is in charge of the other no more.

        Where the undo replaces a fact that matters, it asks for a reason of its own and the day since which the old value holds
        again (AR-4). Raises `Refusal` saying what is in the way, with the field where something is missing, and `StateConflict`.
        """
        survivor, loser = self.survivor, self.loser
        for obstacle in self.obstacles():
            raise Refusal(obstacle.text, **obstacle.params)
        matters = bool(self.put_back())
        if matters:
            ask_reason(reason, effective_on)
        moment = clock.now()
        transition(self, expect={"undone_at": None}, change={"undone_at": moment, "undone_by_id": by.id})
        for record in sorted((survivor, loser), key=lambda one: one.id):
            change: dict[str, Any] = {"version": record.version + 1, "updated_at": moment}
            if record is loser:
                change |= {"state": self.loser_state, "merged_into_id": None}
            transition(record, expect={"state": record.state, "version": record.version, "frozen_by_id": None}, change=change)
        for name, columns in self.moved.items():
            table = db.metadata.tables[name]
            for column, ids in columns.items():
                for some in self._still_there(name, column, ids):
                    _move(table, table.c[column], some, loser.id)
        values = {name: _as_it_was(card.CARD[name], before) for name, (before, _after) in self.fields.items()}
        for name, value in {**values, **derived(values)}.items():
            setattr(survivor, name, value)
        if self.assistant_id is not None:
            named = db.session.get(CustomerAssistant, self.assistant_id)
            if named is not None:
                db.session.delete(named)
        changes = [{"field": name, "old": after, "new": before} for name, (before, after) in self.fields.items()]
        label = f"{loser.number} {loser.full_name}"
        why: dict[str, Any] = {"reason": reason, "effective_on": effective_on.isoformat() if effective_on and matters else ""}
        audit.write("change", "merge-undone", actor=by, record=survivor, label=label, changes=changes, **why, source="merge")
        label = f"{survivor.number} {survivor.full_name}"
        audit.write("change", "merge-undone", actor=by, record=loser, label=label, reason=reason, source="merge")
        _settle(survivor, loser)
        give_to_who_is_here(loser, beside=survivor, by=by, reason=reason)

    def _still_there(self, name: str, column: str, ids: list[int]) -> Iterator[list[int]]:
        """Yield those of the moved rows that hang on the survivor still."""
        table = db.metadata.tables[name]
        for some in _portions(ids):
            query = select(table.c.id).where(table.c.id.in_(some), table.c[column] == self.survivor_id)
            yield list(db.session.scalars(query))


def undo_days() -> int:
    """Return for how many days a merge can be undone."""
    return int(standard("customer.merge_undo_days"))


# --- moving rows ------------------------------------------------------------------------------------------------------------


def _move(table: Table, column: Column[Any], ids: list[int], to: int) -> None:
    for some in _portions(ids):
        db.session.execute(update(table).where(table.c.id.in_(some)).values({column.name: to}), execution_options=_QUIET)


def _portions(ids: list[int]) -> Iterator[list[int]]:
    return (ids[start : start + _PORTION] for start in range(0, len(ids), _PORTION))


# --- rules -----------------------------------------------------------------------------------------------------------------


def pending(*ids: int) -> bool:
    """Return whether a document of one of the customers, or a list on which they stand, is in approval."""
    return bool(db.session.scalar(select(exists().where(Approval.running_on(ids)))))


def refuse_unless_mergeable(survivor: Customer, loser: Customer) -> None:
    """Raise `Refusal` where `loser` cannot be merged into `survivor`."""
    if survivor.id == loser.id:
        raise Refusal("A record cannot be merged with itself.")
    for record in (survivor, loser):
        if record.state == CustomerState.MERGED:
            raise Refusal("%(name)s was merged into another record already.", name=f"{record.number} {record.full_name}")
        if record.frozen_by_id is not None or pending(record.id):
            raise Refusal("A document of %(name)s is in approval. Merge when that is decided.", name=f"{record.number} {record.full_name}")
    if _RANK[CustomerState(survivor.state)] < _RANK[CustomerState(loser.state)]:
        raise Refusal("%(name)s is further on: keep that record and merge the other one into it.", name=f"{loser.number} {loser.full_name}")
    if is_erased(survivor) and not is_erased(loser):
        # What the other card says would come back onto one of which only number, name and dates are kept (AR-11).
        raise Refusal("The card of %(name)s was erased: keep the other record.", name=f"{survivor.number} {survivor.full_name}")
    ahead = select(func.min(CreditChange.effective_on)).where(
        CreditChange.customer_id == loser.id, CreditChange.state == "approved", CreditChange.applied_at.is_(None)
    )
    if day := db.session.scalar(ahead):
        # It was approved for that record: set on the other's card, it would replace what was approved there (RL-5).
        raise Refusal(
            "A change of credit of %(name)s takes effect on %(day)s: keep that record, or merge after that day.",
            name=f"{loser.number} {loser.full_name}",
            day=day.isoformat(),
        )


def choices(survivor: Customer) -> set[str]:
    """Return the fields that can be taken from the other record: what has a chain of its own is not changed past it (RL-5)."""
    return {field.name for field in survivor.open_fields} - {"former_names"}


def default_choice(survivor: Customer, loser: Customer) -> set[str]:
    """Return the fields that come from the loser unless somebody chooses otherwise: those of which the survivor says nothing."""
    ours, theirs = card.texts(card.EDITABLE, survivor), card.texts(card.EDITABLE, loser)
    return {name for name in choices(survivor) if ours[name] == "" and theirs[name] != ""}


def replaced(survivor: Customer, loser: Customer, take: Collection[str]) -> list[str]:
    """Return the fields that matter in which a merge with `take` puts another value for one that is there (AR-4)."""
    ours, theirs = card.texts(card.EDITABLE, survivor), card.texts(card.EDITABLE, loser)
    return [name for name in ours if name in card.MATTERS & choices(survivor) & set(take) and ours[name] not in ("", theirs[name])]


def _values(survivor: Customer, loser: Customer, take: Collection[str]) -> dict[str, Any]:
    """Return what is set on the survivor: the fields taken, what follows from them, and every name of both among the former names."""
    values = {name: getattr(loser, name) for name in sorted(choices(survivor)) if name in take}
    name, former = values.get("full_name", survivor.full_name), survivor.former_names
    for line in (*loser.former_names.splitlines(), loser.full_name, survivor.full_name):
        former = with_line(former, line, without=name)
    return {**values, **derived(values), "former_names": former}


def _as_it_was(field: card.Field, text: Any) -> Any:
    """Return the value of which `Field.text` gave `text`. Not by `Field.read`: what was stored comes back as it was, however odd."""
    if text == "":
        return field.empty
    if field.kind == "date":
        return date.fromisoformat(text)
    if field.kind == "money":
        return Decimal(text)
    return int(text) if field.kind == "integer" else text


def _assist(survivor: Customer, staff_id: int) -> int | None:
    """Name somebody an assisting rep unless they are in charge or assist already; return the new row's id."""
    known = exists().where(CustomerAssistant.customer_id == survivor.id, CustomerAssistant.staff_id == staff_id)
    if staff_id == survivor.owner_id or db.session.scalar(select(known)):
        return None
    new = insert(CustomerAssistant).values(customer_id=survivor.id, staff_id=staff_id).returning(CustomerAssistant.id)
    return db.session.scalar(new)


def _settle(survivor: Customer, loser: Customer) -> None:
    """Bring session and search up to date after rows were moved past the ORM."""
    db.session.flush()
    db.session.expire_all()
    for settler in _settlers:
        settler([survivor.id, loser.id])
    index_many([survivor.id, loser.id])


# --- what is written meanwhile ---------------------------------------------------------------------------------------------


@event.listens_for(Session, "after_flush")
def _ensure_not_merged_meanwhile(session: Session, _context: Any) -> None:
    """Raise `StateConflict` where a record was written to a customer who was merged away since they were read.

    On PostgreSQL who writes such a record waits for the merge, which has looked for what moves by then: it would stay behind, unseen.
    SQLite has one writer at a time.
    """
    if session.get_bind().dialect.name != "postgresql":
        return
    ids = {getattr(one, "customer_id", None) for one in session.new if not isinstance(one, Customer)}
    read = {number: session.identity_map.get(identity_key(Customer, number)) for number in ids if number is not None}
    alive = [number for number, one in read.items() if one is not None and one.__dict__.get("state", _MERGED) != _MERGED]
    if alive:
        gone = select(Customer.id).where(Customer.id.in_(alive), Customer.state == _MERGED)
        for number in session.connection().execute(gone).scalars():
            raise StateConflict(f"customer {number} was merged meanwhile")


def entries_of(customer: Customer) -> int:
    """Return how many entries a customer's history has, counted to 1,000."""
    some = select(literal(1)).where(audit.AuditEvent.customer_id == customer.id).limit(1000).subquery()
    return db.session.scalar(select(func.count()).select_from(some)) or 0
