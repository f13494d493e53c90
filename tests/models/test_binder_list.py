"""The list of binders: the order of the shelves, page by page, what is mixed, scope (AR-9, PR-6)."""

from __future__ import annotations

from datetime import date

from werkzeug.datastructures import MultiDict

from portal.database import db
from portal.models import binder_list
from portal.models.binder import Binder
from portal.models.binder_list import Query
from portal.models.dossier import ArchiveDocument
from tests import factories


def binder(customer, by, shelf, *dates, **values):
    made = Binder.add(customer, {"shelf": shelf}, by=by)
    for day in dates:
        facts = {"kind": "company", "title": "营业执照", "dated_on": day, "on_paper": True, "binder_id": made.id, "retention": "Y"}
        ArchiveDocument.file(customer, {**facts, **values}, by=by)
    db.session.commit()
    return made


def test_pages_follow_the_shelves_and_none_is_seen_twice_or_lost(staff):
    rep, first, second = staff["rep1"], factories.customer("rep1"), factories.customer("rep1")
    made = [binder(customer, rep, shelf) for shelf in ("2-B", "1-A", "2-A", "") for customer in (second, first)]
    tenth = [binder(first, rep, "2-A") for _more in range(6)]
    assert tenth[-1].code == f"{first.number}-10"
    seen, after = [], 0
    while True:
        page = binder_list.page(rep, Query(), after=after, size=3)
        seen += [one for one, _held in page.rows]
        after = page.next
        if not after:
            break
    ordered = sorted(made, key=lambda one: (one.shelf, one.code))
    place = ordered.index(made[5]) + 1  # behind the third of this customer, as on the shelf
    assert seen == [*ordered[:place], *tenth, *ordered[place:]]


def test_mixed_years_and_periods_are_found_and_named(staff):
    rep, customer = staff["rep1"], factories.customer("rep1")
    pure = binder(customer, rep, "1", date(2026, 1, 1), date(2026, 2, 1))
    years = binder(customer, rep, "2", date(2019, 1, 1), date(2026, 1, 1))
    periods = binder(customer, rep, "3", date(2026, 1, 1))
    other = {
        "kind": "contact",
        "title": "名片",
        "dated_on": date(2026, 1, 2),
        "on_paper": True,
        "binder_id": periods.id,
        "retention": "D10",
    }
    ArchiveDocument.file(customer, other, by=rep)
    db.session.commit()

    def found(**filters):
        return [one for one, _held in binder_list.page(rep, Query(filters)).rows]

    assert (found(mixed="years"), found(mixed="retention"), found()) == ([years], [periods], [pure, years, periods])
    assert (found(shelf="2"), found(q=f"{customer.number}-3")) == ([years], [periods])
    held = binder_list.holdings([years.id, periods.id])
    assert (held[years.id].years, held[years.id].count, held[years.id].first) == ((2019, 2026), 2, "0001-KH·2019-Y-KF-0001")
    assert held[periods.id].retentions == ("Y", "D10")
    assert [message.text for message in held[years.id].mixed] == ["Several years"]


def test_binders_of_others_are_not_listed_even_when_they_are_chosen(staff):
    mine, other = (binder(factories.customer(owner), staff[owner], "1") for owner in ("rep1", "rep3"))
    query = Query.read(MultiDict([("ids", str(mine.id)), ("ids", str(other.id))]))
    assert [one for one, _held in binder_list.page(staff["rep1"], query).rows] == [mine]
    assert len(binder_list.page(staff["mgr1"], query).rows) == 2


def test_a_query_reads_what_it_writes_and_leaves_out_what_is_odd():
    for query in (Query({"q": "C2026", "shelf": "2-A", "mixed": "years"}), Query({}, (3, 1, 2)), Query()):
        assert Query.read(query.args()) == query
    assert Query.read({"mixed": "nonsense", "ids": "x,-1,99999999999", "shelf": ""}) == Query()
