"""Pages over HTTP: reading, searching, writing, many at once, and growth from ten thousand to a million."""

from __future__ import annotations

import random
import re
import threading
from typing import Any
from urllib.parse import quote

from bench import measure
from bench.data import PASSWORD, REPS_A_TEAM, TEAMS
from bench.measure import Ask, Cost, Figure, Report, cost
from bench.server import Browser, Server

TIMES = 60
REGISTER = {
    "first page": "/customers",
    "sort by name": "/customers?sort=name",
    "sort by last change, newest first": "/customers?sort=-changed",
    "sort by grade": "/customers?sort=grade",
    "filter: team": "/customers?team=3",
    "filter: rep": "/customers?owner=5",
    "filter: grade": "/customers?grade=A",
    "filter: stage by volume": "/customers?stage_volume=main",
    "filter: nature": "/customers?nature=ordinary",
    "filter: industry": "/customers?industry=C",
    "filter: province": "/customers?province=" + quote("广东省"),
    "filter: no telephone (none)": "/customers?missing=telephone",
    "filter: no credit code": "/customers?missing=credit_code",
    "filters: team and grade, by name": "/customers?team=3&grade=B&sort=name",
    "tab: prospects": "/customers?tab=prospects",
    "tab: past": "/customers?tab=past",
}
WORDS = {
    "1 Han character, common": "恒",
    "2 Han characters, common": "深圳",
    "2 Han characters, in the middle": "精密",
    "3 Han characters": "恒达达",
    "4 Han characters, common": "精密机械",
    "6 Han characters": "精密机械有限",
    "Han, absent": "龘靐",
    "pinyin initials": "jmjx",
    "pinyin initials, absent": "qqqq",
    "number": "C20260012345",
    "number, in part": "12345",
    "telephone": "20012345",
}


def asking(browser: Browser, path: str, **headers: str) -> Ask:
    """Return what asks for a page."""
    return lambda _number: browser.get(path, **headers)


GROWING = ("2 Han characters, common", "3 Han characters", "pinyin initials", "number, in part")
"""Of which words it is looked at what a hundred times as many customers cost."""


def _suggestions(browser: Browser, words: str) -> Ask:
    return asking(browser, f"/search?q={quote(words)}", HX_Request="true", HX_Target="search-results")


def figure(name: str, one: Cost, target: float) -> Figure:
    """Return the figure of what may cost `target` times as much as what was asked in turns with it."""
    return Figure(name, one.cpu, "ms CPU", one.floor, target, by_ratio=True, p50=one.p50, p95=one.p95)


def bare(browser: Browser) -> Ask:
    """Return what asks for the floor of pages, a bare signed-in page with 50 rows."""
    return asking(browser, "/bench/bare")


SEEN = 4.0
"""What a bare page cost on the machine on which the bars of so many milliseconds were set (it saw 3.3 to 4.0)."""


def within(name: str, one: Cost, bar: float) -> Figure:
    """Return the figure of what may cost `bar` ms on the machine of the bars: as many times the bare page as there."""
    found = figure(name, one, bar / SEEN)
    found.note = f"{bar:g} ms where a bare page costs {SEEN:g}"
    return found


def signed_in(server: Server, account: str) -> Browser:
    """Return a browser signed in as `account` of the bench's office."""
    browser = Browser(server.port)
    browser.sign_in(account, PASSWORD)
    return browser


def reading(server: Server, report: Report, count: int) -> None:
    """Measure what only reads."""
    browser = signed_in(server, "mgr1")
    alone = cost(server, bare(browser), TIMES * 2, warm=40)
    report.add(Figure("floor: bare signed-in page with 50 rows", alone.cpu, "ms CPU", p50=alone.p50, p95=alone.p95))
    for role, account in (("manager", "mgr1"), ("supervisor", "sup2"), ("rep", "rep2-1")):
        reader = signed_in(server, account)
        for name, path in REGISTER.items():
            if role != "manager" and ("team" in path or "owner" in path):
                continue
            one = cost(server, asking(reader, path), TIMES if role == "manager" else TIMES // 3, beside=bare(reader))
            report.add(figure(f"register as {role}: {name}", one, 2.5))
    _page_1000(server, report, browser, count)
    for role, account in (("manager", "mgr1"), ("rep", "rep2-1")):
        reader = signed_in(server, account)
        for name, words in WORDS.items():
            one = cost(server, _suggestions(reader, words), TIMES, beside=asking(reader, "/customers"))
            report.add(figure(f"search as {role}: {name}", one, 1.5))
    rng = random.Random(3)
    one = cost(server, lambda _number: browser.get(f"/customers/{rng.randrange(1, count)}"), TIMES * 2, beside=bare(browser))
    report.add(within("customer page with timeline and contacts", one, 12))
    for role, account in (("manager", "mgr1"), ("supervisor", "sup2"), ("rep", "rep2-1")):
        reader = signed_in(server, account)
        for name, path in ((f"home as {role}", "/"), (f"inbox as {role}", "/inbox"), (f"counts of the top bar as {role}", "/inbox/count")):
            one = cost(server, asking(reader, path), TIMES if role == "manager" else TIMES // 2, beside=bare(reader))
            report.add(within(name, one, 15))
    page = browser.get("/customers")[1]
    report.add(Figure("register: HTML", len(page) / 1024, "KB", None, 60))
    small = browser.get("/customers", Accept_Encoding="gzip")[1]
    report.add(Figure("register: HTML compressed", len(small) / 1024, "KB", None, 15))


def _page_1000(server: Server, report: Report, browser: Browser, count: int) -> None:
    path = "/customers"
    for _page in range(min(999, count // 60)):
        found = re.search(rb'href="(/customers\?[^"]*after=[^"]*)"', browser.get(path)[1])
        if not found:
            break
        path = found.group(1).decode().replace("&amp;", "&")
    one = cost(server, asking(browser, path), TIMES, beside=asking(browser, "/customers"))
    report.add(figure("register: page 1,000", one, 1.3))


def _field(page: bytes, name: str) -> str:
    found = re.search(rb'name="' + name.encode() + rb'"[^>]*value="([^"]*)"', page) or re.search(
        rb'value="([^"]*)"[^>]*name="' + name.encode() + rb'"', page
    )
    return found.group(1).decode() if found else ""


def _saved(browser: Browser, customer: int, number: int) -> tuple[int, bytes, str]:
    """Change a customer's remarks, as a person does: open the form, send it."""
    version = _field(browser.get(f"/customers/{customer}/edit")[1], "version")
    return browser.post(f"/customers/{customer}/edit", {"version": version, "remarks": f"备注 {number}"})


def writing(server: Server, report: Report, count: int) -> None:
    """Measure saving, sign-in, and eight writers at once."""
    rep = signed_in(server, "rep2-1")
    # The first rep of the second team has every 200th customer; past ones cannot be changed, and every seventh is a prospect.
    mine = [number for number in range(1, count, TEAMS * REPS_A_TEAM) if number % 7][:400]
    opened = cost(server, lambda number: rep.get(f"/customers/{mine[number % len(mine)]}/edit"), TIMES, beside=bare(rep))
    report.add(within("customer: form to edit", opened, 15))
    versions = {one: _field(rep.get(f"/customers/{one}/edit")[1], "version") for one in mine[: TIMES + 5]}

    def save(number: int) -> tuple[int, bytes, str]:
        one = mine[number]
        return rep.post(f"/customers/{one}/contacts/new", {"name": f"测试{number}", "kept_for": "daily_contact", "version": versions[one]})

    one = cost(server, save, min(TIMES, len(mine) - 5), expect=(303,), beside=bare(rep))
    report.add(within("saving a contact", one, 10))
    _sign_in(server, report)
    _eight_writers(server, report)


def _sign_in(server: Server, report: Report) -> None:
    import time

    from argon2 import PasswordHasher

    from portal import config

    settings = config.load(server_instance())
    hasher = PasswordHasher(time_cost=settings["ARGON2_TIME_COST"], memory_cost=settings["ARGON2_MEMORY_KIB"], parallelism=1)
    digest = hasher.hash(PASSWORD)
    hashing: list[float] = []
    browser = Browser(server.port)
    browser.take_token(browser.get("/sign-in")[1])

    def enter(_number: int) -> tuple[int, bytes, str]:
        start = time.process_time()
        hasher.verify(digest, PASSWORD)
        hashing.append((time.process_time() - start) * 1000)
        browser.take_token(browser.get("/sign-in")[1])
        return browser.post("/sign-in", {"account": "mgr2", "password": PASSWORD, "next": ""})

    def again(number: int) -> tuple[int, bytes, str]:
        browser.cookies.clear()
        return enter(number)

    page = cost(server, lambda _number: Browser(server.port).get("/sign-in"), 20)
    one = cost(server, again, 20, expect=(303,))
    floor = sum(hashing[5:]) / len(hashing[5:])
    report.add(
        Figure("sign-in (its form's page taken off)", one.cpu - page.cpu, "ms CPU", floor, 1.2, by_ratio=True, p50=one.p50, p95=one.p95)
    )


def server_instance() -> Any:
    """Return a folder for reading the settings that the server has, too."""
    from bench.server import ROOT

    return ROOT / "build" / "bench-instance"


def _eight_writers(server: Server, report: Report) -> None:
    browsers = [signed_in(server, f"rep{team}-1") for team in range(2, 10)]
    errors: list[str] = []

    def work(place: int) -> None:
        browser = browsers[place]
        page = browser.get("/customers")[1].decode()
        ids = [int(found) for found in dict.fromkeys(re.findall(r'href="/customers/(\d+)"', page))]
        for number in range(25):
            status, _body, _location = browser.post(
                f"/customers/{ids[number % len(ids)]}/contacts/new", {"name": f"并发{number}", "kept_for": "daily_contact"}
            )
            if status != 303:
                errors.append(f"{place}: {status}")

    threads = [threading.Thread(target=work, args=(place,)) for place in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    report.add(Figure("8 writers at once: errors", len(errors), "", None, 0, note=", ".join(errors[:3])))


def together(server: Server, report: Report) -> None:
    """Measure eight clients reading at once, against the bare page at eight clients."""
    browsers = [signed_in(server, f"rep{team}-2") for team in range(2, 10)]
    alone, _errors = measure.together(server, browsers, lambda browser, _number: browser.get("/bench/bare"), 8)
    paths = ["/customers", "/", f"/search?q={quote('深圳')}", "/customers?sort=-changed", "/inbox"]
    mixed, errors = measure.together(server, browsers, lambda browser, number: browser.get(paths[number % len(paths)]), 8)
    report.add(Figure("8 clients, mixed reading", mixed, "req/s", alone, 1 / 3, by_ratio=True, at_least=True))
    report.add(Figure("8 clients, mixed reading: errors", errors, "", None, 0))


TURNS = 6


def _some_customer(browser: Browser, count: int, seed: int) -> Ask:
    rng = random.Random(seed)
    return lambda _number: browser.get(f"/customers/{rng.randrange(1, count)}")


def growth(large: Server, small: Server, report: Report, counts: tuple[int, int]) -> None:
    """Measure the same pages of both offices in turns: the larger one's may cost half as much again.

    In turns, because the same page costs half as much again or less in another minute, and in a process that has just begun.
    """
    sums: dict[str, list[float]] = {}
    readers = [(server, signed_in(server, "mgr1"), count) for server, count in zip((large, small), counts, strict=True)]
    for turn in range(TURNS + 1):
        for place, (server, browser, count) in enumerate(readers):
            asked: dict[str, Ask] = {
                "register": asking(browser, "/customers"),
                **{f"search, {name}": _suggestions(browser, WORDS[name]) for name in GROWING},
                "customer": _some_customer(browser, count, turn),
            }
            for name, ask in asked.items():
                used = cost(server, ask, TIMES // 2).cpu
                if turn:  # the first one is for warming up
                    sums.setdefault(name, [0.0, 0.0])[place] += used / TURNS
    for name, (much, little) in sums.items():
        report.add(Figure(f"growth from {counts[1]:,}: {name}", much, "ms CPU", little, 1.5, by_ratio=True, note="in turns"))
