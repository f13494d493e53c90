"""Information reports: whom they reach, what is added, who may, one for each period (AR-22)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from portal import clock
from portal.database import StateConflict, db
from portal.models import dealings, history, inbox, report_notes
from portal.models.approval_authors import DocumentAuthor
from portal.models.dossier import ArchiveDocument, Upload
from portal.models.notice import Notice
from portal.models.report import InformationReport, ReportNote, forget
from portal.rules.message import Refusal
from portal.rules.periods import Period
from tests import disposing, factories
from tests.approving import person
from tests.reporting import PERIODIC, Q1, URGENT, added, begun, submitted, told

pytestmark = pytest.mark.usefixtures("app")


def told_people() -> list[str]:
    return sorted(notice.staff.account for notice in db.session.query(Notice))


def waiting(account: str) -> list[str]:
    found = [one.kind for one in inbox.entries(person(account)) if one.kind in ("urgent-report", "periodic-report")]
    assert inbox.count(person(account)) == len(found)
    return found


# --- urgent ------------------------------------------------------------------------------------------------------------------


def test_an_urgent_report_reaches_both_levels_at_once() -> None:
    report = told()
    assert told_people() == ["mgr1", "mgr2", "sup1"]
    assert [waiting(one) for one in ("rep1", "sup1", "sup2", "mgr1", "mgr2")] == [
        [],
        ["urgent-report"],
        [],
        ["urgent-report"],
        ["urgent-report"],
    ]
    added(report, "read", "mgr2")
    assert [waiting(one) for one in ("sup1", "mgr1", "mgr2")] == [["urgent-report"], [], []]
    added(report, "read", "sup1", "知悉")
    assert waiting("sup1") == []
    assert told_people().count("rep1") == 2


@pytest.mark.parametrize("missing", ["title", "happened_on", "source", "account", "consequence", "action"])
def test_what_an_urgent_report_must_say(missing: str) -> None:
    with pytest.raises(Refusal) as refused:
        told(**{missing: None})
    assert refused.value.field == missing


def test_what_happened_cannot_lie_ahead() -> None:
    with pytest.raises(Refusal, match="cannot lie ahead"):
        told(happened_on=clock.today() + timedelta(days=1))
    told(happened_on=clock.today())


def test_a_report_of_somebody_else_tells_who_is_in_charge() -> None:
    told(by="mgr1")
    assert told_people() == ["mgr2", "rep1", "sup1"]


def test_nobody_reads_instructs_or_closes_their_own() -> None:
    report = told(by="sup1")
    assert report.level_of(person("sup1")) == ""
    assert report_notes.offered(report, person("sup1")) == ("note",)
    with pytest.raises(StateConflict):
        added(report, "instruction", "sup1", "照办")
    added(report, "read", "mgr1")
    assert report.read_at is not None, "nobody holds the other level: the manager stands for it"


def test_a_supervisor_of_another_team_only_adds_notes() -> None:
    customer = factories.customer("rep1")
    report = told(customer)
    customer.owner_id = person("sup2").id
    db.session.commit()
    assert report_notes.offered(report, person("sup2")) == ("note",)


def test_an_instruction_counts_as_read_and_is_told() -> None:
    report = told()
    added(report, "instruction", "sup1", "当日上门")
    assert (report.read_at is None, report.manager_read_at is None) == (False, True)
    note = report.notes[-1]
    assert (note.kind, note.level, note.text, note.by.account) == ("instruction", "supervisor", "当日上门", "sup1")
    assert "rep1" in told_people()


@pytest.mark.parametrize("kind", ["note", "instruction", "conclusion"])
def test_nothing_is_added_without_words(kind: str) -> None:
    report = told()
    with pytest.raises(Refusal) as refused:
        report_notes.add(report, kind, "", by=person("mgr1"))
    assert refused.value.field == "text"


def test_closed_with_a_conclusion_but_still_to_be_read_by_the_other_level() -> None:
    report = told()
    added(report, "conclusion", "mgr1", "恢复发货")
    assert report.state == "closed"
    assert waiting("sup1") == ["urgent-report"]
    assert report_notes.offered(report, person("mgr1")) == ("note",)
    assert report_notes.offered(report, person("sup1")) == ("note", "read")
    with pytest.raises(StateConflict):
        added(report, "conclusion", "sup1", "再次")


def test_of_two_who_acknowledge_at_once_one_counts() -> None:
    report = told()
    added(report, "read", "mgr1")
    with pytest.raises(StateConflict):
        added(report, "read", "mgr2")
    assert [note.by.account for note in report.notes] == ["mgr1"]


def test_a_correction_is_a_note_and_nothing_is_overwritten() -> None:
    report = told()
    with pytest.raises(Refusal):
        report.edit({**URGENT, "account": "别的"}, by=person("rep1"))
    added(report, "conclusion", "mgr1", "恢复发货")
    added(report, "note", "rep1", "更正：是二号仓库")
    assert report.data["account"] == URGENT["account"]
    assert [note.kind for note in report.notes] == ["conclusion", "note"]


def test_a_file_is_filed_in_the_dossier() -> None:
    report = told()
    report_notes.add(report, "note", "", by=person("rep1"), upload=Upload.of("来函内容".encode(), "来函.txt"))
    db.session.commit()
    document = db.session.query(ArchiveDocument).one()
    assert (document.customer_id, document.kind, document.title) == (report.customer_id, "correspondence", "来函")
    assert report.notes[0].document is document


# --- periodic ----------------------------------------------------------------------------------------------------------------


def test_a_periodic_report_goes_to_the_supervisor_and_comes_back() -> None:
    report = submitted()
    assert (told_people(), waiting("sup1"), waiting("mgr1")) == (["sup1"], ["periodic-report"], [])
    added(report, "return", "sup1", "请补充竞争对手情况")
    assert (report.state, waiting("sup1"), waiting("rep1")) == ("returned", [], ["periodic-report"])
    report.edit({**PERIODIC, "competitors": "新到两家"}, by=person("rep1"))
    report.submit(by=person("rep1"))
    db.session.commit()
    assert (waiting("sup1"), waiting("rep1")) == (["periodic-report"], [])
    added(report, "read", "sup1")
    assert (report.state, waiting("sup1")) == ("read", [])
    assert report_notes.offered(report, person("mgr1")) == ("note",)


def test_without_a_supervisor_the_managers_read() -> None:
    person("sup1").active = False
    report = submitted()
    assert told_people() == ["mgr1", "mgr2"]
    assert waiting("mgr2") == ["periodic-report"]
    added(report, "read", "mgr2")
    assert waiting("mgr1") == []


def test_whoever_wrote_at_the_draft_does_not_read_it_for_the_office() -> None:
    report = begun()
    report.edit({**PERIODIC, "needs": "更多车位"}, by=person("sup1"))
    report.submit(by=person("rep1"))
    db.session.commit()
    assert report.level_of(person("sup1")) == ""
    assert (waiting("sup1"), waiting("mgr1")) == ([], ["periodic-report"])
    submitted()  # what they wrote at says nothing about another report
    assert (waiting("sup1"), waiting("mgr1")) == (["periodic-report"], ["periodic-report"])


def test_one_for_each_customer_and_period() -> None:
    customer = factories.customer("rep1")
    begun(customer)
    with pytest.raises(StateConflict):
        begun(customer)
    begun(customer, period=Q1.before)
    db.session.add(
        InformationReport(
            customer_id=customer.id, kind="periodic", period=Q1.code, dated_on=Q1.last, state="draft", author_id=person("rep2").id
        )
    )
    with pytest.raises(Exception, match=r"(?i)unique"):
        db.session.flush()
    db.session.rollback()


def test_a_period_that_has_not_begun_is_refused() -> None:
    ahead = Period.of("month", clock.today() + timedelta(days=40))
    with pytest.raises(Refusal) as refused:
        begun(period=ahead)
    assert refused.value.field == "period"


def test_submitted_is_what_is_complete_and_it_stays() -> None:
    report = begun(plans="")
    with pytest.raises(Refusal) as refused:
        report.submit(by=person("rep1"))
    assert (refused.value.field, report.state) == ("plans", "draft")
    report.edit(PERIODIC, by=person("rep1"))
    report.submit(by=person("rep1"))
    with pytest.raises(Refusal):
        report.edit(PERIODIC, by=person("rep1"))
    with pytest.raises(StateConflict):
        report.submit(by=person("rep1"))


def test_a_discarded_draft_leaves_its_period_free() -> None:
    customer = factories.customer("rep1")
    report = begun(customer)
    with pytest.raises(Refusal):
        report.discard(by=person("rep2"))
    report.discard(by=person("rep1"))
    db.session.commit()
    assert db.session.query(DocumentAuthor).count() == 0
    begun(customer)


def test_the_timeline_has_all_of_it() -> None:
    report = told()
    added(report, "instruction", "sup1", "当日上门")
    added(report, "conclusion", "mgr1", "恢复发货")
    events, _more = history.timeline(report.customer, only="reports")
    assert [one.action for one in events] == ["report-conclusion", "report-instruction", "report-urgent"]


def test_forgotten_reports_leave_nothing() -> None:
    report = told()
    added(report, "note", "rep1", "补充")
    forget([report.id])
    db.session.commit()
    counts: list[Any] = [db.session.query(one).count() for one in (InformationReport, ReportNote, DocumentAuthor)]
    assert counts == [0, 0, 0]


def test_an_open_urgent_report_stands_against_a_disposal_and_is_named_when_dealings_end() -> None:
    customer = factories.customer("rep1")
    report = told(customer)
    assert [one.text for one in dealings.left_open(customer)] == ["An urgent report on %(customer)s of %(day)s is not closed."]
    paper = disposing.old(disposing.past(customer))
    with pytest.raises(Refusal, match="is not closed"):
        disposing.submitted(paper)
    added(report, "conclusion", "mgr1", "公司注销")
    disposing.submitted(paper)


def test_reports_are_erased_with_the_card() -> None:
    customer = factories.customer("rep1")
    added(told(customer), "conclusion", "mgr1", "公司注销")
    submitted(customer)
    other = told()
    disposing.destroyed(disposing.approved(disposing.old(disposing.past(customer))))
    assert [one.id for one in db.session.query(InformationReport)] == [other.id]
    assert db.session.query(ReportNote).count() == 0
    assert history.timeline(customer, only="reports") == ([], False)
    with pytest.raises(Refusal, match="the card erased"):
        told(customer)
