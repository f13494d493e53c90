"""Take the pictures of the guide anew, so that they show what the portal is: a scratch portal, demonstration data, Debian's Chromium.

python tools/pictures.py             all scenes in both languages, into docs/pictures
python tools/pictures.py NAME …      only these
"""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright
from sqlalchemy import func, select, update

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs" / "pictures"
sys.path.insert(0, str(ROOT))

QUIET = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"]
LANGUAGES = {"zh": ("zh_Hans_CN", "zh-CN"), "en": ("en", "en-GB")}
LARGEST = 150_000
"""Bytes of a picture: guides are read over slow lines."""
TABLE = """客户全称,统一社会信用代码,电话,联系人,联系人电话,成立日期
深圳市晨曦精密模具有限公司,,0755-26112233,周晓明,13900001111,2025-03-05
惠州市恒昌包装材料有限公司,,0752-2233445,李慧,13900002222,2024年11月2日
东莞市启航电子科技有限公司,91440300ABC,0769-22110099,王磊,13900003333,2025.1.8
,,0755-83334455,陈静,13900004444,2025-02-01
广州市海珠区立信五金经营部,,020-84445566,何伟,13900005555,二月三十日
佛山市南海区广源陶瓷有限公司,,0757-86778899,吴敏,13900006666,2023-09-18
"""
"""A file to import, with rows that are refused."""


@dataclass(frozen=True)
class Scene:
    """One picture: who sees what, in a window of which size."""

    name: str
    account: str
    go: Callable[[Page, dict[str, Any]], None]
    width: int
    height: int


SCENES: list[Scene] = []


def scene(account: str, *, width: int = 1366, height: int = 800) -> Callable[[Callable[[Page, dict[str, Any]], None]], Any]:
    """Declare a scene: the function brings the page to what is shown and is named as the picture."""

    def decorate(go: Callable[[Page, dict[str, Any]], None]) -> Callable[[Page, dict[str, Any]], None]:
        SCENES.append(Scene(go.__name__.replace("_", "-"), account, go, width, height))
        return go

    return decorate


def office() -> tuple[Any, Path]:
    """Return a portal with demonstration data in a folder of its own, and the folder."""
    folder = Path(tempfile.mkdtemp(prefix="portal-pictures-"))
    for name in ("DATABASE_URL", "FILES_FOLDER", "HUEY_PATH", "PORTAL_ENV", "PORTAL_HOSTS", "PORTAL_SITE_NAME"):
        os.environ.pop(name, None)
    environment = {**os.environ, "PORTAL_INSTANCE": str(folder), "PYTHONPATH": str(ROOT)}
    flask = [sys.executable, "-m", "flask", "--app", "wsgi"]
    subprocess.run([*flask, "db", "upgrade"], check=True, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL)
    subprocess.run([*flask, "demo", "load"], check=True, cwd=ROOT, env=environment)
    from portal import create_app

    return create_app({"INSTANCE_FOLDER": folder, "HTMX_ASSET": "local", "JOBS_IMMEDIATE": True}), folder


def twin(app: Any, customer_id: int) -> int:
    """Record a customer a second time, as another rep does who has not looked, and return its id."""
    from portal import database
    from portal.database import db
    from portal.models.customer import Customer, CustomerState
    from portal.models.staff import Staff

    with app.app_context():
        database.read_only(False)
        first = db.session.get_one(Customer, customer_id)
        name = first.full_name
        name = name.replace("有限责任公司", "有限公司") if "责任" in name else name.replace("有限公司", "有限责任公司")
        card = {"full_name": name, "telephone": first.telephone, "province": first.province, "city": first.city, "staff_count": 120}
        second = Customer.create(
            card, by=db.session.scalars(select(Staff).where(Staff.account == "rep2")).one(), state=CustomerState.ACTIVE
        )
        db.session.commit()
        number = second.id
        db.session.remove()
        return number


def facts(app: Any) -> dict[str, Any]:
    """Return the records that the scenes show."""
    from portal import database
    from portal.database import db
    from portal.models.approval import Approval
    from portal.models.audit import AuditEvent
    from portal.models.customer import Customer
    from portal.models.investigation import Investigation
    from portal.models.loan import OUT, Loan
    from portal.models.relation import RelationAssessment
    from portal.models.report import InformationReport
    from portal.models.review import ReviewCampaign
    from portal.models.staff import Staff

    with app.app_context():
        database.read_only(True)
        staff = {person.account: person for person in db.session.scalars(select(Staff))}
        own = select(Customer.id).where(Customer.owner_id == staff["rep1"].id, Customer.state == "active")
        told = select(AuditEvent.customer_id).where(AuditEvent.customer_id.in_(own)).group_by(AuditEvent.customer_id)
        customer = db.session.get_one(Customer, db.session.scalar(told.order_by(func.count().desc(), AuditEvent.customer_id)))
        drafts = select(Investigation).where(Investigation.outcome == "").order_by(Investigation.id)
        draft = next(one for one in db.session.scalars(drafts) if one.approval() is None)
        running = list(db.session.scalars(select(Approval).where(Approval.state == "pending", Approval.kind_name == "investigation")))
        team = select(Customer.id).where(Customer.team_id == staff["sup1"].team_id)
        lent_out = select(func.max(Loan.id)).where(Loan.customer_id.in_(team), Loan.state == OUT)
        told_now = select(func.max(InformationReport.id)).where(InformationReport.customer_id.in_(team), InformationReport.kind == "urgent")
        of_team = RelationAssessment.customer_id.in_(team)
        assessed = select(RelationAssessment.customer_id).where(of_team).group_by(RelationAssessment.customer_id)
        found = {
            "customer": customer.id,
            "letters": "".join(word[0] for word in customer.name_sort.split()[:3]),
            "draft": draft.customer_id,
            "sign": next(one.id for one in running if one.step_for(staff["sup1"], "portal")),
            "paper": next(one.id for one in running if any(step.type == "paper" for step in one.open_steps)),
            "loan": db.session.scalar(lent_out),
            "review": db.session.scalar(select(func.max(ReviewCampaign.id))),
            "report": db.session.scalar(told_now),
            "assessed": db.session.scalar(assessed.order_by(func.count().desc(), RelationAssessment.customer_id).limit(1)),
        }
        db.session.remove()
        return found


# --- scenes ------------------------------------------------------------------------------------------------------------


@scene("", height=780)
def sign_in(page: Page, here: dict[str, Any]) -> None:
    page.goto(f"{here['site']}/sign-in")


@scene("sup1", height=900)
def home(page: Page, here: dict[str, Any]) -> None:
    page.goto(here["site"])


@scene("rep1", height=560)
def search(page: Page, here: dict[str, Any]) -> None:
    page.goto(here["site"])
    page.locator("#search").press_sequentially(here["letters"], delay=30)
    page.locator("#search-hits a").first.wait_for()


@scene("rep1", height=900)
def customer(page: Page, here: dict[str, Any]) -> None:
    page.goto(f"{here['site']}/customers/{here['customer']}")


@scene("rep1", height=900)
def investigation(page: Page, here: dict[str, Any]) -> None:
    page.goto(f"{here['site']}/customers/{here['draft']}/investigation")


@scene("sup1", width=390, height=780)
def inbox_telephone(page: Page, here: dict[str, Any]) -> None:
    page.goto(f"{here['site']}/inbox")


@scene("sup1", height=900)
def signing(page: Page, here: dict[str, Any]) -> None:
    page.goto(f"{here['site']}/approvals/{here['sign']}")


@scene("mgr1", height=900)
def paper_step(page: Page, here: dict[str, Any]) -> None:
    page.goto(f"{here['site']}/approvals/{here['paper']}")
    page.locator("input[name=scan]").scroll_into_view_if_needed()


@scene("rep1", width=390, height=780)
def sheet_code(page: Page, here: dict[str, Any]) -> None:
    """Print the card twice, with a change in between, and look up the first copy."""
    address = f"{here['site']}/prints/customer_card/{here['customer']}"
    page.goto(address)
    token = page.locator("input[name=csrf_token]").first.get_attribute("value")
    page.request.post(address, form={"csrf_token": token or ""}, headers={"Referer": address})
    here["change"]()
    page.goto(f"{here['site']}/prints")
    page.locator("a[href*='/v/']").first.click()
    page.wait_for_url("**/v/*")


@scene("rep1", height=760)
def dossier(page: Page, here: dict[str, Any]) -> None:
    """Show a dossier with documents of several kinds."""
    page.goto(f"{here['site']}/documents")
    page.locator("tbody th a").first.click()
    page.locator("nav.where a").last.click()
    page.locator("table.documents").first.wait_for()


@scene("rep1", height=760)
def office_register(page: Page, here: dict[str, Any]) -> None:
    page.goto(f"{here['site']}/registers/parking-permits")


@scene("sup1", height=860)
def binder(page: Page, here: dict[str, Any]) -> None:
    page.goto(f"{here['site']}/binders")
    page.locator("tbody th a").first.click()
    page.wait_for_url(re.compile(r"/binders/\d+"))


@scene("sup1", height=900)
def loan(page: Page, here: dict[str, Any]) -> None:
    page.goto(f"{here['site']}/loans/{here['loan']}")


@scene("rep1", height=900)
def review(page: Page, here: dict[str, Any]) -> None:
    page.goto(f"{here['site']}/reviews/{here['review']}/next")


@scene("sup1", height=900)
def urgent_report(page: Page, here: dict[str, Any]) -> None:
    page.goto(f"{here['site']}/reports/{here['report']}")


@scene("sup1", height=1000)
def delivered_value(page: Page, here: dict[str, Any]) -> None:
    page.goto(f"{here['site']}/customers/{here['assessed']}/relation-assessments")


@scene("mgr1", height=760)
def requests(page: Page, here: dict[str, Any]) -> None:
    page.goto(f"{here['site']}/requests")


@scene("sup1", height=700)
def agreements(page: Page, here: dict[str, Any]) -> None:
    page.goto(f"{here['site']}/agreements")


@scene("sup1", height=900)
def register(page: Page, here: dict[str, Any]) -> None:
    page.goto(f"{here['site']}/customers?grade=B")
    for row in (0, 1, 3):
        page.locator("tbody input[type=checkbox]").nth(row).check()


@scene("sup1", height=900)
def merging(page: Page, here: dict[str, Any]) -> None:
    page.goto(f"{here['site']}/customers/{here['customer']}/merge/{here['twin']}")


@scene("sup1", height=900)
def importing(page: Page, here: dict[str, Any]) -> None:
    page.goto(f"{here['site']}/imports")
    page.locator("input[type=file]").set_input_files({"name": "客户清单.csv", "mimeType": "text/csv", "buffer": TABLE.encode("utf-8-sig")})
    page.locator("main form[enctype] button.btn-primary").click()
    page.wait_for_url(re.compile(r"/imports/\d+"))
    page.locator("input[name=reason]").fill("2025年展会客户清单" if here["language"] == "zh" else "List from the 2025 fair")
    page.locator("main form button.btn-primary").click()
    page.locator("input[name=mode]").first.wait_for()


@scene("mgr1", height=520)
def standard(page: Page, here: dict[str, Any]) -> None:
    page.goto(f"{here['site']}/standards/credit.finance_limit/new-version")
    page.locator("input[name=value]").fill("300000")
    page.locator("textarea[name=reason]").fill("董事会2026年第3次会议决定" if here["language"] == "zh" else "Resolution of the board")
    page.locator("main form .save-bar button").first.click()
    page.locator("form.confirm").wait_for()


# --- taking them -------------------------------------------------------------------------------------------------------


def change_customer(app: Any, customer_id: int) -> None:
    """Change a card, so that a sheet printed before is superseded."""
    from portal import database
    from portal.database import db
    from portal.models.customer import Customer

    with app.app_context():
        database.read_only(False)
        record = db.session.get_one(Customer, customer_id)
        record.change({"staff_count": (record.staff_count or 0) + 5}, by=record.owner, source="form")
        db.session.commit()
        db.session.remove()


def speak(app: Any, locale: str) -> None:
    """Let everybody read the portal in one language."""
    from portal import database
    from portal.database import db
    from portal.models.staff import Staff

    with app.app_context():
        database.read_only(False)
        db.session.execute(update(Staff).values(language=locale))
        db.session.commit()
        db.session.remove()


def enter(page: Page, site: str, account: str) -> None:
    """Sign in."""
    from portal.demo.load import PASSWORD

    page.goto(f"{site}/sign-in")
    page.locator("input[name=account]").fill(account)
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("main form button.btn-primary").click()
    page.locator(".topbar").wait_for()


def keep(picture: bytes, path: Path) -> int:
    """Write a picture with as few colours as it needs and return its size."""
    with Image.open(io.BytesIO(picture)) as image:
        image.convert("RGB").quantize(96, dither=Image.Dither.NONE).save(path, optimize=True)
    size = path.stat().st_size
    if size > LARGEST:
        sys.exit(f"{path.name} has {size:,} bytes, more than {LARGEST:,}: make its window smaller")
    return size


@scene("mgr1", height=560)
def meeting_rooms(page: Page, here: dict[str, Any]) -> None:
    page.goto(f"{here['site']}/receptions?state=approved&class=major")
    day = page.locator("table.list time").first.inner_text()
    page.goto(f"{here['site']}/meeting-rooms?day={day}")


@scene("sup1", height=760)
def gift_campaign(page: Page, here: dict[str, Any]) -> None:
    page.goto(f"{here['site']}/gifts/campaigns?q=中秋")
    page.locator("table.list th a").first.click()
    page.wait_for_load_state()


@scene("sup1", height=620)
def gift_deliveries(page: Page, here: dict[str, Any]) -> None:
    page.goto(f"{here['site']}/gifts/deliveries")


@scene("mgr1")
def proposals(page: Page, here: dict[str, Any]) -> None:
    """Undecided proposals by their last day, and where each lies."""
    page.goto(f"{here['site']}/proposals?state=open")


@scene("mgr1", height=900)
def proposal_overview(page: Page, here: dict[str, Any]) -> None:
    page.goto(f"{here['site']}/proposals/overview")


@scene("rep1", height=980)
def call_sheet(page: Page, here: dict[str, Any]) -> None:
    """Show the day's calls with the sheet of the first one open."""
    page.goto(f"{here['site']}/call-backs")
    page.locator(".calls .main a").first.click()
    page.locator(".call-sheet").wait_for()
    page.locator("h1").scroll_into_view_if_needed()
    page.mouse.wheel(0, -2000)


@scene("rep1", height=900)
def counted_deadline(page: Page, here: dict[str, Any]) -> None:
    page.goto(f"{here['site']}/standards/calendar/count?what=hours&from_day=2026-04-30&from_time=16:00&number=30")
    page.locator("table.counted").scroll_into_view_if_needed()


@scene("mgr1", height=900)
def survey_results(page: Page, here: dict[str, Any]) -> None:
    page.goto(f"{here['site']}/survey-results?by=month")


@scene("rep1", width=390, height=900)
def visits_telephone(page: Page, here: dict[str, Any]) -> None:
    """Show the list of a day with visits that are still to be made."""
    page.goto(f"{here['site']}/visits/list?state=planned")
    day = page.locator("table.list time").first.inner_text()
    page.goto(f"{here['site']}/visits?day={day}")


def take(browser: Browser, app: Any, here: dict[str, Any], wanted: list[Scene]) -> None:
    """Take the scenes in both languages."""
    for language, (locale, spoken) in LANGUAGES.items():
        speak(app, locale)
        here["language"] = language
        for one in wanted:
            size: Any = {"width": one.width, "height": one.height}
            with browser.new_context(viewport=size, locale=spoken, reduced_motion="reduce") as window:
                window.set_default_timeout(20_000)
                window.add_cookies([{"name": "language", "value": locale, "url": here["site"]}])
                page = window.new_page()
                if one.account:
                    enter(page, here["site"], one.account)
                one.go(page, here)
                page.wait_for_load_state("networkidle")
                if page.locator(".error-page").count():
                    sys.exit(f"{one.name}: {page.title()}")
                path = PICTURES / f"{language}-{one.name}.png"
                print(f"{path.name}  {keep(page.screenshot(), path):,} bytes", flush=True)


def main() -> None:
    names = set(sys.argv[1:])
    wanted = [one for one in SCENES if not names or one.name in names]
    if names - {one.name for one in wanted}:
        sys.exit(f"There are these scenes: {', '.join(one.name for one in SCENES)}")
    chromium = shutil.which("chromium-headless-shell") or shutil.which("chromium")
    if chromium is None:
        sys.exit("Chromium is not installed: apt-get install chromium-headless-shell")
    PICTURES.mkdir(parents=True, exist_ok=True)
    from waitress.server import create_server

    app, folder = office()
    server = create_server(app, host="127.0.0.1", port=0, threads=8)
    threading.Thread(target=server.run, daemon=True).start()
    try:
        here = facts(app)
        here["site"] = f"http://127.0.0.1:{server.effective_port}"
        here["twin"] = twin(app, here["customer"])
        here["change"] = lambda: change_customer(app, here["customer"])
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=QUIET)
            take(browser, app, here, wanted)
            browser.close()
    finally:
        server.close()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
