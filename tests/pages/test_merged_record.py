"""A record that was merged leads on, or says whom to ask; it never ends at a page that says there is nothing (AR-3)."""

from __future__ import annotations

from typing import Any

from portal.database import db
from portal.models.merge import CustomerMerge
from tests import factories
from tests.approving import person


def test_who_does_not_see_the_surviving_record_is_told_whom_to_ask(as_: Any) -> None:
    survivor, loser = factories.customer("rep1"), factories.customer("rep2")
    CustomerMerge.carry_out(survivor, loser, by=person("sup1"))
    db.session.commit()
    page = as_("rep2").get(f"/customers/{loser.id}")
    assert page.status_code == 422
    assert person("rep1").name in page.get_data(as_text=True)
    assert survivor.full_name not in page.get_data(as_text=True)
    assert as_("sup1").get(f"/customers/{loser.id}").location == f"/customers/{survivor.id}"


def test_the_card_of_a_merged_record_does_not_print(as_: Any) -> None:
    survivor, loser = factories.customer("rep1"), factories.customer("rep1")
    CustomerMerge.carry_out(survivor, loser, by=person("sup1"))
    db.session.commit()
    browser = as_("rep1")
    for sheet in ("customer_card", "customer_status"):
        assert browser.get(f"/prints/{sheet}/{survivor.id}").status_code == 200
        assert browser.get(f"/prints/{sheet}/{loser.id}").status_code == 404
        assert browser.post(f"/prints/{sheet}/{loser.id}").status_code == 404
