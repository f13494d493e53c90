"""The pages of service, orders, relations, gradings, plans and insights, each as manager, supervisor and rep, against the bare page."""

from __future__ import annotations

import random
import re
from urllib.parse import quote

from bench.measure import Ask, Report, cost
from bench.pages import asking, bare, figure, signed_in, within
from bench.server import Browser, Server
from portal import clock

TIMES = 20
ROLES = (("manager", "mgr1"), ("supervisor", "sup2"), ("rep", "rep2-1"))
MINE, TEAM = 12, 2
"""The rep and team of `ROLES`, by whom lists are filtered."""


def lists() -> dict[str, str]:
    """Return the lists that are measured: name → path."""
    month, year, today = clock.today().strftime("%Y-%m"), clock.today().year, clock.today()
    filtered = {
        "kind": "kind=complaint", "state": "state=answered", "channel": "channel=letter", "priority": "priority=urgent",
        "cause": "cause=quality", "no cause": "cause=-&state=received", "overdue": "overdue=1", "waiting": "waiting=1",
        "customer not named": "unknown=1", "in hand of": f"assignee={MINE}", "team": f"team={TEAM}", "month": f"month={month}",
        "words": "q=" + quote("阀门"), "absent words": "q=" + quote("龘靐"),
    }  # fmt: skip
    found = {f"requests, {whose}": f"/requests?whose={whose}" for whose in ("mine", "team", "all")}
    found |= _named("requests, all,", "/requests?whose=all&", filtered)
    found |= _named("requests, whole list,", "/requests?list=all&whose=all&", {"the newest": "", **filtered})
    found |= {"month's complaints": f"/complaints/month?month={month}"}
    found |= {"call-backs of the day": "/call-backs", "visits of the day": "/visits"}
    found |= _named("call-backs,", "/call-backs/list?", {
        "mine": "", "team": "whose=team", "all": "whose=all", "nobody's": "whose=nobody", "somebody's": f"whose={MINE}",
        "done": "whose=all&tab=done", "dropped": "whose=all&tab=closed", "overdue": "whose=all&late=1", "low": "whose=all&tab=done&low=1",
        "purpose": "whose=all&purpose=sales", "event": "whose=all&kind=purchase", "of a draw": "whose=all&draw=1",
    })  # fmt: skip
    found |= _named("visits,", "/visits/list?", {
        "mine": "", "team": "whose=team", "all": "whose=all", "done": "whose=all&tab=done", "the week": "whose=all&tab=week",
    })  # fmt: skip
    found |= _named("receptions,", "/receptions?", {
        "all": "", "state": "state=approved", "class": "class=major", "from today": f"first={today}", "room": "room=1",
        "host": f"host={MINE}", "team": f"team={TEAM}", "words": "q=" + quote("张伟"),
    })  # fmt: skip
    found |= _named("orders,", "/order-requests?", {
        "all": "", "kind": "kind=refusal", "state": "state=draft", "team": f"team={TEAM}", "author": f"author={MINE}", "words": "q=DD0001",
    })  # fmt: skip
    found |= _named("agreements,", "/agreements?", {
        "all": "", "running": "standing=running", "runs out": "standing=due", "grade": "grade=A", "team": f"team={TEAM}",
        "words": "q=XY001",
    })  # fmt: skip
    found |= _named("relation assessments,", "/relation-assessments?", {
        "all": "", "advice": "advice=end", "state": "state=draft", "latest": "latest=1", "grade": "grade=A", "team": f"team={TEAM}",
    })  # fmt: skip
    return found | {
        "room calendar": "/meeting-rooms", "delivered value by grade": "/delivered-value",
        "delivered value by team": "/delivered-value?subject=team", "composition: sales": "/insights/composition?subject=sales",
        "composition: grade": "/insights/composition?subject=grade", "ABC": "/insights/abc", "gradings": f"/gradings/{year}",
        "grading lines": f"/gradings/{year}/customers", "grading lines, rated": f"/gradings/{year}/customers?state=rated",
        "grade lists": f"/gradings/{year}/lists", "plans": "/maintenance-plans", "plans, running": "/maintenance-plans?state=running",
        "plans with late tasks": "/maintenance-plans?late=1", "plan tasks": "/plan-tasks",
    }  # fmt: skip


def _named(area: str, path: str, asked: dict[str, str]) -> dict[str, str]:
    return {f"{area} {name}": path + text for name, text in asked.items()}


def reading(server: Server, report: Report) -> None:
    """Measure the lists, and a request's page."""
    for role, account in ROLES:
        reader = signed_in(server, account)
        for name, path in lists().items():
            if reader.get(path)[0] in (403, 404):  # of an area that this office does not have, or not for this role
                continue
            one = cost(server, asking(reader, path), TIMES, warm=3, expect=(200, 422), beside=bare(reader))
            report.add(figure(f"{name}, as {role}", one, 2.5))
        one = cost(server, _some_request(reader), TIMES, warm=3, beside=bare(reader))
        report.add(within(f"a request, as {role}", one, 12))
        _page_100(server, report, reader, role)


def _some_request(reader: Browser) -> Ask:
    shown = list(dict.fromkeys(re.findall(rb'href="/requests/(\d+)"', reader.get("/requests")[1])))
    rng = random.Random(5)
    return lambda _number: reader.get(f"/requests/{rng.choice(shown).decode()}")


def _page_100(server: Server, report: Report, reader: Browser, role: str) -> None:
    """Measure a page far down the queue of all."""
    path = "/requests?whose=all"
    reached = 1
    for _page in range(99):
        found = re.search(rb'href="(/requests\?[^"]*after=[^"]*)"', reader.get(path)[1])
        if not found:
            break
        path, reached = found.group(1).decode().replace("&amp;", "&"), reached + 1
    one = cost(server, asking(reader, path), TIMES, warm=3, beside=bare(reader))
    report.add(figure(f"requests, page {reached}, as {role}", one, 2.5))
