"""Sheets of proposals: filled and empty, in every language; what stands on them (PP-9, PR-1)."""

from __future__ import annotations

import io
import re
from typing import Any

from flask import Flask
from pypdf import PdfReader

from portal.database import db
from portal.models import proposal_intake, proposal_letter
from portal.models.dossier import Upload
from portal.models.proposal_extension import ProposalExtension
from portal.models.proposal_list import ProposalQuery
from portal.models.proposal_routing import routings_of
from portal.printing import documents, lists, papers
from portal.printing.catalogue import SHEETS
from portal.printing.lists import LISTS
from tests import factories, proposing
from tests.approving import person, picture
from tests.proposing import asked_for_days, line, registered, routed

NAME = "深圳𠮷䶮精密电子有限公司"


def _records() -> dict[str, Any]:
    customer = factories.customer("rep1", full_name=NAME)
    one = registered(customer, text="建议提高抽检比例。\n" * 45)
    proposal_intake.keep_files(one, [Upload.of(picture(), "来信扫描.png")], by=person("rep1"))
    db.session.commit()
    routed(one, line("production", "responsible"), line("quality"), line("marketing", way="mail", address="m@example.com"))
    asked_for_days(one)
    thanks = proposal_letter.draft(one, "thanks", by=person("rep1"))
    change = proposal_letter.draft(one, "change", by=person("rep1"), language="en")
    db.session.commit()
    return {
        "proposal_registration": one, "proposal_routing": routings_of(one)[0], "proposal_copy": one, "proposal_thanks": thanks,
        "proposal_letter": change, "proposal_extension": db.session.query(ProposalExtension).one(),
    }  # fmt: skip


WORDS = {
    "proposal_registration": (NAME, "林秋实", "来信扫描.png", "质量检验"),
    "proposal_routing": (NAME, "归口部门", "协办部门", "m@example.com", "郑七星"),
    "proposal_copy": ("生产部", "质量部", "市场营销部", "可行性"),
    "proposal_thanks": ("感谢函", "林秋实", "客户服务部"),
    "proposal_letter": ("Yours sincerely", "Production"),
    "proposal_extension": ("复杂提案", "副总经理", "需外部试验", "30"),
}


def test_filled_and_empty_in_every_language_and_what_stands_on_paper(app: Flask) -> None:
    records = _records()
    with app.test_request_context():
        for sheet, record in records.items():
            printable, declared = papers.PRINTABLES[sheet], SHEETS[sheet]
            for paper in (papers.paper_of(printable, record), papers.blank_paper(printable)):
                assert declared.title in documents.preview(paper, "both", by=person("mgr1"))
            html = documents.preview(papers.paper_of(printable, record), "zh", by=person("mgr1"))
            for word in (declared.form_number, *WORDS[sheet]):
                assert word in html, (sheet, word)
        copies = papers.PRINTABLES["proposal_copy"]
        printed = documents.press(lambda: papers.paper_of(copies, records["proposal_copy"]), "zh", by=person("mgr1"))
        db.session.commit()
        pages = [re.sub(r"\s", "", page.extract_text()) for page in PdfReader(io.BytesIO(printed.content)).pages]
        assert len(pages) >= 6  # a long text over pages, for each department anew
        assert [sum(f"致部门：{name}" in page for page in pages) for name in ("生产部", "质量部", "市场营销部")] == [1, 1, 1]
        query = ProposalQuery.read({"state": "open", "kind": "quality", "q": "抽检", "channel": "e-mail", "team": "1"})
        assert "客户提案" in documents.preview(lists.list_paper(LISTS["proposal_list"], person("rep1"), query), "zh", by=person("rep1"))
        query = ProposalQuery.read({"department": "production"})
        html = documents.preview(lists.list_paper(LISTS["proposal_list"], person("rep1"), query), "zh", by=person("rep1"))
    assert NAME in html
    assert "生产部" in html


def test_a_void_proposal_has_no_sheet_and_no_copy_before_its_routing(as_: Any) -> None:
    one = proposing.registered()
    assert as_("rep1").get(f"/prints/proposal_copy/{one.id}").status_code == 404
    assert as_("rep1").get(f"/prints/proposal_registration/{one.id}").status_code == 200
    proposal_intake.void(one, reason="误登", by=person("rep1"))
    db.session.commit()
    assert as_("rep1").get(f"/prints/proposal_registration/{one.id}").status_code == 404
