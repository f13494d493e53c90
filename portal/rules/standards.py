"""The table of standards: the figures and lists that regulations leave to the company, with their starting values (ST-1).

A standard's value in force, its versions and its history are records (`models`); here stands what it is and what it may be. Texts are
message ids: a page translates title, unit and clause. Names are stable: they are keys of stored versions and of the exchanged file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from portal.rules import abc, archive_numbers, grading, relation
from portal.rules import standard_choices as choices
from portal.rules import standard_kinds as kinds
from portal.rules.chains import check_chain
from portal.rules.disposal import CARD_YEARS
from portal.rules.message import N_
from portal.rules.periods import HALF, NONE, QUARTER

_CHECKS: dict[str, Callable[[Standard, object], None]] = {
    "integer": kinds.check_whole,
    "days": kinds.check_whole,
    "hours": kinds.check_number,
    "percent": kinds.check_number,
    "amount": kinds.check_amount,
    "text": kinds.check_text,
    "switch": kinds.check_switch,
    "cycle": kinds.check_cycle,
    "visitor_class": kinds.check_visitor_class,
    "choices": kinds.check_choices,
    "office_hours": kinds.check_office_hours,
    "weights": kinds.check_weights,
    "thresholds": kinds.check_thresholds,
    "indicators": kinds.check_indicators,
    "archive_template": kinds.check_archive_template,
    "abc_thresholds": kinds.check_abc_thresholds,
    "deadlines": kinds.check_deadlines,
    "dossier_rules": kinds.check_dossier_rules,
    "callback_rules": kinds.check_callback_rules,
    "letter": kinds.check_letter,
    "proposal_days": kinds.check_proposal_days,
    "proposal_routes": kinds.check_proposal_routes,
    "chain": lambda standard, value: check_chain(value, facts=standard.facts),
}


@dataclass(frozen=True)
class Standard:
    """One standard: its name, what it is called and counted in, kind, starting value, range, clause and group of the page (ST-1)."""

    name: str
    title: str
    kind: str
    start: Any
    group: str
    clause: str
    unit: str = ""
    minimum: int | None = None
    maximum: int | None = None
    pattern: str = ""
    """The regular expression of a text."""
    codes: tuple[str, ...] = ()
    """The codes that ranges or weights may have, ranges from the lowest up; empty for any. Of a letter the places to be filled in."""
    facts: tuple[str, ...] = ()
    """The facts of `chains.FACTS` by which a case of a chain can be chosen."""
    judged: bool = False
    """Whether indicators are all scored by judgement: there are no data behind them."""
    words: Mapping[str, str] = field(default_factory=dict)
    """What the codes of ranges or weights are called, where a code is no word."""

    def check(self, value: object) -> None:
        """Raise `Refusal`, saying why, unless `value` may be this standard's value (ST-3)."""
        _CHECKS[self.kind](self, value)

    def read(self, value: Any) -> Any:
        """Return a checked value as rules take it: amounts as Decimal, office hours as pairs of times, all others as they are."""
        if self.kind == "amount":
            return Decimal(value)
        if self.kind == "office_hours":
            return kinds.read_office_hours(value)
        return value


GROUPS = {
    "customers": N_("Customers"),
    "grading": N_("Grading of customers"),
    "relation": N_("Relation assessment"),
    "insights": N_("Insights"),
    "maintenance": N_("Maintenance plans"),
    "reception": N_("Receptions of visitors"),
    "gifts": N_("Gifts and benefits"),
    "requests": N_("Requests and complaints"),
    "proposals": N_("Customers' proposals"),
    "callbacks": N_("Call-backs"),
    "visits": N_("Visits to customers"),
    "surveys": N_("Satisfaction surveys"),
    "assessments": N_("Assessment of staff"),
    "dossiers": N_("Dossiers"),
    "lists": N_("Lists of choices"),
    "approvals": N_("Approvals"),
    "time": N_("Working time"),
    "accounts": N_("Accounts and security"),
    "files": N_("Files"),
    "registers": N_("Office registers"),
}
"""Groups of the page *Standards* in their order, with their titles."""

_REVIEW = {"type": "portal", "role": "supervisor", "meaning": "review"}
_APPROVAL = {"type": "portal", "role": "manager", "meaning": "approve"}

_ARCHIVE_PART = "[0-9A-Za-z.]{1,12}"

_CUSTOMER_FILE = N_("Rules for customer files (AR-1)")
_DOSSIERS = N_("Rules for customer files (AR-8, AR-9)")
_LENDING = N_("Rules for customer files (AR-20)")
_DISPOSING = N_("Rules for customer files (AR-11)")
_REVIEWING = N_("Rules for customer files (AR-21)")
_REPORTING = N_("Rules for customer files (AR-22)")
_GRADING = N_("Rules for grading customers (RL-1 to RL-4)")
_RELATING = N_("Rules for maintaining customer relations (RL-7, IN-5)")
_MAINTAINING = N_("Rules for maintaining customer relations (RL-20 to RL-24)")
_SECURITY = N_("Rules for information security")
_SIGNING = N_("Rules for review and approval (AP-3)")


def _list(name: str, title: str, start: list[choices.Choice]) -> Standard:
    return Standard(f"choices.{name}", title, "choices", start, "lists", _CUSTOMER_FILE)


_ALL = (
    Standard(
        "customer.number_prefix", N_("Prefix of customer numbers"), "text", "C", "customers", _CUSTOMER_FILE,
        unit=N_("1 to 6 capitals"), pattern="[A-Z]{1,6}",
    ),
    Standard(
        "customer.merge_undo_days", N_("Days in which a merge can be undone"), "days", 30, "customers",
        N_("Rules for customer files (AR-3)"), unit=N_("days"), minimum=1, maximum=365,
    ),
    Standard(
        "archive.number_template", N_("Template of archive numbers"), "archive_template", archive_numbers.START_TEMPLATE, "dossiers",
        _DOSSIERS, unit=N_("{fonds} {category} {year} {retention} {office} {kind} {item:4}"),
    ),
    Standard(
        "archive.fonds", N_("Fonds number"), "text", "0001", "dossiers", _DOSSIERS,
        unit=N_("letters and figures"), pattern=_ARCHIVE_PART,
    ),
    Standard(
        "archive.category", N_("Category code of customer files"), "text", "KH", "dossiers", _DOSSIERS,
        unit=N_("letters and figures"), pattern=_ARCHIVE_PART,
    ),
    Standard(
        "archive.office", N_("Code of the office"), "text", "KF", "dossiers", _DOSSIERS,
        unit=N_("letters and figures"), pattern=_ARCHIVE_PART,
    ),
    Standard(
        "dossier.rules", N_("Retention and required kinds of documents"), "dossier_rules", choices.DOSSIER_RULES, "dossiers", _DOSSIERS,
    ),
    Standard(
        "loan.default_days", N_("Days for which a dossier is lent unless somebody says otherwise"), "days", 14, "dossiers", _LENDING,
        unit=N_("days"), minimum=1, maximum=365,
    ),
    Standard(
        "loan.most_days", N_("Longest loan of a dossier"), "days", 30, "dossiers", _LENDING, unit=N_("days"), minimum=1, maximum=365,
    ),
    Standard(
        "loan.remind_days", N_("Days after which overdue papers are asked for again"), "days", 3, "dossiers", _LENDING,
        unit=N_("days"), minimum=1, maximum=60,
    ),
    Standard(
        CARD_YEARS, N_("Years for which the card of a past customer is kept after dealings have ended"), "integer", 10, "dossiers",
        _DISPOSING, unit=N_("years"), minimum=0, maximum=50,
    ),
    Standard(
        "review.by_calendar", N_("The calendar opens the half-yearly review on its first working day"), "switch", True, "customers",
        _REVIEWING,
    ),
    Standard(
        "review.ends_on_working_day", N_("The half-yearly review ends on the month's last working day instead of its last day"), "switch",
        False, "customers", _REVIEWING,
    ),
    Standard(
        "review.remind_days", N_("Working days before the end of the half-yearly review on which everybody is reminded"), "days", 5,
        "customers", _REVIEWING, unit=N_("working days"), minimum=1, maximum=15,
    ),
    Standard("report.cycle.A", N_("Periodic reports on customers of grade A"), "cycle", QUARTER, "customers", _REPORTING),
    Standard("report.cycle.B", N_("Periodic reports on customers of grade B"), "cycle", HALF, "customers", _REPORTING),
    Standard("report.cycle.C", N_("Periodic reports on customers of grade C"), "cycle", NONE, "customers", _REPORTING),
    Standard("report.cycle.none", N_("Periodic reports on customers without a grade"), "cycle", NONE, "customers", _REPORTING),
    Standard(
        "report.due_days", N_("Working days after the end of a period in which its report is written"), "days", 5, "customers", _REPORTING,
        unit=N_("working days"), minimum=1, maximum=60,
    ),
    Standard(
        "credit.finance_limit", N_("Credit limit above which finance signs"), "amount", "500000.00", "customers",
        N_("Rules for customer credit (AP-3)"), unit=N_("yuan"), minimum=0, maximum=10**12,
    ),
    Standard(
        "grading.indicators", N_("Indicators of grading, their weights and bands"), "indicators", grading.START_INDICATORS, "grading",
        _GRADING,
    ),
    Standard(
        "grading.thresholds", N_("Grades by total score"), "thresholds", grading.START_THRESHOLDS, "grading", _GRADING, unit=N_("points"),
        minimum=0, maximum=100, codes=tuple(reversed(grading.GRADES)),
    ),
    Standard(
        "grading.window_first", N_("First day of the yearly grading"), "text", "03-25", "grading", _GRADING,
        unit=N_("month and day, such as 03-25"), pattern="(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])",
    ),
    Standard(
        "grading.window_days", N_("Days of the yearly grading"), "days", 6, "grading", _GRADING, unit=N_("days"), minimum=1, maximum=60,
    ),
    Standard(
        "grading.by_calendar", N_("The calendar opens the yearly grading on its first day"), "switch", True, "grading", _GRADING,
    ),
    Standard(
        "grading.provisional_months", N_("Months of cooperation after which a provisional grade is judged anew"), "integer", 6, "grading",
        _GRADING, unit=N_("months"), minimum=1, maximum=24,
    ),
    Standard(
        "relation.indicators", N_("Indicators of relation assessment and their weights"), "indicators", relation.START_INDICATORS,
        "relation", _RELATING, judged=True,
    ),
    Standard(
        "relation.thresholds", N_("Advice by total score of a relation assessment"), "thresholds", relation.START_THRESHOLDS, "relation",
        _RELATING, unit=N_("points"), minimum=0, maximum=100, codes=tuple(relation.ADVICE), words=relation.ADVICE,
    ),
    Standard(
        "relation.value_scale", N_("Most points of one figure of customer delivered value"), "integer", 100, "relation", _RELATING,
        unit=N_("points"), minimum=5, maximum=1000,
    ),
    Standard(
        "agreement.notice_days", N_("Days before the end of a long-term agreement from which it stands in the inbox"), "days", 60,
        "grading", _GRADING, unit=N_("days"), minimum=1, maximum=365,
    ),
    Standard(
        "insights.abc_thresholds", N_("Thresholds of ABC analysis"), "abc_thresholds", abc.START, "insights",
        N_("Rules for analysis of customers (IN-2)"), unit=N_("cumulative shares of A and B in per cent, such as 80/95"),
    ),
    Standard(
        "office.hours", N_("Office hours"), "office_hours", [["08:30", "12:00"], ["13:30", "17:30"]], "time",
        N_("Rules for service (SV-4)"), unit=N_("spans of a working day"),
    ),
    Standard(
        "session.idle_minutes", N_("Minutes without use after which a session ends"), "integer", 30, "accounts", _SECURITY,
        unit=N_("minutes"), minimum=5, maximum=120,
    ),
    Standard(
        "session.absolute_hours", N_("Hours after which a session ends"), "hours", 12, "accounts", _SECURITY,
        unit=N_("hours"), minimum=1, maximum=24,
    ),
    Standard(
        "signin.attempts", N_("Failed sign-ins before an account or address must wait"), "integer", 5, "accounts", _SECURITY,
        unit=N_("attempts"), minimum=3, maximum=20,
    ),
    Standard(
        "signin.wait_minutes", N_("Minutes that failed sign-ins are counted and waited for"), "integer", 15, "accounts", _SECURITY,
        unit=N_("minutes"), minimum=1, maximum=1440,
    ),
    Standard(
        "password.max_age_days", N_("Days after which a password must be changed (0: never)"), "days", 0, "accounts", _SECURITY,
        unit=N_("days"), minimum=0, maximum=365,
    ),
    Standard("password.complexity", N_("Passwords need three kinds of characters"), "switch", False, "accounts", _SECURITY),
    Standard(
        "upload.size_limit_mb", N_("Largest file that can be uploaded"), "integer", 20, "files",
        N_("Rules for customer files (AR-10)"), unit=N_("MB"), minimum=1, maximum=60,
    ),
    Standard(
        "approval.reminders_per_day", N_("Reminders that a submitter can send for a document in a day"), "integer", 1, "approvals",
        N_("Rules for review and approval (AP-8)"), unit=N_("reminders"), minimum=1, maximum=5,
    ),
    Standard(
        "approval.step_days", N_("Working days in which a step is signed before it is overdue"), "days", 3, "approvals",
        N_("Rules for review and approval (AP-8)"), unit=N_("working days"), minimum=1, maximum=60,
    ),
    Standard(
        "chain.investigation", N_("Approval chain: new customer investigation"), "chain",
        [
            {
                "case": "always",
                "when": {},
                "steps": [_REVIEW, _APPROVAL, {"type": "paper", "title": "chairman", "meaning": "inform"}],
            }
        ],
        "approvals", _SIGNING,
    ),
    Standard(
        "chain.credit", N_("Approval chain: credit limit or special terms"), "chain",
        [
            {
                "case": "above_limit",
                "when": {"limit": ["above"]},
                "steps": [_REVIEW, _APPROVAL, {"type": "paper", "title": "finance", "meaning": "approve"}],
            },
            {"case": "within_limit", "when": {}, "steps": [_REVIEW, _APPROVAL]},
        ],
        "approvals", _SIGNING, facts=("limit",),
    ),
    Standard(
        "chain.grading", N_("Approval chain: grading of customers"), "chain",
        [
            {
                "case": "grade_a",
                "when": {"grade": ["A"]},
                "steps": [
                    {"type": "paper", "title": "departments", "meaning": "review"},
                    _APPROVAL,
                    {"type": "paper", "title": "general_manager", "meaning": "approve"},
                    {"type": "paper", "title": "chairman", "meaning": "approve"},
                ],
            },
            {"case": "others", "when": {}, "steps": [_APPROVAL]},
        ],
        "approvals", _SIGNING, facts=("grade",),
    ),
    Standard(
        "chain.loan", N_("Approval chain: dossier loan"), "chain",
        [{"case": "always", "when": {}, "steps": [{"type": "portal", "role": "supervisor", "meaning": "approve"}]}],
        "approvals", _SIGNING,
    ),
    Standard(
        "chain.disposal", N_("Approval chain: disposal of documents"), "chain",
        [{"case": "always", "when": {}, "steps": [_REVIEW, _APPROVAL]}], "approvals", _SIGNING,
    ),
    Standard(
        "chain.order_refusal", N_("Approval chain: refusing an order of a grade-A customer"), "chain",
        [{"case": "always", "when": {}, "steps": [_REVIEW, _APPROVAL]}], "approvals", _SIGNING,
    ),
    Standard(
        "chain.a_treatment", N_("Approval chain: treating a grade-C order as grade A"), "chain",
        [{"case": "always", "when": {}, "steps": [_APPROVAL]}], "approvals", _SIGNING,
    ),
    Standard(
        "chain.maintenance_plan", N_("Approval chain: maintenance plan"), "chain",
        [{"case": "always", "when": {}, "steps": [_APPROVAL, {"type": "paper", "title": "customer_director", "meaning": "approve"}]}],
        "approvals", _SIGNING,
    ),
    Standard(
        "chain.maintenance_summary", N_("Approval chain: maintenance summary"), "chain",
        [{"case": "always", "when": {}, "steps": [{"type": "portal", "role": "manager", "meaning": "review"}]}],
        "approvals", _MAINTAINING,
    ),
    Standard(
        "chain.relation_assessment", N_("Approval chain: relation assessment"), "chain",
        [
            {"case": "end", "when": {"advice": ["end"]}, "steps": [_REVIEW, _APPROVAL]},
            {"case": "others", "when": {}, "steps": [{"type": "portal", "role": "supervisor", "meaning": "approve"}]},
        ],
        "approvals", _RELATING, facts=("advice",),
    ),
    Standard(
        "maintenance.notice_days", N_("Days before which a task of a maintenance plan or a greeting stands in the inbox"), "integer", 7,
        "maintenance", _MAINTAINING, unit=N_("days"), minimum=0, maximum=60,
    ),
    Standard("approval.signatories", N_("Paper signatories"), "choices", choices.SIGNATORIES, "approvals", _SIGNING),
    _list("nature", N_("Nature of customers"), choices.NATURE),
    _list("industry", N_("Industries (GB/T 4754-2017)"), choices.INDUSTRY),
    _list("size", N_("Sizes of customers"), choices.SIZE),
    _list("operating_state", N_("Operating states"), choices.OPERATING_STATE),
    _list("attitude", N_("Attitudes in dealings"), choices.ATTITUDE),
    _list("contact_way", N_("Preferred ways of contact"), choices.CONTACT_WAY),
    _list("contact_frequency", N_("Frequencies of contact"), choices.CONTACT_FREQUENCY),
    _list("payment_terms", N_("Payment terms"), choices.PAYMENT_TERMS),
    _list("stage_time", N_("Stages by time"), choices.STAGE_TIME),
    _list("stage_transaction", N_("Stages by transaction"), choices.STAGE_TRANSACTION),
    _list("stage_volume", N_("Stages by volume"), choices.STAGE_VOLUME),
    _list("stage_service", N_("Stages by service"), choices.STAGE_SERVICE),
    _list("stage_years", N_("Stages by years of cooperation"), choices.STAGE_YEARS),
    _list("potential", N_("Development potential"), choices.POTENTIAL),
    _list("satisfaction", N_("Satisfaction"), choices.SATISFACTION),
    _list("kept_for", N_("What contacts' data are kept for"), choices.KEPT_FOR),
    _list("document_kind", N_("Kinds of documents"), choices.DOCUMENT_KIND),
    _list("confidentiality", N_("Confidentiality"), choices.CONFIDENTIALITY),
    Standard("choices.measure_kind", N_("Kinds of measures"), "choices", choices.MEASURE_KIND, "lists", _MAINTAINING),
    Standard("choices.greeting_way", N_("Ways to greet customers"), "choices", choices.GREETING_WAY, "lists", _MAINTAINING),
    Standard("choices.influence", N_("Influence of people"), "choices", choices.INFLUENCE, "lists", _MAINTAINING),
    _list("tags", N_("Tags"), []),
)  # fmt: skip

STANDARDS: dict[str, Standard] = {standard.name: standard for standard in _ALL}


def add(standard: Standard) -> None:
    """Add a standard that follows from another declaration, such as the switch of an office register."""
    STANDARDS[standard.name] = standard
