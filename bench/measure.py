"""The figures: what is asked of the running portal, how often, and what it costs in CPU of the server."""

from __future__ import annotations

import json
import statistics
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from bench.server import Browser, Server


@dataclass
class Figure:
    """One line of the report. `floor` and `target` share the unit of `value`, unless `ratio` is what the target is about."""

    name: str
    value: float
    unit: str
    floor: float | None = None
    target: float | None = None
    by_ratio: bool = False
    p50: float | None = None
    p95: float | None = None
    note: str = ""
    at_least: bool = False

    @property
    def ratio(self) -> float | None:
        """Return value ÷ floor."""
        return self.value / self.floor if self.floor else None

    @property
    def ok(self) -> bool | None:
        """Return whether the target is held; None without a target."""
        if self.target is None:
            return None
        measured = self.ratio if self.by_ratio else self.value
        if measured is None:
            return None
        return measured >= self.target if self.at_least else measured <= self.target


@dataclass
class Report:
    """What was measured, printed line by line and kept as JSON."""

    database: str
    figures: list[Figure] = field(default_factory=list)

    def add(self, figure: Figure) -> Figure:
        """Print a figure and keep it."""
        self.figures.append(figure)
        floor = f"{figure.floor:10.2f}" if figure.floor is not None else " " * 10
        ratio = f"{figure.ratio:6.2f}x" if figure.ratio is not None else " " * 7
        target = "" if figure.target is None else f"{'≥' if figure.at_least else '≤'} {figure.target:g}{'x' if figure.by_ratio else ''}"
        ok = {True: "ok", False: "MISSED", None: ""}[figure.ok]
        wall = f"  p50 {figure.p50:.1f} p95 {figure.p95:.1f} ms" if figure.p50 is not None and figure.p95 is not None else ""
        print(f"{figure.name:<58} {figure.value:9.2f} {figure.unit:<7} {floor} {ratio} {target:>9} {ok:<6}{wall} {figure.note}", flush=True)
        return figure

    def save(self, path: Path) -> None:
        """Write everything to `path`."""
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = [{**asdict(one), "ratio": one.ratio, "ok": one.ok} for one in self.figures]
        path.write_text(json.dumps({"database": self.database, "figures": lines}, ensure_ascii=False, indent=1))


Ask = Callable[[int], tuple[int, bytes, str]]
"""Asks the server for something, for the so-manieth time. Returns status, body and Location."""

TURN = 5
"""So many requests are asked before it is the floor's turn."""


@dataclass(frozen=True)
class Cost:
    """What requests cost: CPU of the server in ms each, wall times in ms; and what the floor cost that was asked in turns with them."""

    cpu: float
    p50: float
    p95: float
    size: int
    floor: float


def cost(server: Server, ask: Ask, times: int, warm: int = 5, expect: Iterable[int] = (200,), beside: Ask | None = None) -> Cost:
    """Ask `times` times, after `warm` tries, and return what it cost. Raises RuntimeError for an unexpected answer.

    `beside` is asked as often, in turns: a machine that is slower for a second is so for both, and their ratio stays what it is.
    """
    walls, size, used, floor = list[float](), 0, 0.0, 0.0
    for number in range(warm):
        ask(number)
        if beside is not None:
            beside(number)
    for begin in range(0, times, TURN):
        turn = range(begin, min(begin + TURN, times))
        before = server.cpu()
        for number in turn:
            start = time.perf_counter()
            status, body, _location = ask(warm + number)
            walls.append((time.perf_counter() - start) * 1000)
            size = len(body)
            if status not in expect:
                raise RuntimeError(f"answer {status}: {body.decode(errors='replace')[:1500]}")
        between = server.cpu()
        used += between - before
        if beside is not None:
            for number in turn:
                beside(warm + number)
            floor += server.cpu() - between
    walls.sort()
    return Cost(used * 1000 / times, statistics.median(walls), walls[int(len(walls) * 0.95)], size, floor * 1000 / times)


def together(
    server: Server, browsers: list[Browser], ask: Callable[[Browser, int], tuple[int, bytes, str]], seconds: float
) -> tuple[float, int]:
    """Let all browsers ask at once for a while. Returns requests a second and how many answers were errors."""
    counts, errors = [0] * len(browsers), [0] * len(browsers)
    end = time.perf_counter() + seconds

    def work(place: int) -> None:
        number = 0
        while time.perf_counter() < end:
            try:
                status, _body, _location = ask(browsers[place], number)
            except OSError:
                status = 599
            counts[place] += 1
            errors[place] += status >= 500 or status == 409
            number += 1

    threads = [threading.Thread(target=work, args=(place,)) for place in range(len(browsers))]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / (time.perf_counter() - start), sum(errors)
