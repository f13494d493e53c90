"""Which customer is meant by what somebody typed into a form or a file: number (also of a record merged into it), code or whole name."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import aliased

from portal.database import db
from portal.models.customer import Customer, CustomerState
from portal.models.staff import Staff
from portal.rules.identifiers import normalise_credit_code
from portal.rules.message import Refusal
from portal.rules.names import name_stem, normalise_company_name

PORTION = 400


class Chosen:
    """The customers that some texts mean, looked up together: those in scope of `user`.

    Without a user all are looked at: for what tells no more than that a customer exists (AR-3, AR-20).
    """

    def __init__(self, user: Staff | None, texts: Iterable[str]) -> None:
        self._found: dict[str, dict[int, Customer]] = {}
        wanted = [text for text in dict.fromkeys(texts) if text]
        for start in range(0, len(wanted), PORTION):
            self._look_up(user, wanted[start : start + PORTION])

    def _look_up(self, user: Staff | None, texts: list[str]) -> None:
        numbers = {_number(text) for text in texts} | {normalise_credit_code(text) for text in texts}
        stems = {name_stem(text) for text in texts}
        scope = select(Customer).where(Customer.state != CustomerState.IMPORTING) if user is None else Customer.visible_to(user)
        query = scope.where(Customer.state != CustomerState.MERGED)
        for column, values in ((Customer.number, numbers), (Customer.credit_code, numbers), (Customer.name_key, stems)):
            for customer in db.session.scalars(query.where(column.in_(values - {""}))):
                for key in ("#" + customer.number, "c" + customer.credit_code, "n" + normalise_company_name(customer.full_name)):
                    self._found.setdefault(key, {})[customer.id] = customer
        # The number of a record that was merged stands on papers still, and leads to the one that took it in (AR-3).
        before = aliased(Customer)
        taken_in = query.join(before, before.merged_into_id == Customer.id).where(before.number.in_(numbers)).add_columns(before.number)
        for customer, number in db.session.execute(taken_in):
            self._found.setdefault("#" + number, {})[customer.id] = customer

    def find(self, text: str) -> Customer | None:
        """Return the customer that `text` means, None for none. Raises `Refusal` (field `customer`) for several."""
        for key in ("#" + _number(text), "c" + normalise_credit_code(text), "n" + normalise_company_name(text)):
            found = self._found.get(key, {}) if len(key) > 1 else {}
            if len(found) > 1:
                raise Refusal("Several customers are meant by this. Give the customer number.", field="customer")
            if found:
                return next(iter(found.values()))
        return None

    def get(self, text: str) -> Customer:
        """Return the customer that `text` means. Raises `Refusal` (field `customer`) for none and for several."""
        found = self.find(text)
        if found is None:
            raise Refusal("No customer you see has this number, credit code or name.", field="customer")
        return found


def _number(text: str) -> str:
    """Return the number at the beginning of what was typed or picked: 'C2026000123 深圳…'."""
    return text.split(maxsplit=1)[0].upper() if text.strip() else ""


def chosen(user: Staff, text: str) -> Customer:
    """Return the customer that `text` means. Raises `Refusal` (field `customer`)."""
    if not text:
        raise Refusal("Choose the customer.", field="customer")
    return Chosen(user, [text]).get(text)
