"""Rows of what comes of proposals: assessment, decision, awards, carrying out, overview (PP-5 to PP-10)."""

from __future__ import annotations

from typing import Any

from portal.database import db
from portal.models.proposal import Proposal
from tests import deciding, factories
from tests.access import Row, everyone
from tests.approving import person


def _sent() -> dict[str, Any]:
    proposal = deciding.routed()
    return {"proposal": proposal.id, "line": deciding.line_of(proposal).id}


def _assessed() -> dict[str, Any]:
    return {"proposal": deciding.assessed().id}


def _drafted() -> dict[str, Any]:
    decision = deciding.decision(deciding.assessed())
    return {"decision": decision.id, "version": decision.version}


def _adopted() -> dict[str, Any]:
    proposal = deciding.assessed()
    deciding.decided(proposal)
    return {"proposal": proposal.id, "award": deciding.awards(proposal.customer)[0].id}


def _handed() -> dict[str, Any]:
    ids = _adopted()
    award = deciding.awards(db.session.get_one(Proposal, ids["proposal"]).customer)[0]
    award.hand_over("联系人甲", award.found_on, by=person("rep1"))
    db.session.commit()
    return ids


def _over() -> dict[str, Any]:
    customer = factories.customer("rep1", nature="government")
    deciding.decided(deciding.assessed(deciding.registered(customer)), "kept")
    deciding.registered(customer)
    return {"award": deciding.awards(customer)[0].id}


def _under_way() -> dict[str, Any]:
    ids = _adopted()
    work = deciding.planned(db.session.get_one(Proposal, ids["proposal"]))
    return {"work": work.id, "measure": work.measures[0].id, "version": work.version}


def _finished() -> dict[str, Any]:
    ids = _under_way()
    work = db.session.get_one(deciding.ProposalWork, ids["work"])
    for measure in work.measures:
        work.settle(measure, work.first_on, "", by=person("rep1"))
    work.finish("已完成", work.first_on, by=person("rep1"))
    db.session.commit()
    return {"work": work.id}


_DECISION = {"outcome": "not-adopted", "reasons": "成本过高"}

ROWS = [
    Row("proposals.assessment", "/proposal-departments/{line}/assessment", prepare=_sent),
    Row("proposals.assessment", "/proposal-departments/{line}/assessment", "POST", {"act": "keep", "opinion": "可"}, _sent,
        owner=303, supervisor=303, manager=303),
    Row("proposals.decision_new", "/proposals/{proposal}/decisions/new", prepare=_assessed, owner=403),
    Row("proposals.decision_new", "/proposals/{proposal}/decisions/new", "POST", _DECISION, _assessed,
        owner=403, supervisor=303, manager=303),
    Row("proposals.decision", "/proposal-decisions/{decision}", prepare=_drafted),
    Row("proposals.decision_edit", "/proposal-decisions/{decision}/edit", prepare=_drafted, owner=403),
    Row("proposals.decision_edit", "/proposal-decisions/{decision}/edit", "POST", {**_DECISION, "version": "{version}"}, _drafted,
        owner=403, supervisor=303, manager=303),
    Row("proposals.decision_submit", "/proposal-decisions/{decision}/submission", "POST", prepare=_drafted,
        owner=403, supervisor=303, manager=303),
    Row("proposals.decision_give_up", "/proposal-decisions/{decision}/withdrawal", "POST", prepare=_drafted,
        owner=403, supervisor=303, manager=303),
    Row("proposals.notice_new", "/proposals/{proposal}/notices", "POST", {"what": "decision", "language": "en"}, _adopted,
        owner=303, supervisor=303, manager=303),
    everyone("proposals.awards", "/proposals/awards", prepare=_adopted),
    everyone("proposals.awards_file", "/proposals/awards/file?format=csv", prepare=_adopted),
    Row("proposals.award", "/proposal-awards/{award}", prepare=_adopted),
    Row("proposals.award_hand", "/proposal-awards/{award}/delivery", "POST", prepare=_adopted, owner=422, supervisor=422, manager=422),
    Row("proposals.award_confirm", "/proposal-awards/{award}/receipt", "POST", prepare=_handed, owner=403, supervisor=422, manager=422),
    Row("proposals.award_permit", "/proposal-awards/{award}/permission", "POST", prepare=_over, owner=403, supervisor=403, manager=422),
    Row("proposals.plan_new", "/proposals/{proposal}/plan", prepare=_adopted),
    Row("proposals.plan_new", "/proposals/{proposal}/plan", "POST", prepare=_adopted, owner=422, supervisor=422, manager=422),
    Row("proposals.work", "/proposal-works/{work}", prepare=_under_way),
    Row("proposals.plan_edit", "/proposal-works/{work}/plan", prepare=_under_way),
    Row("proposals.plan_edit", "/proposal-works/{work}/plan", "POST", {"version": "{version}"}, _under_way,
        owner=422, supervisor=422, manager=422),
    Row("proposals.measure_done", "/proposal-works/{work}/measures/{measure}/completion", "POST", prepare=_under_way,
        owner=422, supervisor=422, manager=422),
    Row("proposals.work_finish", "/proposal-works/{work}/result", "POST", prepare=_under_way, owner=422, supervisor=422, manager=422),
    Row("proposals.work_value", "/proposal-works/{work}/value", "POST", {"value-value": "1"}, _finished,
        owner=409, supervisor=409, manager=409),
    everyone("proposals.overview", "/proposals/overview", prepare=_adopted),
    everyone("proposals.overview_file", "/proposals/overview/file?format=csv", prepare=_adopted),
]  # fmt: skip
