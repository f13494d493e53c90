"""Pages of visits: what is refused stands beside its field with its standard; calendar, gate, lists, scope (SV-21)."""

from __future__ import annotations

import re
from typing import Any

import pytest

from portal.database import db
from portal.models.reception import Reception
from portal.models.reception_pass import passes_of
from portal.models.room import RoomSlot
from tests import factories
from tests.approving import person
from tests.receiving import approved, day, drafted, meeting_room, submitted


def sent(customer: Any, /, **values: Any) -> dict[str, Any]:
    given = {
        "customer": customer.number, "class_": "important", "class_reason": "首次合作", "purpose": "考察", "count": "2",
        "visitors": "张伟，华兴公司，经理\n李娜", "pass_kind": "each", "areas": ["showroom"], "language": "mandarin",
        "first_on": str(day(30)), "starts_at": "09:00", "ends_at": "10:00", "room": str(meeting_room().id),
        "host_id": str(person("rep1").id),
    }  # fmt: skip
    return {**given, **values}


def text_of(response: Any) -> str:
    found: str = response.get_data(as_text=True)
    return found


def errors(page: str) -> dict[str, str]:
    """Return what stands under the fields, by field."""
    return dict(re.findall(r'id="([\w-]+)-error">(?:<div>)?([^<]+)', page))


def test_every_rule_refuses_beside_its_field_and_says_why(as_: Any) -> None:
    person("rep1").language = "en"
    customer = factories.customer("rep1")
    db.session.commit()
    names = "\n".join(f"来宾{number}" for number in range(13))
    cases: list[tuple[dict[str, Any], str, str, str]] = [
        ({"class_": "ordinary", "count": "10", "room": ""}, "count", "10 visitors or fewer are not received", "itself included"),
        ({"class_": "ordinary", "wishes": ["workshop"]}, "wishes", "see no workshop", "The workshop is shown"),
        ({"first_on": str(day(1))}, "first_on", "at least 5 working days ahead", "Working days ahead"),
        ({"count": "13", "visitors": names}, "room", "holds 12 people, 13 visitors come", "A meeting room that holds them"),
        ({"room": ""}, "room", "received in a meeting room", "A meeting room that holds them"),
        ({"class_": "major"}, "rehearsal_on", "give the day of the rehearsal", "Rehearsed are visits"),
        ({"class_": "major"}, "management", "member of the management", "accompanies visitors"),
        ({"count": "3"}, "visitors", "3 visitors are announced, 2 are named", ""),
        ({"wishes": ["photographs"]}, "photo_reason", "special leave only", ""),
        ({"class_": ""}, "class_", "grade proposes “Ordinary customer”", ""),
        ({"class_reason": ""}, "class_reason", "Say why you decide otherwise", ""),
        ({"count": "zwei"}, "count", "not a whole number", ""),
        ({"customer": "C9999999999"}, "customer", "No customer you see", ""),
        ({"starts_at": "09:10"}, "starts_at", "quarters of an hour", ""),
    ]
    for values, field, words, rule in cases:
        answer = as_("rep1").post("/receptions/new", data=sent(customer, **values))
        assert answer.status_code == 422, values
        page = text_of(answer)
        assert words in errors(page).get(field, ""), (values, errors(page))
        assert any(rule in said for said in re.findall(r"<dt>Rule</dt><dd>([^<]*)", page)) or not rule, values
    page = text_of(as_("rep1").post("/receptions/new", data=sent(customer, customer="", class_="major", class_reason="")))
    assert "class_reason" not in errors(page)
    assert db.session.query(Reception).count() == 0


def test_an_application_is_saved_submitted_and_keeps_its_room(as_: Any) -> None:
    customer = factories.customer("rep1")
    answer = as_("rep1").post("/receptions/new", data=sent(customer, do="submit"))
    assert "/approvals/" in answer.headers["Location"]
    visit = db.session.query(Reception).one()
    assert (visit.state, db.session.query(RoomSlot).count(), visit.people[0].post) == ("pending", 4, "经理")
    clash = as_("rep1").post("/receptions/new", data=sent(customer, starts_at="09:45", ends_at="11:00"))
    assert clash.status_code == 422
    assert "09:45" in errors(text_of(clash))["room"]


def test_a_draft_that_somebody_else_changed_is_not_overwritten(as_: Any) -> None:
    visit = drafted()
    data = sent(visit.customer, version=str(visit.version))
    address = f"/receptions/{visit.id}/edit"
    assert as_("rep1").post(address, data=data).status_code == 303
    assert as_("sup1").post(address, data=data).status_code == 409


def test_the_grade_proposes_the_class(as_: Any) -> None:
    customer = factories.customer("rep1", grade="A")
    page = text_of(as_("rep1").get(f"/receptions/new?customer={customer.id}"))
    assert re.search(r'<input[^>]*checked[^>]*value="major"', page)


def test_the_gate_sees_the_pass_whoever_asks_and_the_visit_only_who_may(as_: Any, time_machine: Any) -> None:
    for account in ("rep1", "rep3"):
        person(account).language = "en"
    visit = approved(wishes=["workshop", "photographs"], photo_reason="新闻稿")
    one = passes_of(visit)[0]
    page = text_of(as_("rep3").get(f"/v/{one.code}"))
    assert "Not valid today" in page
    assert visit.customer.full_name not in page
    assert f"/receptions/{visit.id}" not in page
    assert as_("rep1").get(f"/v?code={one.shown_code}").headers["Location"].endswith(one.code)
    time_machine.move_to(day(30))
    page = text_of(as_("rep1").get(f"/v/{one.code}"))
    assert "Valid today" in page
    assert "来宾1" in page
    assert "Photographs with special leave" in page
    as_("rep1").post(f"/receptions/{visit.id}/cancellation", data={"reason": "来电取消"})
    assert "Not valid today" in text_of(as_("rep1").get(f"/v/{one.code}"))


def test_the_calendar_shows_others_visits_without_a_name(as_: Any) -> None:
    visit = drafted()
    submitted(visit)
    address = f"/meeting-rooms?day={day(30)}"
    assert visit.customer.full_name in text_of(as_("rep1").get(address))
    page = text_of(as_("rep3").get(address))
    assert "09:00–11:30" in page
    assert visit.customer.full_name not in page
    assert "09:00–11:30" in text_of(as_("rep3").get(f"{address}&view=day"))
    assert "09:00–11:30" not in text_of(as_("rep3").get(f"/meeting-rooms?day={day(40)}"))


def test_who_receives_sees_the_visit_without_the_customer(as_: Any) -> None:
    visit = approved(host=person("rep2"))
    page = text_of(as_("rep2").get(f"/receptions/{visit.id}"))
    assert visit.customer.full_name in page
    assert f'href="/customers/{visit.customer_id}"' not in page
    assert as_("rep2").get(f"/customers/{visit.customer_id}").status_code == 404


def test_lists_filter_page_and_go_out_as_files(as_: Any) -> None:
    first, second = drafted(class_="ordinary", count=11), drafted(ahead=31)
    page = text_of(as_("rep1").get("/receptions?class=important"))
    assert (second.customer.full_name in page, first.customer.full_name in page) == (True, False)
    for address in ("/receptions?q=来宾11", f"/receptions?last={day(30)}", f"/receptions?customer={first.customer_id}"):
        assert second.customer.full_name not in text_of(as_("rep1").get(address))
    assert text_of(as_("rep1").get("/receptions/file?format=csv")).count("\n") == 3
    assert first.customer.full_name not in text_of(as_("rep3").get("/receptions"))


def test_what_is_refused_after_the_approval_stands_in_its_form(as_: Any) -> None:
    person("rep1").language = "en"
    visit = approved(class_="ordinary", count=11, ahead=0)
    answer = as_("rep1").post(f"/receptions/{visit.id}/arrival", data={"came": "12", "arrived_at": "09:00"})
    assert answer.status_code == 422
    assert "1 more were not to be let in" in errors(text_of(answer))["arrival-came"]
    assert 'value="12"' in text_of(answer)
    assert (
        "Give the time of arrival"
        in errors(text_of(as_("rep1").post(f"/receptions/{visit.id}/arrival", data={"came": "11"})))["arrival-arrived_at"]
    )


@pytest.mark.parametrize("field", ["zh", "en", "seats"])
def test_a_room_has_names_in_both_languages_and_seats(as_: Any, field: str) -> None:
    data = {"zh": "贵宾室", "en": "VIP room", "seats": "8", "active": "y", field: ""}
    answer = as_("mgr1").post("/meeting-rooms/new", data=data)
    assert answer.status_code == 422
    assert field in errors(text_of(answer))


def test_the_first_page_names_the_visitors_of_today(as_: Any) -> None:
    visit = approved(class_="ordinary", count=11, ahead=0)
    assert f'href="/receptions/{visit.id}"' in text_of(as_("sup1").get("/"))
    assert f'href="/receptions/{visit.id}"' not in text_of(as_("rep3").get("/"))


def test_a_manager_changes_what_a_class_is_given(as_: Any) -> None:
    page = text_of(as_("mgr1").get("/standards/reception.from.tea/new-version"))
    assert re.findall(r'name="value" value="(\w+)"', page) == ["ordinary", "important", "major", "nobody"]
    data = {"value": "nobody", "from_date": str(day()), "reason": "节约开支"}
    assert as_("mgr1").post("/standards/reception.from.tea/new-version", data=data).status_code == 200
    assert as_("mgr1").post("/standards/reception.class.A/new-version", data=data).status_code == 422
