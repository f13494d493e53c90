"""Signed-in browsers, and the attempts to guess passwords (quality.md: Sessions, Passwords)."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from functools import cache
from math import ceil
from typing import TYPE_CHECKING

from sqlalchemy import ForeignKey, Index, Select, bindparam, delete, func, select, update
from sqlalchemy.orm import InstrumentedAttribute, Mapped, Session, mapped_column, relationship

from portal import authentication, clock
from portal.database import Base, db, release, write_apart
from portal.models import audit
from portal.models.standard import value as standard
from portal.rules.message import N_, Refusal

if TYPE_CHECKING:
    from portal.models.staff import Staff

ADDRESS_FACTOR = 10
"""How many times the attempts of one account an address has: a whole office may stand behind one address."""

KEEP_ENDED = timedelta(days=180)
"""How long rows of ended sessions are kept; the audit log keeps the sign-ins themselves."""


class StaffSession(Base):
    """A signed-in browser. The cookie carries a random token; the table its SHA-256, so that a leaked table opens nothing."""

    __tablename__ = "staff_session"

    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), index=True)
    token_hash: Mapped[str] = mapped_column(unique=True)
    address: Mapped[str] = mapped_column(default="")
    browser: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    seen_at: Mapped[datetime] = mapped_column(default=clock.now, index=True)
    ended_at: Mapped[datetime | None]

    staff: Mapped[Staff] = relationship("Staff", lazy="joined", innerjoin=True)

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
        """Return the living session of `token`, unless the account is deactivated."""
        session = db.session.scalar(_living("token_hash"), {**_limits(), "wanted": cls.hash_of(token)})
        return session if session is not None and session.staff.active else None

    @classmethod
    def of(cls, staff: Staff) -> list[StaffSession]:
        """Return the living sessions of a person, the one used last first."""
        return list(db.session.scalars(_living("staff_id"), {**_limits(), "wanted": staff.id}))

    @classmethod
    def open_count(cls) -> int:
        """Return how many browsers are signed in: most are closed without signing out, and then only idle for too long."""
        limits = _limits()
        living = (cls.ended_at.is_(None), cls.seen_at >= limits["idle_since"], cls.created_at >= limits["oldest"])
        return db.session.scalar(select(func.count()).select_from(cls).where(*living)) or 0

    def end(self) -> None:
        """Sign this browser out."""
        self.ended_at = clock.now()

    @classmethod
    def end_all(cls, staff: Staff, *, but: str = "") -> int:
        """Sign every browser of `staff` out, apart from the one with the token `but`. Return how many were signed in."""
        statement = update(cls).where(cls.staff_id == staff.id, cls.ended_at.is_(None), cls.token_hash != cls.hash_of(but))
        return db.session.execute(statement.values(ended_at=clock.now())).rowcount  # type: ignore[attr-defined, no-any-return]

    @classmethod
    def end_everybody(cls) -> int:
        """Sign every browser of everybody out, and return how many were signed in."""
        statement = update(cls).where(cls.ended_at.is_(None))
        return db.session.execute(statement.values(ended_at=clock.now())).rowcount  # type: ignore[attr-defined, no-any-return]


@cache
def _living(column: str) -> Select[StaffSession]:
    """Return the sessions with a value in `column` that are neither ended, nor idle too long, nor too old: asked by every request."""
    one = StaffSession
    awake, young = one.seen_at >= bindparam("idle_since"), one.created_at >= bindparam("oldest")
    living = select(one).where(getattr(one, column) == bindparam("wanted"), one.ended_at.is_(None), awake, young)
    return living.order_by(one.seen_at.desc())


def _limits() -> dict[str, datetime]:
    moment = clock.now()
    return {
        "idle_since": moment - timedelta(minutes=float(standard("session.idle_minutes"))),
        "oldest": moment - timedelta(hours=float(standard("session.absolute_hours"))),
    }


class Throttled(Refusal):
    """Too many wrong passwords for this account or from this address; the message says how long to wait (429)."""


class WrongPassword(Refusal):
    """The password asked for again is wrong."""


class SignInAttempt(Base):
    """An attempt with a password, counted before it is checked and forgotten when it was right, so that guesses at once count too.

    Kept in the database, so that every process counts the same.
    """

    __tablename__ = "sign_in_attempt"

    account: Mapped[str]
    address: Mapped[str]
    at: Mapped[datetime] = mapped_column(default=clock.now, index=True)

    __table_args__ = (Index(None, "account", "at"), Index(None, "address", "at"))

    @classmethod
    def _wait(cls, session: Session, column: InstrumentedAttribute[str], value: str, attempts: int, wait: timedelta) -> timedelta:
        """Return how long is left until fewer than `attempts` of the last attempts count; zero or less: nothing."""
        moment = clock.now()
        query = select(cls.at).where(column == value, cls.at > moment - wait).order_by(cls.at.desc()).offset(attempts - 1).limit(1)
        oldest = session.scalar(query)
        return oldest + wait - moment if oldest else timedelta(0)

    @classmethod
    def count(cls, account: str, address: str) -> None:
        """Count an attempt for the account and the address, in a transaction of its own. Raises `Throttled` when they must wait."""
        attempts, wait = int(standard("signin.attempts")), timedelta(minutes=int(standard("signin.wait_minutes")))
        release()
        account = account[:64]
        with write_apart() as session:
            if session.get_bind().dialect.name == "postgresql":
                # One at a time, or guesses at once would not see each other; SQLite lets one writer in at a time anyway.
                for kind, key in ((1, account), (2, address)):
                    session.execute(select(func.pg_advisory_xact_lock(kind, func.hashtext(key))))
            left = max(
                cls._wait(session, cls.account, account, attempts, wait),
                cls._wait(session, cls.address, address, attempts * ADDRESS_FACTOR, wait),
            )
            if left <= timedelta(0):
                session.add(cls(account=account, address=address, at=clock.now()))
        if left > timedelta(0):
            raise Throttled(N_("Too many failed attempts. Try again in %(minutes)s minutes."), minutes=ceil(left / timedelta(minutes=1)))

    @classmethod
    def forget(cls, account: str, session: Session) -> None:
        """Forget the attempts of an account whose password was right, in the transaction of `session`."""
        session.execute(delete(cls).where(cls.account == account[:64]))


def confirm_password(staff: Staff, password: str, address: str) -> None:
    """Ask for the password again, for signing. Raises `WrongPassword` (field `password`), or `Throttled` after too many wrong ones.

    To be called before anything is changed: it ends the transaction, so that nobody waits while the password is checked,
    and counts wrong passwords in transactions of its own. Afterwards records are read again as they then are.
    """
    person, staff_id, account, stored = type(staff), staff.id, staff.account, staff.password_hash
    SignInAttempt.count(account, address)
    if not authentication.is_right(account, stored, password):
        with write_apart() as session:
            audit.write("sign-in", "password-wrong", actor=session.get(person, staff_id), label=account, session=session)
        raise WrongPassword(N_("The password is wrong."), field="password")
    with write_apart() as session:  # also when what follows is refused: the password was right
        SignInAttempt.forget(account, session)


def clear_away() -> None:
    """Remove attempts that no longer count, and sessions that ended long ago (the caller commits)."""
    moment = clock.now()
    db.session.execute(delete(SignInAttempt).where(SignInAttempt.at < moment - timedelta(days=1)))
    db.session.execute(delete(StaffSession).where(StaffSession.seen_at < moment - KEEP_ENDED))
