"""Fill an empty portal with a demonstration office, through the same methods that the pages use, at days gone by."""

from __future__ import annotations

import io
import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from typing import Any

from PIL import Image, ImageDraw
from sqlalchemy import exists, select

from portal import clock
from portal.database import db
from portal.demo import (
    callbacks,
    disposals,
    dossiers,
    gift_deliveries,
    gifts,
    gradings,
    invent,
    loans,
    maintenance,
    orders,
    proposal_outcomes,
    proposals,
    receptions,
    registers,
    relations,
    reports,
    requests,
    reviews,
    sales,
    surveys,
    visits,
)
from portal.models.approval import Approval
from portal.models.attachment import Attachment
from portal.models.contact import Contact
from portal.models.credit import CreditChange
from portal.models.customer import Customer, CustomerAssistant, CustomerState, CustomerTag
from portal.models.delegation import Delegation
from portal.models.dossier import ArchiveDocument, Upload
from portal.models.investigation import Investigation
from portal.models.staff import Staff
from portal.models.team import Team

PASSWORD = "portal-demo-2026"  # noqa: S105 - shown on the sign-in page as long as demonstration accounts exist
TEAMS = (("客户一科", "客户关系部"), ("客户二科", "客户关系部"))
PEOPLE = (
    ("rep1", "林晓岚", "rep", 0, "客户关系专员"),
    ("rep2", "陈思远", "rep", 0, "客户关系专员"),
    ("rep3", "黄嘉怡", "rep", 1, "客户关系专员"),
    ("rep4", "何景行", "rep", 1, "客户关系专员"),
    ("sup1", "梁文博", "supervisor", 0, "客户关系主管"),
    ("sup2", "苏雨桐", "supervisor", 1, "客户关系主管"),
    ("mgr1", "郑望舒", "manager", None, "客户服务经理"),
    ("mgr2", "高怀瑾", "manager", None, "客户服务经理"),
)
DEPARTMENTS = (("dept1", "质量部", "quality"), ("dept2", "技术部", "technology"))
"""Accounts of departments: they see the proposals routed to them (PP-3)."""
CUSTOMERS = 300
STAGES = ("draft", "supervisor", "manager", "paper", "approved", "sent-back", "supervisor", "rejected", "withdrawn", "approved")
"""How far the investigations are brought, in turn."""
LAST_ACT = {"supervisor": 0.8, "manager": 0.6, "paper": 0.4}
"""Of those that wait for a signature: the place of the last act on the way from 1 (begun) to 0."""
WAITED = (0.1, 2, 0.4, 1, 6, 0.2, 1.5)
"""How many days what waits for a signature has waited, in turn: most is fresh, some is due soon, little overdue."""
TAGS = ("重点跟进", "展会认识", "年度合同", "需上门", "价格敏感")
FINDINGS = (
    "对公账户往来正常，近两年无逾期记录；同行评价付款及时。",
    "办公与仓储场所为自有，现场整洁，设备运转正常。",
    "管理层稳定，采购由总经理直接审批。",
    "主要面向本省制造企业，订单随季节波动，旺季在三、四季度。",
)


@contextmanager
def _at(days_ago: float) -> Iterator[None]:
    """Let the portal believe it is some days ago, so that histories have a past."""
    with clock.pretend(clock.now() - timedelta(days=days_ago)):
        yield
        db.session.flush()  # moments that a record gets when it is stored belong to that day too


def _scan() -> bytes:
    """Return a picture of a signed sheet."""
    picture = Image.new("L", (620, 877), 255)
    pen = ImageDraw.Draw(picture)
    pen.rectangle((60, 60, 560, 817), outline=0, width=3)
    for line in range(120, 800, 40):
        pen.line((60, line, 560, line), fill=120)
    pen.line((380, 700, 420, 640, 450, 720, 500, 650), fill=0, width=5)
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


def is_loaded() -> bool:
    """Return whether demonstration accounts exist."""
    return bool(db.session.scalar(select(exists().where(Staff.is_demo))))


def load() -> int:
    """Fill the portal and return the number of customers. The caller commits. Does nothing when it is loaded already."""
    if is_loaded():
        return 0
    office = _Office()
    for number, values in enumerate(invent.companies(CUSTOMERS)):
        office.customer(number, values)
    office.delegation()
    office.registers()
    office.dossiers()
    office.review()
    office.reports()
    office.requests()
    office.loans()
    office.disposals()
    office.sales()
    office.callbacks()
    office.visits()
    office.maintenance()
    office.receptions()
    office.relations()
    office.gradings()
    office.orders()
    office.surveys()
    office.proposals()
    office.gifts()
    db.session.flush()
    return CUSTOMERS


class _Office:
    """The demonstration office while it is being filled: the cast, and a random source that always says the same."""

    def __init__(self) -> None:
        self.waiting = 0
        self.rng = random.Random(20260305)  # noqa: S311 - invented data, not secrets
        with _at(420):
            teams = [Team(name=name, department=department) for name, department in TEAMS]
            db.session.add_all(teams)
            db.session.flush()
            self.staff: dict[str, Staff] = {}
            for account, name, role, team, post in PEOPLE:
                person, _password = Staff.create(
                    account=account,
                    name=name,
                    role=role,
                    by=None,
                    team=teams[team] if team is not None else None,
                    password=PASSWORD,
                    department="客户关系部",
                    post=post,
                    email=f"{account}@example.com",
                    telephone=f"0755-2600{len(self.staff) + 1:04d}",
                )
                person.must_change_password = False
                person.is_demo = True
                self.staff[account] = person
            for account, name, code in DEPARTMENTS:
                person, _password = Staff.create(
                    account=account, name=name, role="department", by=None, password=PASSWORD, department=name, department_code=code,
                    email=f"{account}@example.com",
                )  # fmt: skip
                person.must_change_password, person.is_demo = False, True
                self.staff[account] = person
            db.session.flush()

    # --- customers -------------------------------------------------------------------------------------------------

    def customer(self, number: int, values: dict[str, Any]) -> None:
        """Record one customer in the state that its number stands for, with contacts and what happened since."""
        rng = self.rng
        rep = self.staff[f"rep{(number + number // 8) % 4 + 1}"]
        prospect = number % 4 == 0
        card = self._card(values, prospect)
        born = rng.randrange(60, 400)
        with _at(born):
            customer = Customer.create(card, by=rep, source="demo", state=CustomerState.PROSPECT if prospect else CustomerState.ACTIVE)
            customer.is_demo = True
            for _one in range(rng.choice((1, 1, 2, 3))):
                Contact.add(customer, self._contact(), by=rep, source="demo")
        if not prospect:
            customer.grade = rng.choice("AABBBBCCC")
            customer.credit_limit = Decimal(rng.randrange(0, 60) * 10_000)
            customer.payment_terms = rng.choice(("advance", "monthly", "net30", "net60"))
        if number % 5 == 1:
            with _at(born * 0.6):
                telephone = f"0755-8{rng.randrange(1_000_000, 9_999_999)}"
                customer.change({"telephone": telephone, "staff_count": rng.randrange(10, 500)}, by=rep, source="form")
        if number % 9 == 1:
            with _at(born * 0.4):
                customer.change(
                    {"street": f"{rng.choice(invent.STREETS)}{rng.randrange(1, 300)}号"}, by=rep, reason="客户搬迁新址，来函告知",
                    effective_on=clock.today() - timedelta(days=3), source="form",
                )  # fmt: skip
        if number % 7 == 2:
            db.session.add(CustomerTag(customer_id=customer.id, tag=rng.choice(TAGS)))
        if number % 25 == 3:
            helper = self.staff[{"rep1": "rep2", "rep2": "rep1", "rep3": "rep4", "rep4": "rep3"}[rep.account]]
            db.session.add(CustomerAssistant(customer_id=customer.id, staff_id=helper.id))
        if prospect and number % 8 == 0:
            self.investigation(number // 8, customer, rep)
        elif not prospect and number % 30 == 5:
            self.credit(number // 30, customer, rep)
        elif number % 20 == 7:
            supervisor = self.staff["sup1" if rep.account in ("rep1", "rep2") else "sup2"]
            with _at(20):
                disposals.end_dealings(number // 20, customer, by=supervisor)

    def _card(self, values: dict[str, Any], prospect: bool) -> dict[str, Any]:
        rng, today = self.rng, clock.today()
        card = {
            **values,
            "nature": rng.choice(("ordinary",) * 7 + ("special", "government", "partner")),
            "size": rng.choice(("large", "medium", "small", "small")),
            "operating_state": rng.choice(("good", "normal", "normal", "difficult")),
            "payment_attitude": rng.choice(("cooperative", "ordinary", "demanding")),
            "development_potential": rng.choice(("high", "medium", "low")),
            "satisfaction": rng.choice("54443"),
            "first_contact_on": today - timedelta(days=rng.randrange(420, 2500)),
            "stage_time": "future" if prospect else rng.choice(("old", "new")),
            "stage_transaction": "future" if prospect else "current",
            "stage_volume": rng.choice(("main", "ordinary", "ordinary", "scattered")),
            "stage_service": "likely" if prospect else "serving",
            "stage_years": rng.choice(("new", "old", "loyal")),
            "reputation": "同行评价良好，交货守时。" if rng.random() < 0.5 else "",
            "remarks": "每年三月参加行业展会。" if rng.random() < 0.2 else "",
        }
        for name in ("registered_capital", "average_monthly_purchase", "highest_single_purchase"):
            card[name] = Decimal(card[name])
        if rng.random() < 0.12:
            card.update(telephone="", email="")
        if not prospect:
            card["first_deal_on"] = card["first_contact_on"] + timedelta(days=30)
        return card

    def _contact(self) -> dict[str, Any]:
        return {
            **invent.contact(self.rng),
            "preferred_way": self.rng.choice(("phone", "mobile", "wechat", "email")),
            "frequency": self.rng.choice(("monthly", "quarterly", "as_needed")),
            "emergency": self.rng.random() < 0.15,
        }

    # --- documents in every state ----------------------------------------------------------------------------------

    def investigation(self, turn: int, customer: Customer, rep: Staff) -> None:
        """Open an investigation and bring it as far as its turn says: draft, waiting, sent back, withdrawn, rejected, approved."""
        day, stage = self.rng.randrange(3, 40), STAGES[turn % len(STAGES)]
        waited, last = self._waited() if stage in LAST_ACT else 0, LAST_ACT.get(stage, 0)

        def ago(part: float) -> float:
            """Return how many days ago an act was, from 1 (begun) to 0 (today); the last one before a signature is waited for, `waited`."""
            return waited + (part - last) * 10 if last else day * part

        with _at(ago(1)):
            document = Investigation.begin(
                customer,
                {
                    "found_by": "展会结识，客户主动来访",
                    "purpose": "建立长期供货关系",
                    "expected_products": customer.main_business + "所需配件",
                    "expected_monthly_amount": Decimal(self.rng.randrange(3, 40) * 10_000),
                    "proposed_payment_terms": "net30",
                    "proposed_credit_limit": Decimal(self.rng.randrange(5, 50) * 10_000),
                    "credit_findings": FINDINGS[0],
                    "premises_findings": FINDINGS[1],
                    "management_findings": FINDINGS[2],
                    "market_findings": FINDINGS[3],
                    "competitors": "同城两家同行供货，价格相近。",
                    "risks": "旺季资金周转偏紧，建议首单预付三成。",
                    "opinion": "建议开始交易，先以月结小额试行三个月。",
                    "proposed_grade": self.rng.choice("ABC"),
                    "investigated_on": clock.today() - timedelta(days=2),
                },
                by=rep,
            )
            if not customer.telephone:
                customer.change({"telephone": "0755-26000000"}, by=rep)
        if stage == "draft":
            return
        with _at(ago(0.8)):
            approval = document.submit(by=rep)
        if stage == "withdrawn":
            with _at(ago(0.7)):
                approval.withdraw(by=rep)
            return
        if stage == "supervisor":
            return
        supervisor = self.staff["sup1" if rep.account in ("rep1", "rep2") else "sup2"]
        with _at(ago(0.6)):
            if stage == "sent-back":
                self._sign(approval, supervisor, "send-back", "请补充近三个月的银行往来情况。")
                return
            self._sign(approval, supervisor, "approve", "情况属实，同意。")
        if stage == "manager":
            return
        with _at(ago(0.4)):
            if stage == "rejected":
                self._sign(approval, self.staff["mgr1"], "reject", "信用情况不明，暂不开始交易。")
                return
            self._sign(approval, self.staff["mgr1"], "approve", "同意开始交易。")
        if stage == "paper":
            return
        with _at(ago(0.2)):
            self._paper(approval, "秦致远")

    def credit(self, turn: int, customer: Customer, rep: Staff) -> None:
        """Propose a change of credit: above the site's limit or below, waiting or decided."""
        acts = (4, 2, 0)[: turn % 3 + 1]
        waited = self._waited()
        submitted, *signed = (waited + act - acts[-1] for act in acts)
        with _at(submitted):
            change = CreditChange.propose(
                customer,
                {
                    "credit_rating": "AA" if turn % 2 else "",
                    "credit_limit": Decimal(800_000 if turn % 2 else 260_000),
                    "payment_terms": "net60",
                    "dealings_policy": "",
                    "reason": "全年采购量增长三成，回款及时",
                    "effective_on": clock.today(),
                },
                by=rep,
            )
            db.session.flush()
            approval = change.submit(by=rep)
        supervisor = self.staff["sup1" if rep.account in ("rep1", "rep2") else "sup2"]
        if signed:
            with _at(signed[0]):
                self._sign(approval, supervisor, "approve", "同意。")
        if len(signed) == 2:
            with _at(signed[1]):
                self._sign(approval, self.staff["mgr2"], "approve", "同意，按季复核。")

    def _waited(self) -> float:
        """Return how many days the next thing that waits has waited."""
        self.waiting += 1
        return WAITED[self.waiting % len(WAITED)]

    def _sign(self, approval: Approval, by: Staff, decision: str, opinion: str) -> None:
        step = approval.step_for(by, "portal")
        assert step is not None, f"{by.account} has nothing to sign"  # noqa: S101 - the demonstration would be wrong, not the user
        seen = approval.current_round.content_hash
        approval.sign(step, by=by, decision=decision, opinion=opinion, content_hash=seen, address="127.0.0.1")

    def _paper(self, approval: Approval, name: str) -> None:
        scan = Attachment.keep(
            _scan(), filename="调查书签字页.png", media_type="image/png", purpose="scan", by=self.staff["mgr1"],
            customer_id=approval.customer_id,
        )  # fmt: skip
        db.session.flush()
        step = next(step for step in approval.open_steps if step.type == "paper")
        approval.record_paper(step, by=self.staff["mgr1"], outcome="approve", name=name, date=clock.today(), scan=scan, address="127.0.0.1")

    def registers(self) -> None:
        """Enter something into every office register."""
        with_dealings = select(Customer).where(Customer.is_demo, Customer.state == CustomerState.ACTIVE).order_by(Customer.id)
        registers.fill(db.session.scalars(with_dealings.limit(60)).all(), self.rng, clock.today())

    def sales(self) -> None:
        """Enter what some customers bought and paid in the last two years."""
        with_dealings = select(Customer).where(Customer.is_demo, Customer.state == CustomerState.ACTIVE).order_by(Customer.id)
        chosen = db.session.scalars(with_dealings.limit(40)).all()
        sales.fill(chosen, self.staff["mgr1"], random.Random(20260306), clock.today())  # noqa: S311 - invented data, not secrets

    def maintenance(self) -> None:
        """Write maintenance plans in every state, strengthening tables and greetings."""
        with_dealings = select(Customer).where(Customer.is_demo, Customer.state == CustomerState.ACTIVE).order_by(Customer.id)
        chosen = db.session.scalars(with_dealings.limit(80)).all()
        maintenance.fill(chosen, self.staff, _at, self._sign, self._paper)

    def relations(self) -> None:
        """Assess the relation to some customers, over a year and in every state."""
        with_dealings = select(Customer).where(Customer.is_demo, Customer.state == CustomerState.ACTIVE).order_by(Customer.id)
        chosen = db.session.scalars(with_dealings.limit(60)).all()
        relations.fill(chosen[4:], self.staff, _at, self._sign)

    def surveys(self) -> None:
        """Ask customers how satisfied they are, and assess the staff of two months."""
        surveys.fill(self.staff, _at, self._sign)

    def orders(self) -> None:
        """Refuse orders, have some treated like grade A, and make long-term agreements, in every state."""
        with_dealings = select(Customer).where(Customer.is_demo, Customer.state == CustomerState.ACTIVE).order_by(Customer.id)
        orders.fill(db.session.scalars(with_dealings).all(), self.staff, _at, self._sign)

    def receptions(self) -> None:
        """Add meeting rooms, and visits of each class in every state."""
        with_dealings = select(Customer).where(Customer.is_demo, Customer.state == CustomerState.ACTIVE).order_by(Customer.id)
        receptions.fill(db.session.scalars(with_dealings.limit(40)).all(), self.staff, _at, self._sign)

    def proposals(self) -> None:
        """Register proposals of customers, bring them to their departments, decide and carry out some."""
        with_dealings = select(Customer).where(Customer.is_demo, Customer.state == CustomerState.ACTIVE).order_by(Customer.id)
        chosen = db.session.scalars(with_dealings.offset(20).limit(20)).all()
        made = proposals.fill(chosen, self.staff, _at, self._sign, self._paper)
        proposal_outcomes.fill(made, self.staff, Upload.of(_scan(), "签字页.png"), _at, self._sign)

    def gifts(self) -> None:
        """Run gift campaigns, with lists at different stages."""
        demo = select(Customer).where(Customer.is_demo).order_by(Customer.id)
        active = db.session.scalars(demo.where(Customer.state == CustomerState.ACTIVE).limit(90)).all()
        prospects = db.session.scalars(demo.where(Customer.state == CustomerState.PROSPECT)).all()
        made = gifts.fill(active, prospects, self.staff, _at, self._sign, self._paper)
        gift_deliveries.fill(made, self.staff, _at)

    def callbacks(self) -> None:
        """Let things happen that are followed by calls, and call some customers."""
        with_dealings = select(Customer).where(Customer.is_demo, Customer.state == CustomerState.ACTIVE).order_by(Customer.id)
        callbacks.fill(db.session.scalars(with_dealings.offset(40).limit(60)).all(), self.staff, _at)

    def visits(self) -> None:
        """Put customers on routes, visit some, plan others, and write letters of thanks."""
        with_dealings = select(Customer).where(Customer.is_demo, Customer.state == CustomerState.ACTIVE).order_by(Customer.id)
        visits.fill(db.session.scalars(with_dealings.offset(16).limit(48)).all(), self.staff, _at)

    def dossiers(self) -> None:
        """File documents for some customers, and for a few all that is required."""
        query = select(Customer).where(Customer.is_demo, Customer.state != CustomerState.PROSPECT).order_by(Customer.id)
        dossiers.fill(db.session.scalars(query.limit(dossiers.CUSTOMERS)).all(), self.rng, clock.today())

    def reports(self) -> None:
        """Write information reports: some urgent ones, and what is owed for the last period, but for a few."""
        query = select(Customer).where(Customer.is_demo, Customer.state == CustomerState.ACTIVE).order_by(Customer.id)
        customers = db.session.scalars(query).all()
        reports.urgent(customers[6::9], self.staff, _at)
        reports.periodic(customers, self.staff)

    def requests(self) -> None:
        """Take in requests and complaints, in every state, and close some of the month before."""
        query = select(Customer).where(Customer.is_demo, Customer.state == CustomerState.ACTIVE).order_by(Customer.id)
        requests.fill(db.session.scalars(query.offset(3).limit(40)).all(), self.staff, _at)

    def loans(self) -> None:
        """Lend a few dossiers, in every state of a loan."""
        on_paper = exists().where(ArchiveDocument.customer_id == Customer.id, ArchiveDocument.on_paper)
        query = select(Customer).where(Customer.is_demo, Customer.state == CustomerState.ACTIVE, on_paper).order_by(Customer.id)
        loans.fill(db.session.scalars(query.limit(len(loans.STAGES))).all(), self.staff, _at, self._sign)

    def disposals(self) -> None:
        """List something old of past customers for disposal."""
        query = select(Customer).where(Customer.is_demo, Customer.state == CustomerState.PAST).order_by(Customer.id)
        disposals.fill(db.session.scalars(query.limit(len(disposals.STAGES))).all(), self.staff, _at, self._sign)

    def delegation(self) -> None:
        """Let the second supervisor be away for a while."""
        today = clock.today()
        Delegation.give(
            self.staff["sup2"], self.staff["sup1"], from_date=today + timedelta(days=7), to_date=today + timedelta(days=14),
            reason="出差", by=self.staff["sup2"],
        )  # fmt: skip

    def review(self) -> None:
        """Open the half-yearly review and settle about half of it."""
        db.session.flush()
        reviews.fill(self.staff, clock.today())

    def gradings(self) -> None:
        """Grade everybody for last year, and bring this year's grading about half way."""
        db.session.flush()
        gradings.fill(self.staff, _at, self._sign, self._paper)
