"""The half-yearly review: opening, what is confirmed and corrected, figures, hand-over, merge, notices, inbox (AR-21)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select

from portal import clock, jobs
from portal.blueprints.review.jobs import look_after_reviews
from portal.database import StateConflict, db
from portal.models import inbox, register, review_opening, review_shelves
from portal.models.audit import AuditEvent
from portal.models.customer import Customer, CustomerAssistant, CustomerState
from portal.models.hand_over import hand_over
from portal.models.job import Job
from portal.models.merge import CustomerMerge
from portal.models.notice import Notice
from portal.models.register_query import RegisterQuery
from portal.models.review import ReviewCampaign, ReviewLine, count_anew, follow
from portal.models.review_progress import by_team, next_line, own_progress, progress_of
from portal.models.review_shelves import ShelfQuery
from portal.models.standard import set_value
from portal.rules.message import Refusal
from tests import factories
from tests.approving import person
from tests.disposing import past
from tests.reviewing import binder, line_of, opened, totals

FEBRUARY = datetime(2026, 2, 3, 2, tzinfo=UTC)


@pytest.fixture(autouse=True)
def february() -> Iterator[Any]:
    with time_machine.travel(FEBRUARY, tick=False) as traveller:
        yield traveller


@pytest.fixture
def office(app: Flask) -> dict[str, Customer]:
    """Two customers of rep1, one of rep2 and of rep3; and some that are not on the register."""
    factories.customer("rep1", state=CustomerState.PROSPECT.value)
    factories.customer("rep1", state=CustomerState.PAST.value)
    return {name: factories.customer(name[:4]) for name in ("rep1", "rep1b", "rep2", "rep3")}


def test_the_round_meets_the_tenth_binder_behind_the_ninth(office: dict[str, Customer]) -> None:
    made = [binder(office["rep1"], "2-A") for _place in range(10)]
    query, after, seen = ShelfQuery(opened().id), "", []
    while after or not seen:
        page = review_shelves.page(person("rep1"), query, after=after, size=4)
        seen += [row.binder for row in page.rows]
        after = page.next
    assert [one.code for one in seen] == [one.code for one in made]


# --- opening -------------------------------------------------------------------------------------------------------------


def test_every_customer_on_the_register_is_listed_once_with_its_rep(office: dict[str, Customer]) -> None:
    campaign = opened()
    assert (campaign.state, campaign.due_on.isoformat()) == ("running", "2026-02-28")
    lines = {line.customer_id: line for line in db.session.scalars(select(ReviewLine))}
    assert set(lines) == {customer.id for customer in office.values()}
    assert all((line.owner_id, line.team_id) == (line.customer.owner_id, line.customer.team_id) for line in lines.values())
    assert all((line.state, line.checked, line.exceptions) == ("open", [], []) for line in lines.values())
    assert totals(campaign) == {"rep1": (2, 0, 0, 0), "rep2": (1, 0, 0, 0), "rep3": (1, 0, 0, 0)}


def test_a_half_year_is_reviewed_once(office: dict[str, Customer]) -> None:
    opened()
    assert not review_opening.can_open(person("mgr1"))
    with pytest.raises(StateConflict):
        review_opening.open_review("2026-H1", by=person("mgr2"))
    db.session.rollback()
    assert review_opening.open_by_calendar() is None


def test_only_managers_open(app: Flask) -> None:
    assert [review_opening.can_open(person(name)) for name in ("rep1", "sup1", "mgr1")] == [False, False, True]


def test_the_calendar_opens_on_the_first_working_day_once(office: dict[str, Customer], february: Any) -> None:
    february.move_to(datetime(2026, 2, 1, 4, tzinfo=UTC))
    look_after_reviews()
    assert ReviewCampaign.running() is None
    february.move_to(datetime(2026, 2, 2, 1, tzinfo=UTC))
    look_after_reviews()
    look_after_reviews()
    campaign = db.session.scalars(select(ReviewCampaign)).one()
    assert (campaign.half, campaign.state, campaign.opened_by_id) == ("2026-H1", "running", None)
    assert db.session.scalar(select(func.count()).select_from(ReviewLine)) == 4


def test_the_standard_keeps_the_calendar_from_opening(office: dict[str, Customer]) -> None:
    set_value("review.by_calendar", False, by=person("mgr1"), reason="手工开启")
    db.session.commit()
    look_after_reviews()
    assert ReviewCampaign.running() is None


def test_a_listing_that_was_stopped_goes_on_behind_its_last_chunk(office: dict[str, Customer], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(review_opening, "CHUNK", 2)
    done = review_opening.list_customers
    calls: list[int] = []

    def stops(campaign: ReviewCampaign, last: int) -> int:
        calls.append(last)
        if len(calls) == 2:
            raise RuntimeError("stopped")
        return done(campaign, last)

    monkeypatch.setattr(review_opening, "list_customers", stops)
    campaign = opened()
    assert campaign.state == "opening"
    assert campaign.job is not None
    assert campaign.job.state == "failed"
    assert campaign.last_id == calls[0]
    assert ReviewCampaign.running() is None
    assert review_opening.can_go_on(campaign, person("mgr1"))
    assert not review_opening.can_go_on(campaign, person("sup1"))
    review_opening.go_on(campaign, by=person("mgr1"))
    db.session.commit()
    jobs.start(campaign.job)
    assert totals(campaign) == {"rep1": (2, 0, 0, 0), "rep2": (1, 0, 0, 0), "rep3": (1, 0, 0, 0)}
    assert db.session.get_one(ReviewCampaign, campaign.id).state == "running"
    with pytest.raises(Refusal):
        review_opening.go_on(db.session.get_one(ReviewCampaign, campaign.id), by=person("mgr1"))


def test_a_job_done_twice_lists_nobody_twice(office: dict[str, Customer]) -> None:
    campaign = opened()
    job = Job.queue(review_opening.KIND, by=None, campaign_id=campaign.id)
    db.session.commit()
    told = db.session.query(Notice).count()
    jobs.start(job)
    assert db.session.scalar(select(func.count()).select_from(ReviewLine)) == 4
    assert db.session.query(Notice).count() == told


def test_who_comes_onto_the_register_later_is_not_added(office: dict[str, Customer]) -> None:
    campaign = opened()
    factories.customer("rep1")
    count_anew(campaign)
    db.session.commit()
    assert totals(campaign)["rep1"] == (2, 0, 0, 0)


def test_the_next_campaign_closes_the_one_before(office: dict[str, Customer], february: Any) -> None:
    first = opened()
    february.move_to(datetime(2026, 8, 3, 2, tzinfo=UTC))
    second = opened("2026-H2")
    first = db.session.get_one(ReviewCampaign, first.id)
    assert (first.state, first.closed_at) == ("closed", clock.now())
    assert ReviewCampaign.running() == second
    assert second.due_on.isoformat() == "2026-08-31"
    line = db.session.scalars(select(ReviewLine).where(ReviewLine.campaign_id == first.id).limit(1)).one()
    assert not line.can_settle(person("rep1"))
    with pytest.raises(StateConflict):
        line.confirm(by=person("rep1"), version=line.customer.version)


# --- confirming and correcting -------------------------------------------------------------------------------------------


def test_confirm_counts_and_stands_in_the_history(office: dict[str, Customer]) -> None:
    campaign = opened()
    line = line_of(office["rep1"])
    assert line.confirm(by=person("rep1"), version=1, remark="电话已核") == "confirmed"
    db.session.commit()
    assert (line.state, line.by_id, line.at, line.remark) == ("confirmed", person("rep1").id, clock.now(), "电话已核")
    assert totals(campaign)["rep1"] == (1, 1, 0, 0)
    entry = db.session.scalars(select(AuditEvent).where(AuditEvent.action == "review-confirmed")).one()
    assert (entry.customer_id, entry.data["source"]) == (office["rep1"].id, "review")
    with pytest.raises(StateConflict):
        line.confirm(by=person("sup1"), version=1)


def test_a_card_changed_since_it_was_looked_at_is_not_confirmed(office: dict[str, Customer]) -> None:
    opened()
    office["rep1"].change({"fax": "0755-1"}, by=person("sup1"))
    db.session.commit()
    with pytest.raises(Refusal):
        line_of(office["rep1"]).confirm(by=person("rep1"), version=1)
    assert line_of(office["rep1"]).state == "open"


def test_confirming_what_one_changed_oneself_in_the_campaign_counts_as_corrected(office: dict[str, Customer]) -> None:
    campaign = opened()
    office["rep1"].change({"fax": "0755-1"}, by=person("rep1"))
    office["rep1b"].change({"fax": "0755-1"}, by=person("sup1"))
    db.session.commit()
    assert line_of(office["rep1"]).confirm(by=person("rep1"), version=2) == "corrected"
    assert line_of(office["rep1b"]).confirm(by=person("rep1"), version=2) == "confirmed", "it was somebody else's change"
    db.session.commit()
    assert totals(campaign)["rep1"] == (0, 1, 1, 0)


def test_taken_back_it_is_open_again(office: dict[str, Customer]) -> None:
    campaign = opened()
    line = line_of(office["rep1"])
    line.correct(by=person("rep1"))
    db.session.commit()
    line.take_back(by=person("rep1"))
    db.session.commit()
    assert (line.state, line.by_id, line.at) == ("open", None, None)
    assert totals(campaign)["rep1"] == (2, 0, 0, 0)
    with pytest.raises(StateConflict):
        line.take_back(by=person("rep1"))


def test_what_was_confirmed_of_a_customer_that_left_the_register_since_is_not_taken_back(office: dict[str, Customer]) -> None:
    """It would be open, and in nobody's list."""
    campaign = opened()
    line = line_of(office["rep1"])
    line.confirm(by=person("rep1"), version=office["rep1"].version)
    db.session.commit()
    past(office["rep1"])
    with pytest.raises(StateConflict):
        line.take_back(by=person("rep1"))
    db.session.rollback()
    assert totals(campaign)["rep1"] == (1, 1, 0, 0)


def test_the_next_one_comes_behind_and_skipped_ones_again_at_the_end(office: dict[str, Customer]) -> None:
    campaign, rep = opened(), person("rep1")
    first, second = line_of(office["rep1"]), line_of(office["rep1b"])
    assert next_line(rep, campaign, owner_id=rep.id) == first
    assert next_line(rep, campaign, owner_id=rep.id, after=first.id) == second
    second.confirm(by=rep, version=1)
    db.session.commit()
    assert next_line(rep, campaign, owner_id=rep.id, after=second.id) == first
    first.confirm(by=rep, version=1)
    db.session.commit()
    assert next_line(rep, campaign, owner_id=rep.id, after=first.id) is None
    assert next_line(rep, campaign, owner_id=person("rep3").id) is None, "another team's"
    assert next_line(person("sup2"), campaign, owner_id=person("rep3").id) == line_of(office["rep3"])


# --- scope and progress ----------------------------------------------------------------------------------------------------


def test_progress_is_seen_in_ones_scope(office: dict[str, Customer]) -> None:
    campaign = opened()
    line_of(office["rep2"]).confirm(by=person("rep2"), version=1)
    db.session.commit()
    assert [progress_of(person(name), campaign).total for name in ("rep1", "sup1", "sup2", "mgr1")] == [2, 3, 1, 4]
    assert own_progress(person("sup1"), campaign).total == 0
    teams = by_team(person("mgr1"), campaign)
    assert [(team.team.name if team.team else "", team.done, team.open) for team in teams] == [("客户一科", 1, 2), ("客户二科", 0, 1)]
    assert {rep.staff.account: rep.percent for team in teams for rep in team.reps if rep.staff} == {"rep1": 0, "rep2": 100, "rep3": 0}


def test_assisting_reps_may_confirm(office: dict[str, Customer]) -> None:
    campaign = opened()
    db.session.add(CustomerAssistant(customer_id=office["rep1"].id, staff_id=person("rep3").id))
    db.session.commit()
    helper = person("rep3")
    visible = db.session.scalars(ReviewLine.visible_to(helper)).all()
    assert {line.customer_id for line in visible} == {office["rep1"].id, office["rep3"].id}
    line_of(office["rep1"]).confirm(by=helper, version=1)
    db.session.commit()
    assert totals(campaign)["rep1"] == (1, 1, 0, 0), "it counts for the one in charge"


def test_register_filter(office: dict[str, Customer], monkeypatch: pytest.MonkeyPatch) -> None:
    query = RegisterQuery.read({"review": "due"})
    assert register.count(person("mgr1"), query).number == 0, "nothing runs"
    opened()
    line_of(office["rep1"]).confirm(by=person("rep1"), version=1)
    db.session.commit()
    for sparse in (register.SPARSE, 0):
        monkeypatch.setattr(register, "SPARSE", sparse)
        for name, wanted in {"mgr1": ["rep1b", "rep2", "rep3"], "sup1": ["rep1b", "rep2"], "rep1": ["rep1b"]}.items():
            page = register.page(person(name), query)
            assert [row.id for row in page.rows] == [office[one].id for one in wanted], (name, sparse)
            assert register.count(person(name), query).number == len(wanted)
        owned = RegisterQuery.read({"review": "due", "owner": str(person("rep2").id)})
        assert [row.id for row in register.page(person("mgr1"), owned).rows] == [office["rep2"].id]
    assert RegisterQuery.read({"review": "else"}).filters == {}


# --- what happens to customers meanwhile ---------------------------------------------------------------------------------


def test_lines_go_along_at_a_hand_over_with_their_figures(office: dict[str, Customer]) -> None:
    campaign = opened()
    line_of(office["rep1"]).confirm(by=person("rep1"), version=1)
    db.session.commit()
    hand_over([office["rep1"].id, office["rep1b"].id], to=person("rep3"), by=person("mgr1"), reason="调整")
    db.session.commit()
    assert totals(campaign) == {"rep2": (1, 0, 0, 0), "rep3": (2, 1, 0, 0)}
    line = line_of(office["rep1b"])
    assert (line.owner_id, line.team_id) == (person("rep3").id, person("rep3").team_id)


def test_lines_of_a_campaign_that_is_over_stay(office: dict[str, Customer], february: Any) -> None:
    first = opened()
    february.move_to(datetime(2026, 8, 3, 2, tzinfo=UTC))
    opened("2026-H2")
    hand_over([office["rep1"].id], to=person("rep3"), by=person("mgr1"), reason="调整")
    db.session.commit()
    assert totals(first) == {"rep1": (2, 0, 0, 0), "rep2": (1, 0, 0, 0), "rep3": (1, 0, 0, 0)}


def test_a_merged_record_leaves_the_review_and_comes_back_when_undone(office: dict[str, Customer]) -> None:
    campaign = opened()
    merge = CustomerMerge.carry_out(office["rep1"], office["rep1b"], by=person("mgr1"))
    db.session.commit()
    assert totals(campaign)["rep1"] == (1, 0, 0, 1)
    assert line_of(office["rep1b"]).state == "gone"
    assert progress_of(person("rep1"), campaign).total == 1
    merge.undo(by=person("mgr1"))
    db.session.commit()
    assert totals(campaign)["rep1"] == (2, 0, 0, 0)
    assert line_of(office["rep1b"]).state == "open"


def test_who_leaves_the_register_needs_no_review(office: dict[str, Customer]) -> None:
    campaign = opened()
    office["rep1"].state = CustomerState.PAST.value
    db.session.flush()
    follow([office["rep1"].id])
    db.session.commit()
    assert totals(campaign)["rep1"] == (1, 0, 0, 1)


def test_the_daily_count_puts_right_what_went_past_the_review(office: dict[str, Customer], february: Any) -> None:
    campaign = opened()
    office["rep1"].state = CustomerState.PAST.value
    office["rep2"].owner_id, office["rep2"].team_id = person("rep3").id, person("rep3").team_id
    db.session.commit()
    look_after_reviews()
    assert totals(campaign)["rep1"] == (2, 0, 0, 0), "it was counted today"
    february.shift(86_400)
    look_after_reviews()
    assert totals(campaign) == {"rep1": (1, 0, 0, 1), "rep3": (2, 0, 0, 0)}


# --- notices and inbox -------------------------------------------------------------------------------------------------------


def _notices(account: str) -> list[dict[str, Any]]:
    query = select(Notice).where(Notice.staff_id == person(account).id, Notice.link.startswith("/reviews/")).order_by(Notice.id)
    return [notice.params for notice in db.session.scalars(query)]


def test_everybody_concerned_is_told_at_the_opening(office: dict[str, Customer]) -> None:
    opened()
    assert {name: [one["count"] for one in _notices(name)] for name in ("rep1", "rep4", "sup1", "sup2", "mgr1")} == {
        "rep1": [2], "rep4": [], "sup1": [3], "sup2": [1], "mgr1": [4],
    }  # fmt: skip


def test_customers_of_no_team_are_not_told_of_to_a_supervisor_without_one(office: dict[str, Customer]) -> None:
    office["rep3"].owner_id = office["rep3"].team_id = person("sup2").team_id = None
    opened()
    assert _notices("sup2") == []
    assert [one["count"] for one in _notices("mgr1")] == [4]


def test_who_is_not_done_is_reminded_five_working_days_before_the_end_once(office: dict[str, Customer], february: Any) -> None:
    opened()
    line_of(office["rep2"]).confirm(by=person("rep2"), version=1)
    db.session.commit()
    february.move_to(datetime(2026, 2, 13, 4, tzinfo=UTC))
    look_after_reviews()
    assert len(_notices("rep1")) == 1
    february.move_to(datetime(2026, 2, 14, 4, tzinfo=UTC))
    look_after_reviews()
    look_after_reviews()
    assert [one["count"] for one in _notices("rep1")] == [2, 2]
    assert len(_notices("rep2")) == 1, "everything is done"
    assert [one["count"] for one in _notices("sup1")] == [3, 2]


def _lines_of_inbox(account: str, group: str = "") -> list[tuple[str, int, bool]]:
    return [
        (entry.page[0], entry.figures["count"], entry.is_overdue(clock.today()))
        for entry in inbox.entries(person(account), "review", group)
    ]


def test_the_inbox_has_one_line_with_a_count(office: dict[str, Customer], february: Any) -> None:
    campaign = opened()
    assert _lines_of_inbox("rep1") == [("review.next_line", 2, False)]
    assert _lines_of_inbox("sup1") == [], "the team's are theirs when they are late"
    assert _lines_of_inbox("rep1", "overdue") == []
    february.move_to(datetime(2026, 3, 1, 4, tzinfo=UTC))
    assert campaign.is_overdue
    assert _lines_of_inbox("rep1", "overdue") == [("review.next_line", 2, True)]
    assert _lines_of_inbox("sup1") == [("review.campaign", 3, True)]
    assert inbox.count(person("sup1")) == 1
    assert _lines_of_inbox("rep4") == []
    for name in ("rep1", "rep1b"):
        line_of(office[name]).confirm(by=person("rep1"), version=1)
    db.session.commit()
    assert _lines_of_inbox("rep1") == []
