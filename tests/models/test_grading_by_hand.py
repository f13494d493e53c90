"""A small invented office graded by the start weights: every score, point and total reckoned by hand from what stands on the sheet.

What the hand uses is written out here, and nothing of the portal's rules: figures of sales, payments and complaints, the start bands and
weights. Another weight afterwards changes no approved grade, and its sheet shows the weights then in force (issue 4, RL-1, ST-2).
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from flask import Flask

from portal import clock
from portal.database import db
from portal.models.customer import Customer
from portal.models.dossier import ArchiveDocument
from portal.models.request_intake import take_in
from portal.models.standard import set_value
from portal.models.standard import value as standard
from portal.printing.papers import PRINTABLES, paper_of
from tests import factories
from tests.approving import person
from tests.grading import JUDGED, approved, line_of, meeting, opened
from tests.sales import samples

MARCH = datetime(2026, 3, 26, 2, tzinfo=UTC)
WEIGHTS = {"Annual sales": "30", "Selling price level": "10", "Payment recovery": "20", "Cooperation and good faith": "15",
           "Development potential": "10", "Competitiveness": "5", "Complaints and breaches": "10"}  # fmt: skip
JUDGED_ON_PAPER = {"Cooperation and good faith": "80", "Development potential": "70", "Competitiveness": "60"}
# Two products: bearings sell for 100 on average, gears for 50 (see `sold`). By hand: paid price / usual price, in per cent.
#            sales      price   paid   complaints   scores by hand, in the order of WEIGHTS            total  grade
BY_HAND = {
    "甲": ("1000000", "100", "100", "0", ("100", "90", "100", "80", "70", "60", "100"), "91", "A"),
    "乙": ("210000", "105", "95", "0", ("80", "100", "90", "80", "70", "60", "100"), "84", "A"),
    "丙": ("99000", "99", "90", "1", ("60", "80", "80", "80", "70", "60", "80"), "72", "B"),
    "丁": ("9600", "96", "50", "3", ("20", "60", "30", "80", "70", "60", "40"), "44", "C"),
}
# 甲: 30×100 + 10×90 + 20×100 + 15×80 + 10×70 + 5×60 + 10×100 = 9,100 hundredths = 91
# 乙: 30×80 + 10×100 + 20×90 + 15×80 + 10×70 + 5×60 + 10×100 = 8,400 = 84
# 丙: 30×60 + 10×80 + 20×80 + 15×80 + 10×70 + 5×60 + 10×80 = 7,200 = 72
# 丁: 30×20 + 10×60 + 20×30 + 15×80 + 10×70 + 5×60 + 10×40 = 4,400 = 44


@pytest.fixture(autouse=True)
def march() -> Iterator[None]:
    with time_machine.travel(MARCH, tick=False):
        yield


@pytest.fixture
def office(app: Flask) -> dict[str, Customer]:
    """Four customers with sales and payments of 2025, and complaints in their dossiers; the rest of the market is a customer of rep3."""
    found = {name: factories.customer("rep1", full_name=f"{name}有限公司") for name in BY_HAND}
    rest = factories.customer("rep3")
    bearing = samples.product(code="Z01", name="轴承")
    # So many pieces at so much: 甲 10,000 × 100; 乙 2,000 × 105; 丙 1,000 × 99; 丁 100 × 96. The rest makes 100 the average.
    pieces = {"甲": (10_000, 100), "乙": (2_000, 105), "丙": (1_000, 99), "丁": (100, 96)}
    for name, (number, price) in pieces.items():
        sold = {"product_id": bearing.id, "quantity": Decimal(number), "price": Decimal(price), "amount": Decimal(number * price)}
        samples.sale(found[name], document=f"S-{name}", day=date(2025, 5, 6), **sold)
        paid = Decimal(number * price) * Decimal(BY_HAND[name][2]) / 100
        samples.payment(found[name], number=f"P-{name}", day=date(2025, 7, 1), amount=paid)
    # Sold are 13,100 pieces for 1,318,600 yuan: 3,250 more for 316,400 make 16,350 pieces for 1,635,000, 100 each.
    samples.sale(rest, document="S-rest", day=date(2025, 5, 6), product_id=bearing.id, quantity=Decimal(3_250), amount=Decimal(316_400))
    for name, (*_figures, complaints, _scores, _total, _grade) in BY_HAND.items():
        for number in range(int(complaints)):
            # One is on file only, the next was taken in by telephone and is on file too, the third only taken in.
            day = date(2025, 8, 1 + number)
            if number != 2:
                values = {"kind": "complaint", "title": f"投诉 {number}", "dated_on": day, "on_paper": True}
                ArchiveDocument.file(found[name], values, by=person("rep1"))
            if number:
                received = datetime.combine(day, time(10), tzinfo=clock.SITE_ZONE)
                values = {"kind": "complaint", "channel": "telephone", "text": "货物破损", "customer": found[name], "received_at": received}
                take_in(values, by=person("rep1"))
    db.session.commit()
    return found


def sheet(customer: Customer) -> dict[str, Any]:
    """Return what stands on the assessment form of a customer."""
    return paper_of(PRINTABLES["grading_form"], line_of(customer)).content


def test_every_score_is_reckoned_by_hand_from_the_sheet(office: dict[str, Customer]) -> None:
    opened()
    for name, (sales, price, paid, complaints, scores, total, grade) in BY_HAND.items():
        line = line_of(office[name])
        line.rate(JUDGED, by=person("rep1"), version=line.version)
        db.session.commit()
        told = sheet(office[name])
        rows = {row["en"]: row for row in told["indicators"]}
        assert {title: row["weight"] for title, row in rows.items()} == WEIGHTS
        figures = {title: row["figure"].replace(",", "") for title, row in rows.items() if row["figure"]}
        assert figures == {
            "Annual sales": f"{Decimal(sales):.2f}",
            "Selling price level": price,
            "Payment recovery": paid,
            "Complaints and breaches": complaints,
        }, name
        assert tuple(row["first"] for row in rows.values()) == scores, name
        assert {title: rows[title]["first"] for title in JUDGED_ON_PAPER} == JUDGED_ON_PAPER
        by_hand = [Decimal(weight) * Decimal(score) / 100 for weight, score in zip(WEIGHTS.values(), scores, strict=True)]
        assert [Decimal(row["points"]) for row in rows.values()] == by_hand, name
        assert sum(by_hand) == Decimal(total)
        assert (told["grading"]["first_total"], told["grading"]["first_grade"]) == (total, grade)


def test_another_weight_changes_no_approved_grade_and_the_sheet_shows_the_weights_then_in_force(office: dict[str, Customer]) -> None:
    campaign = opened()
    line = line_of(office["丙"])
    line.rate(JUDGED, by=person("rep1"), version=line.version)
    line.adopt(meeting=meeting(campaign), by=person("sup1"))
    db.session.commit()
    approval = approved(line)
    before = (sheet(office["丙"]), approval.current_round.content_hash)
    value = deepcopy(standard("grading.indicators"))
    value[0]["weight"], value[6]["weight"] = "0", "40"  # 丙 would have 30×60 less and 30×80 more: 78
    set_value("grading.indicators", value, by=person("mgr1"), reason="侧重投诉")
    db.session.commit()
    assert (sheet(office["丙"]), approval.current_round.content_hash) == before
    assert [row["weight"] for row in sheet(office["丙"])["indicators"]] == list(WEIGHTS.values())
    ledger = paper_of(PRINTABLES["grading_ledger"], approval.document).content
    assert [row["weight"] for row in ledger["indicators"]] == list(WEIGHTS.values())
    assert sheet(office["丙"])["grading"]["indicators_version"] == str(campaign.indicators_version)
    customer = db.session.get_one(Customer, office["丙"].id)
    assert (customer.grade, line_of(customer).total) == ("B", Decimal(72))


def test_a_grading_begun_afterwards_has_the_new_weights(office: dict[str, Customer]) -> None:
    value = deepcopy(standard("grading.indicators"))
    value[0]["weight"], value[6]["weight"] = "0", "40"
    set_value("grading.indicators", value, by=person("mgr1"), reason="侧重投诉")
    db.session.commit()
    opened()
    line = line_of(office["丙"])
    line.rate(JUDGED, by=person("rep1"), version=line.version)
    assert line.total == Decimal(78)  # 72 − 30×60/100 + 30×80/100
