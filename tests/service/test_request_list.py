"""Lists of requests: what a reader sees of them, walked both ways, and what words find."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from portal import clock
from portal.database import db
from portal.models import request_intake, request_list, request_search
from portal.models.customer import CustomerAssistant
from portal.models.request import FAR, FAR_DAY, ServiceRequest
from portal.models.request_desk import forget
from portal.models.request_query import RequestQuery
from tests import factories
from tests.approving import person
from tests.service.requesting import taken

pytestmark = pytest.mark.usefixtures("app")
LISTS = (RequestQuery(whose="all"), RequestQuery(whose="all", closed=True))


def walked(account: str, query: RequestQuery, size: int) -> tuple[list[list[int]], list[list[int]]]:
    """Return the pages of a list forwards, and backwards from its last one."""
    pages, back, after = [], [], ""
    while after or not pages:
        page = request_list.page(person(account), query, after=after, size=size)
        pages.append([one.id for one in page.requests])
        after = page.next
    before = page.previous
    while before:
        page = request_list.page(person(account), query, before=before, size=size)
        back.append([one.id for one in page.requests])
        before = page.previous
    return pages, back


@pytest.mark.parametrize("cap", [1000, 3])
def test_everybody_walks_through_what_they_may_see(monkeypatch: pytest.MonkeyPatch, cap: int) -> None:
    monkeypatch.setattr(request_list, "CAP", cap)
    mine, others, assisted = (factories.customer(owner) for owner in ("rep1", "rep2", "rep3"))
    db.session.add(CustomerAssistant(customer_id=assisted.id, staff_id=person("rep1").id))
    made = [taken(one, by=by) for one, by in ((mine, "rep1"), (others, "rep2"), (assisted, "rep3"), (mine, "rep2"), (mine, "rep3"))]
    for request, account in ((made[1], "rep1"), (made[0], "rep3")):  # in hand of somebody else
        request.assignee_id, request.team_id = person(account).id, person(account).team_id
    taken(None, by="rep1", customer_name="路过的人")
    db.session.commit()
    for account in ("rep1", "rep2", "rep3", "sup1", "sup2", "mgr1"):
        seen = set(db.session.scalars(ServiceRequest.visible_to(person(account)).with_only_columns(ServiceRequest.id)))
        for query in LISTS:
            pages, back = walked(account, query, 2)
            assert {one for page in pages for one in page} == seen, account
            assert sum(map(len, pages)) == len(seen)
            assert back == pages[-2::-1]
            found = request_list.count(person(account), query)
            assert found.number == min(cap, len(seen)) or account.startswith("sup")


def test_the_search_index_keeps_itself() -> None:
    customer = factories.customer("rep1")
    request, other = taken(customer, text="包装破损 delivery note DN-4711"), taken(customer, text="交货迟延")
    everything = RequestQuery({}, whose="all", closed=True)

    def found(text: str) -> list[int]:
        index = request_search.INDEX.fits(text, 10)
        listed = [one.id for one in request_list.page(person("rep1"), RequestQuery({"q": text}, "all", True)).requests]
        assert index is not None
        assert set(listed) <= set(index)
        return listed

    assert found("破损") == found("NOTE") == found("dn-47") == [request.id]
    assert found("破损 交货") == found("龘靐") == []
    request.text = "包装潮湿"
    request_intake.refresh_search(request)
    db.session.commit()
    assert (found("破损"), request_search.INDEX.fits("破损", 10), found("潮湿")) == ([], [], [request.id])
    assert request_search.INDEX.fits("！", 10) is None
    assert {one.id for one in request_list.page(person("rep1"), everything).requests} == {request.id, other.id}
    forget([customer.id])
    db.session.commit()
    assert request_search.INDEX.fits("潮湿", 10) == []
    assert not db.session.scalars(select(request_search.INDEX.table.c.id)).all()


@pytest.mark.parametrize("depth", [2, 500])
def test_words_that_many_have_are_met_on_the_way(monkeypatch: pytest.MonkeyPatch, depth: int) -> None:
    monkeypatch.setattr(request_list, "FEW", 0)
    monkeypatch.setattr(request_list, "DEPTH_OF_WORDS", depth)
    mine, others = factories.customer("rep1"), factories.customer("rep3")
    made = [taken(one, by=by, text=text) for one, by in ((mine, "rep1"), (mine, "rep3"), (others, "rep3")) for text in ("破损", "迟延")]
    for account, seen in (("rep1", made[:4]), ("sup1", made[:4]), ("rep3", made[4:]), ("mgr1", made)):
        for query in LISTS:
            pages, back = walked(account, replace(query, filters={"q": "破损"}), 1)
            assert sorted(one for page in pages for one in page) == [one.id for one in seen if one.text == "破损"], account
            assert back == pages[-2::-1]
        assert request_list.count(person(account), replace(query, filters={"q": "破损"})).more == (depth == 2 and len(seen) >= depth)


def test_what_is_overdue_or_waits_is_found_and_counted_in_both_lists() -> None:
    customer, now = factories.customer("rep1"), clock.now()
    late, waits, later, done = (taken(customer, text=text) for text in ("晚了", "等客户", "还早", "办完"))
    for one, hours in ((late, -1), (later, 48), (done, -1)):
        one.due_at, one.due_on = now + timedelta(hours=hours), clock.local(now + timedelta(hours=hours)).date()
    waits.waiting_since, waits.due_at, waits.due_on = now, FAR, FAR_DAY
    done.is_open, done.state = False, "closed"
    db.session.commit()
    for account in ("rep1", "sup1", "mgr1"):
        for closed in (False, True):
            for name, found in (("overdue", late), ("waiting", waits)):
                query = RequestQuery({name: "1"}, "all", closed)
                assert [one.id for one in request_list.page(person(account), query).requests] == [found.id], (account, closed, name)
                assert request_list.count(person(account), query).number <= 1
        query = RequestQuery({"q": "办完"}, "all", closed=True)
        assert [one.id for one in request_list.page(person(account), query).requests] == [done.id]
    assert [one.id for one in request_list.page(person("sup2"), RequestQuery({"overdue": "1"}, "all", True)).requests] == []
