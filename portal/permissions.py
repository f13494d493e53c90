"""What each role may do, and the one decorator that asks for it.

Every route says `@requires(Permission.X, …)` or `@public`; `check_routes` refuses to start otherwise. The answer's order
is fixed (roles.md, RO-1): outside the scope 404, not allowed 403, already decided 409, wrong input 422.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from functools import wraps
from typing import Any

from flask import Flask, abort, current_app
from flask_login import current_user

from portal.database import db
from portal.rules.message import N_


class Role(StrEnum):
    """The three roles of the office (roles.md), and the departments to which proposals are routed (PP-3)."""

    DEPARTMENT = "department"
    REP = "rep"
    SUPERVISOR = "supervisor"
    MANAGER = "manager"

    @property
    def rank(self) -> int:
        """Return 0 for a department, 1 for rep, 2 for supervisor, 3 for manager: delegates need the same or a higher rank (RO-6)."""
        return {"department": 0, "rep": 1, "supervisor": 2, "manager": 3}[self.value]

    @property
    def label(self) -> str:
        """Return the English message id of the role."""
        return _ROLE_LABELS[self.value]


_ROLE_LABELS = {
    "department": N_("Department"),
    "rep": N_("Customer relations representative"),
    "supervisor": N_("Customer relations supervisor"),
    "manager": N_("Customer service manager"),
}


class Permission(StrEnum):
    """What can be done, as `resource:action`."""

    HOME_READ = "home:read"
    PROFILE_EDIT = "profile:edit"
    NOTICE_READ = "notice:read"
    CUSTOMER_READ = "customer:read"
    CUSTOMER_EDIT = "customer:edit"
    CUSTOMER_HAND_OVER = "customer:hand-over"
    CUSTOMER_ASSIST = "customer:assist"
    CUSTOMER_MERGE = "customer:merge"
    CUSTOMER_IMPORT = "customer:import"
    CUSTOMER_IMPORT_REGISTER = "customer:import-register"
    CUSTOMER_EXPORT = "customer:export"
    CREDIT_CHANGE = "credit:change"
    APPROVAL_READ = "approval:read"
    APPROVAL_SUBMIT = "approval:submit"
    APPROVAL_SIGN = "approval:sign"
    APPROVAL_RECORD_PAPER = "approval:record-paper"
    DOSSIER_READ = "dossier:read"
    DOSSIER_EDIT = "dossier:edit"
    DOSSIER_REMOVE = "dossier:remove"
    LOAN_READ = "loan:read"
    LOAN_ASK = "loan:ask"
    LOAN_HAND_OUT = "loan:hand-out"
    CUSTOMER_END = "customer:end"
    DISPOSAL_READ = "disposal:read"
    DISPOSAL_EDIT = "disposal:edit"
    DISPOSAL_RECORD = "disposal:record"
    REVIEW_WORK = "review:work"
    REVIEW_OPEN = "review:open"
    GRADING_WORK = "grading:work"
    GRADING_PROPOSE = "grading:propose"
    GRADING_OPEN = "grading:open"
    RELATION_WORK = "relation:work"
    RELATION_COMPARE = "relation:compare"
    ORDER_REQUEST = "order:request"
    AGREEMENT_EDIT = "agreement:edit"
    AGREEMENT_FILE = "agreement:file"
    PLAN_WORK = "plan:work"
    PLAN_EDIT = "plan:edit"
    RECEPTION_WORK = "reception:work"
    ROOM_EDIT = "room:edit"
    GIFT_READ = "gift:read"
    GIFT_PROPOSE = "gift:propose"
    GIFT_COMPOSE = "gift:compose"
    GIFT_PERMIT = "gift:permit"
    GIFT_DELIVER = "gift:deliver"
    GIFT_STOCK = "gift:stock"
    CALLBACK_WORK = "callback:work"
    CALLBACK_PLAN = "callback:plan"
    VISIT_WORK = "visit:work"
    VISIT_PLAN = "visit:plan"
    SURVEY_WORK = "survey:work"
    SURVEY_PLAN = "survey:plan"
    ASSESSMENT_READ = "assessment:read"
    ASSESSMENT_WRITE = "assessment:write"
    ASSESSMENT_OPEN = "assessment:open"
    REPORT_READ = "report:read"
    REPORT_WRITE = "report:write"
    REPORT_JUDGE = "report:judge"
    REQUEST_READ = "request:read"
    REQUEST_WORK = "request:work"
    REQUEST_ASSIGN = "request:assign"
    CHANNEL_EDIT = "channel:edit"
    PROPOSAL_READ = "proposal:read"
    PROPOSAL_ANSWER = "proposal:answer"
    PROPOSAL_WORK = "proposal:work"
    PROPOSAL_ROUTE = "proposal:route"
    PROPOSAL_DECIDE = "proposal:decide"
    PROPOSAL_PERMIT = "proposal:permit"
    SALES_READ = "sales:read"
    SALES_EDIT = "sales:edit"
    SALES_IMPORT = "sales:import"
    PRODUCT_EDIT = "product:edit"
    INSIGHT_READ = "insight:read"
    REGISTER_READ = "register:read"
    REGISTER_EDIT = "register:edit"
    SHEET_PRINT = "sheet:print"
    DELEGATION_EDIT = "delegation:edit"
    STANDARD_READ = "standard:read"
    STANDARD_EDIT = "standard:edit"
    STAFF_MANAGE = "staff:manage"
    AUDIT_READ = "audit:read"


_DEPARTMENT = {Permission.HOME_READ, Permission.PROFILE_EDIT, Permission.NOTICE_READ, Permission.PROPOSAL_READ, Permission.PROPOSAL_ANSWER}
_REP = {
    Permission.HOME_READ,
    Permission.PROFILE_EDIT,
    Permission.NOTICE_READ,
    Permission.CUSTOMER_READ,
    Permission.CUSTOMER_EDIT,
    Permission.CUSTOMER_IMPORT,
    Permission.CUSTOMER_EXPORT,
    Permission.CREDIT_CHANGE,
    Permission.APPROVAL_READ,
    Permission.APPROVAL_SUBMIT,
    Permission.DOSSIER_READ,
    Permission.DOSSIER_EDIT,
    Permission.LOAN_READ,
    Permission.LOAN_ASK,
    Permission.REVIEW_WORK,
    Permission.GRADING_WORK,
    Permission.RELATION_WORK,
    Permission.ORDER_REQUEST,
    Permission.AGREEMENT_EDIT,
    Permission.PLAN_WORK,
    Permission.RECEPTION_WORK,
    Permission.GIFT_READ,
    Permission.GIFT_PROPOSE,
    Permission.GIFT_DELIVER,
    Permission.CALLBACK_WORK,
    Permission.SURVEY_WORK,
    Permission.ASSESSMENT_READ,
    Permission.VISIT_WORK,
    Permission.REPORT_READ,
    Permission.REPORT_WRITE,
    Permission.REQUEST_READ,
    Permission.REQUEST_WORK,
    Permission.PROPOSAL_READ,
    Permission.PROPOSAL_ANSWER,
    Permission.PROPOSAL_WORK,
    Permission.SALES_READ,
    Permission.SALES_EDIT,
    Permission.INSIGHT_READ,
    Permission.REGISTER_READ,
    Permission.REGISTER_EDIT,
    Permission.SHEET_PRINT,
    Permission.STANDARD_READ,
}
_SUPERVISOR = _REP | {
    Permission.CUSTOMER_HAND_OVER,
    Permission.CUSTOMER_ASSIST,
    Permission.CUSTOMER_MERGE,
    Permission.CUSTOMER_IMPORT_REGISTER,
    Permission.DOSSIER_REMOVE,
    Permission.LOAN_HAND_OUT,
    Permission.CUSTOMER_END,
    Permission.GRADING_PROPOSE,
    Permission.RELATION_COMPARE,
    Permission.AGREEMENT_FILE,
    Permission.PLAN_EDIT,
    Permission.GIFT_COMPOSE,
    Permission.GIFT_STOCK,
    Permission.CALLBACK_PLAN,
    Permission.SURVEY_PLAN,
    Permission.ASSESSMENT_WRITE,
    Permission.VISIT_PLAN,
    Permission.REPORT_JUDGE,
    Permission.REQUEST_ASSIGN,
    Permission.PROPOSAL_ROUTE,
    Permission.PROPOSAL_DECIDE,
    Permission.DISPOSAL_READ,
    Permission.DISPOSAL_EDIT,
    Permission.APPROVAL_SIGN,
    Permission.SALES_IMPORT,
    Permission.DELEGATION_EDIT,
}
_MANAGER = _SUPERVISOR | {
    Permission.PROPOSAL_PERMIT,
    Permission.APPROVAL_RECORD_PAPER,
    Permission.PRODUCT_EDIT,
    Permission.CHANNEL_EDIT,
    Permission.DISPOSAL_RECORD,
    Permission.REVIEW_OPEN,
    Permission.GRADING_OPEN,
    Permission.ROOM_EDIT,
    Permission.GIFT_PERMIT,
    Permission.ASSESSMENT_OPEN,
    Permission.STANDARD_EDIT,
    Permission.STAFF_MANAGE,
    Permission.AUDIT_READ,
}
ROLE_PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.DEPARTMENT: frozenset(_DEPARTMENT),
    Role.REP: frozenset(_REP),
    Role.SUPERVISOR: frozenset(_SUPERVISOR),
    Role.MANAGER: frozenset(_MANAGER),
}


def fetch(model: Any, record_id: int, user: Any) -> Any:
    """Return the record with this id if `user` may see it; 404 otherwise, whether or not it exists (RO-1)."""
    record = db.session.scalar(model.visible_to(user).where(model.id == record_id))
    if record is None:
        abort(404)
    return record


def requires(permission: Permission, **records: Any) -> Callable[..., Any]:
    """Declare what a route needs. `customer=Customer` turns the route's `customer_id` into a `customer` in scope.

    Anonymous visitors go to sign-in, records outside the scope answer 404, a missing permission 403, in this order.
    """

    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(view)
        def guarded(**values: Any) -> Any:
            if not current_user.is_authenticated:
                return current_app.login_manager.unauthorized()  # type: ignore[attr-defined]
            for name, model in records.items():
                values[name] = fetch(model, values.pop(f"{name}_id"), current_user)
            if not current_user.may(permission):
                abort(403)
            return view(**values)

        guarded.permission = permission  # type: ignore[attr-defined]
        return guarded

    return decorate


def public(view: Callable[..., Any]) -> Callable[..., Any]:
    """Declare that a route needs no sign-in."""
    view.permission = None  # type: ignore[attr-defined]
    return view


def ensure(allowed: bool) -> None:
    """Answer 403 unless `allowed`: for what depends on the record, after its scope and before its state."""
    if not allowed:
        abort(403)


FOREIGN_ENDPOINTS = {"static", "bootstrap.static"}
"""Routes of libraries: files that everybody may have."""


def check_routes(app: Flask) -> None:
    """Refuse to start when a route declares no permission. Raises RuntimeError naming the routes."""
    silent = [
        f"{rule.rule} ({rule.endpoint})"
        for rule in app.url_map.iter_rules()
        if rule.endpoint not in FOREIGN_ENDPOINTS and not hasattr(app.view_functions[rule.endpoint], "permission")
    ]
    if silent:
        raise RuntimeError("Routes without a declared permission: " + ", ".join(sorted(silent)))
