"""Two managers who remove each other at once: one stays (RO-4). Real transactions on two connections."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from portal import database
from portal.database import db
from portal.models.staff import Staff
from portal.rules.message import Refusal


@pytest.mark.parametrize("act", ["deactivate", "demote"])
def test_one_manager_is_left(app: Any, act: str) -> None:
    db.session.rollback()
    start, outcomes = threading.Barrier(2), []

    def remove(by: str, whom: str) -> None:
        with app.app_context():
            database.read_only(False)
            start.wait(10)
            actor, person = Staff.by_account(by), Staff.by_account(whom)
            assert actor
            assert person
            try:
                if act == "deactivate":
                    person.deactivate(by=actor, to=None)
                else:
                    team = Staff.by_account("sup1").team
                    person.change(by=actor, role="supervisor", team=team)
                db.session.commit()
                outcomes.append("done")
            except Refusal:
                db.session.rollback()
                outcomes.append("refused")

    threads = [threading.Thread(target=remove, args=pair) for pair in (("mgr1", "mgr2"), ("mgr2", "mgr1"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(outcomes) == ["done", "refused"]
    assert db.session.query(Staff).filter(Staff.role == "manager", Staff.active).count() == 1
