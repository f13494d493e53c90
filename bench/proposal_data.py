"""What the bench's office has of customers' proposals: three years of them in every state, with what their way through the office made."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple

from bench.data import REPS_A_TEAM, TEAMS
from bench.relation_data import Office, Rows
from portal.database import db
from portal.models import proposal_figures, proposal_search
from portal.models.benefit import PRIZE, THANKS
from portal.models.proposal import Proposal
from portal.models.proposal_assessment import ProposalAssessment
from portal.models.proposal_award import PrizeYear, ProposalAward
from portal.models.proposal_decision import ProposalDecision
from portal.models.proposal_department import ProposalDepartment
from portal.models.proposal_extension import ProposalExtension
from portal.models.proposal_letter import ProposalLetter
from portal.models.proposal_routing import ProposalRouting
from portal.models.proposal_work import ProposalMeasure, ProposalWork
from portal.models.staff import Staff
from portal.rules import proposals as rules
from portal.rules.grams import fold

MOST_PROPOSALS, PROPOSERS, DAYS = 60_000, 20_000, 1095
"""So many proposals, of so many customers at most, within so many days."""
SIGNED = 400
"""Of proposals of so many days the approvals are there too."""
WHAT = (
    ("包装箱改用可回收材料", "现用木箱回收困难，建议改用可折叠的周转箱，并在箱体上印回收说明。"),
    ("开放订单进度查询", "希望能够在网上看到订单的排产和发货进度，不必每次电话询问。"),
    ("阀门手柄增加锁紧装置", "现场振动大，手柄容易松动，建议增加弹簧锁紧片。"),
    ("检验报告随货提供电子版", "每批货的检验报告请同时提供电子版，便于我方归档和追溯。"),
    ("密封圈改用耐油橡胶", "在油介质中使用半年后密封圈变硬，建议换成耐油材料。"),
    ("售后配件在本地设库", "常用配件从总部发货要三天，建议在本地设一个小型配件库。"),
    ("涂层厚度统一标准", "各批次涂层厚度差别较大，建议统一标准并在图纸上注明公差。"),
)
"""Summaries and texts of proposals."""
WITH_ACCOUNT = ("production", "quality")
"""Departments that have an account; the others have their copies on paper."""
ACCOUNTS = 900
"""The accounts of departments have numbers from here on."""
ADOPTED = (rules.ADOPTED, rules.CARRYING_OUT, rules.DONE)
_DAYS = rules.Deadlines.of(rules.START_DAYS)


class Made(NamedTuple):
    """One proposal."""

    number: int
    customer: int
    owner: int
    team: int
    kind: str
    state: str
    received: date
    decided: date | None
    extended: bool
    departments: list[str]

    @property
    def routed(self) -> bool:
        """Return whether departments take part in it."""
        return self.state not in (rules.REGISTERED, rules.ROUTING, rules.VOID)


@lru_cache(maxsize=2)
def made(office: Office) -> list[Made]:
    """Return the proposals, the oldest first: those of the last weeks are undecided, and a few older ones are late."""
    rng, found = random.Random(73), list[Made]()
    number_of = min(office.count * 6 // 100, MOST_PROPOSALS)
    kinds = [one["kind"] for one in rules.START_ROUTES]
    for number in range(1, number_of + 1):
        customer = rng.randrange(min(office.count, PROPOSERS)) * 47 % office.count + 1
        owner, team, _grade = office.of(customer)
        if number % 25 == 0:  # somebody else handles it
            team = rng.randrange(TEAMS) + 1
            owner = 1 + (team - 1) * (REPS_A_TEAM + 1) + rng.randrange(REPS_A_TEAM)
        ago = (number_of - number) * DAYS // number_of
        state, kind, extended = _state(rng, ago), rng.choice(kinds), number % 12 == 0
        received = office.today - timedelta(days=ago)
        decided = None
        if state not in (*rules.UNDECIDED, rules.VOID):
            decided = min(received + timedelta(days=rng.randint(8, 22)), office.today)
        departments = rules.departments_for(rules.START_ROUTES, kind)
        found.append(Made(number, customer, owner, team, kind, state, received, decided, extended, departments))
    return found


def _state(rng: random.Random, ago: int) -> str:
    if ago < 24 or (ago < 300 and rng.random() < 0.02):
        fresh = (rules.REGISTERED,) if ago < 3 else (rules.REGISTERED, rules.ROUTING, rules.ROUTED)
        return rng.choice(fresh if ago < 6 else (rules.REGISTERED, rules.ROUTING, *[rules.ROUTED] * 4, *[rules.ASSESSED] * 3))
    late = (rules.KEPT,) * 3 + (rules.DECLINED,) * 9 + (rules.ADOPTED,) + (rules.CARRYING_OUT,) * 2 + (rules.DONE,) * 5
    return rules.VOID if rng.random() < 0.02 else rng.choice(late)


def _accounts(office: Office) -> Iterator[dict[str, Any]]:
    """Yield the accounts of the departments, with the password of the others."""
    person = Staff.by_account("mgr1")
    assert person is not None
    for place, code in enumerate(WITH_ACCOUNT):
        yield {
            "id": ACCOUNTS + place, "account": f"dep{place + 1}", "name": f"部门{place + 1}", "role": "department", "department_code": code,
            "password_hash": person.password_hash, "password_changed_at": office.now, "must_change_password": False,
        }  # fmt: skip


def _proposals(office: Office) -> Iterator[dict[str, Any]]:
    for one in made(office):
        summary, text = words(one)
        told = _DAYS.reached(one.received, office.today, extended=one.extended) if one.state in rules.UNDECIDED else 0
        ahead = _DAYS.next_step(one.received, told, extended=one.extended) if one.state in rules.UNDECIDED else None
        yield {
            "id": one.number, "customer_id": one.customer, "kind": one.kind, "channel": list(rules.CHANNELS)[one.number % 4],
            "contact": "王经理", "reach": "0755-20000001", "received_on": one.received, "received_time": "09:40", "summary": summary,
            "text": text, "search_text": fold(f"{summary} {text}"), "state": one.state, "handler_id": one.owner, "team_id": one.team,
            "registered_by_id": one.owner, "registered_at": _moment(one.received), "responsible": one.departments[0] if one.routed else "",
            "deadlines_version": 0, "target_on": _DAYS.target_day(one.received),
            "limit_on": _DAYS.last_day(one.received, extended=one.extended), "extended": one.extended, "warned": told, "warn_on": ahead,
            "decided_on": one.decided, "promised_on": None if one.state == rules.REGISTERED else _DAYS.target_day(one.received),
            "promised_department": one.departments[0] if one.routed else "",
            "to_tell": one.state == rules.REGISTERED or one.number % 40 == 0,
        }  # fmt: skip


def words(one: Made) -> tuple[str, str]:
    """Return what a proposal says."""
    summary, text = WHAT[one.number % len(WHAT)]
    return f"{summary}（{one.number}）", text


def _departments(office: Office) -> Iterator[dict[str, Any]]:
    for one in made(office):
        for place, code in enumerate(one.departments if one.routed else ()):
            answered = one.decided is not None or (one.state == rules.ASSESSED and (place == 0 or one.number % 2 == 0))
            account = code in WITH_ACCOUNT
            state = rules.ANSWERED if answered else rules.TO_SEND if one.number % 5 == 0 and not account else rules.SENT
            yield {
                "id": one.number * 2 - 1 + place, "proposal_id": one.number, "department": code,
                "part": rules.OPINION if place else rules.RESPONSIBLE, "position": place, "state": state,
                "way": rules.ACCOUNT if account else rules.PAPER, "address": "" if account else "李主任",
                "due_on": one.received + timedelta(days=12), "sent_at": None if state == rules.TO_SEND else _moment(one.received),
                "sent_by_id": None if state == rules.TO_SEND else one.owner, "answered_at": _moment(one.received) if answered else None,
            }  # fmt: skip


def _routings(office: Office) -> Iterator[dict[str, Any]]:
    for one in made(office):
        if one.state == rules.REGISTERED and one.number % 5:
            continue
        state = {rules.REGISTERED: "draft", rules.ROUTING: "pending", rules.VOID: "given-up"}.get(one.state, "approved")
        lines = [
            {"department": code, "part": rules.OPINION if place else rules.RESPONSIBLE, "way": rules.PAPER, "address": "李主任"}
            for place, code in enumerate(one.departments)
        ]  # fmt: skip
        yield {
            "id": one.number, "proposal_id": one.number, "kind": one.kind, "lines": lines, "word": "请评估可行性和成本。", "state": state,
            "created_by_id": _supervisor(one), "created_at": _moment(one.received),
            "approved_at": _moment(one.received) if state == "approved" else None,
        }  # fmt: skip


def _extensions(office: Office) -> Iterator[dict[str, Any]]:
    for one in made(office):
        asked = one.state == rules.ROUTED and one.number % 9 == 0
        if one.routed and (one.extended or asked):
            state = "approved" if one.extended else "pending" if one.number % 2 else "draft"
            yield {
                "id": one.number, "proposal_id": one.number, "ground": "complicated", "reason": "需要现场试验。", "state": state,
                "created_by_id": _supervisor(one), "created_at": _moment(one.received),
                "approved_at": _moment(one.received) if one.extended else None,
            }  # fmt: skip


def _assessments(office: Office) -> Iterator[dict[str, Any]]:
    for row in _departments(office):
        if row["state"] == rules.ANSWERED or (row["state"] == rules.SENT and row["proposal_id"] % 4 == 0):
            back = row["state"] == rules.ANSWERED
            yield {
                "proposal_id": row["proposal_id"], "department": row["department"], "part": row["part"],
                "analysis": "现行工艺可以满足，但是需要增加一套工装。", "feasibility": "可行", "effect": "减少返修", "cost": "约两万元",
                "opinion": "建议试用三个月。", "advice": "adopted", "author": "李主任", "state": "returned" if back else "draft",
                "entered_by_id": 11, "created_at": row["sent_at"], "returned_at": row["answered_at"],
            }  # fmt: skip


def _decisions(office: Office) -> Iterator[dict[str, Any]]:
    for one in made(office):
        open_ = one.state == rules.ASSESSED and one.number % 3
        if one.decided is None and not open_:
            continue
        outcome = rules.ADOPTED if open_ or one.state in ADOPTED else one.state
        grade, amount = _reward(one) if outcome == rules.ADOPTED else ("", None)
        yield {
            "id": one.number, "customer_id": one.customer, "proposal_id": one.number, "outcome": outcome,
            "reasons": "经评估，效果明显，成本可控。", "grade": grade, "amount": amount,
            "state": "approved" if one.decided else "pending" if one.number % 2 else "draft",
            "created_by_id": _supervisor(one), "created_at": _moment(one.received),
            "approved_at": _moment(one.decided) if one.decided else None,
        }  # fmt: skip


def _reward(one: Made) -> tuple[str, Decimal]:
    return (("C", Decimal(800)), ("C", Decimal(1200)), ("B", Decimal(2400)), ("A", Decimal(3600)))[one.number % 4]


class Award(NamedTuple):
    """What a proposal brought its customer."""

    number: int
    proposal: Made
    kind: str
    amount: Decimal
    state: str


@lru_cache(maxsize=2)
def awards(office: Office) -> list[Award]:
    """Return rewards for what was adopted, souvenirs for what was not, and prizes of customers with three in a year and none adopted."""
    found, of_year = list[Award](), dict[tuple[int, int], list[Made]]()
    for one in made(office):
        if one.state != rules.VOID:
            of_year.setdefault((one.customer, one.received.year), []).append(one)
        if one.state in ADOPTED:
            found.append(_award(office, one, "reward", _reward(one)[1]))
        elif one.state == rules.DECLINED:
            found.append(_award(office, one, "souvenir", Decimal(50)))
    for some in of_year.values():
        if len(some) > 2 and all(one.decided and one.state not in ADOPTED for one in some):
            found.append(_award(office, some[-1], "prize", Decimal(300)))
    found.sort(key=lambda one: (one.proposal.decided, one.proposal.number, one.kind))
    return [one._replace(number=number) for number, one in enumerate(found, 1)]


def _award(office: Office, one: Made, kind: str, amount: Decimal) -> Award:
    ago = (office.today - (one.decided or office.today)).days
    fresh = {"prize": ("due", "due", "handed", "over"), "souvenir": ("due", "due", "due", "paid"), "reward": ("due", "handed")}[kind]
    state = fresh[one.number % len(fresh)] if ago < 40 else "denied" if kind == "prize" and one.number % 20 == 0 else "paid"
    return Award(0, one, kind, amount, state)


def _awards(office: Office) -> Iterator[dict[str, Any]]:
    for one in awards(office):
        handed, paid, day = one.state in ("handed", "paid"), one.state == "paid", one.proposal.decided
        assert day is not None
        confirmed = paid and one.kind != "souvenir"
        yield {
            "id": one.number, "customer_id": one.proposal.customer, "proposal_id": one.proposal.number,
            "decision_id": None if one.kind == "prize" else one.proposal.number, "kind": one.kind,
            "rule": "none" if one.kind == "prize" else "", "year": one.proposal.received.year,
            "amount": one.amount, "state": one.state, "found_on": day,
            "permitted_by_id": 221 if one.state == "denied" else None, "permit_reason": "超过上限" if one.state == "denied" else "",
            "handed_on": day if handed else None, "handed_by_id": one.proposal.owner if handed else None,
            "payee": "王经理" if handed else "", "confirmed_by_id": 11 if confirmed else None,
            "confirmed_at": _moment(day) if paid else None,
        }  # fmt: skip


def _looked_back(office: Office) -> Iterator[dict[str, Any]]:
    """Yield that the worker has looked back on the years that are over."""
    for ago in range(1, 4):
        yield {"year": office.today.year - ago, "looked_at": office.now}


def promised(office: Office) -> Iterator[dict[str, Any]]:
    """Yield what prizes and souvenirs take of the caps of customers."""
    for one in awards(office):
        if one.kind != "reward" and one.state not in ("over", "denied"):
            day = one.proposal.decided or office.today
            yield {
                "customer_id": one.proposal.customer, "year": day.year, "source": _source(one), "source_id": one.number,
                "title": rules.number_of(one.proposal.received.year, one.proposal.number), "day": day, "amount": one.amount, "by_id": None,
            }  # fmt: skip


def handed_over(office: Office) -> Iterator[dict[str, Any]]:
    """Yield the entries of the gift register for prizes and souvenirs that were handed over."""
    for one in awards(office):
        if one.kind != "reward" and one.state in ("handed", "paid"):
            day, owner = one.proposal.decided or office.today, one.proposal.owner
            number = rules.number_of(one.proposal.received.year, one.proposal.number)
            yield {
                "customer_id": one.proposal.customer, "given_on": day, "source": _source(one), "source_id": one.number, "title": number,
                "organisation": f"客户{one.proposal.customer}有限公司", "person": "王经理", "post": "", "official": False, "purpose": "",
                "goods": "×1", "amount": one.amount, "giver_id": owner, "handed_by_id": owner, "voucher": "", "created_at": _moment(day),
            }  # fmt: skip


def _source(one: Award) -> str:
    return PRIZE if one.kind == "prize" else THANKS


def _letters(office: Office) -> Iterator[dict[str, Any]]:
    for one in made(office):
        sent = [] if one.state in (rules.REGISTERED, rules.VOID) else ["thanks"]
        sent += ["decision"] * (one.decided is not None and one.number % 40 > 0)
        sent += ["plan"] * (one.state in (rules.CARRYING_OUT, rules.DONE)) + ["result"] * (one.state == rules.DONE)
        if one.decided is None and one.number % 40 == 0:
            sent.append("change")
        for what in sent:
            draft = what == "change"
            yield {
                "proposal_id": one.number, "what": what, "way": "letter", "to_name": "王经理", "address": "人民路1号",
                "subject": "感谢贵方的提案", "body": "尊敬的王经理：\n\n贵公司的提案我们已经收到，谨致以衷心的感谢。",
                "state": "draft" if draft else "sent",
                "promised_on": _DAYS.target_day(one.received), "department": one.departments[0], "made_by_id": one.owner,
                "made_at": _moment(one.received), "sent_by_id": None if draft else one.owner,
                "sent_at": None if draft else _moment(one.decided or one.received) + timedelta(hours=1),
            }  # fmt: skip


def _works(office: Office) -> Iterator[dict[str, Any]]:
    for one in made(office):
        if one.state in (rules.CARRYING_OUT, rules.DONE) and one.decided is not None:
            done, valued = one.state == rules.DONE, one.state == rules.DONE and one.number % 3 > 0
            yield {
                "id": one.number, "proposal_id": one.number, "department": one.departments[0], "plan": "先试用一条生产线，再推广。",
                "first_on": one.decided, "last_on": one.decided + timedelta(days=90), "state": "done" if done else "under-way",
                "created_by_id": one.owner, "created_at": _moment(one.decided), "result": "已推广" if done else "",
                "ended_on": one.decided + timedelta(days=60) if done else None, "ended_by_id": one.owner if done else None,
                "value": Decimal(one.number % 90 * 1000) if valued else None, "value_basis": "按全年返修费用计算" if valued else "",
            }  # fmt: skip


def _measures(office: Office) -> Iterator[dict[str, Any]]:
    for row in _works(office):
        for place in range(2):
            due = row["first_on"] + timedelta(days=30 * (place + 1))
            yield {
                "work_id": row["id"], "position": place, "text": ("制作工装", "全线推广")[place], "person": "李主任", "due_on": due,
                "done_on": due if row["state"] == "done" or place == 0 else None,
            }  # fmt: skip


def papers(office: Office) -> Iterator[tuple[str, int, int | None, int, str, date]]:
    """Yield what was signed or waits for it: kind, number, customer, team, state, day."""
    by_number = made(office)
    for kind, rows in (("proposal-routing", _routings), ("proposal-extension", _extensions), ("proposal-decision", _decisions)):
        for row in rows(office):
            one = by_number[row["proposal_id"] - 1]
            if row["state"] == "pending" or (row["state"] == "approved" and (office.today - one.received).days < SIGNED):
                yield kind, row["id"], one.customer, one.team, row["state"], one.received


def settle(office: Office) -> None:
    """Let the proposals be found by words, and count the figures of the overview."""
    batch = list[tuple[int, str, str]]()
    for one in made(office):
        batch.append((one.number, *words(one)))
        if len(batch) == 5000 or one is made(office)[-1]:
            proposal_search.index_many(batch)
            batch.clear()
            db.session.commit()
    while proposal_figures.count_changed():
        db.session.commit()


def _supervisor(one: Made) -> int:
    return one.team * (REPS_A_TEAM + 1)


def _moment(day: date) -> datetime:
    return datetime.combine(day, time(3), tzinfo=UTC)


PROPOSAL_TABLES: dict[Any, Rows] = {
    Staff: _accounts, Proposal: _proposals, ProposalDepartment: _departments, ProposalRouting: _routings,
    ProposalExtension: _extensions, ProposalAssessment: _assessments, ProposalDecision: _decisions, ProposalAward: _awards,
    PrizeYear: _looked_back, ProposalLetter: _letters, ProposalWork: _works, ProposalMeasure: _measures,
}  # fmt: skip
"""Tables and what yields their rows, in the order in which they can be written."""
