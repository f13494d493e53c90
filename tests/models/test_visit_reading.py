"""Whose daily reports of visits wait for the managers: those that no supervisor but their author could read (SV-20, AP-8)."""

from __future__ import annotations

import pytest

from portal import clock
from portal.database import db
from portal.models import inbox
from portal.models.visit_report import VisitReport
from tests.approving import person


def handed_in(account: str) -> VisitReport:
    author, today = person(account), clock.today()
    report = VisitReport(staff_id=author.id, team_id=author.team_id, day=today, due_on=today, state="submitted", submitted_at=clock.now())
    db.session.add(report)
    db.session.commit()
    return report


def to_read(account: str) -> list[str]:
    found = [one.who for one in inbox.entries(person(account), "visit-report-to-read")]
    assert inbox.count(person(account)) == len(found)
    return found


@pytest.mark.usefixtures("app")
def test_managers_read_what_nobody_else_can() -> None:
    rep, supervisor = person("rep1"), person("sup1")
    for account in ("rep1", "sup1"):
        handed_in(account)
    assert (to_read("sup1"), to_read("mgr1")) == ([rep.name], [supervisor.name])
    supervisor.active = False
    db.session.commit()
    assert sorted(to_read("mgr1")) == sorted([rep.name, supervisor.name])
