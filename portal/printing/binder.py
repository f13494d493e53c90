"""The binder as one PDF: cover, contents, every filed document with running page numbers, remark sheet (PR-6). Made in the background.

First the pages of all files are counted, then the sheets are laid out, then all is bound; no file is in the portal's memory.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from portal import jobs
from portal.database import StateConflict, db, release
from portal.models.attachment import Attachment
from portal.models.binder import Binder
from portal.models.customer import Customer
from portal.models.job import Job
from portal.models.notice import notify
from portal.models.scope import scope_key
from portal.models.sheet import PrintedSheet
from portal.models.staff import Staff
from portal.permissions import Permission
from portal.printing import binder_content as content
from portal.printing.binder_content import Bound, Filing, Volume, volume_of
from portal.printing.bindery import bind
from portal.printing.catalogue import SHEETS
from portal.printing.documents import Printed, chosen_language, next_copy, order_of, translate
from portal.printing.labels import CHINESE, Language, html_lang
from portal.printing.order import Order, Pile
from portal.printing.papers import Paper
from portal.printing.press import LONG_SECONDS, POOL
from portal.rules.message import N_, Message, Refusal
from portal.stores import store

KIND = "bind"
PURPOSE = "binder"
MODELS: dict[str, Any] = {content.DOSSIER: Customer, content.BINDER: Binder}
INTERLEAVES = 5
"""So many interleaves are printed at once."""


def queue(sheet: str, record_id: int, language: str, filing: Filing, *, by: Staff) -> Job:
    """Add the job that binds a dossier or binder. `portal.jobs.start(job)` after the commit hands it to the worker."""
    said = {"filed_by": filing.filed_by, "checked_by": filing.checked_by, "said": filing.said}
    return Job.queue(KIND, by=by, sheet=sheet, record=record_id, language=language, filing=said, scope=scope_key(by))


@jobs.kind(KIND, title=N_("Binder as one PDF"), page=lambda job: ("prints.binding_job", {"job_id": job.id}))
def bind_volume(job: Job) -> None:
    """Bind a dossier or binder for who asked, with their scope of now, and tell them when it is there."""
    person, args, job_id = job.staff, job.args, job.id
    assert person is not None  # noqa: S101 - somebody has asked for it
    model = MODELS[args["sheet"]]
    record = db.session.scalar(model.visible_to(person).where(model.id == args["record"]))
    if record is None or not person.may(Permission.DOSSIER_READ):
        raise Refusal("You no longer see this dossier.")
    volume, name, language = volume_of(record), person.name, chosen_language(args["language"])
    job.progress(0, 2 * len(volume.documents))
    db.session.commit()
    with tempfile.TemporaryDirectory() as folder, jobs.beating(job_id) as note:
        out = Path(folder) / "binder.pdf"
        values = make(volume, language, Filing(**args["filing"]), out, by_name=name, note=note)
        db.session.rollback()
        person = db.session.get_one(Staff, job.staff_id)
        try:
            printed = PrintedSheet.give(by=person, **values)
        except StateConflict:
            raise Refusal("Somebody else bound the same at the same moment. Use that copy, or try again.") from None
        kept = Attachment.keep_file(
            out,
            filename=Printed(printed, b"").filename,
            media_type="application/pdf",
            purpose=PURPOSE,
            by=person,
            customer_id=volume.customer_id,
        )
        db.session.flush()
        printed.file_id = kept.id
    job = db.session.get_one(Job, job_id)
    job.progress(job.total, job.total)
    job.result = {"code": printed.code}
    said = {"label": volume.label, "pages": printed.pages}
    notify(person, Message(N_("%(label)s is bound: %(pages)s pages."), said), link=f"/prints/binding/{job_id}")


def make(
    volume: Volume, language: Language, filing: Filing, out: Path, *, by_name: str, note: Callable[[int], None] = lambda done: None
) -> dict[str, Any]:
    """Bind a volume into the file `out` and return the columns of its `PrintedSheet`, its pages among them. Raises `Refusal`.

    Ends the transaction that it reads in. `note` hears how many steps are done, two for each document.
    """
    release()
    files = [_file(one, out.parent) for one in volume.documents if not one.is_enclosure]
    volume = volume.counted([step["pages"] for step in bind({"do": "count", "files": files}, note)])
    papers = [content.cover(volume), content.contents(volume), content.remarks(volume, filing)]
    values, first = next_copy(papers[0], language, printed_by=by_name)
    orders = [first, *(order_of(paper, values, printed_by=by_name) for paper in papers[1:])]
    places = [place for place, one in enumerate(volume.documents) if one.is_enclosure]
    waiting = list(_enclosures(volume, places, values, by_name))
    release()
    # A long contents list takes one press as much memory as two have for other sheets: it is printed first, by one that ends then.
    POOL.close()
    front = POOL.print_pile(Pile(tuple(orders[:2])), seconds=LONG_SECONDS)
    (out.parent / "front.pdf").write_bytes(front.content)
    (out.parent / "back.pdf").write_bytes(POOL.print(orders[2], seconds=LONG_SECONDS).content)
    POOL.close()
    interleaves = dict(zip(places, _in_piles(waiting, out.parent), strict=True))
    titles = [f"{one.facts['archive_number']} {one.facts['title']}" for one in volume.documents]
    parts = [
        {"title": title, **(interleaves[place] if one.is_enclosure else _file(one, out.parent))}
        for place, (one, title) in enumerate(zip(volume.documents, titles, strict=True))
    ]
    done = len(volume.documents)
    POOL.close()  # binding needs memory of its own; presses are started when they are needed
    told = bind(
        {
            "do": "bind", "front": str(out.parent / "front.pdf"), "back": str(out.parent / "back.pdf"), "out": str(out), "parts": parts,
            "numbered": True, "title": orders[0].title, "author": by_name, "lang": html_lang(language),
            "front_marks": [[_title(papers[0], language), 0], [_title(papers[1], language), front.each[0]]],
            "back_title": _title(papers[2], language),
        },
        lambda steps: note(done + min(steps, done)),
    )  # fmt: skip
    if told[-1]["pages"] != volume.pages:
        raise Refusal("The files have changed while they were bound. Try again.")
    return {**values, "pages": told[-1]["whole"]}


def _file(one: Bound, folder: Path) -> dict[str, Any]:
    """Return where the file of a document can be read and what it is; a bucket's is fetched into `folder` once."""
    return {"path": str(store().at(one.facts["file"], folder)), "media_type": one.media_type}


def _title(paper: Paper, language: Language) -> str:
    return translate(SHEETS[paper.sheet].title, "en" if language == "en" else CHINESE)


def _enclosures(volume: Volume, places: list[int], values: dict[str, Any], by_name: str) -> Iterable[Order]:
    return (order_of(content.enclosure(volume, place), values, printed_by=by_name) for place in places)


def _in_piles(waiting: list[Order], folder: Path) -> list[dict[str, Any]]:
    """Print sheets in piles over the presses and return where each lies: the path of its pile, its page there and how many it has."""
    piles = [tuple(waiting[start : start + INTERLEAVES]) for start in range(0, len(waiting), INTERLEAVES)]
    found: list[dict[str, Any]] = []
    with ThreadPoolExecutor(POOL.width) as threads:
        for number, piled in enumerate(threads.map(lambda orders: POOL.print_pile(Pile(orders), seconds=LONG_SECONDS), piles)):
            path, page = folder / f"interleaves-{number}.pdf", 0
            path.write_bytes(piled.content)
            for pages in piled.each:
                found.append({"path": str(path), "page": page, "pages": pages})
                page += pages
    return found
