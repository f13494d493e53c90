"""Lists of what hangs on customers: they show what their reader may see, neither more nor less, and are walked both ways."""

from __future__ import annotations

from typing import Any

import pytest

from portal.database import db
from portal.models import newest_first, order_list, reception_list, word_index
from portal.models.agreement import Agreement
from portal.models.customer import CustomerAssistant, CustomerState
from portal.models.hand_over import hand_over
from portal.models.merge import CustomerMerge
from portal.models.order_list import OrderQuery
from portal.models.order_request import OrderRequest
from portal.models.paging import Count
from portal.models.plan import MaintenancePlan
from portal.models.reception import Reception
from portal.models.reception_list import ReceptionQuery
from portal.models.relation import RelationAssessment
from portal.models.visit_thanks import ThankYouLetter
from tests import factories, maintaining, ordering, receiving
from tests.approving import person

pytestmark = pytest.mark.usefixtures("app")
PEOPLE = ("rep1", "rep2", "rep3", "sup1", "sup2", "mgr1")
LISTED: tuple[Any, ...] = (OrderRequest, Reception, MaintenancePlan, Agreement, RelationAssessment, ThankYouLetter)


def _same_for_everybody() -> dict[str, set[int]]:
    """Check that every list holds what may be seen; return the order requests that each person sees."""
    found = {}
    for account in PEOPLE:
        for model in LISTED:
            seen, listed = (set(db.session.scalars(query.with_only_columns(model.id))) for query in (
                model.visible_to(person(account)), model.listed_for(person(account)),
            ))  # fmt: skip
            assert listed == seen, (account, model.__name__)
            if model is OrderRequest:
                found[account] = listed
    return found


def test_a_list_holds_what_its_reader_may_see() -> None:
    own, others, assisted = (factories.customer(owner, grade="A") for owner in ("rep1", "rep2", "rep3"))
    led = factories.customer("rep3", grade="A")
    led.owner_id = person("sup1").id  # in charge of somebody of another team's
    unfinished = factories.customer("rep1")
    for rep in ("rep1", "sup1"):
        db.session.add(CustomerAssistant(customer_id=assisted.id, staff_id=person(rep).id))
    requests = [
        ordering.asked(customer=one, by=by, order_number=f"DD-{by}")
        for one, by in ((own, "rep1"), (others, "rep2"), (assisted, "rep3"), (led, "mgr1"))
    ]
    ordering.drafted(own)
    receiving.drafted(others, by="rep2", host=person("rep3"), class_="ordinary", count=12)
    for covered in ((own,), (own, others), (own, assisted), ()):
        maintaining.drafted(*covered, by="sup1" if covered else "mgr1")
    hidden = ordering.asked(customer=unfinished)
    unfinished.state = CustomerState.IMPORTING.value
    db.session.commit()
    numbers = [one.id for one in requests]
    seen = _same_for_everybody()
    assert seen["rep1"] == {numbers[0], numbers[2]}
    assert seen["sup1"] == {*numbers}
    assert seen["mgr1"] == {*numbers, hidden.id}
    hand_over([own.id], to=person("rep3"), by=person("mgr1"))
    CustomerMerge.carry_out(assisted, others, take=set(), by=person("mgr1"), reason="重复")
    db.session.commit()
    seen = _same_for_everybody()
    assert seen["rep1"] == {numbers[1], numbers[2]}
    assert seen["rep3"] == {numbers[0], numbers[1], numbers[2]}


def test_a_list_is_walked_both_ways_beyond_what_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(newest_first, "CAP", 4)
    customer, reader, every = factories.customer("rep1", grade="A"), person("mgr1"), OrderQuery()
    numbers = [ordering.asked(customer=customer, order_number=f"DD-{one}").id for one in range(9)][::-1]
    assert order_list.LIST.ids(reader, every, 20) == [one.id for one in order_list.LIST.rows(reader, every)] == numbers
    pages, after = [], ""
    while after or not pages:
        page = order_list.LIST.page(reader, every, after=after, size=2)
        assert (page.found, bool(page.previous)) == (Count(4, True), bool(after))
        pages.append([one.id for one in page.rows])
        after = page.next
    assert pages == [numbers[start : start + 2] for start in range(0, 9, 2)]
    back = page.previous
    for earlier in pages[-2::-1]:
        page = order_list.LIST.page(reader, every, before=back, size=2)
        assert ([one.id for one in page.rows], bool(page.next)) == (earlier, True)
        back = page.previous
    assert not back
    assert newest_first.writers(reader, OrderRequest.created_by_id) == [(person("rep1").id, person("rep1").name)]
    monkeypatch.setattr(newest_first, "MOST_OFFERED", 0)
    assert newest_first.writers(reader, OrderRequest.created_by_id) == []
    for place in ("x", "2026-01-01:5", "99999999999999999999", ":"):
        assert order_list.LIST.page(reader, every, after=place, size=2).rows[0].id in numbers


@pytest.mark.parametrize("depth", [1, 4, 100])
def test_of_what_others_have_too_the_nearest_are_looked_through_first(monkeypatch: pytest.MonkeyPatch, depth: int) -> None:
    monkeypatch.setattr(newest_first, "DEPTH", depth)
    mine, others = factories.customer("rep1", grade="A"), factories.customer("rep3", grade="A")
    made = [ordering.asked(customer=one, order_number=f"DD-{n}").id for n, one in enumerate((mine, mine, others, others, mine, mine))]
    numbers = [one for one in made if one not in made[2:4]][::-1]
    for account, query in (("sup1", OrderQuery()), ("mgr1", OrderQuery({"team": str(person("rep1").team_id)}))):
        page = order_list.LIST.page(person(account), query, size=1)
        assert page.found == (Count(2, True) if depth == 4 else Count(4, False))
        pages = [page.rows[0].id]
        while page.next:
            page = order_list.LIST.page(person(account), query, after=page.next, size=1)
            pages.append(page.rows[0].id)
        assert pages == numbers
        while page.previous:
            page = order_list.LIST.page(person(account), query, before=page.previous, size=1)
            pages.append(page.rows[0].id)
        assert pages[4:] == numbers[-2::-1]


def test_words_find_the_records_of_a_customer_however_many_have_the_name(monkeypatch: pytest.MonkeyPatch) -> None:
    there, _other = factories.customer("rep1", full_name="东莞市远航轴承厂"), factories.customer("rep1", full_name="东莞市远航阀门厂")
    one = receiving.drafted(there, class_="ordinary", count=12)
    request = ordering.asked(customer=factories.customer("rep1", grade="A", full_name="东莞市远航电机厂"))
    for few in (word_index.FEW, 0):
        monkeypatch.setattr(word_index, "FEW", few)
        for text, found in (("远航", [request.id]), ("远航电机", [request.id]), ("远航轴承", [])):
            assert order_list.LIST.ids(person("rep1"), OrderQuery.read({"q": text}), 9) == found
    assert reception_list.LIST.ids(person("rep1"), ReceptionQuery.read({"q": "远航轴承"}), 9) == [one.id]
