"""How calls follow from events (SV-10): entered by hand, by requests and sales, each once; for months by the worker when they begin."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, timedelta

from sqlalchemy import and_, func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, joinedload, mapped_column

from portal import clock
from portal.database import Base, db, transition
from portal.models import audit
from portal.models.calendar import site_calendar
from portal.models.callback import CALLED, CANCELLED, HAND, OPEN, TITLES, Callback, CallbackEvent
from portal.models.contact import Contact
from portal.models.customer import Customer, NumberSeries
from portal.models.sale import IMPORTING, Sale
from portal.models.sales_book import Purchase, when_bought_otherwise
from portal.models.staff import Staff
from portal.models.standard import at_version, in_force
from portal.models.standard import value as standard
from portal.permissions import Permission
from portal.rules import callbacks as rules
from portal.rules.callbacks import DAY, LOW_SCORE, PURCHASE, Row, Window
from portal.rules.message import Refusal
from portal.rules.sales import ORDERED

PORTION = 200
_LINES = 400
_LONG_AGO = 400
"""After so many days nothing but the yearly call is left of a purchase: one event a year stands for all."""
_SALES = "sales"
_OF_SALES = ("order", "month", "year")
_SAME_PURCHASE = 31
_OF_CUSTOMER = (PURCHASE, LOW_SCORE)
"""Events whose calls ask how the customer is. Those of other events speak of one visit, complaint or proposal, and of no other."""


class CallbackMark(Base):
    """How far the worker has read a table whose rows are events."""

    __tablename__ = "callback_mark"

    name: Mapped[str] = mapped_column(unique=True)
    number: Mapped[int]


# --- events ----------------------------------------------------------------


def due(customer: Customer, kind: str, *, on: date, by: Staff | None, source: str, note: str = "", telephone: str = "") -> list[Callback]:
    """Record an event of a customer and return the calls that follow at once; nothing where it is known, or nobody calls the customer.

    `kind` is a code of `rules.callbacks.EVENTS`; `source` says what brought it ('request:12', 'survey:7') and makes it known again;
    `note` stands on the call; `telephone` is a number besides those of the card. Calls whose window begins with months are made by the
    worker when it does. Raises KeyError for an unknown kind.
    """
    known = rules.EVENTS[kind]
    assert known  # noqa: S101 - says that the kind is declared
    if customer.state not in CALLED:
        return []
    event = _record(customer, kind, on, by=by, source=source, note=note)
    return make(event, clock.today(), telephone=telephone) if event is not None else []


def _record(customer: Customer, kind: str, on: date, *, by: Staff | None, source: str, note: str = "") -> CallbackEvent | None:
    """Return the new event, flushed, or None where it is recorded already."""
    key = f"{kind}:{customer.id}:{source}"
    if db.session.scalar(select(CallbackEvent.id).where(CallbackEvent.key == key)):
        return None
    event = CallbackEvent(
        customer_id=customer.id, kind=kind, happened_on=on, key=key, note=note[: rules.LONGEST_LINE],
        rules_version=in_force("callback.rules").version, created_by_id=by.id if by else None,
    )  # fmt: skip
    try:
        with db.session.begin_nested():
            db.session.add(event)
    except IntegrityError:  # recorded by somebody else at the same moment
        return None
    return event


def waits(customer: Customer, kind: str) -> bool:
    """Return whether a call of an event of this kind is open at a customer."""
    here = (Callback.customer_id == customer.id, Callback.state == OPEN, Callback.kind == kind)
    return db.session.scalar(select(Callback.id).where(*here).limit(1)) is not None


def enter(customer: Customer, kind: str, *, on: date | None, note: str, by: Staff) -> list[Callback]:
    """Enter an event by hand and return the calls that follow at once. Raises `Refusal` with the field."""
    if kind not in rules.EVENTS:
        raise Refusal("Choose the event.", field="kind")
    if on is None or on > clock.today():
        raise Refusal("Say on which day it was; it cannot lie ahead.", field="on")
    _ensure_called(customer)
    source = f"hand:{on.isoformat()}"
    event = _record(customer, kind, on, by=by, source=source, note=note)
    if event is None:
        raise Refusal("This event of this day is entered already.", field="on")
    audit.write("change", "callback-event", actor=by, record=event, label=event.label, reason=note)
    return make(event, clock.today())


def arrange(customer: Customer, *, on: date | None, purpose: str, text: str, by: Staff) -> Callback:
    """Arrange a single call by hand and return it, flushed. Raises `Refusal` with the field."""
    _ensure_called(customer)
    if purpose not in {one["code"] for one in standard("choices.callback_purpose") if one["active"]}:
        raise Refusal("Choose the purpose.", field="purpose")
    if on is None or on < clock.today():
        raise Refusal("Say for which day, today or later.", field="due_on")
    zh, en = TITLES[HAND]
    call = Callback(
        customer_id=customer.id, assignee_id=customer.owner_id or by.id, team_id=customer.team_id, kind=HAND, title_zh=zh, title_en=en,
        purpose=purpose, text=text[: rules.LONGEST_TEXT], due_on=on, due_until=on, created_by_id=by.id,
        key=f"h{customer.id}:{by.id}:{clock.now().isoformat()}",
    )  # fmt: skip
    db.session.add(call)
    audit.write("change", "call-arranged", actor=by, record=call, label=call.label, reason=text[: rules.LONGEST_LINE])
    return call


def arrange_many(ids: Sequence[int], *, on: date | None, purpose: str, text: str, by: Staff) -> int:
    """Arrange a call to each of these customers, all in the scope of `by`, and return how many were arranged (AR-5).

    Who waits for such a call on that day already is not called for another. Raises `Refusal`, with the field where there is one.
    """
    if len(ids) > rules.MOST_DRAWN:
        raise Refusal("Plan calls to at most %(most)s customers at once.", most=rules.MOST_DRAWN)
    NumberSeries.take("calls-arranged")  # one after the other: a form that is sent twice finds the calls of the first
    same = (Callback.state == OPEN, Callback.kind == HAND, Callback.purpose == purpose, Callback.due_on == on)
    arranged = 0
    for start in range(0, len(ids), PORTION):
        some = ids[start : start + PORTION]
        waiting = set(db.session.scalars(select(Callback.customer_id).where(Callback.customer_id.in_(some), *same)))
        for customer in db.session.scalars(select(Customer).where(Customer.id.in_(some)).order_by(Customer.id)).all():
            if customer.state not in CALLED:
                raise Refusal("Dealings with %(name)s have ended; it is not called.", name=customer.full_name)
            if customer.id not in waiting:
                arrange(customer, on=on, purpose=purpose, text=text, by=by)
                arranged += 1
    return arranged


def _ensure_called(customer: Customer) -> None:
    if customer.state not in CALLED:
        raise Refusal("Dealings with this customer have ended; it is not called.")


def can_enter(customer: Customer, user: Staff) -> bool:
    """Return whether `user`, who sees the customer, may enter events and arrange calls."""
    return user.may(Permission.CALLBACK_WORK) and customer.state in CALLED


# --- calls of an event ----------------------------------------------------------------


def make(event: CallbackEvent, today: date, *, telephone: str = "") -> list[Callback]:
    """Make the calls of an event whose time has come, set when the next one is, and return what was made."""
    table = rules.rows_of(at_version("callback.rules", event.rules_version).value)
    rows = [row for row in table if row.active and row.event == event.kind]
    grace, made = standard("callback.grace_days"), list[Callback]()
    customer = event.customer or db.session.get_one(Customer, event.customer_id)
    if customer.state in CALLED and _stands(event):
        for row in rows:
            if row.needs == "telephone" and not (telephone or _telephone(customer)):
                continue
            for one in _windows(row, event.happened_on, today, grace):
                call = _make(event, customer, row, one, telephone)
                if call is not None:
                    made.append(call)
    event.next_on = rules.next_day([row for row in rows if row.unit != DAY], event.happened_on, today)
    db.session.flush()
    return made


def _stands(event: CallbackEvent) -> bool:
    """Return whether an event still counts: a purchase of the books while a line of those weeks was not made void or cancelled."""
    if event.kind != PURCHASE or event.key.split(":")[2] not in _OF_SALES:
        return True
    last = event.happened_on + timedelta(days=_SAME_PURCHASE)
    line = (Sale.customer_id == event.customer_id, Sale.day.between(event.happened_on, last), Sale.state == ORDERED, Sale.amount > 0)
    return db.session.scalar(select(Sale.id).where(*line).limit(1)) is not None


@when_bought_otherwise
def _bought_otherwise(gone: Collection[Purchase], again: Collection[int]) -> None:
    """Let the purchases go that rested alone on lines made void, cancelled, given another day, or taken back with their import.

    Lines that count again, or on another day, are purchases like new ones.
    """
    days: dict[int, list[date]] = {}
    for customer_id, day in gone:
        days.setdefault(customer_id, []).append(day)
    ids = sorted(days)
    for start in range(0, len(ids), _LINES):
        here = (CallbackEvent.customer_id.in_(ids[start : start + _LINES]), CallbackEvent.kind == PURCHASE)
        for event in db.session.scalars(select(CallbackEvent).where(*here).order_by(CallbackEvent.id)):
            rested = any(0 <= (day - event.happened_on).days <= _SAME_PURCHASE for day in days[event.customer_id])
            if rested and not _stands(event):
                _let_go(event)
    if again:
        bought(again, clock.today())


def _let_go(event: CallbackEvent) -> None:
    """Cancel the open calls of a purchase that was none.

    Where none of its calls was tried, the purchase is forgotten too: entered again as it was, it is followed by calls anew.
    """
    made = list(db.session.scalars(select(Callback).where(Callback.event_id == event.id)))
    gone = [call for call in made if call.state == OPEN and not (call.key.startswith("y") and _bought_ever(event.customer_id))]
    for call in gone:
        change = {"state": CANCELLED, "reason": "", "done_at": clock.now(), "version": call.version + 1}
        transition(call, expect={"state": OPEN, "version": call.version}, change=change)
    if len(gone) == len(made) and not any(call.attempts for call in made):
        event.next_on, event.key = None, f"{event.key}:void{event.id}"
        for call in gone:
            call.key = f"{call.key}:void{call.id}"
        db.session.flush()


def _bought_ever(customer_id: int) -> bool:
    line = (Sale.customer_id == customer_id, Sale.state == ORDERED, Sale.amount > 0)
    return db.session.scalar(select(Sale.id).where(*line).limit(1)) is not None


def _windows(row: Row, on: date, today: date, grace: int) -> list[Window]:
    if row.unit != DAY:
        return rules.open_windows(row, on, today, grace)
    one = rules.window(row, on)
    return [one] if (today - one.last).days <= grace else []


def _make(event: CallbackEvent, customer: Customer, row: Row, raw: Window, telephone: str) -> Callback | None:
    """Make one call, unless it was made before, or the customer waits for another that asks the same.

    A visit, complaint or proposal has the calls of its first days to itself, whatever others came before: another fitter comes (SV-10).
    """
    window = rules.due(row, event.happened_on, site_calendar(), raw.turn)
    # Proposed once a year, whatever was bought in it.
    key = f"y{customer.id}:{row.code}:{window.first.year}" if row.repeats else f"e{event.id}:{row.code}"
    known = [Callback.key == key]
    if event.kind in _OF_CUSTOMER or row.unit != DAY:
        known.append(and_(Callback.customer_id == customer.id, Callback.state == OPEN, Callback.row_code == row.code))
    if db.session.scalar(select(Callback.id).where(or_(*known)).limit(1)):
        return None
    text = "\n".join(filter(None, (event.note, telephone)))
    call = Callback(
        customer_id=customer.id, assignee_id=customer.owner_id, team_id=customer.team_id, event_id=event.id, kind=event.kind,
        row_code=row.code, rules_version=event.rules_version, title_zh=row.zh, title_en=row.en, purpose=row.purpose, text=text,
        due_on=window.first, due_until=window.last, created_by_id=event.created_by_id, key=key,
    )  # fmt: skip
    try:
        with db.session.begin_nested():
            db.session.add(call)
    except IntegrityError:
        return None
    return call


def _telephone(customer: Customer) -> str:
    if customer.telephone:
        return customer.telephone
    here = (Contact.customer_id == customer.id, Contact.telephone != "")
    return db.session.scalar(select(Contact.telephone).where(*here).limit(1)) or ""


# --- the worker ----------------------------------------------------------------


def make_due(today: date, most: int = PORTION) -> int:
    """Make the calls of events whose next window has begun, `most` events at a time; return how many events there were."""
    query = select(CallbackEvent).where(CallbackEvent.next_on <= today).options(joinedload(CallbackEvent.customer))
    found = list(db.session.scalars(query.order_by(CallbackEvent.next_on, CallbackEvent.id).limit(most)))
    for event in found:
        make(event, today)
    return len(found)


def bought(sale_ids: Collection[int], today: date) -> int:
    """Record the purchases of lines of sales: one for each order, or for each month where a line names none; return how many are new.

    Cancelled and returned goods are no purchase. What was bought long ago counts once a year: all that is left of it is the yearly call.
    """
    columns = (Sale.customer_id, Sale.day, Sale.document, Sale.source)
    lines = select(*columns).where(Sale.id.in_(sale_ids), Sale.state == ORDERED, Sale.amount > 0).order_by(Sale.day, Sale.id)
    first: dict[tuple[int, str], date] = {}
    for row in db.session.execute(lines):
        if (today - row.day).days > _LONG_AGO:
            name = f"year:{row.day.year}"
        else:
            name = f"order:{row.source}/{row.document}" if row.document else f"month:{row.day:%Y-%m}"
        first.setdefault((row.customer_id, name), row.day)
    wanted = {f"{PURCHASE}:{customer}:{name}" for customer, name in first}
    known = set(db.session.scalars(select(CallbackEvent.key).where(CallbackEvent.key.in_(wanted))))
    ids = {customer for customer, name in first if f"{PURCHASE}:{customer}:{name}" not in known}
    customers = {one.id: one for one in db.session.scalars(select(Customer).where(Customer.id.in_(ids)))}
    done = 0
    for (number, name), day in first.items():
        customer = customers.get(number)
        if customer is None or customer.state not in CALLED or f"{PURCHASE}:{number}:{name}" in known:
            continue
        done += _record_purchase(customer, name, day, today)
    return done


def _record_purchase(customer: Customer, name: str, day: date, today: date) -> bool:
    event = _record(customer, PURCHASE, day, by=None, source=name)
    if event is not None:
        make(event, today)
    return event is not None


def read_sales(today: date, most: int = _LINES) -> int:
    """Record the purchases of the lines that came since the last time, `most` at a time; return how many were read.

    Lines of an import that is not over are waited for: whoever writes lines holds the lock of the books, so that numbers are in the
    order in which lines were committed.
    """
    mark = db.session.scalar(select(CallbackMark).where(CallbackMark.name == _SALES))
    last = db.session.scalar(select(func.max(Sale.id))) or 0
    # Lines that were taken back may give their numbers to others.
    begin = min(mark.number, last) if mark is not None else 0
    if last == begin and mark is not None and mark.number == begin:
        return 0
    rows = db.session.execute(select(Sale.id, Sale.state).where(Sale.id > begin).order_by(Sale.id).limit(most)).all()
    ids = []
    for number, state in rows:
        if state in IMPORTING:
            break
        ids.append(number)
    bought(ids, today)
    if mark is None:
        mark = CallbackMark(name=_SALES, number=0)
        db.session.add(mark)
    mark.number = ids[-1] if ids else begin
    db.session.flush()
    return len(ids)
