"""Batches: many forms as one PDF with bookmarks, made in the background over all presses (PR-7).

Sheets go to the presses in piles, which share their fonts; a few piles are under way at once, so that memory stays flat.
"""

from __future__ import annotations

import tempfile
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import select

from portal import clock, jobs
from portal.database import StateConflict, db, release
from portal.models.approval import Approval
from portal.models.approval_kinds import KINDS
from portal.models.approval_round import ApprovalRound
from portal.models.attachment import Attachment
from portal.models.job import Job
from portal.models.made_files import ensure_as_read, erased_cards, pack, unpack
from portal.models.notice import notify
from portal.models.scope import scope_key
from portal.models.sheet import PrintedSheet
from portal.models.staff import Staff
from portal.permissions import Permission
from portal.printing.bindery import bind
from portal.printing.catalogue import SHEETS
from portal.printing.documents import chosen_language, next_copy, press, translate
from portal.printing.labels import CHINESE, Language, html_lang
from portal.printing.lists import LISTS, list_paper
from portal.printing.order import MissingGlyph, Order, Pile, Piled, PrintingFailed
from portal.printing.papers import PRINTABLES, Paper, paper_of, paper_of_round
from portal.printing.press import LONG_SECONDS, POOL
from portal.rules.message import N_, Message, Refusal

KIND = "print-batch"
PURPOSE = "batch"
MOST = 2000
"""More forms than this are a carton of paper: they are printed in several batches."""
PILE = 5
"""So many sheets are laid out by one press before they are written as one file; more take memory and save nothing."""
NAMED = 20
"""So many of the sheets that could not be printed are named."""


@dataclass(frozen=True)
class Copy:
    """A sheet on its way: what its `PrintedSheet` says, and what the press is asked for."""

    place: int
    values: dict[str, Any]
    order: Order


@dataclass
class Course:
    """How far a batch is: what is printed, in its place, and what could not be."""

    parts: dict[int, dict[str, Any]]
    refused: list[str]
    customers: set[int] = field(default_factory=set)
    """Of whom something is printed."""


# --- which forms ---------------------------------------------------------------------------------------------------------


def queue_records(
    sheet: str, ids: Sequence[int], language: str, *, by: Staff, before: tuple[str, dict[str, str]] | None = None
) -> Job:  # fmt: skip
    """Add the job that prints one form of many records, such as the cards of chosen customers. Raises `Refusal` for too many.

    `before`: a list (`lists.LISTS`) and its query, printed in front of them, such as the labels of what is sent.
    """
    _ensure_few(len(ids))
    first = {"before": {"sheet": before[0], "query": before[1]}} if before else {}
    return Job.queue(KIND, by=by, sheet=sheet, ids=list(ids), language=language, scope=scope_key(by), **first)


def queue_approved(kind: str, first: date, last: date, language: str, *, by: Staff) -> Job:
    """Add the job that prints every form of a document kind that was approved in a period. Raises `Refusal` for none or too many."""
    ids = approved(by, kind, first, last)
    if not ids:
        raise Refusal("Nothing of this kind was approved in this period.", field="kind")
    _ensure_few(len(ids))
    return Job.queue(KIND, by=by, sheet=KINDS[kind].sheet, of_kind=kind, ids=ids, language=language, scope=scope_key(by))


def approved(user: Staff, kind: str, first: date, last: date) -> list[int]:
    """Return the approvals of a kind that ended approved from `first` to `last`, in the order of their decision, in the user's scope."""
    day = timedelta(days=1)  # the first and the last day of all have no other time of day in another zone
    begin = datetime.combine(max(first, date.min + day), time(), clock.local(clock.now()).tzinfo)
    end = datetime.combine(min(last, date.max - day) + day, time(), begin.tzinfo)
    query = (
        Approval.visible_to(user)
        .join(ApprovalRound, (ApprovalRound.approval_id == Approval.id) & (ApprovalRound.number == Approval.round))
        .where(Approval.kind_name == kind, Approval.state == "approved", ApprovalRound.ended_at >= begin, ApprovalRound.ended_at < end)
        .order_by(ApprovalRound.ended_at, Approval.id)
    )
    return list(db.session.scalars(query.with_only_columns(Approval.id).limit(MOST + 1)))


def _ensure_few(count: int) -> None:
    if count > MOST:
        raise Refusal("One batch prints at most %(most)s forms. Choose fewer.", most=MOST)


def _papers(person: Staff, args: dict[str, Any], ids: Sequence[int]) -> Iterator[tuple[int, Paper]]:
    """Yield what is still in the person's scope, as (id, paper)."""
    if "of_kind" in args:
        approvals = {one.id: one for one in db.session.scalars(Approval.visible_to(person).where(Approval.id.in_(ids)))}
        yield from ((number, paper_of_round(approvals[number], approvals[number].current_round)) for number in ids if number in approvals)
        return
    printable = PRINTABLES[args["sheet"]]
    query = printable.model.visible_to(person).where(printable.model.id.in_(ids))
    records = {one.id: one for one in db.session.scalars(query)}
    yield from ((number, paper_of(printable, records[number])) for number in ids if number in records and printable.fits(records[number]))


# --- the work ------------------------------------------------------------------------------------------------------------


@jobs.kind(KIND, title=N_("Batch of forms"), page=lambda job: ("prints.batch", {"job_id": job.id}))
def print_batch(job: Job) -> None:
    """Print a batch for who asked, with their scope of now, and tell them when it is there."""
    person, args, job_id = job.staff, job.args, job.id
    assert person is not None  # noqa: S101 - somebody has asked for it
    if not person.may(Permission.SHEET_PRINT):
        raise Refusal("Your role does not include printing.")
    language = chosen_language(args["language"])
    declared = SHEETS[args["sheet"]]
    title = translate(declared.title, "en" if language == "en" else CHINESE)
    person_id, name, total = person.id, person.name, len(args["ids"])
    job.progress(0, total)
    erased = erased_cards()
    db.session.commit()
    with tempfile.TemporaryDirectory() as folder, jobs.beating(job_id) as note:
        course = _print_all(person_id, args, language, Path(folder), note)
        if "before" in args:
            course.parts[-1] = _print_before(person_id, args["before"], language, Path(folder))
        parts = [course.parts[place] for place in sorted(course.parts)]
        if not parts:
            raise Refusal("None of the forms could be printed.")
        out = Path(folder) / "batch.pdf"
        about = {"numbered": False, "title": title, "author": name, "lang": html_lang(language)}
        POOL.close()  # binding needs memory of its own; presses are started when they are needed
        pages = bind({"do": "bind", "front": "", "back": "", "out": str(out), "parts": parts, **about})[-1]["whole"]
        person = db.session.get_one(Staff, person_id)
        ensure_as_read(erased)
        filename = f"{title}-{clock.today():%Y%m%d}-{len(parts)}.pdf"
        kept = Attachment.keep_file(out, filename=filename, media_type="application/pdf", purpose=PURPOSE, by=person)
        db.session.flush()
    job = db.session.get_one(Job, job_id)
    job.progress(total, total)
    forms = sum(place >= 0 for place in course.parts)
    printed = {args["ids"][place] for place in course.parts if place >= 0}
    job.result = {
        "attachment": kept.id, "forms": forms, "pages": pages, "refused": course.refused[:NAMED],
        "records": pack(printed), "customers": pack(course.customers),
    }  # fmt: skip
    said = {"sheet": Message(declared.title), "count": forms}
    text = N_("%(sheet)s: 1 form is ready to print.") if forms == 1 else N_("%(sheet)s: %(count)s forms are ready to print.")
    notify(person, Message(text, said), link=f"/prints/batches/{job_id}")


def _print_all(person_id: int, args: dict[str, Any], language: Language, folder: Path, note: Callable[[int], None]) -> Course:
    course, done = Course({}, []), 0
    under_way: deque[tuple[list[Copy], Future[Piled]]] = deque()
    places = iter(enumerate(args["ids"]))
    with ThreadPoolExecutor(POOL.width) as threads:
        while True:
            some = list(islice(places, PILE))
            if some:
                copies = _ready(person_id, args, some, language)
                if copies:
                    pile = Pile(tuple(copy.order for copy in copies))
                    under_way.append((copies, threads.submit(POOL.print_pile, pile, seconds=LONG_SECONDS)))
            while under_way and (len(under_way) > POOL.width or not some):
                copies, printing = under_way.popleft()
                _take(person_id, args, copies, printing, language, folder, course)
                done += len(copies)
                note(done)
            if not some:
                return course


def _ready(person_id: int, args: dict[str, Any], some: list[tuple[int, int]], language: Language) -> list[Copy]:
    person = db.session.get_one(Staff, person_id)
    place_of = {number: place for place, number in some}
    found = _papers(person, args, list(place_of))
    copies = [Copy(place_of[number], *next_copy(paper, language, printed_by=person.name)) for number, paper in found]
    release()
    return copies


def _take(
    person_id: int, args: dict[str, Any], copies: list[Copy], printing: Future[Piled], language: Language, folder: Path, course: Course
) -> None:
    """Count a pile that is printed; where it could not be printed, or copies were taken meanwhile, do its sheets one by one."""
    try:
        piled = printing.result()
    except (MissingGlyph, PrintingFailed):
        alone = copies
    else:
        path, page, alone = folder / f"pile-{copies[0].place}.pdf", 0, []
        path.write_bytes(piled.content)
        person = db.session.get_one(Staff, person_id)
        for copy, pages in zip(copies, piled.each, strict=True):
            try:
                PrintedSheet.give(by=person, pages=pages, **copy.values)
            except StateConflict:
                alone.append(copy)
            else:
                course.customers |= {copy.values["customer_id"]} - {None}
                course.parts[copy.place] = {"path": str(path), "page": page, "pages": pages, "title": copy.values["label"]}
            page += pages
        db.session.commit()
    for copy in alone:
        _print_alone(person_id, args, copy, language, folder, course)


def _print_alone(person_id: int, args: dict[str, Any], copy: Copy, language: Language, folder: Path, course: Course) -> None:
    number, label = args["ids"][copy.place], copy.values["label"]

    def make() -> Paper:
        found = list(_papers(db.session.get_one(Staff, person_id), args, [number]))
        if not found:
            raise Refusal("You no longer see this record.")
        return found[0][1]

    try:
        printed = press(make, language, by=db.session.get_one(Staff, person_id), seconds=LONG_SECONDS)
    except Refusal as refusal:
        db.session.rollback()
        course.refused.append(f"{label}: {_said(refusal, language)}")
        return
    course.customers |= {copy.values["customer_id"]} - {None}
    path = folder / f"alone-{copy.place}.pdf"
    path.write_bytes(printed.content)
    course.parts[copy.place] = {"path": str(path), "page": 0, "pages": printed.sheet.pages, "title": label}
    db.session.commit()


def _print_before(person_id: int, before: dict[str, Any], language: Language, folder: Path) -> dict[str, Any]:
    """Print the list that stands in front of a batch, and return it as a part of the file."""
    listed = LISTS[before["sheet"]]
    query = listed.source.read(before["query"])

    def make() -> Paper:
        return list_paper(listed, db.session.get_one(Staff, person_id), query)

    POOL.close()  # two thousand labels are laid out as one sheet, in a press that has nothing else in memory
    printed = press(make, language, by=db.session.get_one(Staff, person_id), seconds=LONG_SECONDS)
    path = folder / "before.pdf"
    path.write_bytes(printed.content)
    title = translate(SHEETS[listed.sheet].title, "en" if language == "en" else CHINESE)
    found = {"path": str(path), "page": 0, "pages": printed.sheet.pages, "title": title}
    db.session.commit()
    return found


def _said(refusal: Refusal, language: Language) -> str:
    text = translate(refusal.message.text, "en" if language == "en" else CHINESE)
    return text % refusal.message.params if refusal.message.params else text


def kinds(user: Staff) -> list[tuple[str, str]]:
    """Return the document kinds of which there is something approved that `user` sees: (code, title)."""
    there = Approval.visible_to(user).where(Approval.state == "approved").with_only_columns(Approval.kind_name).distinct()
    found = set(db.session.scalars(there))
    return [(name, kind.title) for name, kind in KINDS.items() if name in found]


def is_open(job: Job, user: Staff) -> bool:
    """Return whether `user`, who asked for it, sees all that was printed still, in the same role and team; a manager does."""
    if user.is_manager:
        return True
    records = unpack(job.result["records"]) if "records" in job.result else set(job.args["ids"])
    model = Approval if "of_kind" in job.args else PRINTABLES[job.args["sheet"]].model
    there = model.visible_to(user).where(model.id.in_(records)).with_only_columns(model.id)
    return job.args.get("scope") == scope_key(user) and records <= set(db.session.scalars(there))


def made(job: Job, user: Staff) -> Attachment | None:
    """Return the file of a batch, None where it is not made, was removed, or has what the reader no longer sees (RO-1)."""
    if job.kind != KIND or "attachment" not in job.result or not is_open(job, user):
        return None
    return db.session.scalar(select(Attachment).where(Attachment.id == job.result["attachment"]))
