"""Sheets of call-backs: follow-up card filled and empty, list; a deadline explained on paper (SV-4, SV-12, PR-1, PR-5)."""

from __future__ import annotations

import io
from datetime import date, datetime

import time_machine
from flask import Flask
from pypdf import PdfReader

from portal import clock
from portal.i18n import in_language
from portal.models.callback import LATER
from portal.models.callback_list import CallbackQuery
from portal.printing import counts, documents, lists, papers
from portal.printing.catalogue import SHEETS
from portal.printing.labels import Labels
from portal.printing.lists import LISTS
from portal.rules.working_time import Calendar
from tests import calling, factories
from tests.approving import person

NAME = "深圳𠮷䶮精密电子有限公司"


@time_machine.travel("2026-03-05 02:00Z", tick=False)
def test_the_follow_up_card_filled_and_empty(app: Flask) -> None:
    printable, declared = papers.PRINTABLES["callback_card"], SHEETS["callback_card"]
    one = calling.call("rep1", full_name=NAME)
    factories.contact(one.customer, name="王经理", telephone="13900139000")
    one.put_off(LATER, on=date(2026, 3, 5), note="开会中", by=person("rep1"), version=one.version)
    answers = [{**asked, "answer": "满意"} for asked in one.questions]
    calling.finished(one, answers=answers, satisfaction=4, spoken_with="王经理", opening="您好", next_step="寄说明书")
    paper, languages = papers.paper_of(printable, one), ("zh", "en", "both")
    with app.test_request_context():
        for language in languages:
            for made in (paper, papers.blank_paper(printable)):
                html = documents.preview(made, language, by=person("rep1"))  # type: ignore[arg-type]
                assert declared.form_number in html
                assert language == "zh" or declared.title in html
                assert language == "en" or documents.translate(declared.title, "zh_Hans_CN") in html
        content = documents.press(lambda: paper, "zh", by=person("rep1")).content
    shown = "".join("".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages).split())
    for word in (
        NAME,
        "王经理",
        "13900139000",
        "开会中",
        "稍后再拨",
        "使用正常",
        "寄说明书",
        "对安装调试人员满意吗？",
        "指导",
        "安装调试完成",
    ):
        assert word in shown, word


@time_machine.travel("2026-03-05 02:00Z", tick=False)
def test_the_list_of_the_day(app: Flask) -> None:
    for _ in range(3):
        calling.call("rep1", full_name=NAME)
    with app.test_request_context():
        paper = lists.list_paper(LISTS["callback_list"], person("rep1"), CallbackQuery(filters={"due": "1", "kind": "installation"}))
        text = documents.preview(paper, "both", by=person("rep1"))
    for word in ("QMS-PM-31282", NAME, "0755-26001234", "安装调试回访", "今日到期", "Guidance"):
        assert word in text, word


def test_a_deadline_is_explained_on_paper_in_every_language(app: Flask) -> None:
    start = datetime(2026, 4, 30, 16, tzinfo=clock.SITE_ZONE)
    for language, words in (("zh", ("星期六", "劳动节调休上班", "6小时")), ("en", ("Saturday", "Working weekend for Labour Day", "6 h"))):
        data = counts.as_data(Calendar().explain_hours(start, 30))
        labels = Labels(language, documents.translate)  # type: ignore[arg-type]
        with app.test_request_context(), in_language("en" if language == "en" else "zh_Hans_CN"):
            counts.in_words(data, labels)
        last = data["days"][-1]
        assert (last["weekday"].text, last["why"].text, last["counted"].text) == words
        assert (data["end"], last["times"]) == ("2026-05-09 16:00", "08:30–12:00, 13:30–16:00")
