"""Drawing further customers to be called (SV-11): at random, of low satisfaction, with extra service, long without contact."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import ColumnElement, ForeignKey, Index, Select, and_, exists, func, not_, or_, select
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship

from portal import clock
from portal.database import Base, JsonValue, db
from portal.models import audit
from portal.models.callback import DRAWN, OPEN, Callback
from portal.models.card import GRADES
from portal.models.customer import Customer, CustomerState, CustomerTag, NumberSeries
from portal.models.scope import customer_scope
from portal.models.staff import Staff
from portal.models.standard import value as standard
from portal.models.standard_effects import used_in
from portal.permissions import Role
from portal.rules import callbacks as rules
from portal.rules.callbacks import AT_ONCE, AT_RANDOM, EXTRA, LONG, LOW, MOST_DRAWN, WAYS
from portal.rules.message import Refusal

TITLES = {
    AT_RANDOM: ("随机抽取回访", "Drawn at random"),
    LOW: ("低满意度客户回访", "Drawn for low satisfaction"),
    EXTRA: ("额外服务客户回访", "Drawn for extra service"),
    LONG: ("久未联系客户回访", "Drawn, long without contact"),
}
_PORTION = 400


@dataclass(frozen=True)
class Filters:
    """Of which customers on the register is drawn, beside the way; empty for all."""

    grade: str = ""
    nature: str = ""
    province: str = ""
    owner: int = 0

    def as_data(self) -> dict[str, Any]:
        """Return those that are set, as plain data."""
        return {name: value for name, value in asdict(self).items() if value}


class CallbackDraw(Base):
    """One draw: by whom, when, how, with which filters and seed, and how many were drawn."""

    __tablename__ = "callback_draw"

    way: Mapped[str]
    """A code of `rules.callbacks.WAYS`."""
    wanted: Mapped[int]
    drawn: Mapped[int] = mapped_column(default=0)
    seed: Mapped[int]
    """By which the same draw could be made again."""
    filters: Mapped[dict[str, Any]] = mapped_column(JsonValue, default=dict)
    purpose: Mapped[str]
    due_on: Mapped[date]
    note: Mapped[str] = mapped_column(default="")
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"))
    created_by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    created_at: Mapped[datetime] = mapped_column(default=clock.now)

    created_by: Mapped[Staff] = relationship()

    __table_args__ = (Index(None, "team_id", "id"),)

    @classmethod
    def visible_to(cls, user: Staff) -> Select[CallbackDraw]:
        """Return the draws of the reader's team and their own; a manager sees all."""
        query = select(cls)
        if user.is_manager:
            return query
        mine = cls.created_by_id == user.id
        return query.where(or_(mine, cls.team_id == user.team_id) if user.role == Role.SUPERVISOR and user.team_id else mine)

    @property
    def label(self) -> str:
        """Return what the log calls it."""
        return f"{WAYS[self.way]} {clock.local(self.created_at):%Y-%m-%d}"

    @classmethod
    def carry_out(
        cls, way: str, wanted: int, filters: Filters, *, purpose: str, due_on: date | None, note: str, seed: int, by: Staff
    ) -> CallbackDraw:
        """Draw customers in the scope of `by` who wait for no call, make their calls, and return the draw, flushed.

        Raises `Refusal` with the field: for what is not among the choices, and where nobody is left to draw.
        """
        for refusal in problems(way, wanted, filters, purpose, due_on):
            raise refusal
        assert due_on is not None  # noqa: S101 - said by the problems
        NumberSeries.take("callback-draw")  # one draw after the other, so that nobody is drawn twice
        ids = _draw(way, wanted, filters, seed, by)
        if not ids:
            raise Refusal("No customer is left to draw: none fits, or those who fit wait for a call already.", field="way")
        draw = cls(
            way=way, wanted=wanted, drawn=len(ids), seed=seed, filters=filters.as_data(), purpose=purpose, due_on=due_on,
            note=note[: rules.LONGEST_LINE], team_id=by.team_id, created_by_id=by.id,
        )  # fmt: skip
        db.session.add(draw)
        db.session.flush()
        zh, en = TITLES[way]
        for customer in _customers(ids):
            db.session.add(
                Callback(
                    customer_id=customer.id,
                    assignee_id=customer.owner_id,
                    team_id=customer.team_id,
                    draw_id=draw.id,
                    kind=DRAWN,
                    title_zh=zh,
                    title_en=en,
                    purpose=purpose,
                    text=draw.note,
                    due_on=due_on,
                    due_until=due_on,
                    created_by_id=by.id,
                    key=f"d{draw.id}:{customer.id}",
                )
            )
        db.session.flush()
        audit.write(
            "change", "calls-drawn", actor=by, record=draw, label=draw.label, way=way, seed=seed, filters=filters.as_data(), drawn=len(ids)
        )
        return draw


def problems(way: str, wanted: int, filters: Filters, purpose: str, due_on: date | None) -> Iterator[Refusal]:
    """Yield all that keeps customers from being drawn so, each with its field."""
    if way not in WAYS:
        yield Refusal("Choose how to draw.", field="way")
    if not 1 <= wanted <= MOST_DRAWN:
        yield Refusal("Draw from 1 to %(most)s customers.", field="wanted", most=MOST_DRAWN)
    if purpose not in {one["code"] for one in standard("choices.callback_purpose") if one["active"]}:
        yield Refusal("Choose the purpose.", field="purpose")
    if due_on is None or due_on < clock.today():
        yield Refusal("Say for which day, today or later.", field="due_on")
    if filters.grade and filters.grade not in GRADES:
        yield Refusal("%(typed)s is not among the choices.", field="grade", typed=filters.grade[:40])


def _customers(ids: list[int]) -> list[Customer]:
    found: dict[int, Customer] = {}
    for start in range(0, len(ids), _PORTION):
        found |= {one.id: one for one in db.session.scalars(select(Customer).where(Customer.id.in_(ids[start : start + _PORTION])))}
    return [found[number] for number in ids if number in found]


def fitting(way: str, filters: Filters, by: Staff) -> list[ColumnElement[bool]]:
    """Return the conditions on customers of whom a draw chooses: on the register, in scope, with a number to call, waiting for no call."""
    waits = exists().where(Callback.customer_id == Customer.id, Callback.state == OPEN)
    reachable = or_(Customer.telephone_key != "", Customer.contact_count > 0)
    found = [Customer.state == CustomerState.ACTIVE, customer_scope(by), reachable, not_(waits)]
    for name, column in (("grade", Customer.grade), ("nature", Customer.nature), ("province", Customer.province)):
        if getattr(filters, name):
            found.append(column == getattr(filters, name))
    if filters.owner:
        found.append(Customer.owner_id == filters.owner)
    return [*found, *_OF_WAY[way]()]


def _low() -> list[ColumnElement[bool]]:
    since = _months_ago("callback.low_months")
    most = standard("callback.low_score")
    scored = select(Callback.customer_id).where(
        Callback.satisfaction <= most, Callback.satisfaction.is_not(None), Callback.done_at >= since
    )
    return [or_(Customer.id.in_(scored), Customer.satisfaction.in_([str(score) for score in rules.SCORES if score <= most]))]


def _extra() -> list[ColumnElement[bool]]:
    tagged = select(CustomerTag.customer_id).where(CustomerTag.tag == standard("callback.extra_tag"))
    return [or_(Customer.id.in_(tagged), Customer.dealings_policy != "")]


def _long() -> list[ColumnElement[bool]]:
    since = _months_ago("callback.long_months")
    return [and_(Customer.contacted_on < since.date(), Customer.created_at < since)]


_OF_WAY: dict[str, Callable[[], list[ColumnElement[bool]]]] = {AT_RANDOM: list, LOW: _low, EXTRA: _extra, LONG: _long}


def _months_ago(name: str) -> datetime:
    day = rules.add_months(clock.today(), -standard(name))
    return datetime.combine(day, time.min, tzinfo=clock.SITE_ZONE)


def _draw(way: str, wanted: int, filters: Filters, seed: int, by: Staff) -> list[int]:
    conditions = fitting(way, filters, by)
    query = select(Customer.id).where(*conditions)
    if way == LONG:  # who has waited longest comes first
        return list(db.session.scalars(query.order_by(Customer.contacted_on, Customer.id).limit(wanted)))
    some = list(db.session.scalars(query.limit(AT_ONCE + 1)))
    if len(some) <= AT_ONCE:
        return rules.sample(some, wanted, seed)
    low, high = db.session.execute(select(func.min(Customer.id), func.max(Customer.id))).one()
    found = rules.probe(low, high, wanted, seed, lambda ids: db.session.scalars(query.where(Customer.id.in_(ids))).all())
    return found if len(found) == wanted else rules.sample(some, wanted, seed)


def newest(user: Staff, limit: int = 50) -> list[CallbackDraw]:
    """Return the newest draws that `user` sees."""
    return list(db.session.scalars(CallbackDraw.visible_to(user).order_by(CallbackDraw.id.desc()).limit(limit)))


def calls_of(draw: CallbackDraw, user: Staff) -> list[Callback]:
    """Return the calls of a draw that `user` sees, in the order drawn, with customer and person."""
    query = Callback.visible_to(user).where(Callback.draw_id == draw.id).order_by(Callback.id)
    return list(db.session.scalars(query.options(joinedload(Callback.customer), joinedload(Callback.assignee))))


used_in("choices.callback_purpose", Callback.purpose, CallbackDraw.purpose)
