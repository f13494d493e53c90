"""The pages of gifts and of customers' proposals, each as manager, supervisor, rep and department, against the bare page."""

from __future__ import annotations

import re
from urllib.parse import quote

from bench.measure import Figure, Report, cost
from bench.pages import asking, bare, figure, signed_in, within
from bench.proposal_data import WITH_ACCOUNT
from bench.server import Browser, Server
from bench.service_pages import MINE, ROLES, TEAM, TIMES, _named
from portal import clock
from portal.models.award_list import AwardQuery
from portal.models.gift_campaign_list import CampaignQuery
from portal.models.gift_delivery_list import DeliveryQuery
from portal.models.gift_goods_list import GiftQuery, OrderQuery
from portal.models.gift_register_list import EntryQuery
from portal.models.proposal_list import ProposalQuery
from portal.rules.proposals import START_ROUTES

CAMPAIGN, OF_TEAM, LIST = 36, 37, 106
"""Of the bench's campaigns one of the company and one of the team of `ROLES`, both being delivered; a list of the first."""
WORDS, ABSENT = quote("李"), quote("龘靐")
FIGURES_KB = 60


def lists() -> dict[str, str]:
    """Return the lists, registers and figures that are measured: name → path. Each filter that chooses among codes is asked with each."""
    year, month = clock.today().year, clock.today().strftime("%Y-%m")
    some = {"words": f"q={WORDS}", "absent words": f"q={ABSENT}"}
    days = {"from a day": f"first={year}-01-01", "of a year": f"first={year - 1}-01-01&last={year - 1}-12-31"}
    found = _named("gift campaigns,", "/gifts/campaigns?", {"all": "", **some, **_codes(CampaignQuery), "year": f"year={year - 1}"})
    of_gift = {"campaign": f"campaign={CAMPAIGN}", "team's campaign": f"campaign={OF_TEAM}", "team": f"team={TEAM}"}
    posted = {f"step {step} by {way}": f"step={step}&way={way}" for step in ("received", "out") for way in ("post", "own")}
    found |= _named("gift deliveries,", "/gifts/deliveries?", {
        "all": "", **some, "parcel": "q=SF0000123456", **_codes(DeliveryQuery), **of_gift, **posted,
        "round": "run=1", "key tier to be told": "step=tell&tier=key", "team's, returned": f"team={TEAM}&step=returned",
        "campaign's, received": f"campaign={CAMPAIGN}&step=received",
    })  # fmt: skip
    found |= {"gift deliveries to tell": "/gifts/deliveries/telling", "gift deliveries to send": "/gifts/deliveries/sending"}
    found |= _named("gift register,", "/gifts/register?", {
        "all": "", **some, **_codes(EntryQuery), **days, "giver": f"giver={MINE}", "other team's giver": "giver=100",
        "customer": "customer=22", "person": "person=" + quote("王经理"), "giver in a year": f"giver={MINE}&{days['of a year']}",
        "prizes of a year": f"source=prize&{days['of a year']}",
    })  # fmt: skip
    found |= _named("gifts,", "/gifts/goods?", {"all": "", **some, **_codes(GiftQuery), "supplier": "supplier=3"})
    found |= _named("gift orders,", "/gifts/orders?", {"all": "", **some, **_codes(OrderQuery), "supplier": "supplier=3"})
    found |= {
        "gift refusals": "/gifts/refusals?list=118", "gift purchasing": "/gifts/purchasing", "gift rounds": "/gifts/runs",
        "gift rounds of the day": "/gifts/day", "gift suppliers": "/gifts/suppliers", "gift register, totals": "/gifts/register/totals",
    }  # fmt: skip
    kinds = {f"kind {one['kind']}": f"kind={one['kind']}" for one in START_ROUTES}
    departments = {f"department {one}": f"department={one}" for one in dict.fromkeys(row["departments"][0] for row in START_ROUTES)}
    found |= _named("proposals,", "/proposals?", {
        "undecided": "", "all": "state=", **{name: f"state=&{asked}" for name, asked in {**some, **days, **kinds, **departments}.items()},
        "common word": "state=&q=" + quote("建议"), "undecided with a word": "state=open&q=" + quote("密封"), **_codes(ProposalQuery),
        "number": "state=&q=P2026-000123", "team": f"state=&team={TEAM}", "undecided of a team": f"state=open&team={TEAM}",
        "month": f"state=&period={month}", "year": f"state=&period={year - 1}", "late": "state=open&late=1",
        "customer": "state=&customer=48",
        "undecided of a department": "state=open&department=quality", "declined of a kind": "state=not-adopted&kind=quality",
        "in time in a year": f"figure=in-time&period={year - 1}", "adopted of a year": f"state=taken&period={year - 1}",
    })  # fmt: skip
    found |= _named("awards,", "/proposals/awards?", {"all": "", **_codes(AwardQuery), "year": f"year={year}", "customer": "customer=48"})
    found |= {"overview of proposals": "/proposals/overview", "overview of last year": f"/proposals/overview?year={year - 1}"}
    return found | {"new proposal": "/proposals/new", "similar proposals": "/proposals/similar?summary=" + quote("包装箱改用可回收材料")}


def _codes(query: type[object]) -> dict[str, str]:
    """Return what a list is asked for: each code of each filter that has codes, and each switch."""
    known, switches = getattr(query, "KNOWN", {}), getattr(query, "SWITCHES", ())
    found = {f"{name} {code}": f"{name}={code}" for name, codes in known.items() for code in codes}
    return found | {name: f"{name}=1" for name in switches}


RECORDS: dict[str, tuple[str, ...]] = {
    "gift campaign": (f"/gifts/campaigns/{CAMPAIGN}",),
    "gift campaign being written": (f"/gifts/campaigns/{CAMPAIGN + 4}",),
    "gift campaign of a team": (f"/gifts/campaigns/{OF_TEAM}",),
    "gift campaign, form": (f"/gifts/campaigns/{OF_TEAM}/edit",),
    "gift list": (f"/gifts/lists/{LIST}",),
    "gift list, delivered ones": (f"/gifts/lists/{LIST}?state=delivered",),
    "gift list, a customer": (f"/gifts/lists/{LIST}?q={WORDS}",),
    "gift list of a team": (f"/gifts/lists/{OF_TEAM * 3 - 1}",),
    "gift list being written": ("/gifts/lists/118",),
    "gift list, drawing": ("/gifts/lists/118/drawing",),
    "gift list, putting on by hand": ("/gifts/lists/118/recipients",),
    "gift list of goods": ("/gifts/campaigns/36", r"/gifts/goods-lists/\d+"),
    "gift recipient": (f"/gifts/lists/{LIST}", r"/gifts/recipients/\d+"),
    "gift recipient of the team": ("/gifts/campaigns/37", r"/gifts/recipients/\d+"),
    "gift delivery": ("/gifts/deliveries", r"/gifts/deliveries/\d+"),
    "gift delivery on the way": ("/gifts/deliveries?step=out", r"/gifts/deliveries/\d+"),
    "gift": ("/gifts/goods/53",),
    "gift, form": ("/gifts/goods/53/edit",),
    "gift order": ("/gifts/orders", r"/gifts/orders/\d+"),
    "gift order, form": ("/gifts/orders/new",),
    "gift round": ("/gifts/runs", r"/gifts/runs/\d+"),
    "gift round, form": ("/gifts/runs/new",),
    "gift supplier": ("/gifts/suppliers/3/edit",),
    "gifts of a customer": ("/gifts/register", r"/gifts/customers/\d+"),
    "proposal": ("/proposals?state=routed", r"/proposals/\d+"),
    "proposal, adopted": ("/proposals?state=carrying-out", r"/proposals/\d+"),
    "proposal, not adopted": ("/proposals?state=not-adopted", r"/proposals/\d+"),
    "proposal, form": ("/proposals?state=registered", r"/proposals/\d+/edit"),
    "proposal's routing": ("/proposals?state=routing", r"/proposals/\d+", r"/proposal-routings/\d+"),
    "proposal's decision": ("/proposals?state=not-adopted", r"/proposals/\d+", r"/proposal-decisions/\d+"),
    "proposal's letter": ("/proposals?state=not-adopted", r"/proposals/\d+", r"/proposal-letters/\d+"),
    "proposal's work": ("/proposals?state=done", r"/proposals/\d+", r"/proposal-works/\d+"),
    "proposal's assessment": ("/proposals?state=routed", r"/proposals/\d+", r"/proposal-departments/\d+/assessment"),
    "proposal's routing, form": ("/proposals?state=registered", r"/proposals/\d+", r"/proposals/\d+/routing/new"),
    "award": ("/proposals/awards", r"/proposal-awards/\d+"),
    "proposals of a customer": ("/proposals/awards", r"/proposal-awards/\d+", r"/customers/\d+", r"/customers/\d+/proposals"),
}
"""Records and forms: the path, or the list and what leads from it to the record."""


def record(reader: Browser, way: tuple[str, ...]) -> str:
    """Return the path of a record; '' where the reader has none, or does not open it."""
    path = way[0]
    for pattern in way[1:]:
        found = re.search(rb'href="(' + pattern.encode() + rb')[?"]', reader.get(path)[1])
        if not found:
            return ""
        path = found.group(1).decode()
    return path if reader.get(path)[0] == 200 else ""


def reading(server: Server, report: Report) -> None:
    """Measure the pages, and how heavy the heaviest is."""
    heaviest = ("", 0)
    departments = [(f"department {code}", f"dep{place + 1}") for place, code in enumerate(WITH_ACCOUNT)]
    for role, account in (*ROLES, *departments):
        reader = signed_in(server, account)
        for name, path in lists().items():
            if reader.get(path)[0] in (403, 404):
                continue
            one = cost(server, asking(reader, path), TIMES, warm=3, beside=bare(reader))
            report.add(figure(f"{name}, as {role}", one, 2.5))
            heaviest = max(heaviest, (f"{name}, as {role}", one.size), key=lambda found: found[1])
        for name, way in RECORDS.items():
            path = record(reader, way)
            if path:
                one = cost(server, asking(reader, path), TIMES, warm=3, beside=bare(reader))
                report.add(within(f"{name}, as {role}", one, 12))
                heaviest = max(heaviest, (f"{name}, as {role}", one.size), key=lambda found: found[1])
    report.add(Figure("gifts and proposals: heaviest HTML", heaviest[1] / 1024, "KB", None, FIGURES_KB, note=heaviest[0]))
