"""The figure of what waits, on every page: kept for seconds, never past something that was saved here or done by the reader (AP-8)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from portal.database import db, write_apart
from portal.models import audit, inbox
from portal.models.team import Team
from portal.waiting import KEPT

NOON = datetime(2026, 3, 5, 4, tzinfo=UTC)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the accounts for which the figure was asked anew, in their order."""
    found: list[str] = []

    def counts(user: Any) -> list[int]:
        found.append(user.account)
        return [7, *[0] * (len(inbox._sources) - 1)]

    monkeypatch.setattr(inbox, "counts", counts)
    monkeypatch.setattr(inbox, "listed_and_counted", lambda user: ([], counts(user)))
    return found


def test_the_figure_is_kept_for_seconds_and_for_its_reader(as_: Any, asked: list[str]) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        one, other = as_("rep1"), as_("rep2")
        asked.clear()
        assert '<span class="count">7</span>' in one.get("/profile").get_data(as_text=True)
        for _number in range(3):
            one.get("/customers")
        other.get("/profile")
        assert asked == ["rep1", "rep2"]
        clock.shift(KEPT - timedelta(seconds=1))
        one.get("/profile")
        assert asked == ["rep1", "rep2"]
        clock.shift(timedelta(seconds=1))
        one.get("/profile")
        assert asked == ["rep1", "rep2", "rep1"]


@pytest.mark.parametrize("path", ["/inbox", "/inbox/count", "/"])
def test_where_it_is_looked_for_it_is_asked_at_that_moment(as_: Any, asked: list[str], path: str) -> None:
    with time_machine.travel(NOON, tick=False):
        reader = as_("rep1")
        reader.get("/profile")
        asked.clear()
        reader.get(path)
        reader.get(path)
        reader.get("/profile")
        assert asked == ["rep1", "rep1"]


def test_what_is_saved_is_counted_and_a_look_is_nothing(as_: Any, asked: list[str]) -> None:
    with time_machine.travel(NOON, tick=False):
        reader = as_("rep1")
        reader.get("/profile")
        asked.clear()
        with write_apart() as session:
            audit.write("access", "looked", session=session)
        reader.get("/profile")
        assert asked == []
        db.session.add(Team(name="新科"))
        db.session.commit()
        reader.get("/profile")
        assert asked == ["rep1"]


def test_what_the_reader_did_through_another_process_is_counted(as_: Any, asked: list[str]) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        reader = as_("rep1")
        reader.get("/profile")
        with reader.session_transaction() as before:
            acted = before.get("acted")
        clock.shift(timedelta(seconds=1))
        reader.post("/language", data={"language": "en"})
        with reader.session_transaction() as after:
            assert after["acted"] != acted
        reader.get("/profile")
        asked.clear()
        with reader.session_transaction() as elsewhere:
            elsewhere["acted"] = 1
        reader.get("/profile")
        assert asked == ["rep1"]
