"""Take the demonstration office out again: its accounts, its customers, and all that was made by them or hangs on them.

What goes is found by following the foreign keys from the marked accounts and customers, so that tables added later are
covered without a word here. The audit log stays: nobody can take anything out of it (RO-7).
"""

from __future__ import annotations

from sqlalchemy import Table, delete, or_, select, update

from portal.database import db
from portal.demo.gift_deliveries import SUPPLIERS
from portal.demo.receptions import ROOMS
from portal.models import proposal_figures, survey_totals
from portal.models.approval import Approval
from portal.models.audit import AuditEvent
from portal.models.customer import Customer
from portal.models.gift import Gift, GiftSupplier
from portal.models.gift_campaign import GiftCampaign
from portal.models.gift_list import GiftList
from portal.models.gift_order import GiftOrder
from portal.models.grading_campaign import GradingCampaign
from portal.models.notice import Notice
from portal.models.proposal import Proposal
from portal.models.reception import Reception
from portal.models.relation import RelationAssessment
from portal.models.report import InformationReport
from portal.models.request import ServiceRequest
from portal.models.request_tally import count_month, months_of
from portal.models.review import ReviewCampaign
from portal.models.room import MeetingRoom
from portal.models.sales_recount import recount_regions
from portal.models.staff import Staff
from portal.models.staff_assessment import StaffAssessment
from portal.models.staff_assessment_reward import StaffReward
from portal.models.standard import StandardVersion
from portal.models.team import Team
from portal.models.visit import Visit
from portal.models.visit_report import VisitReport

KEPT = {AuditEvent.__tablename__, StandardVersion.__tablename__, Team.__tablename__}
"""Tables whose rows outlive who made them."""
PORTION = 500


def remove() -> int:
    """Remove the demonstration and return how many records went. The caller commits.

    What people typed under demonstration accounts, or gave into their charge, is demonstration too.
    """
    doomed: dict[str, set[int]] = {}
    staff = set(db.session.scalars(select(Staff.id).where(Staff.is_demo)))
    if not staff:
        return 0
    teams = set(db.session.scalars(select(Staff.team_id).where(Staff.is_demo, Staff.team_id.is_not(None))))
    doomed[Staff.__tablename__] = staff
    doomed[Customer.__tablename__] = set(db.session.scalars(select(Customer.id).where(or_(Customer.is_demo, Customer.owner_id.in_(staff)))))
    tables = [table for table in db.metadata.sorted_tables if table.name not in KEPT]
    grown = True
    while grown:
        grown = False
        for table in tables:
            found = _hanging_on(table, doomed)
            if found - doomed.get(table.name, set()):
                doomed[table.name] = doomed.get(table.name, set()) | found
                grown = True
    links = [f"/approvals/{approval}" for approval in doomed.get(Approval.__tablename__, set())]
    links += [f"/reviews/{campaign}" for campaign in doomed.get(ReviewCampaign.__tablename__, set())]
    years = doomed.get(GradingCampaign.__tablename__, set())
    links += [f"/gradings/{year}" for year in db.session.scalars(select(GradingCampaign.year).where(GradingCampaign.id.in_(years)))]
    links += [f"/receptions/{visit}" for visit in doomed.get(Reception.__tablename__, set())]
    links += [f"/gifts/lists/{one}" for one in doomed.get(GiftList.__tablename__, set())]
    links += [f"/gifts/campaigns/{one}" for one in doomed.get(GiftCampaign.__tablename__, set())]
    links += [f"/visits/{visit}" for visit in doomed.get(Visit.__tablename__, set())]
    links += [f"/visits/reports/{report}" for report in doomed.get(VisitReport.__tablename__, set())]
    links += [f"/reports/{report}" for report in doomed.get(InformationReport.__tablename__, set())]
    requests = doomed.get(ServiceRequest.__tablename__, set())
    links += [f"/requests/{request}" for request in requests]
    months = months_of(sorted(requests))
    links += [f"/assessments/{one}" for one in doomed.get(StaffAssessment.__tablename__, set())]
    links += [f"/proposals/{one}" for one in doomed.get(Proposal.__tablename__, set())]
    links += [f"/staff-rewards/{one}" for one in doomed.get(StaffReward.__tablename__, set())]
    links += [f"/relation-assessments/{one}" for one in doomed.get(RelationAssessment.__tablename__, set())]
    for start in range(0, len(links), PORTION):
        # Others may have been told of a document that goes; a notice knows it only by its address.
        db.session.execute(delete(Notice).where(Notice.link.in_(links[start : start + PORTION])))
    _let_go(doomed)
    for table in reversed(tables):
        for portion in _portions(doomed.get(table.name, set())):
            db.session.execute(delete(table).where(table.c.id.in_(portion)))
    recount_regions()
    survey_totals.recount()
    proposal_figures.recount()
    for month in sorted(months):
        count_month(*month)
    _let_rooms_go()
    _let_suppliers_go()
    db.session.expire_all()
    used = set(db.session.scalars(select(Staff.team_id))) | set(db.session.scalars(select(Customer.team_id)))
    for team in db.session.scalars(select(Team).where(Team.id.in_(teams - used))):
        db.session.delete(team)
    return sum(len(ids) for ids in doomed.values())


def _let_rooms_go() -> None:
    """Take out the demonstration's meeting rooms that no visit has kept."""
    kept = select(Reception.room_id).where(Reception.room_id.is_not(None))
    names = [zh for zh, _en, _seats in ROOMS]
    for room in db.session.scalars(select(MeetingRoom).where(MeetingRoom.zh.in_(names), MeetingRoom.id.not_in(kept))):
        db.session.delete(room)


def _let_suppliers_go() -> None:
    """Take out the demonstration's suppliers of gifts that nobody has ordered from."""
    kept = select(GiftOrder.supplier_id).union(select(Gift.supplier_id).where(Gift.supplier_id.is_not(None)))
    names = [one[0] for one in SUPPLIERS]
    for supplier in db.session.scalars(select(GiftSupplier).where(GiftSupplier.name.in_(names), GiftSupplier.id.not_in(kept))):
        db.session.delete(supplier)


def _portions(ids: set[int]) -> list[list[int]]:
    ordered = sorted(ids)
    return [ordered[start : start + PORTION] for start in range(0, len(ordered), PORTION)]


def _hanging_on(table: Table, doomed: dict[str, set[int]]) -> set[int]:
    """Return the rows of `table` that refer to doomed rows; customers and staff are doomed by their mark alone."""
    if "id" not in table.c or table.name in (Staff.__tablename__, Customer.__tablename__):
        return set()
    found: set[int] = set()
    for key in table.foreign_keys:
        for portion in _portions(doomed.get(key.column.table.name, set())):
            found.update(db.session.scalars(select(table.c.id).where(key.parent.in_(portion))))
    return found


def _let_go(doomed: dict[str, set[int]]) -> None:
    """Clear references from rows that stay, and among doomed rows of one table or in a circle, so that they can be deleted in order."""
    for table in db.metadata.sorted_tables:
        for key in table.foreign_keys:
            if not key.parent.nullable:
                continue
            for portion in _portions(doomed.get(key.column.table.name, set())):
                db.session.execute(update(table).where(key.parent.in_(portion)).values({key.parent.name: None}))
