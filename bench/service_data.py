"""What the bench's office does all day: requests, call-backs, visits, receptions; with the other modules of data all its work.

Days lie around today, so that some things are due and some late; this part is therefore put on top of a kept database each time.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import insert, select, text, update

from bench import proposal_data
from bench.data import CHUNK, REPS_A_TEAM, TEAMS
from bench.gift_goods_data import GIFT_TABLES
from bench.paper_data import PAPER_TABLES
from bench.relation_data import RELATION_TABLES, Office, Rows, some
from portal import clock
from portal.database import db
from portal.models import abc_analysis, composition, grading_totals, insight, request_tally, word_index
from portal.models.callback import Callback
from portal.models.grading_campaign import GradingCampaign
from portal.models.promise import Promise
from portal.models.reception import Reception
from portal.models.request import FAR, FAR_DAY, ServiceRequest
from portal.models.request_step import RequestStep
from portal.models.room import MeetingRoom, RoomSlot
from portal.models.staff import Staff
from portal.models.visit import Visit
from portal.models.visit_report import VisitReport
from portal.rules import callbacks, requests
from portal.rules.grading import grade_rank

MOST_REQUESTS, MOST_CALLS, MOST_VISITS = 200_000, 300_000, 100_000
TEXTS = (
    "送货单与发票数量不符，请核对后尽快答复。", "询问新款阀门的交货期和最小起订量。", "设备启动后有异响，请派人检修。",
    "建议把对账单改为每月五日前寄出。",
    "上次维修后仍有渗漏，客户非常不满意，要求给出书面答复。",
)  # fmt: skip
CAUSES = ("", "quality", "delivery", "service", "price")
OVERDUE = 10_000
"""So many requests go up in one job (`make_overdue`)."""


def _requests(office: Office) -> Iterator[dict[str, Any]]:
    """Yield the requests, a quarter of them open: late, due today, later, and waiting for the customer."""
    rng = random.Random(17)
    states = (requests.RECEIVED, requests.ASSIGNED, requests.IN_HAND, requests.IN_HAND, requests.ANSWERED)
    for number in range(1, min(office.count, MOST_REQUESTS) + 1):
        customer = rng.randrange(1, office.count + 1)
        owner, team, grade = office.of(customer)
        if number % 25 == 0:  # in hand of somebody else
            team = rng.randrange(TEAMS) + 1
            owner = 1 + (team - 1) * (REPS_A_TEAM + 1) + rng.randrange(REPS_A_TEAM)
        is_open, waiting = number % 4 == 0, number % 40 == 0
        received = office.now - timedelta(minutes=rng.randrange(60, 60 * 24 * (20 if is_open else 700)))
        due = FAR if waiting or not is_open else office.now + timedelta(minutes=rng.randrange(-60 * 24 * 4, 60 * 24 * 16))
        late = is_open and due < office.now
        kind = ("complaint", "inquiry", "inquiry", "repair", "suggestion")[rng.randrange(5)]
        answered = None if is_open and number % 20 else received + timedelta(minutes=rng.randrange(30, 3000))
        said = f"{rng.choice(TEXTS)}（{number}）"
        yield {
            "id": number, "customer_id": None if number % 400 == 0 else customer, "customer_name": "", "caller": "王经理",
            "telephone": f"0755-{20_000_000 + customer}", "kind": kind, "channel": rng.choice(list(requests.CHANNELS)),
            "priority": rng.choice(("normal", "normal", "normal", "high", "urgent")), "grade": grade, "rank": grade_rank(grade),
            "text": said, "search_text": said, "state": rng.choice(states) if is_open else requests.CLOSED, "is_open": is_open,
            "taken_by_id": owner, "assignee_id": owner, "team_id": team, "received_at": received,
            "received_on": clock.local(received).date(), "clock_from": received, "first_minutes": 240, "solve_minutes": 1800,
            "waiting_since": received if waiting and is_open else None, "first_due_at": due, "solve_due_at": due, "due_at": due,
            "due_on": FAR_DAY if due == FAR else clock.local(due).date(),
            "escalation": 0 if not late else 2 if number % 3 else 1, "escalate_at": due if is_open and not late and due < FAR else None,
            "first_answered_at": answered, "answered_at": answered, "first_worked": 120 if answered else None,
            "first_elapsed": 300 if answered else None, "solve_worked": 600 if answered else None,
            "solve_elapsed": 3000 if answered else None, "closed_at": None if is_open else answered, "answer": "已处理" if answered else "",
            "cause": rng.choice(CAUSES),
            "satisfied": None if is_open else bool(number % 9), "department": "品质管理科" if number % 2 else "", "tallied": True,
        }  # fmt: skip


def _steps(office: Office) -> Iterator[dict[str, Any]]:
    for number in range(1, min(office.count, MOST_REQUESTS) + 1):
        yield {"request_id": number, "kind": "received", "by_id": 1, "at": office.now - timedelta(days=9), "word": ""}


def _promises(office: Office) -> Iterator[dict[str, Any]]:
    rng = random.Random(19)
    for number in range(1, min(office.count // 10, 20_000) + 1):
        customer = rng.randrange(1, office.count + 1)
        owner, _team, _grade = office.of(customer)
        yield {
            "customer_id": customer, "source": "request", "source_id": number, "text": "周五前给出书面答复", "staff_id": owner,
            "due_at": office.now + timedelta(hours=rng.randrange(-300, 300)), "state": "open" if number % 2 else "kept",
            "made_by_id": owner, "made_at": office.now - timedelta(days=3),
        }  # fmt: skip


def _calls(office: Office) -> Iterator[dict[str, Any]]:
    """Yield calls back: one in three to be made, some of those due today or late; nobody has one in a hundred."""
    rng = random.Random(23)
    kinds = list(callbacks.EVENTS)
    for number in range(1, min(office.count * 3 // 2, MOST_CALLS) + 1):
        customer = rng.randrange(1, office.count + 1)
        owner, team, _grade = office.of(customer)
        is_open = number % 3 == 0
        day = office.day(rng, -3, 60) if is_open else office.day(rng, -700, -1)
        yield {
            "customer_id": customer, "assignee_id": None if number % 300 == 0 else owner, "team_id": team, "kind": rng.choice(kinds),
            "title_zh": "购货后回访", "title_en": "Call after a purchase", "purpose": rng.choice(("satisfaction", "sales", "complaint")),
            "due_on": day, "due_until": day + timedelta(days=3), "state": "open" if is_open else "dropped" if number % 17 == 0 else "done",
            "attempts": 0, "result": "" if is_open else "满意", "satisfaction": None if is_open else 1 + number % 5,
            "done_at": None if is_open else datetime.combine(day, time(3), tzinfo=UTC), "done_by_id": None if is_open else owner,
            "created_at": office.now, "key": f"bench:{number}",
        }  # fmt: skip


def _visits(office: Office) -> Iterator[dict[str, Any]]:
    """Yield visits: one in five is planned, each for another customer."""
    rng = random.Random(29)
    for number in range(1, min(office.count // 2, MOST_VISITS) + 1):
        customer = number * 2 % office.count + 1
        owner, team, _grade = office.of(customer)
        planned = number % 5 == 0
        day = office.day(rng, -4, 20) if planned else office.day(rng, -700, -1)
        yield {
            "customer_id": customer, "staff_id": owner, "team_id": team, "day": day, "planned_for": day,
            "state": "planned" if planned else "missed" if number % 11 == 0 else "done", "created_by_id": owner, "created_at": office.now,
            "review": "" if planned else "介绍了新产品", "done_at": None if planned else datetime.combine(day, time(3), tzinfo=UTC),
        }  # fmt: skip


def _visit_reports(office: Office) -> Iterator[dict[str, Any]]:
    for place in range(TEAMS * REPS_A_TEAM):
        team, rep = divmod(place, REPS_A_TEAM)
        for ago in range(1, 100):
            day = office.today - timedelta(days=ago)
            state = "draft" if ago == 1 else "submitted" if ago < 4 else "read"
            yield {
                "staff_id": 1 + team * (REPS_A_TEAM + 1) + rep, "team_id": team + 1, "day": day, "due_on": day + timedelta(days=1),
                "state": state, "submitted_at": None if state == "draft" else datetime.combine(day, time(9), tzinfo=UTC),
                "created_at": office.now,
            }  # fmt: skip


def _receptions(office: Office) -> Iterator[dict[str, Any]]:
    for number, customer, owner, _team, _grade, rng in some(office, 43):
        day = office.day(rng, -700, 30)
        past = ("received", "received", "absent", "approved", "rejected")
        state = rng.choice(past if day < office.today else ("approved", "pending", "draft"))
        yield {
            "id": number, "customer_id": customer, "visitor_class": "ordinary", "proposed": "ordinary", "purpose": "参观生产线", "count": 4,
            "visitors": [{"name": "张伟", "post": "经理", "organisation": ""}], "first_on": day, "last_on": day,
            "starts_at": time(9), "ends_at": time(11), "room_id": number % 6 + 1, "host_id": owner, "state": state, "created_by_id": owner,
            "created_at": office.now, "search_text": "参观生产线 张伟",
        }  # fmt: skip


def _rooms(_office: Office) -> Iterator[dict[str, Any]]:
    for number in range(1, 7):
        yield {"id": number, "zh": f"{number}号会议室", "en": f"Room {number}", "seats": number * 6}


def _slots(office: Office) -> Iterator[dict[str, Any]]:
    """Yield what keeps the rooms: two hours a reception, each day and room once."""
    taken: set[tuple[int, date]] = set()
    for row in _receptions(office):
        place = (row["room_id"], row["first_on"])
        if row["state"] in ("approved", "pending") and place not in taken:
            taken.add(place)
            for quarter in range(36, 44):
                yield {"room_id": place[0], "day": place[1], "quarter": quarter, "reception_id": row["id"]}


TABLES: dict[Any, Rows] = {
    ServiceRequest: _requests, RequestStep: _steps, Promise: _promises, Callback: _calls, VisitReport: _visit_reports, Visit: _visits,
    MeetingRoom: _rooms, Reception: _receptions, RoomSlot: _slots, **RELATION_TABLES, **proposal_data.PROPOSAL_TABLES, **GIFT_TABLES,
    **PAPER_TABLES,
}  # fmt: skip


def fill(count: int) -> None:
    """Put the office's work on top of the customers of the current app's database, and count what the worker keeps of it."""
    office = Office(count, clock.now())
    written = 0
    for model, rows in TABLES.items():
        batch: list[dict[str, Any]] = []
        for row in rows(office):
            batch.append(row)
            if len(batch) == CHUNK:
                db.session.execute(insert(model.__table__), batch)
                db.session.commit()
                written, batch = written + len(batch), []
                print(f"\r  work of the office {written:,}", end="", flush=True)
        if batch:
            db.session.execute(insert(model.__table__), batch)
            db.session.commit()
            written += len(batch)
    print(f"\r  work of the office {written:,}", flush=True)
    months = {(day.year, day.month) for day in (office.today - timedelta(days=ago) for ago in range(0, 720, 25))}
    for year, month in sorted(months):
        request_tally.count_month(year, month)
    grading_totals.count_anew(db.session.get_one(GradingCampaign, 1))
    db.session.commit()
    for index in word_index.INDEXES:
        for _done in index.index_all():
            db.session.commit()
    proposal_data.settle(office)
    _answer()
    _settle()


def _answer() -> None:
    """Have the questions answered that the measured pages ask, as the worker does once somebody has asked."""
    asked = (composition.CompositionQuery.read({"subject": "grade"}).question, abc_analysis.AbcQuery.read({}).question)
    for account in ("mgr1", "sup2", "rep2-1"):
        person = Staff.by_account(account)
        assert person is not None
        ids = insight.few(person)
        if ids is None:
            for question in asked:
                insight.keep(person, question, insight.answer(person, question, None), asked=True)
    db.session.commit()


def _settle() -> None:
    """Give the database its statistics, and PostgreSQL's sequences their place."""
    names = [model.__tablename__ for model in TABLES]
    if db.engine.dialect.name != "postgresql":
        for name in names:
            db.session.execute(text(f"ANALYZE {name}"))
        db.session.commit()
        return
    for name in names:
        db.session.execute(text(f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), (SELECT coalesce(max(id), 1) FROM {name}))"))
    db.session.commit()
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM ANALYZE")


def make_overdue(number: int = OVERDUE) -> int:
    """Let requests be past their deadline that have not gone up yet, so that one job escalates them; return how many."""
    now = clock.now()
    ids = list(db.session.scalars(select(ServiceRequest.id).where(ServiceRequest.is_open).order_by(ServiceRequest.id).limit(number)))
    due = now - timedelta(hours=1)
    for start in range(0, len(ids), 500):
        values = {"due_at": due, "due_on": clock.local(due).date(), "escalate_at": due, "escalation": 0}
        step = update(ServiceRequest).where(ServiceRequest.id.in_(ids[start : start + 500])).values(values)
        db.session.execute(step, execution_options={"synchronize_session": False})
    others = update(ServiceRequest).where(ServiceRequest.escalate_at < now, ServiceRequest.due_at != due).values(escalate_at=None)
    db.session.execute(others, execution_options={"synchronize_session": False})
    db.session.commit()
    return len(ids)
