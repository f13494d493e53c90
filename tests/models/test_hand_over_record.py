"""Hand-over lists: what somebody has in hand, what moved, who sees and signs it (RO-1, RO-4, RO-5)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from portal.database import StateConflict, db
from portal.models import hand_over as work
from portal.models.approval import Approval
from portal.models.hand_over_list import PARTS, counts, rows
from portal.models.hand_over_record import DISCARDED, DONE, HandOver
from portal.models.sheet import PrintedSheet
from portal.rules.message import Refusal
from tests import factories, grading, maintaining
from tests.approving import person, scan, submitted
from tests.handing import COUNTS, busy, done, filled, prepared
from tests.sales.samples import payment, sale

pytestmark = pytest.mark.usefixtures("app")


def seen(account: str) -> list[int]:
    return list(db.session.scalars(HandOver.visible_to(person(account)).with_only_columns(HandOver.id)))


def test_the_list_has_everything_in_hand_and_its_figures() -> None:
    own = busy()
    rep = person("rep1")
    assert filled(counts(rep)) == COUNTS
    assert [row["number"] for row in rows(rep, "customers")] == [one.number for one in own]
    assert [(row["stage"], row["state"]) for row in rows(rep, "customers")] == [("old", "active"), ("", "prospect")]
    assert rows(rep, "approvals")[0]["concern"] == "submitted"
    assert rows(rep, "drafts")[0]["kind"] == "credit"
    assert rows(rep, "loans")[0]["customer"] == "东湖𠮷物流公司"
    assert rows(rep, "reviews")[0] | {"id": 0, "due_on": ""} == {"id": 0, "half": "2026-H1", "open": "1", "due_on": ""}
    assert len(rows(rep, "customers", 1)) == 1
    assert [row["concern"] for row in rows(person("sup1"), "approvals")] == ["waits"]
    assert all({column.name for column in part.columns} <= set(row) for part in PARTS.values() for row in rows(rep, part.name))


def test_gradings_due_what_customers_owe_and_drafts_of_plans_stand_on_the_list() -> None:
    mine, rated, theirs = factories.customer("rep1"), factories.customer("rep1"), factories.customer("rep2")
    campaign = grading.opened()
    grading.rated(rated)
    for customer, amount in ((mine, Decimal("1000.50")), (theirs, Decimal(70))):
        sale(customer, amount=amount)
    payment(mine, amount=Decimal("400.25"))
    sale(rated, amount=Decimal(30))
    payment(rated, amount=Decimal(30))
    maintaining.drafted(mine, by="sup1")
    grading.proposed(grading.reviewed(mine), by="sup1")
    rep = person("rep1")
    assert rows(rep, "gradings") == [{"id": campaign.id, "year": "2026", "open": "0", "rated": "1", "due_on": campaign.due_on.isoformat()}]
    assert [(row["id"], row["balance"]) for row in rows(rep, "owing")] == [(mine.id, "600.25")]
    assert sorted(row["kind"] for row in rows(person("sup1"), "drafts")) == ["grading", "maintenance-plan"]
    record = prepared("sup1")
    record.carry_out(to=person("rep2"), by=person("sup1"))
    assert (record.figures["gradings"], record.figures["owing"]) == (1, 1)
    assert sorted(row["balance"] for row in rows(person("rep2"), "owing")) == ["600.25", "70.00"]


def test_carried_out_it_keeps_what_moved_as_it_was() -> None:
    own = busy()
    record = prepared("sup1")
    assert filled(record.figures) == COUNTS
    before = {name: record.rows(name) for name in PARTS}
    assert record.carry_out(to=person("rep2"), by=person("sup1")) == 3
    db.session.commit()
    own[0].full_name = "改名公司"
    db.session.commit()
    assert (record.state, filled(record.figures)) == (DONE, COUNTS)
    assert {name: record.rows(name) for name in PARTS} == before
    assert {one.owner_id for one in own} == {person("rep2").id}
    assert {one.submitter_id for one in db.session.scalars(select(Approval))} >= {person("rep2").id}
    with pytest.raises(StateConflict):
        record.carry_out(to=person("rep2"), by=person("sup1"))


def test_deactivating_keeps_the_list_whether_it_was_prepared_or_not() -> None:
    busy()
    record = prepared()
    person("rep1").deactivate(by=person("mgr1"), to=person("rep2"))
    db.session.commit()
    assert (record.state, filled(record.figures), record.taker) == (DONE, COUNTS, person("rep2"))
    factories.customer("rep3")
    person("rep3").deactivate(by=person("mgr1"), to=person("rep4"))
    assert db.session.scalars(select(HandOver).where(HandOver.from_id == person("rep3").id)).one().figures["customers"] == 2


def test_deactivating_a_supervisor_lists_what_waited_for_them() -> None:
    submitted()
    person("sup1").deactivate(by=person("mgr1"), to=person("rep2"))
    record = db.session.scalars(select(HandOver)).one()
    assert record.figures["approvals"] == 1
    assert record.rows("approvals")[0]["concern"] == "waits"


def test_without_a_successor_what_was_prepared_is_let_go() -> None:
    record = prepared()
    person("rep1").deactivate(by=person("mgr1"), to=None)
    assert record.state == DISCARDED


def test_chosen_customers_are_kept_for_each_who_had_them() -> None:
    first, second, third = factories.customer("rep1"), factories.customer("rep2"), factories.customer("rep3")
    ids = [first.id, second.id, third.id]
    work.hand_over(ids, to=person("rep3"), by=person("mgr1"), reason="调整")
    db.session.commit()
    records = db.session.scalars(select(HandOver).order_by(HandOver.from_id)).all()
    assert [(one.giver, one.figures, one.whole) for one in records] == [
        (person("rep1"), {"customers": 1}, False),
        (person("rep2"), {"customers": 1}, False),
    ]
    assert records[0].rows("customers")[0]["number"] == first.number
    assert (records[0].reason, records[0].done_by) == ("调整", person("mgr1"))


def test_who_sees_it() -> None:
    record = prepared()
    assert [account for account in ("rep1", "rep2", "rep3", "sup1", "sup2", "mgr1") if seen(account)] == ["rep1", "sup1", "mgr1"]
    record.note(to=person("rep2"), witness="", reason="", by=person("sup1"))
    assert not seen("rep2")
    factories.customer("rep1")
    record.carry_out(to=person("rep2"), by=person("sup1"))
    assert seen("rep2") == [record.id]


def test_its_sheets_are_seen_by_who_sees_it() -> None:
    record = done()
    values = {"code": "K7QM2XDR9TBC", "subject": "x", "copy_number": 1, "form_number": "", "form_version": "", "content_hash": ""}
    values |= {"sheet": "hand_over_list", "record_type": "hand_over_list", "record_id": record.id, "language": "zh", "pages": 1}
    db.session.add(PrintedSheet(printed_by_id=person("mgr1").id, **values))
    db.session.commit()
    assert PrintedSheet.by_code("K7QM2XDR9TBC", person("sup1")) is not None
    assert PrintedSheet.by_code("K7QM2XDR9TBC", person("sup2")) is None


@pytest.mark.parametrize(
    ("whose", "by", "may"),
    [("rep1", "rep1", True), ("rep1", "rep2", False), ("rep1", "sup1", True), ("rep1", "sup2", False), ("mgr1", "mgr2", True)],
)
def test_who_prepares(whose: str, by: str, may: bool) -> None:
    if may:
        record = HandOver.prepare(person(whose), by=person(by))
        assert HandOver.prepare(person(whose), by=person("mgr1")) is record
    else:
        with pytest.raises(Refusal):
            HandOver.prepare(person(whose), by=person(by))


def test_who_carries_out(staff: Any) -> None:
    record = prepared()
    assert [account for account in staff if record.may_carry_out(staff[account])] == ["sup1", "mgr1", "mgr2"]
    for by, to in (("rep1", "rep2"), ("sup1", "rep3"), ("sup1", "rep1")):
        with pytest.raises(Refusal):
            record.carry_out(to=person(to), by=person(by))


def test_the_signed_list_is_filed_once() -> None:
    record = prepared()
    with pytest.raises(StateConflict):
        record.file_signed_list(scan(), by=person("sup1"))
    record.carry_out(to=person("rep2"), by=person("sup1"))
    assert record.can_sign
    record.file_signed_list(scan(), by=person("sup1"))
    assert not record.can_sign
    with pytest.raises(StateConflict):
        record.file_signed_list(scan(), by=person("sup1"))
