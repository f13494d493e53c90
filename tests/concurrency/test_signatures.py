"""Eight hands at once: one signature counts, one submission counts, and a withdrawal and a signature exclude each other (AP-5)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from portal import database
from portal.database import StateConflict, commit, db
from portal.models.approval import Approval
from portal.models.approval_signature import Signature
from portal.models.credit import CreditChange
from portal.models.staff import Staff
from portal.rules.message import Refusal
from tests.approving import APPROVE, REVIEW, change, person, states, submitted


def at_once(app: Flask, *acts: Callable[[], Any]) -> list[str]:
    """Do each act in a thread and a context of its own, all let go at once; return how each ended."""
    gate = threading.Barrier(len(acts))
    ended = [""] * len(acts)

    def run(number: int, act: Callable[[], Any]) -> None:
        with app.app_context():
            database.read_only(False)
            gate.wait()
            try:
                act()
                commit()
                ended[number] = "done"
            except (StateConflict, Refusal) as refused:
                db.session.rollback()
                ended[number] = type(refused).__name__

    db.session.commit()
    threads = [threading.Thread(target=run, args=(number, act)) for number, act in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    db.session.expire_all()
    return ended


def test_nobody_signs_and_takes_the_submission_over_at_once(app: Flask) -> None:
    approval = submitted()
    approval_id, round_number = approval.id, approval.round

    def taking_over() -> None:
        Approval.hand_over(person("rep1"), person("sup1"))

    ended = at_once(app, taking_over, signing(approval_id, 0, "sup1"))
    assert ended.count("done") == 1, ended
    approval = db.session.get_one(Approval, approval_id)
    assert approval.round == round_number
    assert not approval.current_round.hands() & approval.authors()


def signing(approval_id: int, step_number: int, account: str, decision: str = "approve") -> Callable[[], Any]:
    def act() -> None:
        approval = db.session.get(Approval, approval_id)
        signer = Staff.by_account(account)
        assert approval is not None
        assert signer is not None
        current = approval.current_round
        approval.sign(current.steps[step_number], by=signer, decision=decision, opinion="意见", content_hash=current.content_hash)

    return act


@pytest.fixture
def managers(app: Flask) -> list[str]:
    """Eight managers."""
    password = person("mgr1").password_hash
    for number in range(3, 9):
        moment = person("mgr1").password_changed_at
        values = {"account": f"mgr{number}", "name": f"经理{number}", "role": "manager"}
        db.session.add(Staff(password_hash=password, password_changed_at=moment, **values))
    db.session.commit()
    return [f"mgr{number}" for number in range(1, 9)]


def test_eight_signatures_of_one_step_give_one(app: Flask, managers: list[str]) -> None:
    approval = submitted(APPROVE)
    decisions = ["reject", "approve"] * 4
    ended = at_once(app, *(signing(approval.id, 0, account, decision) for account, decision in zip(managers, decisions, strict=True)))
    assert sorted(ended) == ["StateConflict"] * 7 + ["done"]
    assert db.session.query(Signature).count() == 1
    assert approval.state == ("approved" if ended.index("done") % 2 else "rejected")
    assert approval.signed == 1


def test_counter_signatures_at_once_all_count_and_the_chain_goes_on(app: Flask, managers: list[str]) -> None:
    approval = submitted({"together": [REVIEW, APPROVE]}, APPROVE)
    ended = at_once(app, signing(approval.id, 0, "sup1"), signing(approval.id, 1, "mgr1"))
    assert ended == ["done", "done"]
    # Where mgr1 came last they passed the next step too: the same person twice in a row.
    assert states(approval) in (["done", "done", "open"], ["done", "done", "done"])
    assert (approval.state == "approved") == (states(approval)[2] == "done")


def test_the_same_document_submitted_eight_times_at_once(app: Flask) -> None:
    draft_id = change().id

    def submit() -> None:
        draft = db.session.get(CreditChange, draft_id)
        submitter = Staff.by_account("rep1")
        assert draft is not None
        assert submitter is not None
        draft.submit(by=submitter)

    ended = at_once(app, *[submit] * 8)
    assert "done" in ended
    assert set(ended) <= {"done", "StateConflict"}
    approval = db.session.query(Approval).one()
    assert len(approval.rounds) == 1
    assert states(approval) == ["open", "waiting"]


@pytest.mark.parametrize("attempt", range(3))
def test_a_signature_and_a_withdrawal_exclude_each_other(app: Flask, attempt: int) -> None:
    approval = submitted()
    approval_id = approval.id

    def withdraw() -> None:
        found = db.session.get(Approval, approval_id)
        submitter = Staff.by_account("rep1")
        assert found is not None
        assert submitter is not None
        found.withdraw(by=submitter)

    ended = at_once(app, *([withdraw, signing(approval_id, 0, "sup1")][:: 1 if attempt % 2 else -1]))
    assert sorted(ended) == ["StateConflict", "done"]
    signed = db.session.query(Signature).count()
    assert (approval.state, signed) in (("withdrawn", 0), ("pending", 1))
    assert (approval.document.state == "draft") == (approval.state == "withdrawn")
