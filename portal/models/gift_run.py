"""A day's round of our own people with gifts (GF-6): route, day, who, the driver; and what goes along on it."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

from sqlalchemy import ForeignKey, Index, Select, Text, or_, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.database import Base, StateConflict, db, transition
from portal.models import audit, history, in_charge
from portal.models.staff import Staff
from portal.permissions import Permission
from portal.rules.gift_delivery import LONGEST_LINE, LONGEST_TEXT
from portal.rules.message import N_, Message, Refusal

if TYPE_CHECKING:
    from portal.models.gift_delivery import GiftDelivery

PLANNED, LOADED, CLOSED, CANCELLED = "planned", "loaded", "closed", "cancelled"
STATES = {
    PLANNED: (N_("Planned"), ""),
    LOADED: (N_("Goods handed out"), "accent"),
    CLOSED: (N_("Round is done"), "ok"),
    CANCELLED: (N_("Cancelled"), ""),
}


class GiftRun(Base):
    """One round: planned → loaded, when its goods are handed out → closed, when nothing of it is on the way any more."""

    __tablename__ = "gift_run"

    day: Mapped[date]
    route: Mapped[str]
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    """Who hands the gifts over."""
    driver: Mapped[str] = mapped_column(default="")
    note: Mapped[str] = mapped_column(Text, default="")
    state: Mapped[str] = mapped_column(default=PLANNED)
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"))
    loaded_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    loaded_at: Mapped[datetime | None]
    created_by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    version: Mapped[int] = mapped_column(default=1)

    staff: Mapped[Staff] = relationship(foreign_keys=[staff_id])
    loaded_by: Mapped[Staff | None] = relationship(foreign_keys=[loaded_by_id])
    created_by: Mapped[Staff] = relationship(foreign_keys=[created_by_id])
    stops: Mapped[list[GiftDelivery]] = relationship(back_populates="run", order_by="GiftDelivery.position, GiftDelivery.id")

    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (Index(None, "staff_id", "state", "day"), Index(None, "day", "id"), Index(None, "team_id", "id"))

    @classmethod
    def visible_to(cls, user: Staff) -> Select[GiftRun]:
        """Return the rounds that `user` makes or has planned, a supervisor's also those of the team; a manager sees all."""
        query = select(cls)
        if user.is_manager:
            return query
        own = or_(cls.staff_id == user.id, cls.created_by_id == user.id)
        return query.where(or_(own, cls.team_id == user.team_id) if user.is_supervisor and user.team_id else own)

    @property
    def label(self) -> str:
        """Return what lists, inbox and the log call it."""
        return f"{self.day.isoformat()} {self.route}"

    @property
    def link(self) -> str:
        """Return the path of its page, for notices."""
        return f"/gifts/runs/{self.id}"

    @classmethod
    def plan(cls, *, day: date | None, route: str, staff: Staff | None, driver: str, note: str = "", by: Staff) -> GiftRun:
        """Plan a round and return it, flushed. Raises `Refusal` with the field: route, day and who are known before (GF-6)."""
        run = cls(created_by_id=by.id, team_id=by.team_id)
        run._set(day, route, staff, driver, note)
        db.session.add(run)
        db.session.flush()
        audit.write("change", "gift-run-planned", actor=by, record=run, label=run.label)
        run._tell(by)
        return run

    def _set(self, day: date | None, route: str, staff: Staff | None, driver: str, note: str) -> None:
        if day is None or day < clock.today():
            raise Refusal("Give the day of the round; it does not lie in the past.", field="day")
        if not route:
            raise Refusal("Give the route.", field="route")
        if staff is None or not staff.in_office:
            raise Refusal("Say who hands the gifts over.", field="staff")
        if not driver:
            raise Refusal("Say who drives.", field="driver")
        self.day, self.route, self.staff, self.driver = day, route[:LONGEST_LINE], staff, driver[:LONGEST_LINE]
        self.note = note[:LONGEST_TEXT]

    def lock(self) -> None:
        """Lock its row and read it anew: what follows from its state holds until the transaction ends."""
        db.session.refresh(self, with_for_update={"key_share": True})

    def _tell(self, by: Staff) -> None:
        from portal.models.notice import notify

        if self.staff.id != by.id:
            text = N_("On %(day)s you hand gifts over: %(route)s.")
            notify(self.staff, Message(text, {"day": self.day.isoformat(), "route": self.route}), link=self.link)

    def can_edit(self, user: Staff) -> bool:
        """Return whether `user`, who sees it, may change it and what goes along: until its goods are handed out."""
        return self.state == PLANNED and user.may(Permission.GIFT_STOCK)

    def change(self, *, day: date | None, route: str, staff: Staff | None, driver: str, note: str, by: Staff, version: int) -> None:
        """Change a planned round. Raises `Refusal` with the field, `StateConflict`."""
        if not self.can_edit(by) or self.version != version:
            raise StateConflict(f"gift run {self.id}")
        before = (self.day, self.staff_id)
        self._set(day, route, staff, driver, note)
        db.session.flush()
        audit.write("change", "gift-run-changed", actor=by, record=self, label=self.label)
        if before != (self.day, self.staff_id):
            self._tell(by)

    def can_load(self, user: Staff) -> bool:
        """Return whether `user` may hand out the goods: not who carries them, so that four eyes count them (RO-3)."""
        return self.state == PLANNED and user.may(Permission.GIFT_STOCK) and user.id != self.staff_id

    def load(self, *, by: Staff) -> int:
        """Hand out the goods of all its stops, and return how many stops there are.

        Raises `Refusal` where there are no stops, a gift is not in stock, or a customer may not be given anything now (GF-2);
        `StateConflict`. Nothing is handed out in part.
        """
        from portal.models import gift_delivery, gift_judging, gift_stops

        if not self.can_load(by):
            raise StateConflict(f"gift run {self.id}")
        change = {"state": LOADED, "loaded_by_id": by.id, "loaded_at": clock.now(), "version": self.version + 1}
        in_charge.lock(one.customer_id for one in gift_stops.stops_of(self))
        transition(self, expect={"state": PLANNED}, change=change)
        gift_delivery.hold(gift_stops.stops_of(self))
        stops = gift_stops.stops_of(self)
        if not stops:
            raise Refusal("Nothing goes along on this round yet.")
        against = gift_judging.hindrances({one.customer_id for one in stops})
        for stop in stops:
            if stop.customer_id in against:
                text = N_("%(customer)s may not be given anything now: %(why)s Take the gift off the round.")
                raise Refusal(text, customer=stop.customer.full_name, why=against[stop.customer_id])
            stop.go_out(by=by)
        audit.write("change", "gift-run-loaded", actor=by, record=self, label=self.label, stops=len(stops))
        return len(stops)

    def can_cancel(self, user: Staff) -> bool:
        """Return whether `user` may cancel the round: until its goods are handed out."""
        return self.can_edit(user)

    def cancel(self, *, by: Staff) -> None:
        """Cancel a planned round; what was to go along waits for another one. Raises `StateConflict`."""
        from portal.models import gift_stops

        if not self.can_cancel(by):
            raise StateConflict(f"gift run {self.id}")
        transition(self, expect={"state": PLANNED}, change={"state": CANCELLED, "version": self.version + 1})
        gift_stops.take_all_off(self)
        audit.write("change", "gift-run-cancelled", actor=by, record=self, label=self.label)


for _action, _title in (
    ("gift-run-planned", N_("Round with gifts planned")),
    ("gift-run-changed", N_("Round with gifts changed")),
    ("gift-run-loaded", N_("Goods handed out for a round")),
    ("gift-run-cancelled", N_("Round with gifts cancelled")),
):
    history.action("GiftRun", _action, _title)
