"""Pages of gift campaigns: refusals beside their cells with the standard, drawing with reasons, who sees and signs what (GF-1, GF-2)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from portal import clock
from portal.database import db
from portal.models import benefit, gift_composing, gift_proposal
from portal.models.gift_campaign import GiftCampaign
from portal.models.gift_list import GiftList
from portal.models.sales_book import CustomerYear
from tests import factories
from tests.approving import person
from tests.campaigning import WHO, campaign, drafted, gift, submitted, the_tier, tier

YEAR = clock.today().year


def page(response: Any) -> str:
    found: str = response.get_data(as_text=True)
    return found


def test_a_campaign_is_written_with_its_refusals_beside_their_cells(as_: Any) -> None:
    person("sup1").language = "en"
    db.session.commit()
    browser, cup = as_("sup1"), gift()
    sent = {
        "name": "中秋", "purpose": "keep", "first_on": f"{YEAR}-03-01", "last_on": f"{YEAR}-04-01", "budget": "3,000", "vip-amount": "600",
        "vip-number": "5", "vip-gift0": str(cup.id), "vip-pieces0": "2",
    }  # fmt: skip
    for change, cell, said in (
        ({}, "vip-amount-error", "at most 500.00 yuan for a customer by the site&#39;s standard; 600.00 are more"),
        ({"vip-amount": "500", "vip-pieces0": "6"}, "vip-gift", "cost 600.00 yuan; the tier&#39;s highest amount is 500.00"),
        ({"vip-amount": "500", "budget": "900"}, "budget-error", "cost 1,000.00 yuan together; the budget is 900.00"),
        ({"vip-amount": "zwei"}, "vip-amount-error", "is not an amount"),
    ):
        text = page(browser.post("/gifts/campaigns/new", data={**sent, **change}))
        assert cell in text
        assert said in text, said
    response = browser.post("/gifts/campaigns/new", data={**sent, "vip-amount": "500"})
    assert response.status_code == 303
    found = db.session.query(GiftCampaign).one()
    text = page(browser.get(f"/gifts/campaigns/{found.id}"))
    for words in ("1,000.00", "Begin the list", "定制保温杯 × 2 件", "Highest amount of a gift to a VIP customer"):
        assert words in text
    assert browser.get(f"/gifts/campaigns/{found.id}/edit").status_code == 200


def test_all_that_a_campaign_lacks_stands_beside_its_field_at_once(as_: Any) -> None:
    person("sup1").language = "en"
    db.session.commit()
    browser, cup = as_("sup1"), gift()
    text = page(browser.post("/gifts/campaigns/new", data={"budget": "viel"}))
    for cell in ("name-error", "purpose-error", "first_on-error", "last_on-error", "budget-error"):
        assert f'id="{cell}"' in text, cell
    assert "A campaign has at least one tier" in text
    sent = {"name": "中秋", "vip-amount": "600", "vip-number": "fünf", "vip-gift0": str(cup.id), "vip-pieces0": "0", "key-amount": "x"}
    text = page(browser.post("/gifts/campaigns/new", data=sent))
    for cell in ("vip-amount-error", "vip-number-error", "key-amount-error", "key-number-error", "budget-error"):
        assert f'id="{cell}"' in text, cell
    assert text.count("Give a number of pieces from 1 to") == 2, "in the summary and beside its cell"
    assert 'value="fünf"' in text
    assert ">Pieces</span>" in text, "the boxes of pieces say what they are"
    assert db.session.query(GiftCampaign).count() == 0


def test_a_campaign_changed_meanwhile_is_told_before_its_fields_and_keeps_what_was_typed(as_: Any) -> None:
    found, browser = drafted().campaign, as_("sup1")
    sent = {"name": "", "budget": "viel", "version": f"{found.version - 1}", "vip-amount": "555"}
    answer = browser.post(f"/gifts/campaigns/{found.id}/edit", data=sent)
    text = page(answer)
    assert (answer.status_code, "他人已修改此记录" in text, 'id="name-error"' in text) == (409, True, False)
    assert 'value="555"' in text
    assert f'name="version" type="hidden" value="{found.version}"' in text


def test_a_campaign_whose_gift_is_not_given_any_more_is_still_changed(as_: Any) -> None:
    found, browser = drafted().campaign, as_("sup1")
    gift("旧礼品", active=False)
    gift().active = False
    db.session.commit()
    where = f"/gifts/campaigns/{found.id}/edit"
    text = page(browser.get(where))
    assert f'<option value="{gift().id}" selected>' in text
    assert "旧礼品" not in text
    sent = {
        "name": found.name, "purpose": "keep", "first_on": f"{found.first_on}", "last_on": f"{found.last_on}", "budget": "90000",
        "version": f"{found.version}", "vip-amount": "500", "vip-number": "6", "vip-gift0": f"{gift().id}", "vip-pieces0": "2",
    }  # fmt: skip
    assert browser.post(where, data=sent).status_code == 303


def test_drawing_puts_on_who_may_be_and_lists_the_others_with_reasons(as_: Any) -> None:
    person("sup1").language = "en"
    fields = {"legal_representative": "林总", "grade": "B"}
    fit = [factories.customer("rep1", **fields) for _one in range(3)]
    office = factories.customer("rep2", nature="government", **fields)
    nobody = factories.customer("rep2", grade="B")
    full = factories.customer("rep1", **fields)
    other = factories.customer("rep3", **fields)
    benefit.take(full.id, Decimal(1900), on=campaign().first_on, source="prize", source_id=1, by=person("rep2"), title="提案 8")
    for one in (*fit, office, nobody, full):
        db.session.add(CustomerYear(customer_id=one.id, year=2025, sold=Decimal(90_000)))
    found = db.session.query(GiftCampaign).one()
    listed = gift_composing.begin_list(the_tier(found), by=person("sup1"))
    db.session.commit()
    browser = as_("sup1")
    sent = {"tab": "register", "grade": "B", "sold_from": "50000", "sold_in": "2025", "reason": "年度答谢"}
    where = f"/gifts/lists/{listed.id}/drawing"
    assert "Say of which year" in page(browser.post(where, data={**sent, "sold_in": ""}))
    response = browser.post(where, data=sent)
    assert response.location.endswith(f"/gifts/refusals?list={listed.id}")
    text = page(browser.get(response.location))
    for words in ("a manager permits it", "names nobody", "提案 8", "钱二宝", "3 customers are put on the list"):
        assert words in text, words
    assert other.full_name not in text
    text = page(browser.get(f"/gifts/lists/{listed.id}"))
    assert all(one.full_name in text for one in fit)
    assert "3 customers were refused" in text
    assert text.count("年度答谢") >= 3
    assert "提案 8" in page(browser.get(f"/gifts/refusals/file?list={listed.id}&format=csv"))


def test_reps_see_their_own_customers_only_and_composers_are_not_asked_to_sign(as_: Any) -> None:
    for account in ("rep1", "rep2", "sup1", "mgr2"):
        person(account).language = "en"
    found = campaign(tiers={"vip": tier(number=9)})
    mine, theirs = factories.customer("rep1"), factories.customer("rep2")
    for one, by in ((mine, "rep1"), (theirs, "rep2")):
        gift_proposal.propose(the_tier(found), one, WHO, by=person(by))
    listed = drafted(found, factories.customer("sup1"))
    db.session.commit()
    text = page(as_("rep1").get(f"/gifts/campaigns/{found.id}"))
    assert mine.full_name in text
    assert theirs.full_name not in text
    assert "Customers you see in this campaign" in text
    assert f"/gifts/lists/{listed.id}" not in text
    text = page(as_("sup1").get(f"/gifts/lists/{listed.id}"))
    assert mine.full_name in text
    assert theirs.full_name in text
    approval = submitted(listed)
    assert "somebody else signs it" in page(as_("sup1").get(f"/approvals/{approval.id}"))
    text = page(as_("mgr2").get(f"/approvals/{approval.id}"))
    assert "Seems split" not in text
    assert as_("mgr2").get(f"/gifts/campaigns/{found.id}").status_code == 200
    assert db.session.get_one(GiftList, listed.id).state == "pending"


def test_all_that_a_proposal_lacks_stands_beside_its_field(as_: Any) -> None:
    found, rep = campaign(), as_("rep1")
    at = f"/gifts/campaigns/{found.id}/proposals"
    empty = rep.post(at, data={"tier": ""})
    assert empty.status_code == 422
    assert all(f'id="{name}-error"' in empty.text for name in ("customer", "tier", "person", "reason"))
    given = {"customer": factories.customer("rep1").number, "tier": found.tiers[0].code, "person": "王敏", "reason": "合作多年"}
    assert rep.post(at, data=given).status_code == 303
