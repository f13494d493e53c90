"""What becomes of each row of a file of the books: new, an update, unchanged or refused, and why (RL-8, AR-40).

A row is known again by its document and line, a payment by its customer and number; without them by all that it says and by which of the
equal rows of its file it is, so that the same file adds nothing a second time, and two equal sales of a day both count.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Date, select, tuple_

from portal import clock
from portal.database import db
from portal.exchange.book_tables import NAMING, Book
from portal.exchange.columns import Problem, compile_mapping
from portal.models.customer import Customer, CustomerState, Money
from portal.models.customer_choice import Chosen
from portal.models.customer_code import CustomerCode
from portal.models.import_run import ImportRun
from portal.models.payment import SETTLED, Payment, is_settled_by_lines
from portal.models.product import Product
from portal.models.sale import PAID, Sale, SaleDocument, region_of
from portal.models.sales_book import Fixed
from portal.models.staff import Staff
from portal.rules.message import N_, Message, Refusal
from portal.rules.sales import BY_LINE, BY_PAYMENTS, KEPT, ORDERED, VOID, check_payment, check_sale, key_of_content, key_of_line

PORTION = 400
COMPARED: dict[type[Any], tuple[str, ...]] = {
    Sale: ("day", "document", "line", "product_id", "quantity", "price", "amount", "region", "state", "due_on", "settled_on", "disputed"),
    SaleDocument: ("day", "state", "due_on", "region", "customer_id"),
    Payment: ("day", "number", "amount", "document"),
    Product: ("name", "category", "active"),
    CustomerCode: ("customer_id",),
}
"""What a row of a file changes of one that is there."""
EQUAL = N_("Another row of the file says just the same. Both count.")

TYPED = N_("%(who)s entered the same amount for this customer and day by hand on %(day)s (%(line)s). Imported as well, it counts twice.")


@dataclass
class BookRecord:
    """One row of a file. `given` are its cells, `new` the columns that it becomes, `key` by what it is known again."""

    row: int
    given: dict[str, Any] = field(default_factory=dict)
    new: dict[str, Any] = field(default_factory=dict)
    fills: list[str] = field(default_factory=list)
    """The columns that the row says something of: an update changes these."""
    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)

    def as_data(self) -> dict[str, Any]:
        """Return the row as it is staged."""
        return {"new": as_plain(self.new), "fills": self.fills}


@dataclass
class BookVerdict:
    """What becomes of one row; `old` is what is there, `change` what is changed of it."""

    record: BookRecord
    outcome: str = "new"
    """new | update | unchanged | refused"""
    old: dict[str, Any] | None = None
    change: dict[str, Any] = field(default_factory=dict)
    contacts: tuple[()] = ()
    duplicate: Message | None = None
    """What was typed in by hand and seems to be this row; it would count twice."""
    customer: None = None

    def refuse(self, text: str, column: str = "", value: Any = "", **params: Any) -> None:
        """Make it refused, for this reason."""
        self.outcome = "refused"
        self.record.problems.append(Problem(column, value, Message(text, params)))


class BookReader:
    """Turns the cells of a row into a `BookRecord`."""

    def __init__(self, book: Book, mapping: dict[int, str], dates: str, heads: Sequence[str]) -> None:
        self._parse = compile_mapping(book.table(), mapping, dates, heads)

    def read(self, row: int, cells: list[Any]) -> BookRecord:
        """Return the record of one row; what is wrong with it stands in `problems`."""
        values, problems = self._parse(cells)
        return BookRecord(row, {name: value for name, value in values.items() if value is not None}, problems=problems)


class BookJudge:
    """Judges rows for one import, in the name of who imports."""

    def __init__(self, run: ImportRun, by: Staff, book: Book) -> None:
        self.run, self.by, self.book, self.model = run, by, book, book.model
        self.source: str = run.options.get("source", "")
        self.today = clock.today()
        self._products: dict[str, int] = {}

    def check(self, records: list[BookRecord], seen: dict[str, Any]) -> list[BookVerdict]:
        """Return the verdicts in the order of the rows; `seen` knows what stood further up in the file."""
        verdicts = [BookVerdict(record) for record in records]
        for verdict in verdicts:
            if verdict.record.problems:
                verdict.outcome = "refused"
        going = [verdict for verdict in verdicts if verdict.outcome != "refused"]
        self._resolve(going)
        going = [verdict for verdict in going if verdict.outcome != "refused"]
        for verdict in going:
            self._know(verdict, seen)
        self._compare([verdict for verdict in going if verdict.outcome != "refused"])
        if self.model in (Sale, Payment):
            self._note_typed([verdict for verdict in going if verdict.outcome == "new"], seen)
        return verdicts

    def check_again(self, records: list[BookRecord]) -> list[BookVerdict]:
        """Return the verdicts of staged rows as things stand now."""
        verdicts = [BookVerdict(record) for record in records]
        ids = {record.new["customer_id"] for record in records if "customer_id" in record.new}
        seen = self._provinces(ids)
        for verdict in verdicts:
            if "customer_id" in verdict.record.new and verdict.record.new["customer_id"] not in seen:
                verdict.refuse(N_("No customer you see has this number, credit code or name."), "customer_name")
        self._compare([verdict for verdict in verdicts if verdict.outcome != "refused"])
        return verdicts

    # --- what a row means ----------------------------------------------------------------------------------------------

    def _resolve(self, verdicts: list[BookVerdict]) -> None:
        """Work out the columns of each row: customer, document, product; refused where it cannot."""
        if self.model is not Product:
            self._name_customers(verdicts)
        if self.model is Sale:
            self._take_from_documents(verdicts)
            self._name_products(verdicts)
        ids = {one for verdict in verdicts if (one := verdict.record.given.get("customer_id"))}
        provinces = self._provinces(ids) if self.model in (Sale, SaleDocument) else {}
        for verdict in verdicts:
            if verdict.outcome == "refused":
                continue
            try:
                self._fill(verdict.record, provinces)
            except Refusal as refusal:
                verdict.refuse(refusal.message.text, refusal.field or "", **refusal.message.params)

    def _name_customers(self, verdicts: list[BookVerdict]) -> None:
        texts = {text for verdict in verdicts for name in NAMING if (text := verdict.record.given.get(name))}
        customers, codes = Chosen(self.by, texts), CustomerCode.look_up(self.by, texts, self.source)
        for verdict in verdicts:
            given = verdict.record.given
            named = [(name, given[name]) for name in NAMING if given.get(name)]
            if not named:
                continue
            column, text = named[0]
            try:
                own = customers.find(text)
            except Refusal as refusal:
                verdict.refuse(refusal.message.text, column, text)
                continue
            known = codes.get(text)
            found = known or (own.id if own else None) if column == "external_code" else (own.id if own else known)
            if found is None and text in codes:
                verdict.refuse(
                    N_("Several systems have this code for different customers. Say which system the file is from."), column, text
                )
            elif found is None:
                verdict.refuse(N_("No customer you see has this number, external code, credit code or name."), column, text)
            else:
                given["customer_id"] = found

    def _take_from_documents(self, verdicts: list[BookVerdict]) -> None:
        """Give lines what their document says: customer, day, state, due date and region, where they say nothing themselves."""
        numbers = {verdict.record.given["document"] for verdict in verdicts if verdict.record.given.get("document")}
        documents = {}
        for some in _portions(sorted(numbers)):
            query = SaleDocument.visible_to(self.by).where(SaleDocument.number.in_(some), SaleDocument.source == self.source)
            documents.update({one.number: one for one in db.session.scalars(query)})
        for verdict in verdicts:
            given = verdict.record.given
            document = documents.get(given.get("document", ""))
            if document is not None:
                own = {name: getattr(document, name) for name in ("customer_id", "day", "state", "due_on", "region")}
                given.update({name: value for name, value in own.items() if name not in given and value not in ("", None)})
            if verdict.outcome == "refused":
                continue
            if "customer_id" not in given:
                verdict.refuse(N_("The row names no customer, and its document is not among the imported orders."), "document")
            elif "day" not in given:
                verdict.refuse(N_("The row has no date, and its document is not among the imported orders."), "day")

    def _name_products(self, verdicts: list[BookVerdict]) -> None:
        wanted = {verdict.record.given["product_code"] for verdict in verdicts if verdict.record.given.get("product_code")}
        for some in _portions(sorted(wanted - set(self._products))):
            self._products.update(
                {row.code: row.id for row in db.session.execute(select(Product.code, Product.id).where(Product.code.in_(some)))}
            )
        for verdict in verdicts:
            code = verdict.record.given.get("product_code")
            if code and code not in self._products:
                verdict.refuse(N_("There is no product with this code. Import the products first."), "product_code", code)
            elif code:
                verdict.record.given["product_id"] = self._products[code]

    def _provinces(self, ids: Iterable[int]) -> dict[int, str]:
        """Return id → province of the customers of `ids` that who imports sees."""
        found: dict[int, str] = {}
        for some in _portions(sorted(ids)):
            query = Customer.visible_to(self.by).where(Customer.id.in_(some), Customer.state != CustomerState.MERGED)
            found.update({row.id: row.province for row in db.session.execute(query.with_only_columns(Customer.id, Customer.province))})
        return found

    def _fill(self, record: BookRecord, provinces: Mapping[int, str]) -> None:
        """Put the columns together. Raises `Refusal` with the column."""
        given = record.given
        own = [column.name for column in self.model.__table__.columns]
        record.fills = [name for name in given if name in own]
        new = {name: given[name] for name in record.fills}
        if self.model is not Product and "customer_id" not in new:
            raise Refusal("Choose the customer.", field="customer_name")
        if self.model in (Sale, SaleDocument):
            new["region"] = region_of(new.get("region") or provinces.get(new["customer_id"], ""))
            new["state"] = new.get("state", ORDERED)
        if self.model is Sale:
            new = check_sale({**dict.fromkeys(COMPARED[Sale]), **new, "disputed": new.get("disputed", False)}, self.today)
            new["document"], new["settled_by"] = new["document"] or "", BY_LINE if new["settled_on"] else ""
            record.fills.append("amount")
        elif self.model is Payment:
            new = check_payment({"number": "", "document": "", **new}, self.today)
        elif self.model is Product:
            new = {"name": new["code"], "category": "", "active": True, **new}
        elif self.model is SaleDocument:
            check_payment({"day": new["day"], "amount": Decimal(1)}, self.today)
        record.new = new

    # --- known again -----------------------------------------------------------------------------------------------------

    def _know(self, verdict: BookVerdict, seen: dict[str, Any]) -> None:
        """Say by what the row is known again; of two rows on one thing that differ, the second is refused."""
        record, new = verdict.record, verdict.record.new
        if self.model is Sale and not (new["document"] and new["line"]):
            turn = _turn(seen, f"n{new['document'] or self._said(record)}")
            if new["document"]:
                new["line"] = turn
            else:
                new["line"], new["key"] = None, key_of_content(self.source, self._said(record), turn)
                if turn > 1:
                    record.warnings.append(Problem("", "", Message(EQUAL)))
        if self.model is Sale and new["document"]:
            new["key"] = key_of_line(self.source, new["document"], new["line"])
        if self.model is Payment:
            if new["number"]:
                new["key"] = f"{new['number']}|{self.source}"
            else:
                turn = _turn(seen, f"n{self._said(record)}")
                new["key"] = key_of_content(self.source, self._said(record), turn)
                if turn > 1:
                    record.warnings.append(Problem("", "", Message(EQUAL)))
        if self.model in (SaleDocument, CustomerCode, Sale, Payment):
            new["source"] = self.source
        identity = "i" + "\x1f".join(map(str, self._identity(new)))
        content = {name: new.get(name) for name in COMPARED[self.model]}
        if identity not in seen:
            seen[identity] = (record.row, hash(tuple(map(str, content.values()))))
        elif seen[identity][1] != hash(tuple(map(str, content.values()))):
            verdict.refuse(N_("This stands in row %(row)s already, with other values. Keep one of the two."), row=seen[identity][0])
        else:
            verdict.outcome = "unchanged"

    def _said(self, record: BookRecord) -> tuple[Any, ...]:
        """Return what a row says, its customer as the file names them: so it is known again after a merge, too."""
        named = next((record.given[name] for name in NAMING if record.given.get(name)), "")
        names = [name for name in COMPARED[self.model] if name not in ("line", "region", "state", "settled_on", "disputed", "product_id")]
        return (named, record.given.get("product_code", ""), *(record.new.get(name) for name in names))

    def _identity(self, new: Mapping[str, Any]) -> tuple[Any, ...]:
        names = {
            Sale: ("key",), Payment: ("customer_id", "key"), SaleDocument: ("number", "source"), Product: ("code",),
            CustomerCode: ("code", "source"),
        }  # fmt: skip
        return tuple(new[name] for name in names[self.model])

    # --- against what is there -------------------------------------------------------------------------------------------

    def _compare(self, verdicts: list[BookVerdict]) -> None:
        """Find what is there already, and judge each row against it."""
        there = self._there(verdicts)
        scope = self._provinces({old["customer_id"] for old in there.values() if "customer_id" in old})
        settling = self._settling(verdicts)
        for verdict in verdicts:
            if verdict.outcome == "unchanged":
                continue
            old = verdict.old = there.get(self._identity(verdict.record.new))
            if old is None:
                if self.run.what == "update":
                    verdict.refuse(N_("There is nothing like it yet, and the file is only to update."))
            elif "customer_id" in old and old["customer_id"] not in scope:
                verdict.refuse(N_("This is entered already, under a customer you do not see."))
            else:
                self._judge_known(verdict, old)
            if verdict.outcome in ("new", "update"):
                self._settles(verdict, settling)

    def _judge_known(self, verdict: BookVerdict, old: dict[str, Any]) -> None:
        record = verdict.record
        if self.model in (Sale, Payment) and record.new["customer_id"] != old["customer_id"]:
            verdict.refuse(N_("This is entered already, under another customer."))
            return
        fills = set(record.fills)
        change = {name: record.new[name] for name in COMPARED[self.model] if name in fills and record.new[name] != old[name]}
        if "settled_on" in change and old["settled_by"] == BY_PAYMENTS:
            verdict.refuse(PAID, "settled_on", record.new["settled_on"])
        elif "settled_on" in change:
            change["settled_by"] = BY_LINE
        verdict.change = change
        verdict.outcome = "refused" if verdict.outcome == "refused" else "update" if change and self.run.what != "create" else "unchanged"
        if verdict.outcome == "update" and old.get("state") == VOID:
            verdict.refuse(N_("It was made void in the portal."))
        elif verdict.outcome == "update" and self.model is Sale:
            try:
                check_sale({**old, **change}, self.today)
            except Refusal as refusal:
                verdict.refuse(refusal.message.text, refusal.field or "", **refusal.message.params)

    def _there(self, verdicts: list[BookVerdict]) -> dict[tuple[Any, ...], dict[str, Any]]:
        names = list(self._columns_of_identity())
        wanted = sorted({self._identity(verdict.record.new) for verdict in verdicts})
        found = {}
        for some in _portions(wanted):
            condition = names[0].in_([one[0] for one in some]) if len(names) == 1 else tuple_(*names).in_(some)
            for row in db.session.execute(select(*self.model.__table__.c).where(condition)).mappings():
                found[self._identity(dict(row))] = dict(row)
        return found

    def _columns_of_identity(self) -> tuple[Any, ...]:
        table = self.model.__table__.c
        if self.model is Sale:
            return (table.key,)
        if self.model is Payment:
            return (table.customer_id, table.key)
        if self.model is Product:
            return (table.code,)
        return (table.number if self.model is SaleDocument else table.code, table.source)

    def _settling(self, verdicts: list[BookVerdict]) -> set[tuple[int, str]]:
        """Return the documents, of those whose lines say that they are settled, that payments name."""
        if self.model is not Sale:
            return set()
        wanted = {one.record.new["document"] for one in verdicts if one.record.new["settled_on"] and one.record.new["document"]}
        found: set[tuple[int, str]] = set()
        for some in _portions(sorted(wanted)):
            query = select(Payment.customer_id, Payment.document).where(Payment.document.in_(some), Payment.state == KEPT)
            found.update((row[0], row[1]) for row in db.session.execute(query))
        return found

    def _settles(self, verdict: BookVerdict, settling: set[tuple[int, str]]) -> None:
        new = verdict.record.new
        if self.model is Sale and new["settled_on"] and (new["customer_id"], new["document"]) in settling:
            if verdict.old is None or "settled_on" in verdict.change:
                verdict.refuse(PAID, "settled_on", new["settled_on"])
        elif self.model is Payment and new["document"] and is_settled_by_lines(new["customer_id"], new["document"]):
            verdict.refuse(SETTLED, "document", new["document"])

    def _note_typed(self, verdicts: list[BookVerdict], seen: dict[str, Any]) -> None:
        """Note of new rows what was typed in of the same customer, day and amount, where one of the two has no number."""
        named = self.model.document if self.model is Sale else self.model.number
        places = {(verdict.record.new["customer_id"], verdict.record.new["day"]) for verdict in verdicts}
        typed: dict[tuple[Any, ...], list[Any]] = {}
        for some in _portions(sorted(places)):
            here = (tuple_(self.model.customer_id, self.model.day).in_(some), self.model.import_id.is_(None), self.model.state != VOID)
            for one in db.session.scalars(select(self.model).where(*here).order_by(self.model.id)):
                typed.setdefault((one.customer_id, one.day, one.amount), []).append(one)
        for verdict in verdicts:
            new = verdict.record.new
            for one in typed.get((new["customer_id"], new["day"], new["amount"]), ()):
                if f"t{one.id}" in seen or (getattr(one, named.key) and new[named.key]):
                    continue
                seen[f"t{one.id}"] = True
                params = {"line": one.label, "who": one.created_by.name, "day": clock.local(one.created_at).date().isoformat()}
                verdict.duplicate = Message(TYPED, params)
                break


def _turn(seen: dict[str, Any], place: str) -> int:
    """Return which of the rows of one place in the file this is, from 1."""
    seen[place] = seen.get(place, 0) + 1
    return int(seen[place])


def as_plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return columns as plain data, to be staged."""
    return {
        name: value.isoformat() if isinstance(value, date) else str(value) if isinstance(value, Decimal) else value
        for name, value in values.items()
    }


def from_plain(model: type[Any], data: Mapping[str, Any]) -> dict[str, Any]:
    """Return columns out of plain data."""
    types = {column.name: column.type for column in model.__table__.columns}
    found = {}
    for name, value in data.items():
        if value is not None and isinstance(types[name], Date):
            value = date.fromisoformat(value)
        elif value is not None and isinstance(types[name], (Money, Fixed)):
            value = Decimal(value)
        found[name] = value
    return found


def _portions(values: list[Any]) -> Iterator[list[Any]]:
    return (values[start : start + PORTION] for start in range(0, len(values), PORTION))
