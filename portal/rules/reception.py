"""Receiving visiting customers 参观接待 (SV-21): who is received, what each class of visitors is given, and how long ahead they apply.

Every figure is a standard of the site and is passed in as a `Policy`; what is refused says which standard refuses it. Days ahead are
working days of the site's calendar: rooms, souvenirs, the rehearsal and two signatures are office work.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from decimal import Decimal
from typing import Any

from portal.rules.message import N_, Message, Named, Refusal
from portal.rules.text import clean_line
from portal.rules.working_time import Calendar

ORDINARY, IMPORTANT, MAJOR, NOBODY = "ordinary", "important", "major", "nobody"
CLASSES = {ORDINARY: N_("Ordinary customer"), IMPORTANT: N_("Important customer"), MAJOR: N_("Major customer")}
"""Classes of visitors, the lowest first."""
CLASS_WORDS = {**CLASSES, NOBODY: N_("Given to nobody")}
_RANK = {code: place for place, code in enumerate(CLASS_WORDS)}

ACCOMPANIED, EXPLAINED, WORKSHOP, TEA, SOUVENIR, MEAL = "accompanied", "explained", "workshop", "tea", "souvenir", "meal"
PHOTOGRAPHS = "photographs"
WITHOUT_SOUVENIRS = "without-souvenirs"
"""Wished where souvenirs would go beyond what the customer may be given in a year."""
ROOM, REHEARSAL, MANAGEMENT = "room", "rehearsal", "management"
SERVICES = {
    ACCOMPANIED: N_("Accompaniment"),
    EXPLAINED: N_("Explanation"),
    WORKSHOP: N_("Workshop"),
    TEA: N_("Tea"),
    SOUVENIR: N_("Souvenir for each"),
    MEAL: N_("Meal"),
    PHOTOGRAPHS: N_("Photographs"),
}
"""What visitors can be given."""
WISHES = (EXPLAINED, WORKSHOP, ACCOMPANIED, TEA, MEAL, PHOTOGRAPHS, WITHOUT_SOUVENIRS)
"""What visitors can wish; a souvenir is no wish, but to go without is."""
WISH_WORDS = {**SERVICES, WITHOUT_SOUVENIRS: N_("No souvenirs")}
BY_ITSELF = (ACCOMPANIED, EXPLAINED, TEA, SOUVENIR, MEAL)
"""What a class is given without a wish; workshop and photographs are given to who asks."""
_NOT_GIVEN = {
    ACCOMPANIED: N_("Visitors of the class “%(class_)s” are not accompanied."),
    EXPLAINED: N_("Nothing is explained to visitors of the class “%(class_)s”."),
    WORKSHOP: N_("Visitors of the class “%(class_)s” see no workshop."),
    TEA: N_("Visitors of the class “%(class_)s” are given no tea."),
    MEAL: N_("Visitors of the class “%(class_)s” are given no meal."),
}

EACH, GROUP = "each", "group"
PASS_KINDS = {EACH: N_("A pass for each visitor"), GROUP: N_("One pass for the group")}

QUARTER = 15
"""Minutes of a slot of a room."""
MOST_VISITORS = 200
LONGEST_LINE = 200
LONGEST_TEXT = 2000
_PARTS = re.compile(r"[,，、;；\t|]")


@dataclass(frozen=True)
class Visitor:
    """Somebody who comes: name, organisation and post."""

    name: str
    organisation: str = ""
    post: str = ""

    def as_data(self) -> dict[str, str]:
        """Return the visitor as plain JSON."""
        return {"name": self.name, "organisation": self.organisation, "post": self.post}

    @property
    def line(self) -> str:
        """Return the visitor as a line of the form."""
        return "，".join((self.name, self.organisation, self.post)).rstrip("，")


def read_visitors(text: str) -> tuple[Visitor, ...]:
    """Return the visitors that lines name: name, organisation and post of each, with commas between."""
    found = []
    for line in text.splitlines():
        parts = [clean_line(part)[:LONGEST_LINE] for part in _PARTS.split(line)]
        if any(parts):
            name, organisation, *posts = [*parts, ""]
            found.append(Visitor(name, organisation, " ".join(filter(None, posts))))
    return tuple(found)


@dataclass(frozen=True)
class Policy:
    """The site's figures in force (standards `reception.*`)."""

    refused_up_to: int
    """Groups of ordinary customers of so many visitors, this number included, are not received."""
    days: Mapping[str, int]
    """Class → working days ahead of the visit on which it is applied for at the latest."""
    lowest: Mapping[str, str]
    """Service, room, rehearsal or management → the lowest class that has it; `nobody` for none."""
    most_days: int
    """So many days a visit lasts at most."""

    def gives(self, what: str, class_: str) -> bool:
        """Return whether a class of visitors has a service, a room, a rehearsal, or a member of the management with it."""
        return class_ in CLASSES and _RANK[class_] >= _RANK[self.lowest[what]]

    def services(self, class_: str, wishes: Iterable[str]) -> list[str]:
        """Return what visitors are given, in the order of `SERVICES`: what their class has by itself, and what they wished and may have."""
        asked = set(wishes)
        return [
            one
            for one in SERVICES
            if not (one == SOUVENIR and WITHOUT_SOUVENIRS in asked)
            if (one in BY_ITSELF and self.gives(one, class_)) or (one in asked and (one == PHOTOGRAPHS or self.gives(one, class_)))
        ]


def earliest_day(applied_on: date, class_: str, policy: Policy, calendar: Calendar) -> date:
    """Return the first day for which a visit can be applied for on `applied_on`: so many working days after it, the day itself for none."""
    days = policy.days.get(class_, 0)
    return calendar.add_working_days(applied_on, days) if days else applied_on


@dataclass(frozen=True)
class Application:
    """What somebody wrote into an application, before it counts."""

    class_: str = ""
    proposed: str = ORDINARY
    """The class that the customer's grade proposes; empty as long as no customer is chosen."""
    class_reason: str = ""
    purpose: str = ""
    count: int | None = None
    visitors: tuple[Visitor, ...] = ()
    wishes: tuple[str, ...] = ()
    photo_reason: str = ""
    first_on: date | None = None
    last_on: date | None = None
    starts_at: time | None = None
    ends_at: time | None = None
    room: Named | None = None
    """Name of the meeting room, empty for none."""
    seats: int = 0
    areas: tuple[str, ...] = ()
    has_host: bool = False
    rehearsal_on: date | None = None
    management: str = ""
    management_post: str = ""


@dataclass(frozen=True)
class Breach:
    """What a rule refuses: its words with their field, the standard that refuses, and the figures of the case by their titles."""

    refusal: Refusal
    standard: str = ""
    figures: dict[str, Any] = field(default_factory=dict)


def problems(asked: Application, policy: Policy, calendar: Calendar, *, applied_on: date, today: date) -> list[Breach]:
    """Return everything that keeps an application from being one, in the order of the form (SV-21).

    `applied_on` is the day from which the days ahead are counted: today, or the day on which it was first submitted.
    """
    return [
        *_class_problems(asked),
        *_people_problems(asked, policy),
        *_wish_problems(asked, policy),
        *_time_problems(asked, policy, calendar, applied_on, today),
        *_room_problems(asked, policy),
        *_care_problems(asked, policy, today),
    ]


def _no(text: str, field_: str, **params: Any) -> Breach:
    return Breach(Refusal(text, field=field_, **params))


def _class_problems(asked: Application) -> list[Breach]:
    if not asked.proposed:
        return [] if asked.class_ in CLASSES else [_no(N_("Decide on the class of the visitors."), "class_")]
    proposed = Message(CLASSES[asked.proposed])
    if asked.class_ not in CLASSES:
        return [_no(N_("Decide on the class of the visitors. The customer's grade proposes “%(class_)s”."), "class_", class_=proposed)]
    if asked.class_ != asked.proposed and not asked.class_reason:
        text = N_("The customer's grade proposes “%(class_)s”. Say why you decide otherwise.")
        return [_no(text, "class_reason", class_=proposed)]
    return []


def _people_problems(asked: Application, policy: Policy) -> list[Breach]:
    found = []
    if not asked.purpose:
        found.append(_no(N_("Say what the visit is for."), "purpose"))
    if not asked.count or asked.count < 1:
        found.append(_no(N_("Say how many visitors come."), "count"))
        return found
    if asked.count > MOST_VISITORS:
        found.append(_no(N_("An application is for at most %(most)s visitors."), "count", most=MOST_VISITORS))
    elif asked.class_ == ORDINARY and asked.count <= policy.refused_up_to:
        text = N_("Groups of ordinary customers of %(most)s visitors or fewer are not received.")
        refusal = Refusal(text, field="count", most=policy.refused_up_to)
        found.append(Breach(refusal, "reception.refused_up_to", {N_("Number of visitors"): asked.count}))
    if len(asked.visitors) != asked.count:
        text = N_("%(count)s visitors are announced, %(named)s are named. Without a pass nobody visits, and each pass needs names.")
        found.append(_no(text, "visitors", count=asked.count, named=len(asked.visitors)))
    nameless = next((one for one in asked.visitors if not one.name), None)
    if nameless is not None:
        found.append(_no(N_("Each line begins with a name."), "visitors"))
    if not asked.areas:
        found.append(_no(N_("Choose which areas the pass is for."), "areas"))
    return found


def _wish_problems(asked: Application, policy: Policy) -> list[Breach]:
    found = []
    if asked.class_ in CLASSES:
        for one in WISHES:
            if one in asked.wishes and one in _NOT_GIVEN and not policy.gives(one, asked.class_):
                refusal = Refusal(_NOT_GIVEN[one], field="wishes", class_=Message(CLASSES[asked.class_]))
                found.append(Breach(refusal, f"reception.from.{one}", {N_("Class of the visitors"): Message(CLASSES[asked.class_])}))
    if PHOTOGRAPHS in asked.wishes and not asked.photo_reason:
        found.append(_no(N_("Photographs are taken with special leave only: say what is to be photographed, and why."), "photo_reason"))
    return found


def _time_problems(asked: Application, policy: Policy, calendar: Calendar, applied_on: date, today: date) -> list[Breach]:
    found = []
    if asked.first_on is None:
        found.append(_no(N_("Give the day of the visit."), "first_on"))
    elif asked.first_on < today:
        found.append(_no(N_("The day of the visit has passed."), "first_on"))
    else:
        earliest = earliest_day(applied_on, asked.class_, policy, calendar)
        if asked.first_on < earliest:
            days, class_ = policy.days[asked.class_], Message(CLASSES[asked.class_])
            text = N_("Visitors of the class “%(class_)s” are announced at least %(days)s working days ahead: the first day is %(day)s.")
            refusal = Refusal(text, field="first_on", class_=class_, days=days, day=earliest.isoformat())
            figures = {N_("Applied for on"): applied_on.isoformat(), N_("Day of the reception"): asked.first_on.isoformat()}
            found.append(Breach(refusal, f"reception.days.{asked.class_}", figures))
    found += _length_problems(asked, policy)
    for name, moment in (("starts_at", asked.starts_at), ("ends_at", asked.ends_at)):
        if moment is None:
            found.append(_no(N_("Give the time."), name))
        elif moment.minute % QUARTER or moment.second:
            found.append(_no(N_("Rooms are kept by quarters of an hour: give such a time."), name))
    if asked.starts_at is not None and asked.ends_at is not None and asked.ends_at <= asked.starts_at:
        found.append(_no(N_("The visit ends before it begins."), "ends_at"))
    return found


def _length_problems(asked: Application, policy: Policy) -> list[Breach]:
    if asked.first_on is None or asked.last_on is None:
        return []
    days = (asked.last_on - asked.first_on).days + 1
    if days < 1:
        return [_no(N_("The last day comes before the first."), "last_on")]
    if days > policy.most_days:
        refusal = Refusal("A visit lasts at most %(most)s days.", field="last_on", most=policy.most_days)
        return [Breach(refusal, "reception.most_days", {N_("Days of the reception"): days})]
    return []


def _room_problems(asked: Application, policy: Policy) -> list[Breach]:
    if not asked.room:
        if not policy.gives(ROOM, asked.class_):
            return []
        refusal = Refusal("Visitors of the class “%(class_)s” are received in a meeting room: choose one.", field="room",
                          class_=Message(CLASSES[asked.class_]))  # fmt: skip
        return [Breach(refusal, f"reception.from.{ROOM}", {N_("Class of the visitors"): Message(CLASSES[asked.class_])})]
    if asked.count and asked.count > asked.seats:
        refusal = Refusal(
            "%(room)s holds %(seats)s people, %(count)s visitors come.", field="room", room=asked.room, seats=asked.seats, count=asked.count
        )
        return [Breach(refusal, f"reception.from.{ROOM}", {N_("Seats"): asked.seats, N_("Number of visitors"): asked.count})]
    return []


def _care_problems(asked: Application, policy: Policy, today: date) -> list[Breach]:
    found = []
    class_ = Message(CLASSES[asked.class_]) if asked.class_ in CLASSES else ""
    figures = {N_("Class of the visitors"): class_}
    if not asked.has_host:
        found.append(_no(N_("Choose who receives the visitors."), "host_id"))
    if policy.gives(MANAGEMENT, asked.class_) and not (asked.management and asked.management_post):
        text = N_("A member of the management accompanies visitors of the class “%(class_)s”: give name and post.")
        wrong = "management" if not asked.management else "management_post"
        found.append(Breach(Refusal(text, field=wrong, class_=class_), f"reception.from.{MANAGEMENT}", figures))
    if not policy.gives(REHEARSAL, asked.class_) and asked.rehearsal_on is None:
        return found
    refusal = None
    if asked.rehearsal_on is None:
        refusal = Refusal("The visit of “%(class_)s” is rehearsed: give the day of the rehearsal.", field="rehearsal_on", class_=class_)
    elif asked.first_on is not None and asked.rehearsal_on >= asked.first_on:
        refusal = Refusal("The rehearsal is on a day before the visit.", field="rehearsal_on")
    elif asked.rehearsal_on < today:
        refusal = Refusal("The day of the rehearsal has passed.", field="rehearsal_on")
    return [*found, Breach(refusal, f"reception.from.{REHEARSAL}", figures)] if refusal else found


def slots(first_on: date, last_on: date, starts_at: time, ends_at: time) -> list[tuple[date, int]]:
    """Return the quarters of an hour that a visit takes, as (day, quarter since midnight), in their order; each day has the same hours."""
    first, end = _quarter(starts_at), -(-(ends_at.hour * 60 + ends_at.minute) // QUARTER)
    days = range((last_on - first_on).days + 1)
    return [(first_on + timedelta(days=n), quarter) for n in days for quarter in range(first, end)]


def _quarter(moment: time) -> int:
    return (moment.hour * 60 + moment.minute) // QUARTER


def clock_time(quarter: int) -> str:
    """Return a quarter since midnight as 09:15; 96 is 24:00."""
    return f"{quarter * QUARTER // 60:02d}:{quarter * QUARTER % 60:02d}"


def ensure_came(came: int | None, announced: int) -> int:
    """Return how many came. Raises `Refusal` (field `came`) for nobody, and for more than were approved: the others have no pass."""
    if not came or came < 1:
        raise Refusal("Say how many came; where nobody came, say so below.", field="came")
    if came > announced:
        text = N_("%(announced)s visitors were approved. Without a pass nobody visits: %(more)s more were not to be let in.")
        raise Refusal(text, field="came", announced=announced, more=came - announced)
    return came


def costs(count: int, services: Iterable[str], each: Mapping[str, Decimal]) -> Decimal:
    """Return what tea, meal and souvenirs cost together by the site's standard, in yuan: `each` says what one visitor's costs."""
    return sum((each[one] * count for one in services if one in each), Decimal(0))
