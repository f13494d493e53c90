"""Rows of the yearly grading."""

from __future__ import annotations

from itertools import count
from typing import Any

from portal.database import db
from portal.models import grading_campaign
from portal.models.grading import Grading
from portal.models.grading_campaign import PUBLISHED, GradingCampaign
from portal.models.grading_list import GradeList
from portal.models.grading_meeting import GradingMeeting
from portal.models.grading_totals import count_anew
from tests import factories
from tests.access import Row, everyone, managers
from tests.approving import person
from tests.grading import WITHOUT_DATA, opened

_years = count(2100)
_RATING = {f"score-{code}": score for code, (score, _why) in WITHOUT_DATA.items()} | {
    f"reason-{code}": why for code, (_score, why) in WITHOUT_DATA.items()
}


def _finish() -> None:
    """Put an end to a campaign that is still being opened, or runs."""
    for campaign in db.session.query(GradingCampaign).filter(GradingCampaign.state != PUBLISHED):
        campaign.state = PUBLISHED
    db.session.commit()


def _running(by: str = "rep1") -> dict[str, Any]:
    """A customer of rep1 in the campaign that runs; one is opened where none does."""
    customer = factories.customer(by)
    campaign = GradingCampaign.running()
    if campaign is None:
        _finish()
        campaign = opened(next(_years))
        line = db.session.query(Grading).filter_by(customer_id=customer.id).one()
    else:
        line = Grading(
            campaign=campaign, customer=customer, owner_id=customer.owner_id, team_id=customer.team_id,
            period_first=campaign.period_first, period_last=campaign.period_last,
        )  # fmt: skip
        db.session.add(line)
        db.session.flush()
        count_anew(campaign)
        db.session.commit()
    return {"customer": customer.id, "year": campaign.year, "line": line.id}


def _alone() -> dict[str, Any]:
    """A grading of a customer of rep1 between two campaigns."""
    begun = Grading.begin(factories.customer("rep1"), by=person("rep1"))
    db.session.commit()
    return {"line": begun.id}


def _rated() -> dict[str, Any]:
    ids = _running()
    line = db.session.get_one(Grading, ids["line"])
    line.figures = {}
    line.rate({**WITHOUT_DATA, "complaints": ("100", "无投诉")}, by=person("rep1"), version=line.version)
    db.session.commit()
    return ids


def _reviewed() -> dict[str, Any]:
    from portal import clock

    ids = _rated()
    line = db.session.get_one(Grading, ids["line"])
    meeting = GradingMeeting.hold(held_on=clock.today(), attendees="各部门", campaign=line.campaign, by=person("sup1"))
    line.adopt(meeting=meeting, by=person("sup1"))
    db.session.commit()
    return ids


def _listed() -> dict[str, Any]:
    ids = _reviewed()
    listed = GradeList.propose([ids["line"]], by=person("sup1"))
    db.session.commit()
    return {**ids, "list": listed.id}


def _opening() -> dict[str, Any]:
    _finish()
    campaign = grading_campaign.open_campaign(next(_years), by=person("mgr1"))
    db.session.commit()
    return {"year": campaign.year}


def _supervisors(endpoint: str, url: str, method: str = "GET", status: int = 200, **values: Any) -> Row:
    """Return the row of a page of every supervisor."""
    return Row(
        endpoint, url, method, owner=403, colleague=403, stranger=403, supervisor=status, other_supervisor=status, manager=status, **values
    )


_MEETING = {"held_on": "2026-03-01", "attendees": "各部门"}

_SEEN: Any = {"owner": 303, "colleague": 422, "stranger": 422, "supervisor": 303, "other_supervisor": 422, "manager": 303}
"""Of lines that hang on a customer of the owner: who sees none prints none."""

ROWS = [
    everyone("grading.campaigns", "/gradings"),
    managers("grading.campaign_open", "/gradings", "POST", 303),
    everyone("grading.campaign", "/gradings/{year}", prepare=_running),
    everyone("grading.campaign", "/gradings/{year}", prepare=_opening),
    everyone("grading.campaign", "/gradings/1999", status=404),
    managers("grading.campaign_go_on", "/gradings/{year}/listing", "POST", 422, prepare=_running),
    managers("grading.campaign_refresh", "/gradings/{year}/figures", "POST", 303, prepare=_running),
    managers("grading.campaign_publish", "/gradings/{year}/publication", "POST", 303, data={"left": "1"}, prepare=_running),
    managers("grading.campaign_publish", "/gradings/{year}/publication", "POST", 422, data={"left": "7"}, prepare=_running),
    everyone("grading.lines", "/gradings/{year}/customers?state=rated&move=up", prepare=_rated),
    everyone("grading.lines", "/gradings/{year}/customers?policy=1&grade=A", prepare=_running),
    Row("grading.forms", "/gradings/{year}/forms", "POST", {"language": "en"}, prepare=_running, **_SEEN),
    _supervisors("grading.adopt", "/gradings/{year}/adoption", "POST", 422, data={"ids": "x", **_MEETING}, prepare=_rated),
    everyone("grading.agreements", "/gradings/{year}/agreements?which=without", prepare=_running),
    everyone("grading.next_line", "/gradings/{year}/next", status=302, prepare=_running),
    everyone("grading.next_line", "/gradings/{year}/next?work=meet", status=302, prepare=_rated),
    everyone("grading.grade_register", "/gradings/{year}/grade-list", prepare=_running),
    everyone("grading.grade_register_file", "/gradings/{year}/grade-list/file?format=csv", prepare=_running),
    everyone("grading.grade_register_file", "/gradings/{year}/grade-list/file", prepare=_running),
    everyone("grading.provisional", "/gradings/provisional", prepare=_alone),
    Row("grading.grading", "/customer-gradings/{line}", prepare=_running),
    Row("grading.grading", "/customer-gradings/{line}", prepare=_rated),
    Row("grading.grading", "/customer-gradings/{line}", prepare=_listed),
    Row(
        "grading.rate", "/customer-gradings/{line}/rating", "POST", {**_RATING, "version": "1"}, _running,
        owner=303, supervisor=303, manager=303,
    ),
    Row(
        "grading.rate", "/customer-gradings/{line}/rating", "POST", {"version": "1"}, _running,
        owner=422, supervisor=422, manager=422,
    ),
    Row(
        "grading.rerate", "/customer-gradings/{line}/meeting", "POST", {**_MEETING, "version": "2"}, _rated,
        owner=403, supervisor=303, manager=303,
    ),
    Row(
        "grading.note", "/customer-gradings/{line}/notes", "POST", {"support-sales": "专人"}, _running,
        owner=303, supervisor=303, manager=303,
    ),
    Row("grading.grading", "/customer-gradings/{line}", prepare=_alone),
    Row(
        "grading.give_up", "/customer-gradings/{line}/giving-up", "POST", {"version": "1"}, _alone,
        owner=303, supervisor=303, manager=303,
    ),
    Row(
        "grading.give_up", "/customer-gradings/{line}/giving-up", "POST", {"version": "1"}, _running,
        owner=409, supervisor=409, manager=409,
    ),
    Row("grading.of_one", "/customers/{customer}/gradings", prepare=_running),
    Row("grading.begin", "/customers/{customer}/gradings", "POST", {}, owner=303, supervisor=303, manager=303),
    _supervisors("grading.lists", "/gradings/{year}/lists", prepare=_listed),
    Row(
        "grading.lists_make", "/gradings/{year}/lists", "POST", {}, _reviewed,
        owner=403, colleague=403, stranger=403, supervisor=303, other_supervisor=422, manager=303,
    ),
    Row(
        "grading.list_make", "/grade-lists", "POST", {"ids": "{line}"}, _reviewed,
        owner=403, colleague=403, stranger=403, supervisor=303, other_supervisor=422, manager=303,
    ),
    Row("grading.grade_list", "/grade-lists/{list}", prepare=_listed),
    Row("grading.list_take_off", "/grade-lists/{list}/removal", "POST", {"ids": "{line}"}, _listed, owner=403, supervisor=422, manager=422),
    Row("grading.list_give_up", "/grade-lists/{list}/giving-up", "POST", {}, _listed, owner=403, supervisor=303, manager=303),
    Row("grading.list_submit", "/grade-lists/{list}/submission", "POST", {}, _listed, owner=403, supervisor=303, manager=303),
]  # fmt: skip
