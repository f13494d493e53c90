"""Judging a reception application (SV-21): the site's figures in force, the class that a grade proposes, and everything that is refused."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from portal import clock
from portal.models import room
from portal.models.calendar import site_calendar
from portal.models.customer import Customer
from portal.models.room import MeetingRoom
from portal.models.staff import Staff
from portal.models.standard import value as standard
from portal.rules import reception as rules
from portal.rules import reception_standards
from portal.rules.message import Refusal
from portal.rules.reception import CLASSES, PHOTOGRAPHS, Application, Breach, Policy

if TYPE_CHECKING:
    from portal.models.reception import Reception

assert reception_standards  # noqa: S101 - importing it makes the standards known


def policy() -> Policy:
    """Return the site's figures in force."""
    what = (*(one for one in rules.SERVICES if one != PHOTOGRAPHS), rules.ROOM, rules.REHEARSAL, rules.MANAGEMENT)
    return Policy(
        refused_up_to=standard("reception.refused_up_to"),
        days={class_: standard(f"reception.days.{class_}") for class_ in CLASSES},
        lowest={one: standard(f"reception.from.{one}") for one in what},
        most_days=standard("reception.most_days"),
    )


def costs_of_one() -> dict[str, Decimal]:
    """Return what tea, souvenir and meal cost for one visitor by the site's standard, in yuan."""
    return {one: Decimal(standard(f"reception.cost.{one}")) for one in (rules.TEA, rules.SOUVENIR, rules.MEAL)}


def proposed_class(customer: Customer) -> str:
    """Return the class of visitors that a customer's grade proposes."""
    grade = customer.grade if f"reception.class.{customer.grade}" in _GRADES else "none"
    return str(standard(f"reception.class.{grade}"))


_GRADES = {f"reception.class.{grade}" for grade in "ABC"}


def applied_on(values: Mapping[str, Any], reception: Reception | None, before: Reception | None) -> date:
    """Return the day from which the days ahead are counted: that of the first submission.

    Of an amendment it is the day of the visit `before`, where day and class stay as they were.
    """
    if reception is not None and reception.applied_on is not None:
        return reception.applied_on
    if before is not None and before.applied_on is not None and before.first_on == values["first_on"] and before.class_ == values["class_"]:
        return before.applied_on
    return clock.today()


def problems_of(
    customer: Customer | None, values: Mapping[str, Any], reception: Reception | None = None, *, before: Reception | None = None
) -> list[Breach]:
    """Return everything that keeps what was written from being an application, each with its field and standard (SV-21).

    `values`: class_, class_reason, purpose, count, visitors, pass_kind, wishes, other_wishes, photo_reason, first_on, last_on, starts_at,
    ends_at, room, areas, language, telephone, host, rehearsal_on, management, management_post; room and host are records or None.
    `before` is the visit that an amendment changes.
    """
    place: MeetingRoom | None = values["room"]
    host: Staff | None = values["host"]
    rehearsed = any(one is not None and one.rehearsed_on is not None for one in (reception, before))
    last_on = values["last_on"] or values["first_on"]
    asked = Application(
        class_=values["class_"],
        proposed=_proposed(customer, reception),
        class_reason=values["class_reason"],
        purpose=values["purpose"],
        count=values["count"],
        visitors=values["visitors"],
        wishes=tuple(values["wishes"]),
        photo_reason=values["photo_reason"],
        first_on=values["first_on"],
        last_on=last_on,
        starts_at=values["starts_at"],
        ends_at=values["ends_at"],
        room=place.named if place else None,
        seats=place.seats if place else 0,
        areas=tuple(values["areas"]),
        has_host=host is not None and host.active,
        rehearsal_on=values["rehearsal_on"],
        management=values["management"],
        management_post=values["management_post"],
    )
    today = clock.today()
    found = rules.problems(asked, policy(), site_calendar(), applied_on=applied_on(values, reception, before), today=today)
    if rehearsed:
        found = [one for one in found if one.refusal.field != "rehearsal_on"]
    if place is not None and not any(one.refusal.field in ("room", "first_on", "last_on", "starts_at", "ends_at") for one in found):
        found += _room_breaches(place, values, last_on, [one.id for one in (reception, before) if one is not None and one.id])
    return found


def _proposed(customer: Customer | None, reception: Reception | None) -> str:
    """Return the class that was proposed when the application was begun, or is proposed now; empty without a customer."""
    kept = reception.proposed if reception is not None else ""
    return kept or (proposed_class(customer) if customer is not None else "")


def _room_breaches(place: MeetingRoom, values: Mapping[str, Any], last_on: date, own: list[int]) -> list[Breach]:
    if not place.active:
        return [Breach(Refusal("%(room)s is not in use any more.", field="room", room=place.named))]
    try:
        room.ensure_free(place, values["first_on"], last_on, values["starts_at"], values["ends_at"], free_of=own)
    except Refusal as refusal:
        return [Breach(refusal)]
    return []
