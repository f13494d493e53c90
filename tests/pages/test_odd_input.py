"""What nobody types but somebody sends: numbers beyond the database, days beyond the calendar, halves of characters. Never a 500."""

from __future__ import annotations

from typing import Any

import pytest

from tests import factories

HUGE = "9" * 30


@pytest.mark.parametrize("path", ["customers", "approvals", "imports", "audit", "staff", "exports", "merges", "prints/jobs"])
@pytest.mark.parametrize("number", [HUGE, "9" * 5000, str(2**31)])
def test_an_id_that_no_database_holds_leads_nowhere(path: str, number: str, as_: Any) -> None:
    assert as_("mgr1").get(f"/{path}/{number}").status_code == 404


@pytest.mark.parametrize(
    "address",
    [
        f"/notices?before={HUGE}",
        f"/submissions?before={HUGE}",
        f"/customers/duplicates?customer={HUGE}",
        f"/duplicates/different?before={HUGE}",
        f"/audit?before={HUGE}",
        "/audit?from_date=0001-01-01",
        "/audit?to_date=9999-12-31",
        "/audit.csv?to_date=9999-12-31",
        f"/staff?team={HUGE}",
        "/v?code=%00",
        "/v/%00",
        "/standards?q=%01",
        "/customers?city=%00",
        "/search?q=%00",
    ],
)
def test_what_cannot_be_asked_of_the_database_is_a_bad_request(address: str, as_: Any) -> None:
    assert as_("mgr1").get(address).status_code == 400


@pytest.mark.parametrize(
    ("address", "data", "status"),
    [
        ("/standards/import/versions", {"content_json": '{"credit.finance_limit":"\\ud800"}', "from_date": "2030-01-01"}, 400),
        ("/standards/choices.nature/new-version", {"do": "save", "value_json": '[{"code":"a","zh":"\\ud800","en":"b"}]'}, 400),
        ("/standards/credit.finance_limit/new-version", {"do": "save", "value_json": '"5.00"', "expect": "9" * 5000}, 422),
        ("/duplicates/different", {"first": HUGE, "second": "1"}, 400),
    ],
)
def test_forms_too(address: str, data: dict[str, str], status: int, as_: Any) -> None:
    assert as_("mgr1").post(address, data=data).status_code == status


def test_a_memory_of_the_form_that_is_none_counts_as_forgotten(as_: Any) -> None:
    customer = factories.customer()
    data = {"version": "0", "base": '{"full_name":"\\ud800"}', "full_name": "甲"}
    assert as_("rep1").post(f"/customers/{customer.id}/edit", data=data).status_code == 409
