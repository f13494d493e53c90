"""Surveys: who is drawn, what an answer does, kept figures, links, hand-over and erasure (SV-30)."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from portal import clock
from portal.database import StateConflict, db
from portal.models import hand_over, hand_over_list, inbox, request_flow, survey_desk, survey_draw, survey_link, survey_list, survey_totals
from portal.models.audit import AuditEvent
from portal.models.callback import Callback
from portal.models.inbox_count import numbers
from portal.models.merge import CustomerMerge
from portal.models.standard import set_value
from portal.models.standard_effects import effects
from portal.models.survey import SurveyAnswer
from portal.models.survey_list import AnswerQuery, ResultQuery, behind, results
from portal.models.survey_totals import SurveyTotal
from portal.rules.message import Refusal
from portal.rules.surveys import QUESTIONS
from tests import factories
from tests.approving import person
from tests.service import requesting
from tests.surveying import answered, asked, closed, lines, linked, survey

pytestmark = pytest.mark.usefixtures("app")


def kept() -> list[tuple[object, ...]]:
    columns = [getattr(SurveyTotal, name) for name in ("month", "team", "kind", "grade", "question", *survey_totals.COUNTS)]
    rows = db.session.execute(select(*columns).order_by(*columns))
    return [tuple(row) for row in rows if any(row[5:])]


def test_the_draw_keeps_to_scope_and_filters_and_can_be_made_again() -> None:
    mine = [factories.customer("rep1", grade="A", nature="ordinary") for _ in range(6)]
    factories.customer("rep1", grade="B")
    factories.customer("rep3", grade="A")
    factories.customer("rep1", grade="A", state="past")
    found = survey(4, by="sup1", grade="A", nature="ordinary")
    chosen = [one.customer_id for one in lines(found)]
    assert len(chosen) == found.drawn == 4
    assert set(chosen) <= {one.id for one in mine}
    assert [one.served_by_id for one in lines(found)] == [person("rep1").id] * 4
    again = survey(9, by="sup1", grade="A")
    assert len(lines(again)) == 2, "nobody is asked twice at a time"
    with pytest.raises(Refusal, match="No customer is left"):
        survey(1, by="sup1", grade="A")
    found.close(by=person("sup1"))
    db.session.commit()
    assert [one.customer_id for one in lines(survey(4, by="sup1", grade="A", nature="ordinary"))] != [], "a closed one frees them"


def test_closed_requests_of_a_period_are_drawn_each_customer_once_about_the_newest() -> None:
    customer = factories.customer("rep1", grade="B")
    today = clock.today()
    first, second = (closed(customer) for _ in range(2))
    open_one = requesting.taken(factories.customer("rep1"))
    (line,) = lines(survey(9, source="requests", first=today, last=today))
    assert (line.customer_id, line.request_id, line.kind, line.served_by_id) == (customer.id, second.id, second.kind, second.assignee_id)
    assert open_one.id != first.id
    again = requesting.taken(open_one.customer, text="再次来电催问")
    request_flow.link(again, open_one, "duplicate", by=person("rep1"), version=again.version)
    db.session.commit()
    with pytest.raises(Refusal, match="No customer is left"):
        survey(9, source="requests", first=today, last=today)
    with pytest.raises(Refusal) as refused:
        survey(9, source="requests", first=today, last=today - timedelta(days=1))
    assert refused.value.field == "first"


def test_a_low_score_makes_a_call_back_due_once_and_figures_follow() -> None:
    line = asked()
    assert answered(line, attitude=2, quality=5)
    (call,) = db.session.scalars(select(Callback).where(Callback.customer_id == line.customer_id))
    assert (call.kind, call.assignee_id, call.text) == ("low-score", person("rep1").id, "服务态度 2")
    month, team = f"{clock.today():%Y-%m}", line.team_id
    assert kept() == [
        (month, team, "", "A", "", 1, 1, 1, 0, 1),
        (month, team, "", "A", "attitude", 0, 0, 1, 2, 1),
        (month, team, "", "A", "quality", 0, 0, 1, 5, 0),
    ]
    with pytest.raises(StateConflict):
        answered(line)
    before = kept()
    survey_totals.recount()
    db.session.commit()
    assert kept() == before, "counted anew they are the same"
    line.take_back(by=person("rep1"), version=line.version)
    db.session.commit()
    assert [row[4:] for row in kept()] == [("", 1, 0, 0, 0, 0)]
    assert not answered(line, attitude=1), "its call is open still"
    assert not answered(asked(), attitude=3)


def test_low_again_after_it_was_taken_back_makes_a_call_back_due_again() -> None:
    line = asked()
    assert answered(line, attitude=1)
    line.take_back(by=person("rep1"), version=line.version)
    call = db.session.scalars(select(Callback)).one()
    call.drop(reason="答案录错", by=person("rep1"), version=call.version)
    assert answered(line, attitude=2)
    assert db.session.scalars(select(Callback.state).order_by(Callback.id)).all() == ["dropped", "open"]


def test_what_a_customer_of_another_team_says_by_now_is_that_teams() -> None:
    line = asked(factories.customer("rep1", full_name="机密贸易公司"))
    hand_over.hand_over([line.customer_id or 0], to=person("rep3"), by=person("mgr1"))
    answered(line, by="rep3", text="对二科的评价", attitude=2)
    query = AnswerQuery.read({"survey": str(line.survey_id)})
    for account in ("rep1", "sup1", "rep2", "sup2", "rep3", "mgr1"):
        user, sees = person(account), account in ("sup2", "rep3", "mgr1")
        assert (db.session.scalar(SurveyAnswer.visible_to(user).where(SurveyAnswer.id == line.id)) is not None) == sees, account
        assert [one.id for one in survey_list.ANSWERS.rows(user, query)] == [line.id] * sees, account
        assert survey_list.by_state(line.survey, user)["answered"] == sees
    survey_desk.forget([line.customer_id or 0])
    db.session.commit()
    for account in ("rep1", "sup1", "sup2", "rep3"):
        user, sees = person(account), account == "sup1"
        assert (db.session.scalar(SurveyAnswer.visible_to(user).where(SurveyAnswer.id == line.id)) is not None) == sees, account
        assert [one.id for one in survey_list.ANSWERS.rows(user, query)] == [line.id] * sees, "the scores count for the team they were of"


def test_results_are_of_the_own_team_and_lead_to_the_answers() -> None:
    for owner, score in (("rep1", 5), ("rep1", 4), ("rep3", 2)):
        answered(asked(factories.customer(owner, grade="A")), by=owner, attitude=score)
    (row,) = results(person("mgr1"), ResultQuery.read({}))
    assert (row.scores.mean, row.scores.number, row.scores.low) == (Decimal("3.67"), 3, 1)
    assert row.asked.rate == Decimal("60.0"), "who answered is drawn again: five were asked"
    assert [one.name for one in results(person("mgr1"), ResultQuery.read({"by": "team"}))] == ["客户一科", "客户二科"]
    query = ResultQuery.read({"by": "question"})
    (mine,) = results(person("sup1"), query)
    assert (mine.key, mine.scores.mean) == ("attitude", Decimal("4.50"))
    assert results(person("sup1"), ResultQuery.read({"team": str(person("rep3").team_id)})) == []
    args = behind(ResultQuery.read({}), row)
    assert survey_list.ANSWERS.count(person("mgr1"), AnswerQuery.read(args)).number == 3
    assert survey_list.ANSWERS.count(person("sup1"), AnswerQuery.read(args)).number == 2
    assert survey_list.ANSWERS.count(person("rep2"), AnswerQuery.read(args)).number == 0
    args = behind(query, mine)
    assert survey_list.ANSWERS.count(person("sup1"), AnswerQuery.read(args)).number == mine.scores.number == 2
    assert survey_list.ANSWERS.count(person("sup1"), AnswerQuery.read({**args, "first": "2999-01"})).number == 0
    none = results(person("mgr1"), ResultQuery.read({"grade": "C"}))
    assert none == [], "months without records have no row, not a 0"
    found = survey_list.ANSWERS.count(person("mgr1"), AnswerQuery.read({"low": "1", "question": "attitude", "grade": "A", "kind": "none"}))
    assert found.number == 1


def test_a_running_survey_keeps_its_questions() -> None:
    line = asked()
    new = [{**QUESTIONS[0], "active": False}, *QUESTIONS[1:3]]
    assert "1 surveys are running" in str(next(iter(effects("survey.questions", new, clock.today()))))
    set_value("survey.questions", new, by=person("mgr1"), reason="精简")
    db.session.commit()
    assert [one["code"] for one in line.survey.questions] == [one["code"] for one in QUESTIONS]
    factories.customer("rep3")
    assert [one["code"] for one in survey().questions] == ["efficiency", "quality"]


def test_what_waits_is_asked_by_who_is_in_charge_and_goes_along() -> None:
    line = asked()
    (entry,) = inbox.entries(person("rep1"), "survey")
    assert entry.page == ("surveys.answer", {"answer_id": line.id})
    assert (inbox.count(person("rep1")), *numbers(person("rep1"), survey_desk.FIGURES)) == (1, 1)
    hand_over.hand_over([line.customer_id or 0], to=person("rep2"), by=person("sup1"), reason="调岗")
    db.session.commit()
    assert (inbox.count(person("rep1")), inbox.count(person("rep2"))) == (0, 1)
    assert line.served_by_id == person("rep1").id, "whose service is judged stays who it was"
    assert survey_desk.take_over(person("rep2"), person("rep1")) == 1


def test_past_its_last_day_it_is_closed_and_takes_no_answers() -> None:
    line = asked()
    assert survey_desk.close_due(line.survey.closes_on) == 0
    assert survey_desk.close_due(line.survey.closes_on + timedelta(days=1)) == 1
    db.session.commit()
    assert (line.state, inbox.count(person("rep1"))) == ("lapsed", 0)
    with pytest.raises(StateConflict):
        answered(line)


def test_declined_and_not_reached_are_no_answers() -> None:
    line = asked()
    with pytest.raises(Refusal):
        line.leave("sold", text="", by=person("rep1"), version=line.version)
    line.leave("declined", text="没空", by=person("rep1"), version=line.version)
    db.session.commit()
    assert (line.state, line.survey.answered) == ("declined", 0)
    line.take_back(by=person("rep1"), version=line.version)
    assert line.state == "open"


def test_a_link_opens_once_until_its_day_and_only_while_links_are_on() -> None:
    line, token = linked()
    assert token not in line.token_hash
    assert len(line.token_hash) == 64
    assert survey_link.by_token(token) is line
    assert survey_link.by_token(token + "x") is None
    with clock.pretend(clock.now() + timedelta(days=15)):
        assert survey_link.by_token(token) is None
    newer = survey_link.make(line, by=person("rep1"))
    db.session.commit()
    assert survey_link.by_token(token) is None
    line.answer({"attitude": 5}, by=None, version=line.version)
    db.session.commit()
    assert survey_link.by_token(newer) is None
    assert line.entered_by_id is None
    assert not line.can_take_back(person("mgr1")), "it is the customer's own"
    other, third = linked()
    assert survey_link.by_token(third) is other
    set_value("survey.link_open", False, by=person("mgr1"), reason="停用")
    db.session.commit()
    assert survey_link.by_token(third) is None
    told = [row.data for row in db.session.scalars(select(AuditEvent).where(AuditEvent.action == "survey-link-made"))]
    assert told
    assert not any(third in str(row) for row in told)


def test_erased_cards_leave_scores_without_a_name_and_merges_move_answers() -> None:
    gone, stays, other = (factories.customer("rep1", grade="A") for _ in range(3))
    line = asked(gone)
    answered(line, text="王先生说不错", attitude=4)
    before = kept()
    survey_desk.forget([gone.id])
    db.session.commit()
    assert (line.customer_id, line.text, line.scores) == (None, "", {"attitude": 4})
    assert kept() == before
    assert survey_list.ANSWERS.count(person("sup1"), AnswerQuery.read({"state": "answered"})).number == 1
    assert survey_list.ANSWERS.count(person("rep1"), AnswerQuery.read({"state": "answered"})).number == 0
    moved = db.session.scalars(select(SurveyAnswer).where(SurveyAnswer.customer_id == other.id)).one()
    CustomerMerge.carry_out(stays, other, by=person("sup1"))
    db.session.commit()
    assert moved.customer_id == stays.id


def test_after_a_merge_one_line_is_open_and_stands_on_the_hand_over_list() -> None:
    stays, gone = factories.customer("rep2", grade="A"), factories.customer("rep1", grade="A")
    first, second = lines(survey(2, by="sup1", grade="A"))
    CustomerMerge.carry_out(stays, gone, by=person("sup1"))
    db.session.commit()
    assert (first.customer_id, second.customer_id) == (stays.id, stays.id)
    assert (first.state, second.state) == ("open", "lapsed"), "nobody is asked twice at a time"
    assert hand_over_list.rows(person("rep1"), "surveys") == []
    (row,) = hand_over_list.rows(person("rep2"), "surveys")
    assert (row["id"], row["customer"], row["way"]) == (first.id, stays.full_name, "telephone")
    assert hand_over_list.counts(person("rep2"))["surveys"] == 1


def test_what_is_wrong_with_a_survey_stands_beside_its_field() -> None:
    today = clock.today()
    right = survey_draw.Wanted("调查", "telephone", "customers", 3, today)
    tried = {
        "title": {"title": ""}, "way": {"way": "link"}, "source": {"source": "sky"}, "number": {"number": 501},
        "closes_on": {"closes_on": today - timedelta(days=1)},
    }  # fmt: skip
    for field, values in tried.items():
        with pytest.raises(Refusal) as refused:
            survey_draw.begin(survey_draw.Wanted(**{**right.__dict__, **values}), seed=1, by=person("sup1"))  # type: ignore[arg-type]
        assert refused.value.field == field
    with pytest.raises(Refusal):
        survey_draw.begin(right, seed=1, by=person("rep1"))
