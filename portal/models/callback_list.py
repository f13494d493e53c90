"""Lists of call-backs: the day's list of somebody, and all calls by state and person, in pages by keyset (SV-12)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import and_, false, or_, select
from sqlalchemy.orm import joinedload

from portal import clock
from portal.database import db
from portal.models.callback import CANCELLED, DONE, DROPPED, LINK, OPEN, Callback
from portal.models.customer import Customer
from portal.models.list_query import ListQuery, is_number
from portal.models.newest_first import Listing, lines
from portal.models.notice import notify
from portal.models.paging import NotLeading
from portal.models.staff import Staff
from portal.permissions import Permission
from portal.rules.message import N_, Message, Refusal

TABS = {OPEN: N_("To be called"), DONE: N_("Called"), "closed": N_("Dropped and cancelled")}
_STATES = {OPEN: (OPEN,), DONE: (DONE,), "closed": (DROPPED, CANCELLED)}
MINE, TEAM, ALL, NOBODY = "", "team", "all", "nobody"


@dataclass(frozen=True)
class CallbackQuery(ListQuery):
    """Which calls are wanted: of which state, whose, and by which filters; its address says the same."""

    FILTERS = {
        "due": N_("Due by today"),
        "late": N_("Overdue"),
        "low": N_("Low satisfaction"),
        "purpose": N_("Purpose of the call"),
        "kind": N_("Event"),
        "draw": N_("Draw"),
    }
    NUMBERS = ("draw",)
    SWITCHES = ("due", "late", "low")
    LONGEST = 40
    tab: str = OPEN
    whose: str = MINE
    """'' for one's own, team, all, nobody, or the id of somebody."""

    @classmethod
    def read(cls, args: Mapping[str, str]) -> CallbackQuery:
        """Return the query of an address; what is unknown or empty is left out, so that an old address still opens."""
        tab, whose = args.get("tab", OPEN), args.get("whose", MINE)
        if whose not in (MINE, TEAM, ALL, NOBODY) and not is_number(whose):
            whose = MINE
        return cls(cls.filters_of(args), tab if tab in TABS else OPEN, whose)

    def args(self) -> dict[str, str]:
        """Return the query as the arguments of an address."""
        return {**({} if self.tab == OPEN else {"tab": self.tab}), **({"whose": self.whose} if self.whose else {}), **self.filters}


def of_the_day(whose: str = MINE) -> CallbackQuery:
    """Return the query of the day's list: open, and due by today."""
    return CallbackQuery(whose=whose, filters={"due": "1"})


def people(user: Staff) -> list[tuple[int, str]]:
    """Return whose lists `user` may see beside their own, and to whom they may give calls: the team's, for managers everybody's."""
    if not user.may(Permission.CALLBACK_PLAN):
        return []
    query = select(Staff.id, Staff.name).where(Staff.in_office).order_by(Staff.name, Staff.id)
    if not user.is_manager:
        query = query.where(Staff.team_id == user.team_id)
    return [(row[0], row[1]) for row in db.session.execute(query)]


def to_give_to(user: Staff, said: str) -> Staff:
    """Return to whom `user` gives calls: `said` is the id, or name or account where people are too many to be offered. Raises `Refusal`."""
    number, said = int(said) if is_number(said) else 0, said.strip()
    allowed = [one for one, _name in people(user)]
    named = or_(Staff.id == number, Staff.name == said, Staff.account == said)
    found = list(db.session.scalars(select(Staff).where(named, Staff.id.in_(allowed))))
    exact = [one for one in found if one.id == number] or [one for one in found if one.account == said] or found
    if not exact:
        raise Refusal("Choose somebody whose account is active.", field="staff")
    if len(exact) > 1:
        raise Refusal("Several people are called %(name)s: write the account.", field="staff", name=said)
    return exact[0]


def _whose(user: Staff, whose: str) -> Any:
    """Return the condition on whose calls are wanted, as far as `user` may see them; each is led by an index."""
    call = Callback
    if not user.may(Permission.CALLBACK_PLAN) or whose == MINE:
        return call.assignee_id == user.id
    in_team = call.team_id == user.team_id if user.team_id is not None else false()
    if whose in (TEAM, ALL):
        return and_(True) if user.is_manager and (whose == ALL or user.team_id is None) else in_team
    if whose == NOBODY:
        return call.assignee_id.is_(None) if user.is_manager else and_(in_team, call.assignee_id.is_(None))
    someone = call.assignee_id == int(whose)
    if user.is_manager or int(whose) == user.id:
        return someone
    # Of the team's people all calls, of others those on the team's customers.
    mine = db.session.scalar(select(Staff.team_id).where(Staff.id == int(whose))) == user.team_id and user.team_id is not None
    return someone if mine else and_(someone, in_team)


def _chosen(user: Staff, query: CallbackQuery) -> Any:
    call, filters = Callback, query.filters
    found: Any = select(call).where(_whose(user, query.whose), call.state.in_(_STATES[query.tab]))
    today = clock.today()
    if "due" in filters:
        found = found.where(call.due_on <= today)
    if "late" in filters:
        found = found.where(call.due_on <= today, call.due_until < today)
    if "low" in filters:
        found = found.where(call.satisfaction <= 2)
    if "draw" in filters:
        found = found.where(call.draw_id == int(filters["draw"]))
    for name, column in (("purpose", call.purpose), ("kind", call.kind)):
        if name in filters:
            found = found.where(column == filters[name])
    return found


LIST = Listing(
    Callback,
    _chosen,
    (
        joinedload(Callback.customer, innerjoin=True).load_only(
            Customer.number, Customer.full_name, Customer.grade, Customer.telephone, Customer.contacted_on, Customer.state
        ),
        joinedload(Callback.assignee).load_only(Staff.name), joinedload(Callback.done_by).load_only(Staff.name),
    ),
    day=Callback.due_until,
    rising=lambda query: query.tab == OPEN,
)  # fmt: skip
"""Open ones come by their last day, the most pressing first; others the newest first."""


LINES = replace(
    LIST,
    shown=lines(
        Callback,
        *("id", "title_zh", "title_en", "state", "due_on", "due_until", "purpose", "attempts", "satisfaction", "result", "reason"),
        customer=("full_name",),
        assignee=("name",),
    ),
)
"""The same list, of which a page shows lines."""


def following(user: Staff, query: CallbackQuery, call: Callback) -> int:
    """Return the call of the list that comes behind one that was worked on, or the first one; 0 where none is left."""
    return LIST.following(user, query, call) or next((one for one in LIST.ids(user, query, 1) if one != call.id), 0)


def chosen(user: Staff, numbers: Collection[int]) -> list[Callback]:
    """Return the calls among `numbers` that `user` sees."""
    return list(db.session.scalars(Callback.visible_to(user).where(Callback.id.in_(numbers)).order_by(Callback.id)))


def tell(to: Staff, number: int, *, by: Staff) -> None:
    """Tell somebody that they were given so many calls."""
    if to.id != by.id:
        notify(to, Message(N_("%(name)s has given you %(count)s call-backs."), {"name": by.name, "count": number}), link=LINK)


def waiting(user: Staff, today: date) -> list[Any]:
    """Return conditions on the open calls that wait for `user`, each led by an index: their own that are due; of a supervisor the team's
    that nobody has, too.
    """
    call = Callback
    due = (call.state == OPEN, call.due_on <= today)
    found = [and_(call.assignee_id == user.id, *due)]
    if user.is_supervisor and user.team_id is not None:
        found.append(and_(call.assignee_id.is_(None), NotLeading(call.team_id) == user.team_id, *due))
    return found
