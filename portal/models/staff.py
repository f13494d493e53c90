"""Staff accounts, teams, sign-in sessions, failed sign-ins and delegation (RO-3 to RO-6)."""

from __future__ import annotations

import hashlib
import secrets
from datetime import date, datetime, timedelta
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from flask import current_app
from flask_login import UserMixin
from sqlalchemy import ForeignKey, Index, Select, func, or_, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.database import Base, db
from portal.models import audit
from portal.models.standard import value as standard
from portal.permissions import ROLE_PERMISSIONS, Permission, Role
from portal.rules.message import Refusal
from portal.rules.passwords import check_password


def _hasher() -> PasswordHasher:
    return PasswordHasher(time_cost=current_app.config["ARGON2_TIME_COST"], memory_cost=current_app.config["ARGON2_MEMORY_KIB"], parallelism=1)


class Team(Base):
    """A team (科/组) of a department."""

    __tablename__ = "team"

    name: Mapped[str] = mapped_column(unique=True)
    department: Mapped[str] = mapped_column(default="")
    active: Mapped[bool] = mapped_column(default=True)


class Staff(UserMixin, Base):
    """A member of staff with an account: one role, one team, one department."""

    __tablename__ = "staff"

    account: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    role: Mapped[str]
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"), index=True)
    department: Mapped[str] = mapped_column(default="")
    post: Mapped[str] = mapped_column(default="")
    telephone: Mapped[str] = mapped_column(default="")
    email: Mapped[str] = mapped_column(default="")
    language: Mapped[str] = mapped_column(default="zh_Hans_CN")
    password_hash: Mapped[str]
    password_changed_at: Mapped[datetime]
    must_change_password: Mapped[bool] = mapped_column(default=True)
    signature_id: Mapped[int | None] = mapped_column(ForeignKey("attachment.id"))
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

    def may(self, permission: Permission) -> bool:
        """Return whether the role has `permission`; a deactivated account has none."""
        return self.active and permission in ROLE_PERMISSIONS[Role(self.role)]

    @classmethod
    def visible_to(cls, user: Staff) -> Select[tuple[Staff]]:
        """Return the staff whom `user` may look up: colleagues' names are no secret inside the office."""
        return select(cls)

    @classmethod
    def by_account(cls, account: str) -> Staff | None:
        """Return the person with this account name, in any spelling of its letters."""
        return db.session.scalar(select(cls).where(cls.account == account.strip().lower()))

    # --- passwords -------------------------------------------------------------------------------------------------

    def set_password(self, password: str, *, by: Staff | None, must_change: bool = False) -> None:
        """Keep the Argon2id hash of `password` and end every session of the account. Raises `Refusal` (field `password`)."""
        problems = check_password(password, account_name=self.account, names=[self.name])
        if problems:
            raise Refusal(problems[0].text, field="password", **problems[0].params)
        self.password_hash = _hasher().hash(password)
        self.password_changed_at = clock.now()
        self.must_change_password = must_change
        if self.id is not None:
            StaffSession.end_all(self)
            audit.write("permission", "password-set", actor=by or self, record=self, label=self.name)

    def password_is(self, password: str) -> bool:
        """Return whether `password` is this person's; takes as long when it is not."""
        try:
            return _hasher().verify(self.password_hash, password[:128])
        except (VerifyMismatchError, InvalidHashError):
            return False

    # --- delegation (RO-6) -----------------------------------------------------------------------------------------

    def delegators(self, on: date) -> list[Staff]:
        """Return the active or away colleagues for whom this person may sign on that day."""
        query = (
            select(Staff)
            .join(Delegation, Delegation.principal_id == Staff.id)
            .where(Delegation.delegate_id == self.id, Delegation.ended_at.is_(None), Delegation.from_date <= on, Delegation.to_date >= on)
        )
        return list(db.session.scalars(query))


class Delegation(Base):
    """代理: somebody of the same or a higher role signs for a supervisor or manager between two dates (RO-6)."""

    __tablename__ = "delegation"

    principal_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), index=True)
    delegate_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), index=True)
    from_date: Mapped[date]
    to_date: Mapped[date]
    reason: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    ended_at: Mapped[datetime | None]

    principal: Mapped[Staff] = relationship(foreign_keys=[principal_id])
    delegate: Mapped[Staff] = relationship(foreign_keys=[delegate_id])

    @classmethod
    def visible_to(cls, user: Staff) -> Select[tuple[Delegation]]:
        """Return the delegations `user` may see: their own, and all for managers."""
        query = select(cls)
        return query if user.is_manager else query.where(or_(cls.principal_id == user.id, cls.delegate_id == user.id))


class StaffSession(Base):
    """A signed-in browser. The cookie carries a random token; the table its SHA-256, so that a leaked table opens nothing."""

    __tablename__ = "staff_session"

    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), index=True)
    token_hash: Mapped[str] = mapped_column(unique=True)
    address: Mapped[str] = mapped_column(default="")
    browser: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    seen_at: Mapped[datetime] = mapped_column(default=clock.now)
    ended_at: Mapped[datetime | None]

    staff: Mapped[Staff] = relationship(lazy="joined", innerjoin=True)

    @staticmethod
    def hash_of(token: str) -> str:
        """Return the stored form of a cookie's token."""
        return hashlib.sha256(token.encode()).hexdigest()

    @classmethod
    def begin(cls, staff: Staff, *, address: str, browser: str) -> str:
        """Open a session and return its token, a new one at every sign-in."""
        token = secrets.token_urlsafe(32)
        moment = clock.now()
        db.session.add(
            cls(staff_id=staff.id, token_hash=cls.hash_of(token), address=address, browser=browser[:200], created_at=moment, seen_at=moment)
        )
        return token

    @classmethod
    def find(cls, token: str) -> StaffSession | None:
        """Return the session of `token` if it is neither ended, idle too long, too old, nor of a deactivated account."""
        session = db.session.scalar(select(cls).where(cls.token_hash == cls.hash_of(token), cls.ended_at.is_(None)))
        if session is None or not session.staff.active:
            return None
        moment = clock.now()
        if moment - session.seen_at > timedelta(minutes=standard("session.idle_minutes")):
            return None
        if moment - session.created_at > timedelta(hours=standard("session.absolute_hours")):
            return None
        return session

    def end(self) -> None:
        """Sign this browser out."""
        self.ended_at = clock.now()

    @classmethod
    def end_all(cls, staff: Staff) -> None:
        """Sign every browser of `staff` out."""
        for session in db.session.scalars(select(cls).where(cls.staff_id == staff.id, cls.ended_at.is_(None))):
            session.end()


class FailedSignIn(Base):
    """A failed sign-in, counted per account and per address in the database, so that every process sees the same count."""

    __tablename__ = "failed_sign_in"

    account: Mapped[str]
    address: Mapped[str]
    at: Mapped[datetime] = mapped_column(default=clock.now)

    __table_args__ = (Index(None, "account", "at"), Index(None, "address", "at"))

    @classmethod
    def throttled(cls, account: str, address: str) -> bool:
        """Return whether sign-in for this account or from this address must wait."""
        since = clock.now() - timedelta(minutes=standard("signin.wait_minutes"))
        attempts = standard("signin.attempts")
        by_account = db.session.scalar(select(func.count()).select_from(cls).where(cls.account == account, cls.at > since)) or 0
        by_address = db.session.scalar(select(func.count()).select_from(cls).where(cls.address == address, cls.at > since)) or 0
        return by_account >= attempts or by_address >= attempts * 5


def as_data(staff: Staff | None) -> dict[str, Any] | None:
    """Return who somebody is as plain data, for frozen documents and prints."""
    if staff is None:
        return None
    return {"id": staff.id, "account": staff.account, "name": staff.name, "role": staff.role, "post": staff.post}


def dummy_check(password: str) -> bool:
    """Return False after as long as a real check takes, so that unknown accounts do not show by their speed."""
    hasher = _hasher()
    key = (hasher.time_cost, hasher.memory_cost)
    if key not in _dummies:
        _dummies[key] = hasher.hash(secrets.token_urlsafe(16))
    try:
        hasher.verify(_dummies[key], password[:128])
    except VerifyMismatchError:
        return False
    return False


_dummies: dict[tuple[int, int], str] = {}
