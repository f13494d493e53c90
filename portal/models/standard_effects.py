"""What a new value of a standard would touch, in figures, before it is set (ST-1), and what keeps it from being set (ST-3).

An area that hangs on a standard says so once: `used_in("choices.size", Customer.size)` for a column of codes, `@used_within(…)` for codes
that stand within JSON, `@touching("credit.finance_limit")` for anything else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import InstrumentedAttribute

from portal import clock
from portal.database import db
from portal.models.approval import Approval
from portal.models.approval_kinds import KINDS
from portal.models.approval_step import ApprovalStep
from portal.models.card import CONTACT_FIELDS, FIELDS, INVESTIGATION_FIELDS
from portal.models.contact import Contact
from portal.models.credit import CreditChange
from portal.models.customer import Customer, CustomerState, CustomerTag, NumberSeries
from portal.models.investigation import Investigation
from portal.models.session import StaffSession
from portal.models.staff import Staff
from portal.models.standard import latest
from portal.rules.chains import signatures
from portal.rules.message import N_, Message, Refusal
from portal.rules.money import parse_amount
from portal.rules.numbering import customer_number
from portal.rules.standards import STANDARDS

SIGNATORIES = "approval.signatories"

Effect = Callable[[Any, Any, date], Iterator[Message]]
"""Takes the value before, the new one and the day from which it holds; yields what it touches."""

_effects: dict[str, list[Effect]] = {}
Codes = Callable[[], Iterator[str]]
"""Yields the code of every place in which a choice stands."""

_columns: dict[str, list[InstrumentedAttribute[str]]] = {}
_within: dict[str, list[Codes]] = {}


def touching(*names: str) -> Callable[[Effect], Effect]:
    """Declare what a change of these standards touches."""

    def decorate(effect: Effect) -> Effect:
        for name in names:
            _effects.setdefault(name, []).append(effect)
        return effect

    return decorate


def used_in(name: str, *columns: InstrumentedAttribute[str]) -> None:
    """Declare columns that hold codes of a list of choices."""
    _columns.setdefault(name, []).extend(columns)


def used_within(name: str) -> Callable[[Codes], Codes]:
    """Declare who yields the codes of a list of choices that stand within JSON, one for each place."""

    def decorate(codes: Codes) -> Codes:
        _within.setdefault(name, []).append(codes)
        return codes

    return decorate


for _fields, _model in ((FIELDS, Customer), (CONTACT_FIELDS, Contact), (INVESTIGATION_FIELDS, Investigation)):
    for _field in _fields:
        if _field.choices:
            used_in(f"choices.{_field.choices}", getattr(_model, _field.name))
used_in("choices.payment_terms", CreditChange.payment_terms)
used_in("choices.tags", CustomerTag.tag)


def uses(name: str) -> dict[str, int]:
    """Return how many records carry each code of a list of choices; for paper signatories, how many chains name them."""
    found: dict[str, int] = {}
    for column in _columns.get(name, []):
        for code, count in db.session.execute(select(column, func.count()).where(column != "").group_by(column)):
            found[code] = found.get(code, 0) + count
    for codes in _within.get(name, []):
        for code in codes():
            if code:
                found[code] = found.get(code, 0) + 1
    if name == SIGNATORIES:
        for titles in _titles_of_chains({}).values():
            for title in titles:
                found[title] = found.get(title, 0) + 1
    return found


def check(name: str, value: Any, along: Mapping[str, Any]) -> None:
    """Raise `Refusal` where codes in use would go, or a chain would name a signatory whom the site does not have (ST-3).

    `along` are values of other standards that are set together with this one.
    """
    if STANDARDS[name].kind == "choices":
        _check_codes(name, value, along)
    elif STANDARDS[name].kind == "chain":
        have = {entry["code"] for entry in along.get(SIGNATORIES, latest(SIGNATORIES).value) if entry["active"]}
        for title in _titles(value):
            if title not in have:
                raise Refusal("%(code)s is not among the active paper signatories.", code=title[:40])


def effects(name: str, value: Any, from_date: date) -> list[Message]:
    """Return in words and figures what a checked value would touch from a day on; never empty."""
    before = latest(name).value
    found = [message for effect in _effects.get(name, []) for message in effect(before, value, from_date)]
    if STANDARDS[name].kind == "choices":
        found += _of_choices(name, before, value)
    elif STANDARDS[name].kind == "chain":
        found += _of_chain(name)
    return found or [Message(N_("It applies to what begins from that day on. No stored record changes."))]


# --- lists of choices ----------------------------------------------------------------------------------------------------


def _check_codes(name: str, value: Any, along: Mapping[str, Any]) -> None:
    kept = {entry["code"] for entry in value}
    in_use = uses(name) if name != SIGNATORIES else {}
    for entry in latest(name).value:
        count = in_use.get(entry["code"], 0)
        if entry["code"] not in kept and count:
            raise Refusal(
                "%(code)s is in use %(count)s times and cannot be removed; make it inactive instead.", code=entry["code"], count=count
            )
    if name == SIGNATORIES:
        active = {entry["code"] for entry in value if entry["active"]}
        for chain, titles in _titles_of_chains(along).items():
            for title in sorted(titles - active):
                raise Refusal(
                    "%(code)s signs in '%(chain)s'. Change that chain first.", code=title[:40], chain=Message(STANDARDS[chain].title)
                )


def _of_choices(name: str, before: Any, value: Any) -> list[Message]:
    old, new = ({entry["code"]: entry for entry in entries} for entries in (before, value))
    in_use = uses(name)
    found = []
    for code, entry in new.items():
        if code not in old:
            found.append(Message(N_("New choice %(code)s: %(zh)s, %(en)s."), {"code": code, "zh": entry["zh"], "en": entry["en"]}))
        elif old[code]["active"] and not entry["active"]:
            found.append(
                Message(
                    N_("%(code)s can no longer be chosen; %(count)s records have it and keep it."),
                    {"code": code, "count": in_use.get(code, 0)},
                )
            )
        elif entry["active"] and not old[code]["active"]:
            found.append(Message(N_("%(code)s can be chosen again."), {"code": code}))
        if code in old and (old[code]["zh"], old[code]["en"]) != (entry["zh"], entry["en"]):
            found.append(
                Message(N_("%(code)s gets another name; %(count)s records show it."), {"code": code, "count": in_use.get(code, 0)})
            )
    found += [Message(N_("%(code)s is removed; no record has it."), {"code": code}) for code in old if code not in new]
    if not found:
        found.append(Message(N_("The choices are shown in another order.")))
    return found


# --- chains --------------------------------------------------------------------------------------------------------------


def _titles(chain: Any) -> list[str]:
    return [one["title"] for case in chain for step in case["steps"] for one in signatures(step) if one["type"] == "paper"]


def _titles_of_chains(along: Mapping[str, Any]) -> dict[str, set[str]]:
    """Return the paper signatories of every chain as it was last set, or will be with `along`."""
    chains = [name for name, standard in STANDARDS.items() if standard.kind == "chain"]
    return {name: set(_titles(along.get(name, latest(name).value))) for name in chains}


def _of_chain(name: str) -> list[Message]:
    kinds = [kind.name for kind in KINDS.values() if kind.chain == name]
    running = db.session.scalar(
        select(func.count()).select_from(Approval).where(Approval.kind_name.in_(kinds), Approval.state == "pending")
    )
    return [
        Message(N_("%(count)s documents are under way; they keep the chain they began with."), {"count": running or 0}),
        Message(N_("The next document that is submitted from that day on goes the new way.")),
    ]


# --- figures -------------------------------------------------------------------------------------------------------------


@touching("customer.number_prefix")
def _prefix(_before: Any, value: Any, day: date) -> Iterator[Message]:
    last = db.session.scalar(select(NumberSeries.last).where(NumberSeries.name == f"{value}{day.year}")) or 0
    yield Message(N_("The next customer gets the number %(number)s."), {"number": customer_number(value, day.year, last + 1)})
    count = db.session.scalar(select(func.count()).select_from(Customer)) or 0
    yield Message(N_("%(count)s customers keep the numbers they have."), {"count": count})


@touching("credit.finance_limit")
def _finance_limit(before: Any, value: Any, _day: date) -> Iterator[Message]:
    for text, limit in (
        (N_("Customers with a credit limit above it now: %(count)s."), before),
        (N_("With the new limit: %(count)s."), value),
    ):
        above = select(func.count()).select_from(Customer)
        above = above.where(Customer.credit_limit > parse_amount(limit), Customer.state != CustomerState.MERGED.value)
        yield Message(text, {"count": db.session.scalar(above) or 0})
    yield Message(N_("Their limits stay as they are; the next change of a limit goes the way of the new value."))


@touching("session.idle_minutes", "session.absolute_hours")
def _sessions(_before: Any, _value: Any, _day: date) -> Iterator[Message]:
    yield Message(N_("%(count)s sessions are open; the new time counts for them too."), {"count": StaffSession.open_count()})


@touching("approval.step_days")
def _step_days(_before: Any, _value: Any, _day: date) -> Iterator[Message]:
    count = db.session.scalar(select(func.count()).select_from(ApprovalStep).where(ApprovalStep.state == "open")) or 0
    yield Message(N_("%(count)s steps are open; they keep their last day."), {"count": count})


@touching("password.max_age_days")
def _password_age(_before: Any, value: Any, day: date) -> Iterator[Message]:
    if not value:
        yield Message(N_("Nobody has to change the password because of its age."))
        return
    oldest = datetime.combine(day - timedelta(days=value), time(), clock.SITE_ZONE)  # a password is as old as the day on which it was set
    due = select(func.count()).select_from(Staff).where(Staff.active, Staff.password_changed_at < oldest)
    yield Message(N_("%(count)s accounts have to change their password on that day."), {"count": db.session.scalar(due) or 0})


@touching("password.complexity")
def _complexity(_before: Any, _value: Any, _day: date) -> Iterator[Message]:
    count = db.session.scalar(select(func.count()).select_from(Staff).where(Staff.active)) or 0
    yield Message(N_("%(count)s accounts keep their passwords until they change them."), {"count": count})


@touching("office.hours")
def _office_hours(before: Any, value: Any, _day: date) -> Iterator[Message]:
    standard = STANDARDS["office.hours"]
    old, new = (
        sum((end.hour - start.hour) * 60 + end.minute - start.minute for start, end in standard.read(spans)) for spans in (before, value)
    )
    yield Message(
        N_("A working day has %(new)s hours instead of %(old)s. Deadlines that are already set keep their moment."),
        {"new": f"{new / 60:g}", "old": f"{old / 60:g}"},
    )
