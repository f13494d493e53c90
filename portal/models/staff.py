"""Staff accounts: who they are, what they may do, their passwords, and how accounts come and go (RO-3 to RO-6)."""

from __future__ import annotations

import re
import secrets
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from flask_login import UserMixin
from sqlalchemy import ColumnElement, ForeignKey, Select, and_, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock, hashing
from portal.database import Base, db, transition
from portal.models import audit
from portal.models.delegation import Delegation
from portal.models.session import SignInAttempt, StaffSession
from portal.models.standard import value as standard
from portal.models.team import Team
from portal.permissions import ROLE_PERMISSIONS, Permission, Role
from portal.rules.identifiers import check_email
from portal.rules.message import N_, Refusal
from portal.rules.passwords import check_password, password_expired

if TYPE_CHECKING:
    from portal.models.hand_over_record import HandOver

ACCOUNT = re.compile(r"[a-z0-9][a-z0-9._-]{1,31}")
_SIGNS = "abcdefghjkmnpqrstuvwxyzACDEFGHJKLMNPQRTUVWXY34679"
"""What first passwords are made of: without signs that are mistaken for others when read aloud or copied by hand."""


class Staff(UserMixin, Base):
    """A member of staff with an account: one role, one team, one department."""

    __tablename__ = "staff"

    account: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    role: Mapped[str]
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"), index=True)
    department: Mapped[str] = mapped_column(default="")
    department_code: Mapped[str] = mapped_column(default="", server_default="")
    """Of a department's account: whose proposals it sees, a code of `choices.department` (PP-3)."""
    post: Mapped[str] = mapped_column(default="")
    telephone: Mapped[str] = mapped_column(default="")
    email: Mapped[str] = mapped_column(default="")
    language: Mapped[str] = mapped_column(default="zh_Hans_CN")
    password_hash: Mapped[str]
    password_changed_at: Mapped[datetime]
    must_change_password: Mapped[bool] = mapped_column(default=True)
    signature_id: Mapped[int | None] = mapped_column(ForeignKey("attachment.id", use_alter=True))
    active: Mapped[bool] = mapped_column(default=True)
    deactivated_at: Mapped[datetime | None]
    is_demo: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    version: Mapped[int] = mapped_column(default=1)

    team: Mapped[Team | None] = relationship(lazy="joined")

    __mapper_args__ = {"version_id_col": version}

    @property
    def is_active(self) -> bool:
        """Return whether the account can be used (Flask-Login asks this)."""
        return self.active

    @property
    def is_manager(self) -> bool:
        """Return whether the role is manager."""
        return self.role == Role.MANAGER

    @property
    def is_supervisor(self) -> bool:
        """Return whether the role is supervisor."""
        return self.role == Role.SUPERVISOR

    @hybrid_property
    def in_office(self) -> bool:
        """Return whether somebody can be given work of the office: an active account that is no department's (PP-3)."""
        return self.active and self.role != Role.DEPARTMENT

    @in_office.inplace.expression
    @classmethod
    def _in_office(cls) -> ColumnElement[bool]:
        return and_(cls.active, cls.role != Role.DEPARTMENT.value)

    @property
    def is_department(self) -> bool:
        """Return whether it is the account of a department, which sees the proposals routed to it and nothing else (PP-3)."""
        return self.role == Role.DEPARTMENT

    @property
    def role_label(self) -> str:
        """Return the English message id of the role."""
        return Role(self.role).label

    def may(self, permission: Permission) -> bool:
        """Return whether the role has `permission`; a deactivated account has none."""
        return self.active and permission in ROLE_PERMISSIONS[Role(self.role)]

    @classmethod
    def visible_to(cls, user: Staff) -> Select[Staff]:
        """Return the staff whom `user` may look up: colleagues' names are no secret inside the office."""
        return select(cls)

    @classmethod
    def by_account(cls, account: str) -> Staff | None:
        """Return the person with this account name, in any spelling of its letters."""
        return db.session.scalar(select(cls).where(cls.account == account.strip().lower()))

    # --- accounts come and go (RO-4) -------------------------------------------------------------------------------

    @classmethod
    def create(
        cls, *, account: str, name: str, role: str, by: Staff | None, team: Team | None = None, password: str = "", **values: Any
    ) -> tuple[Staff, str]:
        """Add an account and return it with its first password, which has to be changed at the first sign-in.

        The password is made here unless one is given (a site's first manager). `values`: department, post, telephone,
        email, language. Raises `Refusal` for an account name that cannot be or is taken (field `account`), and where somebody
        creates (`by`) an account that needs a team without one.
        """
        _check_contact(values)
        values["department_code"] = _department_of(role, team, values.get("department_code", ""))
        account = account.strip().lower()
        if not ACCOUNT.fullmatch(account):
            raise Refusal(N_("An account name has 2 to 32 small letters, figures, dots, hyphens or underscores."), field="account")
        if by is not None:
            _ensure_team(role, team)
        staff = cls(
            account=account,
            name=name.strip(),
            role=Role(role).value,
            team=team,
            password_hash="",
            password_changed_at=clock.now(),
            **values,
        )
        password = staff._keep_password(password or staff._first_password(), must_change=True)
        try:
            with db.session.begin_nested():
                db.session.add(staff)
                db.session.flush()
        except IntegrityError as error:
            raise Refusal(N_("There is an account %(account)s already."), field="account", account=account) from error
        described = {"role": staff.role, "team": team.name if team else "", **values}
        changes = [{"field": field, "old": "", "new": value} for field, value in described.items() if value]
        audit.write("permission", "account-created", actor=by, record=staff, label=staff.name, changes=changes)
        return staff, password

    def change(self, *, by: Staff, **values: Any) -> None:
        """Change name, role, team, department, post, telephone or email; who works here by then sees it at the next request.

        Customers follow their owner into another team, open requests who has them in hand (RO-1: a supervisor sees what the
        team has); open steps are given to whoever has the role now. Raises `Refusal` (field `role`) where the last manager would be lost,
        or an account of the office with something in hand would become a department's, which does none of it.
        """
        if "role" in values or "department_code" in values:
            role, team = values.get("role", self.role), values.get("team", self.team)
            values["department_code"] = _department_of(role, team, values.get("department_code", self.department_code))
        changes = [
            {"field": field, "old": _plain(getattr(self, field)), "new": _plain(new)}
            for field, new in values.items()
            if getattr(self, field) != new
        ]
        if not changes:
            return
        _check_contact(values)
        if values.get("role") == Role.DEPARTMENT.value and self.role != Role.DEPARTMENT:
            self._ensure_nothing_in_hand()
        changed = {change["field"] for change in changes}
        if "role" in changed and self.is_manager and self.active:
            self._keep_a_manager("role")
        if changed & {"team", "role"}:
            _ensure_team(values.get("role", self.role), values.get("team", self.team))
        for field, new in values.items():
            setattr(self, field, new)
        audit.write("permission", "account-changed", actor=by, record=self, label=self.name, changes=changes)
        if "role" in changed and self.is_department:
            self._release(by)
        if "team" in changed:
            self._take_work_along(by)
        if changed & {"team", "role"}:
            _reroute()

    def change_own(self, *, language: str, email: str, telephone: str) -> None:
        """Keep what people say of themselves. Raises `Refusal` (field `email`)."""
        new = {"language": language, "email": email, "telephone": telephone}
        changes = [
            {"field": field, "old": getattr(self, field), "new": value} for field, value in new.items() if getattr(self, field) != value
        ]
        if not changes:
            return
        _check_contact(new)
        for field, value in new.items():
            setattr(self, field, value)
        audit.write("change", "profile-changed", actor=self, record=self, label=self.name, changes=changes)

    def deactivate(self, *, by: Staff, to: Staff | None) -> HandOver | None:
        """Close the account: sessions and delegations end, open work goes to `to`, the history stays (RO-4).

        Returns the record of what was handed over, None where nothing was.

        Raises `Refusal`: the last manager; customers or open work but nobody to take them (field `to_id`). Raises `StateConflict`
        when it is deactivated already.
        """
        if self.is_manager:
            self._keep_a_manager(None)
        if to is not None and (to.id == self.id or not to.in_office):
            raise Refusal(N_("Choose an active colleague."), field="to_id")
        customers = self.customers()
        if customers and to is None:
            raise Refusal(N_("%(name)s has %(count)s customers. Say who takes them over."), field="to_id", name=self.name, count=customers)
        from portal.models.hand_over_list import to_be_taken
        from portal.models.hand_over_record import HandOver

        if to is None and (work := sum(to_be_taken(self).values())):
            raise Refusal(
                N_("%(name)s has open work in hand (%(count)s). Say who takes it over."), field="to_id", name=self.name, count=work
            )
        record = HandOver.prepared_for(self) if to is None else HandOver.prepare(self, by=by)
        if record is not None and to is not None:
            record.keep_all_but_customers()  # what waits here is found as long as the account is active
        transition(self, expect={"active": True}, change={"active": False, "deactivated_at": clock.now()})
        StaffSession.end_all(self)
        Delegation.end_all_to(self, by=by)
        if record is not None and to is not None:
            record.move_all(to=to, by=by)
        else:
            self._release(by)
            if record is not None:
                record.discard(by=by)
        _reroute()
        changes = [{"field": "active", "old": "yes", "new": "no"}]
        audit.write(
            "permission",
            "account-deactivated",
            actor=by,
            record=self,
            label=self.name,
            changes=changes,
            to=to.name if to else "",
            customers=customers,
        )
        return record if to is not None else None

    def reactivate(self, *, by: Staff) -> str:
        """Open the account again and return its new first password. Raises `StateConflict` when it is active."""
        transition(self, expect={"active": False}, change={"active": True, "deactivated_at": None})
        password = self._keep_password(self._first_password(), must_change=True)
        _reroute()
        changes = [{"field": "active", "old": "no", "new": "yes"}]
        audit.write("permission", "account-reactivated", actor=by, record=self, label=self.name, changes=changes)
        return password

    def customers(self) -> int:
        """Return how many customers this person is in charge of; merged ones do not count."""
        from portal.models.customer import Customer, CustomerState

        theirs = (Customer.owner_id == self.id) & (Customer.state != CustomerState.MERGED)
        return db.session.scalar(select(func.count()).select_from(Customer).where(theirs)) or 0

    def _ensure_nothing_in_hand(self) -> None:
        """Raise `Refusal` (field `role`) where somebody has to take over customers or open work first."""
        if self.customers():
            raise Refusal(N_("%(name)s is in charge of customers. Hand them over first."), field="role", name=self.name)
        from portal.models.hand_over_list import to_be_taken

        if work := sum(to_be_taken(self).values()):
            raise Refusal(N_("%(name)s has open work in hand (%(count)s). Hand it over first."), field="role", name=self.name, count=work)

    def _keep_a_manager(self, field: str | None) -> None:
        """Raise `Refusal` if no other manager is active. The managers are locked, so that two cannot remove each other at once."""
        managers = db.session.scalars(
            select(Staff.id).where(Staff.role == Role.MANAGER, Staff.active).order_by(Staff.id).with_for_update()
        ).all()
        if not set(managers) - {self.id}:
            raise Refusal(N_("%(name)s is the last active manager. Make somebody else manager first."), field=field, name=self.name)

    def _take_work_along(self, by: Staff) -> None:
        from portal.models.hand_over import follow_owner
        from portal.models.request_desk import follow_team

        db.session.flush()
        follow_owner(self, by=by)
        follow_team(self)

    def _release(self, by: Staff) -> None:
        from portal.models.hand_over import release

        db.session.flush()
        release(self, by=by)

    # --- passwords -------------------------------------------------------------------------------------------------

    def set_password(self, password: str, *, by: Staff | None) -> None:
        """Keep a password that the person has chosen and end every session of the account. Raises `Refusal` (field `password`)."""
        self._keep_password(password, must_change=False)
        StaffSession.end_all(self)
        audit.write("permission", "password-set", actor=by or self, record=self, label=self.name)

    def reset_password(self, *, by: Staff) -> str:
        """Return a new first password, to be changed at the next sign-in; nobody learns the one the person then chooses.

        Who had to wait after too many wrong ones waits no more.

        Raises `Refusal` for the own account: its password is changed on the profile, with the present one.
        """
        if by.id == self.id:
            raise Refusal(N_("Change your own password on your profile."))
        password = self._keep_password(self._first_password(), must_change=True)
        StaffSession.end_all(self)
        SignInAttempt.forget(self.account, db.session())  # wrong ones were of the old password: the new one opens at once
        audit.write("permission", "password-reset", actor=by, record=self, label=self.name)
        return password

    def sign_out_everywhere(self, *, by: Staff) -> None:
        """End every session of the account, whose password stays: of somebody who has lost a telephone, for instance."""
        count = StaffSession.end_all(self)
        audit.write("sign-in", "signed-out-by-manager", actor=by, record=self, label=self.name, count=count)

    @property
    def password_due(self) -> bool:
        """Return whether the password must be changed before anything else: a first one, or older than the site allows."""
        if self.must_change_password:
            return True
        return password_expired(clock.local(self.password_changed_at).date(), clock.today(), int(standard("password.max_age_days")))

    def _keep_password(self, password: str, *, must_change: bool) -> str:
        problems = check_password(password, account_name=self.account, names=[self.name], complexity=bool(standard("password.complexity")))
        if problems:
            raise Refusal(problems[0].text, field="password", **problems[0].params)
        self.password_hash = hashing.hash_password(password)
        self.password_changed_at = clock.now()
        self.must_change_password = must_change
        return password

    def _first_password(self) -> str:
        """Return a random password that the rules accept: four groups of four, more than 80 bits."""
        while True:
            password = "-".join("".join(secrets.choice(_SIGNS) for _ in range(4)) for _ in range(4))
            if not check_password(password, account_name=self.account, names=[self.name], complexity=True):
                return password

    # --- delegation (RO-6) -----------------------------------------------------------------------------------------

    def delegators(self, on: date) -> list[Staff]:
        """Return the colleagues for whom this person may sign on that day, deactivated ones included (AP-10), while the rank suffices."""
        if not self.active:
            return []
        query = (
            select(Staff)
            .join(Delegation, Delegation.principal_id == Staff.id)
            .where(Delegation.delegate_id == self.id, Delegation.ended_at.is_(None), Delegation.from_date <= on, Delegation.to_date >= on)
            .order_by(Staff.id)
        )
        return [person for person in db.session.scalars(query) if Role(person.role).rank <= Role(self.role).rank]


def as_data(staff: Staff | None) -> dict[str, Any] | None:
    """Return who somebody is as plain data, for frozen documents and prints."""
    if staff is None:
        return None
    return {"id": staff.id, "account": staff.account, "name": staff.name, "role": staff.role, "post": staff.post}


def _department_of(role: str, team: Team | None, code: str) -> str:
    """Return whose proposals an account sees: of a department's account a code of the list, '' for all others. Raises `Refusal` (PP-3)."""
    if role != Role.DEPARTMENT.value:
        return ""
    if team is not None:
        raise Refusal(N_("The account of a department is in no team."), field="team_id")
    if code not in {one["code"] for one in standard("choices.department")}:
        raise Refusal(N_("Choose the department whose proposals the account sees."), field="department_code")
    return code


def _ensure_team(role: str, team: Team | None) -> None:
    """Raise `Refusal` for a rep or supervisor without a team: a rep could record no customer, a supervisor would see none (RO-1)."""
    if team is None and role in (Role.REP.value, Role.SUPERVISOR.value):
        raise Refusal(N_("Choose the team: reps and supervisors work in one."), field="team_id")


def _check_contact(values: dict[str, Any]) -> None:
    problem = check_email(values["email"]) if values.get("email") else None
    if problem is not None:
        raise Refusal(problem.text, field="email", **problem.params)


def _plain(value: Any) -> Any:
    """Return a value as the audit log shows it."""
    return value.name if isinstance(value, Team) else value if value is not None else ""


def _reroute() -> None:
    """Give open approval steps to those who have the role now."""
    from portal.models.approval import reroute_open_steps

    db.session.flush()
    reroute_open_steps()
