"""Hand-over with everything that goes along, and of a whole account's customers (RO-4, RO-5, RO-8)."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from portal.database import db
from portal.models import hand_over as work
from portal.models.audit import AuditEvent
from portal.models.customer import Customer, CustomerAssistant
from portal.models.merge import CustomerMerge
from portal.models.notice import Notice
from portal.models.search import search
from portal.rules.message import Refusal
from tests import factories


def owners(*records: Customer) -> list[int | None]:
    db.session.expire_all()
    return [record.owner_id for record in records]


def test_changes_hands_with_team_history_search_and_notice(staff: Any) -> None:
    record = factories.customer("rep1", full_name="移交贸易公司")
    version = record.version
    assert work.hand_over([record.id], to=staff["rep3"], by=staff["mgr1"], reason="调岗") == 1
    db.session.commit()
    assert owners(record) == [staff["rep3"].id]
    assert (record.team_id, record.version) == (staff["rep3"].team_id, version + 1)
    entry = db.session.scalars(select(AuditEvent).where(AuditEvent.customer_id == record.id, AuditEvent.action == "handed-over")).one()
    assert entry.data["changes"][0] == {"field": "owner", "old": "赵一鸣", "new": "孙三省"}
    assert [change["field"] for change in entry.data["changes"]] == ["owner", "team"]
    assert [hit.id for hit in search(staff["rep3"], "移交")] == [record.id]
    assert search(staff["rep1"], "移交") == []
    assert db.session.scalars(select(Notice.staff_id)).all() == [staff["rep3"].id]


def test_open_work_goes_along(staff: Any, monkeypatch: Any) -> None:
    calls: list[Any] = []
    monkeypatch.setattr(work, "_followers", [])
    work.goes_along(lambda ids, to, by: calls.append((ids, to.account, by.account)))
    moved, stays = factories.customer("rep1"), factories.customer("rep2")
    work.hand_over([stays.id, moved.id], to=staff["rep2"], by=staff["sup1"])
    assert calls == [([moved.id], "rep2", "sup1")]


def test_a_supervisor_hands_over_within_the_team_only(staff: Any) -> None:
    mine, theirs = factories.customer("rep1"), factories.customer("rep3")
    db.session.add(CustomerAssistant(customer_id=theirs.id, staff_id=staff["sup1"].id))
    db.session.commit()
    with pytest.raises(Refusal):
        work.hand_over([mine.id], to=staff["rep3"], by=staff["sup1"])
    with pytest.raises(Refusal, match="another team"):
        work.hand_over([mine.id, theirs.id], to=staff["rep2"], by=staff["sup1"])
    with pytest.raises(Refusal):
        work.hand_over([], to=staff["rep2"], by=staff["sup1"])
    assert owners(mine, theirs) == [staff["rep1"].id, staff["rep3"].id]


def test_not_to_somebody_who_has_left(staff: Any) -> None:
    record = factories.customer("rep1")
    staff["rep2"].active = False
    db.session.commit()
    with pytest.raises(Refusal):
        work.hand_over([record.id], to=staff["rep2"], by=staff["sup1"])


def test_everything_of_a_leaver_goes_whatever_its_state(staff: Any) -> None:
    records = [factories.customer("rep1", state=state) for state in ("active", "prospect", "past")]
    assisted = factories.customer("rep2")
    work.assist([assisted.id], staff["rep1"], by=staff["sup1"])
    assert work.hand_over_all(of=staff["rep1"], to=staff["rep2"], by=staff["mgr1"]) == 3
    db.session.commit()
    assert owners(*records) == [staff["rep2"].id] * 3
    assert db.session.scalars(select(CustomerAssistant)).all() == []
    with pytest.raises(Refusal):
        work.hand_over_all(of=staff["rep2"], to=staff["rep2"], by=staff["mgr1"])


def test_who_takes_over_no_longer_assists(staff: Any) -> None:
    record = factories.customer("rep1")
    assert work.assist([record.id], staff["rep2"], by=staff["sup1"]) == 1
    assert work.assist([record.id], staff["rep2"], by=staff["sup1"]) == 0
    assert work.assist([record.id], staff["rep1"], by=staff["sup1"]) == 0
    work.hand_over([record.id], to=staff["rep2"], by=staff["sup1"])
    db.session.commit()
    assert db.session.scalars(select(CustomerAssistant)).all() == []


def test_many_at_once(staff: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(work, "_PORTION", 2)
    records = [factories.customer("rep1") for _ in range(5)]
    assert work.hand_over([record.id for record in records], to=staff["rep2"], by=staff["sup1"]) == 5
    assert work.add_tag([record.id for record in records], " 展会  甲 ", by=staff["rep2"]) == 5
    assert work.add_tag([records[0].id], "展会 甲", by=staff["rep2"]) == 0
    assert work.remove_tag([record.id for record in records], "展会 甲", by=staff["rep2"]) == 5
    assert set(owners(*records)) == {staff["rep2"].id}
    with pytest.raises(Refusal):
        work.add_tag([records[0].id], "长" * 21, by=staff["rep2"])


def test_assisting_with_a_customer_of_another_team_gives_no_say_in_who_has_it(staff: Any) -> None:
    theirs, own = factories.customer("rep3"), factories.customer("rep1")
    work.assist([theirs.id], staff["sup1"], by=staff["sup2"])
    db.session.commit()
    with pytest.raises(Refusal, match="another team"):
        work.assist([theirs.id], staff["rep1"], by=staff["sup1"])
    with pytest.raises(Refusal, match="another team"):
        work.end_assisting([theirs.id], staff["sup1"], by=staff["sup1"])
    with pytest.raises(Refusal, match="another team"):
        CustomerMerge.carry_out(own, theirs, by=staff["sup1"])
    assert CustomerMerge.carry_out(own, theirs, by=staff["mgr1"]).id
    assert work.assist([own.id], staff["rep2"], by=staff["sup1"]) == 1


def test_who_changes_teams_takes_customers_along_with_history_and_search(staff: Any) -> None:
    customer = factories.customer("rep1", full_name="深圳华运机电有限公司")
    staff["rep1"].change(by=staff["mgr1"], team=staff["rep3"].team)
    db.session.commit()
    event = db.session.scalars(select(AuditEvent).where(AuditEvent.action == "handed-over")).one()
    assert event.data["changes"] == [{"field": "team", "old": "客户一科", "new": "客户二科"}]
    assert [hit.id for hit in search(staff["sup2"], "华运", 5)] == [customer.id]
    assert not search(staff["sup1"], "华运", 5)
    assert db.session.scalar(select(Notice.id)) is None
