"""The month's complaints are what stands in them, whether they were counted before, have changed since, or are gone."""

from __future__ import annotations

from datetime import timedelta
from itertools import cycle

import pytest
from sqlalchemy import update

from portal import clock
from portal.database import db
from portal.models import request_flow, request_tally
from portal.models.request import ServiceRequest
from portal.models.request_desk import forget
from portal.models.service_channel import ComplaintTally
from tests import factories
from tests.approving import person
from tests.service.requesting import taken


def read() -> request_tally.Month:
    """Return the figures of the month for a manager, who sees all."""
    today = clock.today()
    return request_tally.complaints_of(today.year, today.month, person("mgr1"))


@pytest.mark.usefixtures("app")
def test_figures_that_are_kept_are_those_that_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    mine, other = factories.customer("rep1"), factories.customer("rep3")
    made = [taken(one, channel=channel) for one, channel in zip((mine, other) * 4, cycle(("telephone", "letter", "wechat")), strict=False)]
    taken(mine, kind="inquiry")
    day = clock.today().replace(day=1)
    for place, (one, cause) in enumerate(zip(made, cycle(("quality", "delivery", "")), strict=False)):
        one.cause, one.department, one.received_on = cause, "物流部" if place % 2 else "", day + timedelta(days=place % 3)
        one.solve_worked, one.solve_elapsed, one.first_worked, one.first_elapsed = (place * 60, place * 90, place, place * 2)
        one.satisfied, one.tallied = (None, True, False)[place % 3], False
    db.session.commit()
    counted = read()
    assert (counted.total.number, counted.total.solve_worked, counted.first_worked) == (8, 60 * 28, 28 // 8)
    assert {one.code: one.number for one in counted.causes} == {"quality": 3, "delivery": 3, "": 2}
    while request_tally.count_changed():
        db.session.commit()
    assert db.session.query(ComplaintTally).count()
    assert read() == counted
    with monkeypatch.context() as patch:
        patch.setattr(request_tally, "_sums", lambda: pytest.fail("counted again"))
        assert read() == counted
    request_flow.set_causes(made[:1], "quality" if made[0].cause != "quality" else "delivery", by=person("mgr1"))
    db.session.commit()
    changed = read()
    assert (changed.total, changed.causes == counted.causes) == (counted.total, False)
    while request_tally.count_changed():
        db.session.commit()
    assert read() == changed
    request_tally.count_month(clock.today().year, clock.today().month)
    assert read() == changed
    forget([other.id])
    db.session.commit()
    left = read()
    assert (left.total.number, left.total.solve_worked) == (4, 60 * sum((0, 2, 4, 6)))
    db.session.execute(update(ServiceRequest).values(tallied=False))
    assert read() == left


@pytest.mark.usefixtures("app")
def test_what_was_erased_is_counted_in_no_month() -> None:
    def received() -> dict[str, int]:
        while request_tally.count_changed():
            db.session.commit()
        month = f"{clock.today():%Y-%m}"
        return {channel: one.received for channel, one in request_tally.by_channel(month, month).items()}

    gone, stays = factories.customer("rep1"), factories.customer("rep1")
    for one, channel in ((gone, "telephone"), (gone, "letter"), (stays, "letter")):
        taken(one, channel=channel)
    assert received() == {"telephone": 1, "letter": 2}
    forget([gone.id])
    db.session.commit()
    assert received() == {"letter": 1}
    forget([stays.id])
    db.session.commit()
    assert received() == {}
