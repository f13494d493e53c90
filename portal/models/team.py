"""Teams (科/组) of a department: the scope of a supervisor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Select, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from portal.database import Base, db
from portal.models import audit
from portal.rules.message import N_, Refusal

if TYPE_CHECKING:
    from portal.models.staff import Staff


class Team(Base):
    """A team (科/组) of a department."""

    __tablename__ = "team"

    name: Mapped[str] = mapped_column(unique=True)
    department: Mapped[str] = mapped_column(default="")
    active: Mapped[bool] = mapped_column(default=True)

    @classmethod
    def visible_to(cls, user: Staff) -> Select[Team]:
        """Return all teams: who belongs together is no secret inside the office."""
        return select(cls)

    @classmethod
    def create(cls, *, name: str, department: str, by: Staff) -> Team:
        """Add a team. Raises `Refusal` (field `name`) where there is one of this name."""
        team = cls()
        _save(team, name=name, department=department)
        changes = [{"field": "name", "old": "", "new": name}, {"field": "department", "old": "", "new": department}]
        audit.write("permission", "team-created", actor=by, record=team, label=name, changes=changes)
        return team

    def change(self, *, name: str, department: str, by: Staff) -> None:
        """Rename the team or move it to another department. Raises `Refusal` (field `name`) where there is one of this name."""
        new = {"name": name, "department": department}
        changes = [
            {"field": field, "old": getattr(self, field), "new": value} for field, value in new.items() if getattr(self, field) != value
        ]
        if not changes:
            return
        _save(self, name=name, department=department)
        audit.write("permission", "team-changed", actor=by, record=self, label=name, changes=changes)

    def members(self) -> int:
        """Return how many active people are in the team."""
        from portal.models.staff import Staff

        return db.session.scalar(select(func.count()).select_from(Staff).where(Staff.team_id == self.id, Staff.active)) or 0

    def customers(self) -> int:
        """Return how many customers the team has; merged ones do not count."""
        from portal.models.customer import Customer, CustomerState

        theirs = (Customer.team_id == self.id) & (Customer.state != CustomerState.MERGED)
        return db.session.scalar(select(func.count()).select_from(Customer).where(theirs)) or 0

    def deactivate(self, *, by: Staff) -> None:
        """Close the team to new members. Raises `Refusal` while it has members or customers."""
        members, customers = self.members(), self.customers()
        if members or customers:
            raise Refusal(
                N_("%(team)s still has %(members)s members and %(customers)s customers. Move them to another team first."),
                team=self.name,
                members=members,
                customers=customers,
            )
        self.active = False
        audit.write("permission", "team-deactivated", actor=by, record=self, label=self.name)

    def reactivate(self, *, by: Staff) -> None:
        """Open the team again."""
        self.active = True
        audit.write("permission", "team-reactivated", actor=by, record=self, label=self.name)


def _save(team: Team, *, name: str, department: str) -> None:
    try:
        with db.session.begin_nested():
            team.name, team.department = name, department
            db.session.add(team)
            db.session.flush()
    except IntegrityError as error:
        raise Refusal(N_("There is a team %(name)s already."), field="name", name=name) from error
