"""Customers that an import finds and changes, and their contacts: written, logged, and kept as they were for taking back (AR-40)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select, update

from portal import clock
from portal.database import db
from portal.exchange.creating import add_contacts
from portal.exchange.customer_rows import as_stored
from portal.exchange.judging import Verdict
from portal.models import audit, card
from portal.models.contact import Contact
from portal.models.contact import derived as contact_derived
from portal.models.customer import Customer, derived, with_line
from portal.models.import_run import ImportRun
from portal.models.search_index import index_many


class Change:
    """Changes the customers of one chunk; with `hidden`, an import of all or nothing, the search learns of it at the end."""

    def __init__(self, run: ImportRun, *, hidden: bool) -> None:
        self.run, self.hidden = run, hidden
        self.added = 0
        """How many contacts were added."""

    def change(self, verdicts: list[Verdict]) -> dict[int, dict[str, Any]]:
        """Change customers that are there, each once a chunk; returns by row what they were before, for taking back."""
        if not verdicts:
            return {}
        moment, undo = clock.now(), {}
        groups: dict[int, list[Verdict]] = {}
        for verdict in verdicts:
            groups.setdefault(verdict.customer.id, []).append(verdict)
        entries: list[dict[str, Any]] = []
        for customer_id, group in groups.items():
            customer = group[0].customer
            changes = {name: value for verdict in group for name, value in verdict.changes.items()}
            values = {name: as_stored(name, value) for name, value in changes.items()}
            if "full_name" in values:
                kept = values.get("former_names", customer.former_names)
                values["former_names"] = with_line(kept, customer.full_name, without=values["full_name"])
            old = {name: card.CARD[name].text(getattr(customer, name)) for name in values}
            contacts = self._change_contacts(group, entries)
            if customer.import_id == self.run.id:
                continue  # made by this import; what further rows say of its contacts belongs to its making
            if values:
                shown = [{"field": name, "old": old[name], "new": card.CARD[name].text(value)} for name, value in values.items()]
                entries.append(
                    {
                        "record_type": "Customer",
                        "record_id": customer_id,
                        "customer_id": customer_id,
                        "label": customer.full_name,
                        "action": "changed",
                        "changes": shown,
                    }
                )
            values |= {**derived(values), "version": customer.version + 1, "updated_at": moment}
            statement = update(Customer.__table__).where(Customer.__table__.c.id == customer_id)  # type: ignore[arg-type]
            db.session.execute(statement.values(**values))
            undo[group[0].record.row] = {"version": customer.version + 1, "card": old, "contacts": contacts}
        added = add_contacts(self.run, ((verdict.customer.id, contact) for verdict in verdicts for contact in verdict.contacts))
        self.added = sum(map(len, added.values()))
        self._log_changes(verdicts, entries)
        if not self.hidden:
            index_many(groups)
        return undo

    def _change_contacts(self, group: list[Verdict], entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Change contacts that say something new, each once; returns what they were before.

        Those that this import has made stay as they were made: they go with it.
        """
        undo = []
        found: dict[int, tuple[Any, dict[str, Any]]] = {}
        for contact, changes in (change for verdict in group for change in verdict.changed_contacts):
            found.setdefault(contact.id, (contact, {}))[1].update(changes)
        for contact, changes in found.values():
            old = {name: getattr(contact, name) for name in changes}
            version = contact.version if contact.import_id == self.run.id else contact.version + 1
            statement = update(Contact.__table__).where(Contact.__table__.c.id == contact.id)  # type: ignore[arg-type]
            db.session.execute(statement.values(**changes, **contact_derived(changes), version=version))
            if contact.import_id != self.run.id:
                undo.append({"id": contact.id, "version": version, "old": old})
            shown = [{"field": name, "old": old[name], "new": value} for name, value in changes.items()]
            entries.append(
                {
                    "record_type": "Contact",
                    "record_id": contact.id,
                    "customer_id": contact.customer_id,
                    "label": contact.name,
                    "action": "changed",
                    "changes": shown,
                }
            )
        return undo

    def _log_changes(self, verdicts: list[Verdict], entries: list[dict[str, Any]]) -> None:
        """Write what was changed into the log, contacts added to customers that were there included (AR-4)."""
        run = self.run
        with_new = {verdict.customer.id for verdict in verdicts if verdict.contacts and verdict.customer.import_id != run.id}
        if with_new:
            added = db.session.execute(select(Contact.__table__).where(Contact.customer_id.in_(with_new), Contact.import_id == run.id))
            names = {(verdict.customer.id, one["name"]) for verdict in verdicts for one in verdict.contacts}
            for row in added:
                if (row.customer_id, row.name) in names:
                    shown = [
                        {"field": entry.name, "old": "", "new": value}
                        for entry in card.CONTACT_FIELDS
                        if (value := getattr(row, entry.name)) not in ("", False)
                    ]
                    entries.append(
                        {
                            "record_type": "Contact",
                            "record_id": row.id,
                            "customer_id": row.customer_id,
                            "label": row.name,
                            "action": "added",
                            "changes": shown,
                        }
                    )
        audit.write_many(
            "change",
            entries,
            actor=run.staff,
            source=run.filename,
            reason=run.reason,
            effective_on=run.effective_on.isoformat(),
            import_id=run.id,
        )
