"""The presses: what a web process carries, and what happens when one dies or takes too long."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from portal.printing import press as presses
from portal.printing.order import ForbiddenAddressError, MissingGlyph, PrintingFailed
from portal.printing.press import Pool, Press
from tests.printing.made import order

ROOT = Path(__file__).resolve().parent.parent.parent
SHEET = '<html lang="zh-CN"><body><article class="sheet">{}</article></body></html>'


@pytest.fixture
def pool():
    pool = Pool()
    yield pool
    pool.close()


def sheet(body="<p>表单</p>"):
    return order(SHEET.format(body))


@pytest.fixture
def lame(monkeypatch):
    """Presses that stand still, or die, as soon as they begin; the first so many of them."""

    def make(count, stop):
        begun = []

        class Lame(Press):
            def __init__(self):
                super().__init__()
                begun.append(self)
                if len(begun) <= count:
                    os.kill(self.process.pid, stop)

        monkeypatch.setattr(presses, "Press", Lame)
        return begun

    return make


HEAVY = {"weasyprint", "fontTools", "tinycss2", "pydyf", "pyhanko", "pyhanko_certvalidator", "asn1crypto", "cryptography", "pikepdf"}
"""What prints and what seals."""


def test_a_web_process_that_prints_carries_neither_what_prints_nor_what_seals(tmp_path):
    program = f"""
import sys
from portal import create_app
app = create_app({{"INSTANCE_FOLDER": {str(tmp_path)!r}, "PORTAL_ENV": "testing", "SECRET_KEY": "x" * 40}})
from portal.printing.order import Order
from portal.printing.press import POOL
print(POOL.print(Order({SHEET.format("<p>x</p>")!r}, "zh-CN", "t", "a")).pages)
print({{name.partition(".")[0] for name in sys.modules}} & {HEAVY!r})
"""
    said = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    assert said.stdout.split("\n")[:2] == ["1", "set()"]


def test_a_press_knows_no_database_and_no_secret(pool, monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "not for the press")
    monkeypatch.setenv("DATABASE_URL", "postgresql://x")
    pool.print(sheet())
    (process,) = pool.processes
    given = Path(f"/proc/{process}/environ").read_bytes()
    assert b"SECRET_KEY" not in given
    assert b"DATABASE_URL" not in given
    loaded = Path(f"/proc/{process}/maps").read_text()
    assert "sqlalchemy" not in loaded
    assert "sqlite" not in loaded


def test_one_press_prints_one_sheet_after_the_other(pool):
    pages = []
    body = '<p style="break-after: page">表</p><p>单</p>'
    found = [pool.print(sheet(), tell=pages.append), pool.print(sheet(body), tell=pages.append)]
    assert [one.pages for one in found] == [1, 2]
    assert all(one.content.startswith(b"%PDF") for one in found)
    assert {1, 2} <= set(pages)
    assert len(pool.processes) == 1


def test_what_cannot_be_printed_is_said_and_the_press_goes_on(pool):
    with pytest.raises(MissingGlyph, match=r"U\+10FFFD"):
        pool.print(sheet("<p>\U0010fffd</p>"))
    with pytest.raises(ForbiddenAddressError):
        pool.print(sheet('<img src="file:///etc/hostname" alt="x">'))
    (before,) = pool.processes
    assert pool.print(sheet()).pages == 1
    assert pool.processes == [before]


def test_a_press_that_dies_is_replaced_and_the_sheet_printed(pool, lame):
    begun = lame(1, signal.SIGKILL)
    assert pool.print(sheet()).pages == 1
    assert [press.alive for press in begun] == [False, True]


def test_one_that_stands_still_is_replaced(pool, lame):
    begun = lame(1, signal.SIGSTOP)
    assert pool.print(sheet(), seconds=8).pages == 1
    assert [press.alive for press in begun] == [False, True]


def test_after_two_tries_it_is_said(pool, lame):
    begun = lame(2, signal.SIGKILL)
    with pytest.raises(PrintingFailed):
        pool.print(sheet())
    assert len(begun) == 2
    assert pool.processes == []
    assert pool.print(sheet()).pages == 1


def test_a_press_that_ended_while_idle_is_no_failure(pool, caplog):
    pool.print(sheet())
    (before,) = pool.processes
    os.kill(before, signal.SIGKILL)
    os.waitid(os.P_PID, before, os.WEXITED | os.WNOWAIT)
    assert pool.print(sheet()).pages == 1
    assert pool.processes != [before]


def test_a_press_is_replaced_after_so_many_sheets(pool, monkeypatch):
    monkeypatch.setattr(presses, "MOST_SHEETS", 2)
    pool.print(sheet())
    (first,) = pool.processes
    pool.print(sheet())
    assert pool.processes == []
    pool.print(sheet())
    assert pool.processes != [first]


def test_who_finds_every_press_busy_waits_a_while_and_is_told(pool):
    held = pool._take(1)
    with pytest.raises(PrintingFailed, match="Too much"):
        pool.print(sheet(), seconds=0.05)
    pool._give_back(held)
    assert pool.print(sheet()).pages == 1


def test_threads_share_as_many_presses_as_the_pool_is_wide():
    pool, found = Pool(2), []
    threads = [threading.Thread(target=lambda: found.append(pool.print(sheet()).pages)) for _one in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    try:
        assert found == [1] * 6
        assert 1 <= len(pool.processes) <= 2
    finally:
        pool.close()


def test_a_press_ends_when_who_started_it_is_gone():
    press = Press()
    press._ours.close()
    assert press.process.wait(30) == 0
