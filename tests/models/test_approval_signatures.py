"""What a signature records and binds, paper steps, and refusals (AP-4, AP-6, AP-9)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from sqlalchemy import update

from portal.database import StateConflict, db
from portal.models.approval import ContentChanged
from portal.models.approval_round import ApprovalRound
from portal.models.approval_signature import Signature
from portal.models.attachment import Attachment
from portal.models.credit import FIELDS
from portal.rules.message import Refusal
from portal.stores import store
from tests.approving import APPROVE, FINANCE, INFORM, REVIEW, person, picture, record_paper, scan, sign, states, submitted, told

pytestmark = pytest.mark.usefixtures("app")


def test_what_is_recorded():
    approval = submitted()
    given = sign(approval, "sup1", opinion="情况属实，同意")
    assert given.content_hash == approval.current_round.content_hash
    assert given.address == "10.0.0.7"
    assert given.who["signer"] == {"id": person("sup1").id, "account": "sup1", "name": "周五行", "role": "supervisor", "post": ""}
    assert [entry["meaning"] for entry in given.steps] == ["review"]
    assert len(given.code) == 14
    assert given.is_valid()


@pytest.mark.parametrize(
    "change",
    [
        {"opinion": "不同意"},
        {"decision": "reject"},
        {"signer_id": 3},
        {"at": datetime(2026, 1, 1, tzinfo=UTC)},
        {"who": {"signer": {"name": "别人"}}},
        {"steps": []},
        {"round": 2},
        {"code": "0000-0000-0000"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_any_later_change_of_a_signature_shows(change):
    given = sign(submitted(), "sup1", opinion="同意")
    db.session.execute(update(Signature).where(Signature.id == given.id).values(**change))
    db.session.commit()
    db.session.expire_all()
    assert not given.is_valid()


def test_a_changed_content_shows_and_is_not_signed():
    approval = submitted()
    given = sign(approval, "sup1")
    content = {**approval.current_round.content, "new": {"credit_limit": "900000.00"}}
    db.session.execute(update(ApprovalRound).where(ApprovalRound.id == approval.current_round.id).values(content=content))
    db.session.commit()
    db.session.expire_all()
    assert not given.is_valid()
    with pytest.raises(ContentChanged):
        sign(approval, "mgr1")


def test_a_signature_rewritten_with_its_hash_is_found_by_the_log():
    given = sign(submitted(), "sup1", opinion="同意")
    given.opinion = "同意，金额加倍"
    given.hash = given._digest()
    from portal.rules.freezing import verification_code

    given.code = verification_code(given.hash)
    db.session.commit()
    assert not given.is_valid()


def test_who_signs_content_that_changed_since_is_shown_the_differences():
    approval = submitted()
    seen = approval.current_round.content_hash
    sign(approval, "sup1", "send-back")
    document = approval.document
    values = {name: getattr(document, name) for name in (*FIELDS, "reason", "effective_on")}
    document.edit({**values, "credit_limit": Decimal("90000.00")}, by=person("rep1"))
    document.submit(by=person("rep1"))
    db.session.commit()
    with pytest.raises(ContentChanged) as refused:
        approval.sign(approval.open_steps[0], by=person("sup1"), decision="approve", content_hash=seen)
    assert refused.value.differences == [("new.credit_limit", "80000.00", "90000.00")]
    with pytest.raises(ContentChanged):
        approval.sign(approval.open_steps[0], by=person("sup1"), decision="approve", content_hash="0" * 64)


@pytest.mark.parametrize("decision", ["send-back", "reject"])
@pytest.mark.parametrize("opinion", ["", "  "])
def test_sending_back_and_rejecting_need_an_opinion(decision, opinion):
    approval = submitted()
    with pytest.raises(Refusal) as refused:
        approval.sign(
            approval.open_steps[0], by=person("sup1"), decision=decision, opinion=opinion, content_hash=approval.current_round.content_hash
        )
    assert refused.value.field == "opinion"
    assert states(approval) == ["open", "waiting"]


def test_a_step_is_signed_once_and_in_its_turn():
    approval = submitted()
    first = approval.current_round.steps[0]
    with pytest.raises(StateConflict):
        sign(approval, "mgr1", step=approval.current_round.steps[1])
    sign(approval, "sup1")
    with pytest.raises(StateConflict):
        sign(approval, "sup1", step=first)
    assert db.session.query(Signature).count() == 1


def test_paper_step_needs_the_scan_and_a_manager():
    approval = submitted(REVIEW, FINANCE)
    sign(approval, "sup1")
    assert approval.can_record_paper(person("mgr1"))
    assert not approval.can_record_paper(person("sup1"))
    assert not approval.can_sign(person("mgr1"))
    with pytest.raises(Refusal) as refused:
        record_paper(approval, scan=None)
    assert refused.value.field == "scan"
    with pytest.raises(Refusal):
        sign(approval, "mgr1", step=approval.current_round.steps[1])
    with pytest.raises(Refusal):
        approval.record_paper(
            approval.current_round.steps[1], by=person("sup1"), outcome="approve", name="甲", date=date(2026, 1, 1), scan=scan("sup1")
        )
    given = record_paper(approval, opinion="同意")
    assert approval.state == "approved"
    assert (given.name, given.recorder_name, given.scan.media_type) == ("刘财务", "郑七星", "image/png")
    assert given.is_valid()
    assert "approved" in told("rep1")[-1]


def test_paper_dates():
    noon = datetime(2026, 3, 4, 4, 0, tzinfo=UTC)
    with time_machine.travel(noon, tick=False):
        approval = submitted(FINANCE)
    with time_machine.travel(noon + timedelta(days=2), tick=False):
        for wrong in (date(2026, 3, 3), date(2026, 3, 7)):
            with pytest.raises(Refusal) as refused:
                record_paper(approval, date=wrong)
            assert refused.value.field == "date"
        with pytest.raises(Refusal) as refused:
            record_paper(approval, date=date(2026, 3, 5), name="")
        assert refused.value.field == "name"
        assert record_paper(approval, date=date(2026, 3, 5)).paper_date == date(2026, 3, 5)


def test_a_signature_on_paper_is_not_older_than_those_before_it():
    early = datetime(2026, 3, 3, 23, 30, tzinfo=UTC)  # half past seven in the morning of the fourth, at the site
    with time_machine.travel(early - timedelta(days=2), tick=False):
        approval = submitted(APPROVE, FINANCE, INFORM)
    with time_machine.travel(early, tick=False):
        sign(approval, "mgr1")
    with time_machine.travel(early + timedelta(days=3), tick=False):
        for too_old, right in ((3, 5), (4, 5)):
            with pytest.raises(Refusal, match="signed before, on") as refused:
                record_paper(approval, date=date(2026, 3, too_old))
            assert refused.value.field == "date"
            record_paper(approval, date=date(2026, 3, right))
        assert approval.state == "approved"


def test_paper_can_reject_but_who_is_informed_cannot():
    approval = submitted(FINANCE)
    with pytest.raises(Refusal):
        record_paper(approval, outcome="reject")
    record_paper(approval, outcome="reject", opinion="资金紧张")
    assert approval.state == "rejected"
    informed = submitted(APPROVE, INFORM)
    sign(informed, "mgr1")
    with pytest.raises(Refusal):
        record_paper(informed, outcome="reject", opinion="不可")
    record_paper(informed)
    assert informed.state == "approved"


def test_who_submitted_does_not_record_the_paper_either():
    approval = submitted(FINANCE, by="mgr1")
    assert not approval.can_record_paper(person("mgr1"))
    assert approval.can_record_paper(person("mgr2"))
    with pytest.raises(Refusal):
        record_paper(approval, by="mgr1")


def test_a_scan_that_was_changed_or_lost_shows():
    approval = submitted(FINANCE)
    given = record_paper(approval)
    other = Attachment.keep(picture("red"), filename="x.png", media_type="image/png", purpose="scan", by=person("mgr1"))
    db.session.flush()
    kept = given.scan_id
    given.scan_id = other.id
    db.session.commit()
    assert not given.is_valid()
    given.scan_id = kept
    db.session.commit()
    db.session.expire_all()
    assert given.is_valid()
    store().remove(given.scan.sha256)
    assert not given.is_valid()


def test_decisions_reach_the_submitter_and_the_next_in_line():
    approval = submitted()
    sign(approval, "sup1")
    assert told("rep1") == [f"周五行 has signed Change of credit limit or special terms “{approval.title}”; it goes on."]
    assert told("mgr1") == told("mgr2") == [f"Change of credit limit or special terms “{approval.title}” waits for you."]
    sign(approval, "mgr1")
    assert told("rep1")[-1] == f"Change of credit limit or special terms “{approval.title}” is approved."
