"""What gift lists tell people without being asked: gifts that seem split to stay under a limit (GF-2)."""

from __future__ import annotations

from sqlalchemy import select

from portal.database import db
from portal.models.approval_authors import DocumentAuthor
from portal.models.gift_judging import split_of
from portal.models.gift_list import LISTED, NAME, GiftList, GiftRecipient
from portal.models.notice import notify
from portal.models.staff import Staff
from portal.permissions import Role
from portal.rules.message import N_, Message


def seeming_split(listed: GiftList) -> int:
    """Return how many customers of a list are given something by other campaigns near it, too."""
    query = select(GiftRecipient.customer_id).where(GiftRecipient.list_id == listed.id, GiftRecipient.state == LISTED)
    return len(split_of(listed.campaign, list(db.session.scalars(query))))


def tell_of_split(listed: GiftList, by: Staff | None) -> None:
    """Tell the supervisors of the campaign's team, or the managers, that gifts on a submitted list seem split."""
    number = seeming_split(listed)
    if not number:
        return
    authors = select(DocumentAuthor.staff_id).where(DocumentAuthor.kind_name == NAME, DocumentAuthor.record_id == listed.id)
    query = select(Staff).where(Staff.active, Staff.id.not_in(authors))
    team_id = listed.campaign.team_id
    supervisors = list(db.session.scalars(query.where(Staff.role == Role.SUPERVISOR, Staff.team_id == (team_id or 0)).order_by(Staff.id)))
    people = supervisors or list(db.session.scalars(query.where(Staff.role == Role.MANAGER).order_by(Staff.id)))
    text = N_(
        "On the gift list %(list)s, %(count)s customers are given something by other campaigns near it, too: see whether it is split."
    )
    for person in people:
        if by is None or person.id != by.id:
            notify(person, Message(text, {"list": listed.label, "count": number}), link=listed.link)
