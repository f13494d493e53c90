"""Many hands on one card: one edit counts and the others see it; numbers are given once; a submission and an edit exclude each other."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm.exc import StaleDataError

from portal import clock, database
from portal.database import StateConflict, commit, db
from portal.models.contact import Contact
from portal.models.customer import Customer
from portal.models.investigation import Investigation
from portal.rules.message import Refusal
from tests import factories
from tests.approving import person
from tests.models.test_investigation import CARD, COMPLETE
from tests.pages.test_customers import fields_of, opened


def at_once(app: Flask, acts: list[Callable[[], Any]]) -> list[Any]:
    """Do each act in a thread and a context of its own, all let go at once; return what each answered, or the name of its refusal."""
    gate = threading.Barrier(len(acts))
    ended: list[Any] = [None] * len(acts)

    def run(number: int, act: Callable[[], Any]) -> None:
        with app.app_context():
            database.read_only(False)
            gate.wait()
            try:
                ended[number] = act()
                db.session.commit()
            except (StateConflict, StaleDataError, Refusal) as refused:
                db.session.rollback()
                ended[number] = type(refused).__name__

    db.session.commit()
    threads = [threading.Thread(target=run, args=(number, act)) for number, act in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    db.session.expire_all()
    return ended


def test_of_six_edits_of_one_field_one_counts_and_five_see_it(app: Flask, as_: Any) -> None:
    made = factories.customer(short_name="旧")
    address = f"/customers/{made.id}/edit"
    browsers = [as_("sup1") for _number in range(6)]
    forms = [opened(browser, address) for browser in browsers]

    def saving(number: int) -> Callable[[], Any]:
        return lambda: browsers[number].post(address, data={**forms[number], "short_name": f"第{number}"})

    answers = at_once(app, [saving(number) for number in range(6)])
    assert sorted(answer.status_code for answer in answers) == [303, 409, 409, 409, 409, 409]
    winner = next(number for number, answer in enumerate(answers) if answer.status_code == 303)
    assert made.short_name == f"第{winner}"
    for number, answer in enumerate(answers):
        if number != winner:
            assert f"第{winner}" in answer.get_data(as_text=True)
            assert fields_of(answer)["short_name"] == f"第{number}"


@pytest.mark.parametrize("what", ["contact", "investigation"])
def test_of_six_edits_of_what_hangs_on_a_card_one_counts_and_five_see_it(what: str, app: Flask, as_: Any) -> None:
    made, name = factories.customer(**CARD), "post"
    record: Any = factories.contact(made, post="经理")
    address = f"/customers/{made.id}/contacts/{record.id}/edit"
    if what == "investigation":
        record, name, address = Investigation.begin(made, COMPLETE, by=person("rep1")), "risks", f"/customers/{made.id}/investigation"
    db.session.commit()
    browsers = [as_("sup1") for _number in range(6)]
    forms = [opened(browser, address) for browser in browsers]

    def saving(number: int) -> Callable[[], Any]:
        return lambda: browsers[number].post(address, data={**forms[number], name: f"第{number}"})

    answers = at_once(app, [saving(number) for number in range(6)])
    assert sorted(answer.status_code for answer in answers) == [303, 409, 409, 409, 409, 409]
    winner = next(number for number, answer in enumerate(answers) if answer.status_code == 303)
    assert getattr(record, name) == f"第{winner}"
    for number, answer in enumerate(answers):
        if number != winner:
            assert f"第{winner}" in answer.get_data(as_text=True)
            assert fields_of(answer)[name] == f"第{number}"


def test_edits_of_different_fields_all_arrive_one_after_the_other(app: Flask, as_: Any) -> None:
    made = factories.customer()
    address = f"/customers/{made.id}/edit"
    names = ["short_name", "fax", "website", "remarks"]
    values = {"short_name": "甲", "fax": "0755-23456780", "website": "www.example.cn", "remarks": "乙"}
    browsers = {name: as_("sup1") for name in names}
    forms = {name: {**opened(browsers[name], address), name: values[name]} for name in names}

    def saving(name: str) -> Callable[[], Any]:
        def act() -> Any:
            data = forms[name]
            for _attempt in names:
                page = browsers[name].post(address, data=data)
                if page.status_code == 303:
                    return page
                data = fields_of(page)
            return page

        return act

    answers = at_once(app, [saving(name) for name in names])
    assert [answer.status_code for answer in answers] == [303] * 4
    assert {name: getattr(made, name) for name in names} == values


def test_eight_new_customers_get_eight_numbers(app: Flask) -> None:
    def recording() -> str:
        return Customer.create({"full_name": "甲公司"}, by=person("rep1")).number

    numbers = at_once(app, [recording] * 8)
    assert sorted(numbers) == [f"C{clock.today().year}{serial:06d}" for serial in range(1, 9)]


@pytest.mark.parametrize("what", ["card", "draft", "contact"])
def test_an_edit_does_not_slip_into_what_is_being_submitted(what: str, app: Flask) -> None:
    made = factories.customer(**CARD)
    document = Investigation.begin(made, COMPLETE, by=person("rep1"))
    db.session.commit()
    customer_id, document_id = made.id, document.id
    yesterday = clock.today() - timedelta(days=1)

    def submitting() -> str:
        db.session.get_one(Investigation, document_id).submit(by=person("rep1"))
        commit()
        return "submitted"

    def editing() -> str:
        customer = db.session.get_one(Customer, customer_id)
        if what == "card":
            customer.change({"street": "别处"}, by=person("sup1"), reason="迁址", effective_on=yesterday)
        elif what == "draft":
            db.session.get_one(Investigation, document_id).save({"risks": "别的"}, by=person("sup1"))
        else:
            Contact.add(customer, {"name": "李堃", "kept_for": "orders"}, by=person("sup1"))
        commit()
        return "edited"

    ended = at_once(app, [submitting, editing])
    assert {"submitted", "edited"} & set(ended)
    document = db.session.get_one(Investigation, document_id)
    if "submitted" in ended:
        assert document.approval().current_round.snapshot == document.snapshot()
