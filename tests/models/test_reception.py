"""Visits: rooms held and freed, signatures by class, passes, amendments, what came of it, and what follows elsewhere (SV-21)."""

from __future__ import annotations

from datetime import time
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask

from portal.database import StateConflict, db
from portal.i18n import in_language, translate
from portal.models import inbox, reception_desk
from portal.models.approval import Approval
from portal.models.disposal_check import blockers
from portal.models.hand_over import hand_over
from portal.models.hand_over_list import PARTS
from portal.models.reception import ABSENT, APPROVED, CANCELLED, DRAFT, RECEIVED, REJECTED, REPLACED, Reception
from portal.models.reception_pass import VisitorPass, passes_of
from portal.models.room import MeetingRoom, RoomSlot
from portal.rules.message import Refusal
from tests import factories
from tests.approving import person, sign, told
from tests.receiving import amended, approved, day, drafted, meeting_room, submitted, through, visitors


def held() -> int:
    return db.session.query(RoomSlot).count()


def slots_of(reception: Reception) -> list[int]:
    query = db.select(RoomSlot.quarter).where(RoomSlot.reception_id == reception.id).order_by(RoomSlot.day, RoomSlot.quarter)
    return list(db.session.scalars(query))


def test_a_room_is_held_from_the_submission_on_and_freed_by_what_undoes_it(app: Flask) -> None:
    visit = drafted()
    assert held() == 0
    approval = submitted(visit)
    assert slots_of(visit) == list(range(36, 46))
    approval.withdraw(by=person("rep1"))
    db.session.commit()
    assert (visit.state, held()) == (DRAFT, 0)
    approval = submitted(visit)
    sign(approval, "sup1", "send-back")
    assert (visit.state, held()) == (DRAFT, 0)
    approval = submitted(visit)
    sign(approval, "sup1")
    assert held() == 10
    sign(approval, "mgr1", "reject")
    assert (visit.state, held()) == (REJECTED, 0)


def test_two_groups_are_never_in_one_room_at_one_time(app: Flask) -> None:
    first = drafted()
    later = drafted(starts_at=time(11, 15), ends_at=time(12))
    next_to_it = drafted(starts_at=time(11, 30), ends_at=time(12))
    elsewhere = drafted(room=meeting_room("第二会议室", "Meeting room 2"))
    submitted(first)
    for one in (next_to_it, elsewhere):
        assert submitted(one).state == "pending"
    with pytest.raises(Refusal) as refusal:
        later.submit(by=person("rep1"))
    assert refusal.value.field == "room"
    assert str(refusal.value) == f"Meeting room 1 is taken on {day(30)} from 11:15 to 12:00."
    with in_language("zh_Hans_CN"):
        assert translate(refusal.value.message).startswith("第一会议室")
    db.session.rollback()
    assert db.session.get_one(Reception, later.id).state == DRAFT


@pytest.mark.parametrize(
    ("values", "signers"),
    [
        ({"class_": "ordinary", "count": 11}, ["sup1"]),
        ({"class_": "ordinary", "count": 11, "wishes": ["photographs"], "photo_reason": "新闻稿"}, ["sup1", "mgr1"]),
        ({"class_": "important"}, ["sup1", "mgr1"]),
        ({"class_": "major"}, ["sup1", "mgr1"]),
    ],
)
def test_who_signs_follows_from_class_and_special_leave(app: Flask, values: dict[str, Any], signers: list[str]) -> None:
    approval = submitted(**values)
    for signer in signers:
        assert approval.state == "pending"
        sign(approval, signer)
    assert approval.state == "approved"
    visit = db.session.get_one(Reception, approval.record_id)
    assert (visit.state, len(passes_of(visit))) == (APPROVED, visit.count)


def test_passes_count_on_their_days_while_the_visit_stands(app: Flask) -> None:
    visit = approved(last_on=day(31))
    one = passes_of(visit)[0]
    assert VisitorPass.by_code(one.shown_code.lower()) is one
    assert [one.refused_because(day(ahead)) is None for ahead in (29, 30, 31, 32)] == [False, True, True, False]
    visit.cancel(reason="客户改期", by=person("rep1"))
    assert one.refused_because(day(30)) is not None
    assert (visit.state, held()) == (CANCELLED, 0)
    assert len(passes_of(approved(pass_kind="group"))) == 1


def test_nothing_is_approved_for_a_day_that_has_passed(app: Flask, time_machine: Any) -> None:
    approval = submitted(class_="ordinary", count=11, ahead=3)
    time_machine.move_to(day(4))
    with pytest.raises(Refusal):
        sign(approval, "sup1")
    db.session.rollback()
    assert sign(db.session.get_one(Approval, approval.id), "sup1", "reject").decision == "reject"


def test_an_amendment_keeps_the_room_meanwhile_and_takes_the_visit_s_place(app: Flask) -> None:
    visit = approved()
    old = passes_of(visit)
    change = amended(visit, count=5, visitors=visitors(5), starts_at=time(10), ends_at=time(12))
    assert not visit.can_amend(person("rep1"))
    with pytest.raises(Refusal):
        visit.cancel(reason="不来了", by=person("rep1"))
    approval = submitted(change)
    assert (slots_of(visit), slots_of(change)) == (list(range(36, 46)), [46, 47])
    through(approval)
    assert (visit.state, change.state) == (REPLACED, APPROVED)
    assert (slots_of(visit), slots_of(change)) == ([], list(range(40, 48)))
    assert {one.refused_because(day(30)) is None for one in old} == {False}
    assert len(passes_of(change)) == 5


def test_a_rejected_amendment_leaves_the_visit_as_it_was(app: Flask) -> None:
    visit = approved()
    approval = submitted(amended(visit, ends_at=time(12)))
    sign(approval, "sup1", "reject")
    assert (visit.state, len(slots_of(visit)), held()) == (APPROVED, 10, 10)
    assert visit.can_amend(person("rep1"))


def test_an_amendment_needs_a_reason_and_new_days_ahead_only_for_another_day(app: Flask, time_machine: Any) -> None:
    visit = approved(ahead=10)
    with pytest.raises(Refusal) as refusal:
        amended(visit, reason="")
    assert refusal.value.field == "reason"
    db.session.rollback()
    time_machine.move_to(day(8))
    visit = db.session.get_one(Reception, visit.id)
    with pytest.raises(Refusal) as refusal:
        amended(visit, first_on=day(3), last_on=day(3))
    assert refusal.value.field == "first_on"
    db.session.rollback()
    assert amended(visit, count=2, visitors=visitors(2)).applied_on is None


def test_what_came_of_a_visit_is_recorded_from_its_day_on(app: Flask, time_machine: Any) -> None:
    visit = approved(class_="major", ahead=14)
    with pytest.raises(StateConflict):
        visit.receive(came=3, arrived_at=time(9), remarks="", by=person("rep1"))
    time_machine.move_to(day(12))
    with pytest.raises(Refusal):
        visit.rehearse(on=day(1), note="", by=person("rep1"))
    visit.rehearse(on=day(), note="投影仪待修", by=person("rep1"))
    with pytest.raises(StateConflict):
        visit.rehearse(on=day(), note="", by=person("rep1"))
    time_machine.move_to(day(2))
    with pytest.raises(Refusal):
        visit.receive(came=4, arrived_at=time(9), remarks="", by=person("rep1"))
    visit.receive(came=2, arrived_at=time(9, 5), remarks="对检测室感兴趣", by=person("rep1"))
    assert (visit.state, visit.came) == (RECEIVED, 2)
    with pytest.raises(StateConflict):
        visit.note_absence(reason="未到", by=person("rep1"))


def test_the_inbox_asks_for_rehearsal_visit_and_outcome(app: Flask, time_machine: Any) -> None:
    approved(class_="major", ahead=14)
    host = person("rep1")

    def asked() -> list[tuple[str, bool]]:
        return [(one.what.split()[0], one.is_overdue(day())) for one in inbox.entries(host, kind="visit")]

    assert (asked(), inbox.count(host)) == ([], 0)
    time_machine.move_to(day(10))
    assert asked() == [("Rehearse", False)]
    time_machine.move_to(day(3))
    assert asked() == [("Rehearse", True)]
    time_machine.move_to(day(1))
    assert asked() == [("Visitors", False)]
    assert reception_desk.expected(host, day()) == db.session.query(Reception).all()
    assert reception_desk.expected(person("rep3"), day()) == []
    time_machine.move_to(day(1))
    assert (asked(), inbox.count(host)) == ([("Record", True)], 1)
    visit = db.session.query(Reception).one()
    visit.note_absence(reason="临时取消行程", by=host)
    assert (visit.state, asked(), held()) == (ABSENT, [], 0)


def test_visits_go_along_with_their_customer_where_the_one_in_charge_receives(app: Flask) -> None:
    customer = factories.customer("rep1")
    own, others = approved(drafted(customer)), approved(drafted(customer, host=person("rep2"), starts_at=time(14), ends_at=time(15)))
    assert "You receive visitors" in told("rep2")[-1]
    assert PARTS["receptions"].count(person("rep1")) == 1
    assert [row["customer"] for row in PARTS["receptions"].rows(person("rep1"), None)] == [customer.full_name]
    hand_over([customer.id], to=person("rep3"), by=person("mgr1"))
    db.session.expire_all()
    assert (own.host.account, others.host.account) == ("rep3", "rep2")
    assert reception_desk.take_over(person("rep2"), person("rep1")) == 1
    assert others.host.account == "rep1"


def test_an_erased_card_leaves_no_names_in_its_visits(app: Flask) -> None:
    visit = approved()
    reception_desk.forget([visit.customer_id])
    db.session.expire_all()
    assert (visit.visitors, visit.purpose, visit.telephone, visit.search_text) == ([], "", "", "")
    assert [one.visitors for one in passes_of(visit)] == [[]] * 3
    assert visit.count == 3


def test_what_is_proposed_is_kept_and_a_standard_says_it(app: Flask) -> None:
    customer = factories.customer("rep1", grade="B")
    visit = drafted(customer, class_reason="")
    assert visit.proposed == "important"
    customer.grade = "C"
    db.session.commit()
    assert submitted(visit).state == "pending"
    assert drafted(factories.customer("rep1", grade="A"), starts_at=time(14), ends_at=time(15)).proposed == "major"


def test_a_room_that_is_not_in_use_takes_nobody_new(app: Flask) -> None:
    visit, room = submitted(), meeting_room()
    values = {"zh": room.zh, "en": room.en, "seats": 8, "areas": [], "note": "", "active": False}
    room.change(values, by=person("mgr1"), version=room.version)
    db.session.commit()
    with pytest.raises(Refusal) as refusal:
        drafted(room=room, starts_at=time(14), ends_at=time(15))
    assert refusal.value.field == "room"
    db.session.rollback()
    assert through(db.session.get_one(Approval, visit.id)).state == "approved"
    with pytest.raises(Refusal):
        MeetingRoom.add({**values, "en": "Another"}, by=person("mgr1"))


def test_what_was_written_is_what_is_signed(app: Flask) -> None:
    content = submitted(class_="major", count=4, wishes=["workshop"]).current_round.content
    assert (content["reception"]["cost"], content["reception"]["room_en"]) == ("580.00", "Meeting room 1")
    assert [one["service"] for one in content["services"]] == ["accompanied", "explained", "workshop", "tea", "souvenir", "meal"]
    assert [one["name"] for one in content["visitors"]] == ["来宾1", "来宾2", "来宾3", "来宾4"]


def test_open_visits_stand_against_a_disposal(app: Flask) -> None:
    visit = drafted()
    disposal: Any = SimpleNamespace(id=0, customers=[visit.customer], documents=[], items=[], cards=[], card_customers=[])
    assert [one for one in blockers(disposal) if "A visit of" in one.text]
    visit.give_up(by=person("rep1"))
    assert not [one for one in blockers(disposal) if "A visit of" in one.text]
