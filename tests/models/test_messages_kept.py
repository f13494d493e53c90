"""Messages among the figures of a message outlive the database: in notices and in what a job says of its failure (AP-9)."""

from __future__ import annotations

import pytest

from portal import jobs
from portal.database import db
from portal.i18n import in_language, translate
from portal.models.job import Job
from portal.models.notice import notify
from portal.rules.message import Message, Refusal
from tests.approving import person

pytestmark = pytest.mark.usefixtures("app")
WITHIN = Message("%(document)s “%(title)s” is approved.", {"document": Message("New customer investigation"), "title": "甲"})


def test_a_notice_keeps_messages_within_messages():
    notice = notify(person("rep1"), Message("%(what)s!", {"what": WITHIN}))
    db.session.commit()
    db.session.refresh(notice)
    with in_language("zh_Hans_CN"):
        assert translate(notice.message) == "交易开始调查书“甲”已批准。!"


@jobs.kind("refused-in-words")
def _refused(_job: Job) -> None:
    raise Refusal("%(name)s is missing.", name=Message("Full name"))


def test_a_job_refused_with_a_message_among_its_figures_fails_in_words_and_is_not_tried_again():
    job = Job.queue("refused-in-words", by=person("rep1"))
    db.session.commit()
    jobs.start(job)
    db.session.refresh(job)
    assert job.state == "failed"
    assert str(job.failure) == "Full name is missing."
