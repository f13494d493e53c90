"""What stands on the sheets of a bound dossier or binder: cover, contents, interleaves, remark sheet (PR-6, GB/T 9705-2008).

The documents come in the order of their archive numbers, as the papers lie in the box.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import selectinload

from portal import clock
from portal.database import db
from portal.models.binder import Binder
from portal.models.customer import Customer
from portal.models.dossier import FILED, ArchiveDocument, DocumentVersion
from portal.permissions import Permission
from portal.printing.labels import Label, Labels
from portal.printing.papers import Paper, Printable, declare
from portal.rules.archive_numbers import RETENTIONS, rank
from portal.rules.file_content import ENDINGS, JPEG, PDF, PNG
from portal.rules.message import N_, Message, Refusal
from portal.rules.page_numbers import page_runs, shown_run

DOSSIER, BINDER = "dossier_cover", "binder_cover"
MOST = 2000
"""More documents than this are bound binder by binder."""
_BOUND = (PDF, JPEG, PNG)


@dataclass(frozen=True)
class Bound:
    """One document of what is bound, as plain data that outlives the transaction it was read in."""

    facts: dict[str, str]
    """What the sheets say of it, the dates as 20260305."""
    media_type: str
    pages: int
    """How many pages of its file are bound, as far as is known; 0 where an interleaf stands for it."""
    broken: bool = False
    """Whether its file could not be opened."""

    @property
    def is_enclosure(self) -> bool:
        """Return whether an interleaf stands for it."""
        return self.pages == 0

    @property
    def bound_pages(self) -> int:
        """Return how many pages it takes: an interleaf is one."""
        return self.pages or 1


@dataclass(frozen=True)
class Volume:
    """A whole dossier, or one binder of it, to be bound."""

    sheet: str
    record_id: int
    customer_id: int
    head: dict[str, str]
    """customer_number, customer, code, title, shelf."""
    documents: tuple[Bound, ...]

    @property
    def label(self) -> str:
        """Return what lists and the log call it."""
        return " ".join(filter(None, (self.head["code"], self.head["title"] or self.head["customer"])))

    @property
    def content(self) -> dict[str, Any]:
        """Return what makes two copies the same."""
        return {"head": self.head, "documents": [one.facts for one in self.documents]}

    @property
    def pages(self) -> int:
        """Return the running number of the last page."""
        return sum(one.bound_pages for one in self.documents)

    def counted(self, pages: list[int]) -> Volume:
        """Return the volume with the pages that each file really has, 0 for what cannot be opened; only files that are bound are told."""
        found = iter(pages)
        documents = []
        for one in self.documents:
            count = one.pages if one.is_enclosure else next(found)
            documents.append(one if one.is_enclosure else replace(one, pages=count, broken=count == 0))
        return replace(self, documents=tuple(documents))


def volume_of(record: Customer | Binder) -> Volume:
    """Return what is to be bound of a customer's dossier or of one binder. Raises `Refusal` where there is nothing, or too much."""
    if isinstance(record, Binder):
        found = _volume(BINDER, record, record.customer, {"code": record.code, "title": record.title, "shelf": record.shelf})
    else:
        found = _volume(DOSSIER, record, record, {"code": "", "title": "", "shelf": ""})
    if not found.documents:
        raise Refusal("Nothing is filed here yet: there is nothing to bind.")
    if len(found.documents) > MOST:
        raise Refusal("More than %(most)s documents are bound binder by binder.", most=MOST)
    return found


def _volume(sheet: str, record: Customer | Binder, customer: Customer, head: dict[str, str]) -> Volume:
    documents_of = select(ArchiveDocument).where(ArchiveDocument.customer_id == customer.id, ArchiveDocument.state == FILED)
    if sheet == BINDER:
        documents_of = documents_of.where(ArchiveDocument.binder_id == record.id)
    query = (
        documents_of.options(selectinload(ArchiveDocument.versions).joinedload(DocumentVersion.file), selectinload(ArchiveDocument.binder))
        # Numbers of one series have the same beginning, so that the longer one is the later.
        .order_by(ArchiveDocument.series, func.length(ArchiveDocument.archive_number), ArchiveDocument.archive_number)
        .limit(MOST + 1)
    )
    documents = tuple(_bound(one) for one in db.session.scalars(query))
    return Volume(sheet, record.id, customer.id, {"customer_number": customer.number, "customer": customer.full_name, **head}, documents)


def _bound(document: ArchiveDocument) -> Bound:
    file = document.current.file if document.current else None
    facts = {
        "archive_number": document.archive_number,
        "reference": document.reference,
        "author": document.author,
        "title": document.title,
        "date": f"{document.dated_on:%Y%m%d}",
        "year": str(document.year),
        "retention": document.retention,
        "confidentiality": document.confidentiality,
        "pages": "" if document.pages is None else str(document.pages),
        "on_paper": "1" if document.on_paper else "",
        "sealed": "1" if document.approval_id else "",
        "binder": document.binder.code if document.binder else "",
        "shelf": document.binder.shelf if document.binder else "",
        "remarks": document.remarks.partition("\n")[0][:60],
        "file": file.sha256 if file else "",
        "filename": file.filename if file else "",
        "kind_of_file": ENDINGS.get(file.media_type, "").removeprefix(".") if file else "",
    }
    if file is None or file.media_type not in _BOUND:
        return Bound(facts, "", 0)
    known = document.current.pages if document.current else None
    return Bound(facts, file.media_type, known or 1)


def mixed(volume: Volume) -> list[Message]:
    """Return warnings that documents of several years or retention periods are bound together: DA/T 22-2015 keeps them apart."""
    years = {one.facts["year"] for one in volume.documents}
    periods = {one.facts["retention"] for one in volume.documents}
    found = []
    if len(years) > 1:
        found.append(Message(N_("Documents of %(count)s years stand together here."), {"count": len(years)}))
    if len(periods) > 1:
        found.append(Message(N_("Documents of %(count)s retention periods stand together here."), {"count": len(periods)}))
    return found


# --- the sheets ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Filing:
    """Who put the volume together, who checked it, and what they say of it: the remark sheet (GB/T 9705-2008)."""

    filed_by: str
    checked_by: str = ""
    said: str = ""


def cover(volume: Volume) -> Paper:
    """Return the cover 案卷封面; its content is what tells one copy from a newer one."""
    return Paper(
        sheet=volume.sheet,
        record_type=volume.sheet,
        record_id=volume.record_id,
        subject=f"{volume.sheet}:{volume.record_id}",
        customer_id=volume.customer_id,
        label=volume.label,
        content=volume.content,
        choices={"documents.confidentiality": "confidentiality"},
        finish=lambda document, labels: _finish_cover(document, volume, labels),
    )


def contents(volume: Volume) -> Paper:
    """Return the contents list 卷内文件目录."""
    return replace(
        cover(volume), sheet="binder_contents", finish=lambda document, labels: document.update(rows=content_rows(volume, labels))
    )


def remarks(volume: Volume, filing: Filing) -> Paper:
    """Return the remark sheet 备考表."""

    def finish(document: dict[str, Any], labels: Labels) -> None:
        document.update(
            lines=_situation(volume, labels), said=filing.said, filed_by=filing.filed_by, checked_by=filing.checked_by,
            filed_on=clock.today().isoformat(),
        )  # fmt: skip

    return replace(cover(volume), sheet="binder_remarks", finish=finish)


def enclosure(volume: Volume, position: int) -> Paper:
    """Return the interleaf that stands for the document at `position` (from 0): what it is and where it lies."""
    one = volume.documents[position]

    def finish(document: dict[str, Any], labels: Labels) -> None:
        document.update(
            enclosure={
                **document["documents"][0],
                "number": position + 1,
                "date": _day(one.facts["date"]),
                "why": _why(one, labels),
                "retention": labels(RETENTIONS[one.facts["retention"]]),
            },
            where=_where(one, labels),
        )

    return replace(cover(volume), sheet="enclosure", content={"head": volume.head, "documents": [one.facts]}, finish=finish)


def content_rows(volume: Volume, labels: Labels) -> list[dict[str, Any]]:
    """Return the rows of the contents list, each with its page or pages."""
    runs = page_runs(one.bound_pages for one in volume.documents)
    return [
        {
            **{name: one.facts[name] for name in ("reference", "author", "title", "date")},
            "page": shown_run(*run),
            "remarks": _joined(_remarks(one, labels), labels),
        }
        for one, run in zip(volume.documents, runs, strict=True)
    ]


def _remarks(one: Bound, labels: Labels) -> list[Label]:
    found = []
    if one.facts["sealed"]:
        found.append(labels(N_("Sealed original: %(number)s"), number=one.facts["archive_number"]))
    if one.is_enclosure:
        found.append(labels(N_("Enclosure")))
    if one.facts["remarks"]:
        found.append(Label(one.facts["remarks"], ""))
    return found


def _joined(parts: list[Label], labels: Labels) -> Label:
    between = "; " if labels.language == "en" else "；"
    english = "; ".join(part.english or part.text for part in parts) if any(part.english for part in parts) else ""
    return Label(between.join(part.text for part in parts), "", english)


def _why(one: Bound, labels: Labels) -> Label:
    if one.broken:
        return labels(N_("The filed file could not be opened for binding: %(name)s"), name=one.facts["filename"])
    if one.facts["file"]:
        return labels(N_("A file that is not bound (%(kind)s): %(name)s"), kind=one.facts["kind_of_file"], name=one.facts["filename"])
    return labels(N_("A paper without a scan"))


def _where(one: Bound, labels: Labels) -> list[Label]:
    found = []
    if one.facts["on_paper"] or not one.facts["file"]:
        binder, shelf = one.facts["binder"], one.facts["shelf"]
        if binder:
            place = {"binder": binder, "shelf": shelf or "—"}
            found.append(labels(N_("The paper lies in binder %(binder)s, shelf %(shelf)s."), **place))
        else:
            found.append(labels(N_("The paper is kept outside the binders.")))
    if one.facts["file"]:
        found.append(labels(N_("The file lies in the portal under archive number %(number)s."), number=one.facts["archive_number"]))
    return found


def _finish_cover(document: dict[str, Any], volume: Volume, labels: Labels) -> None:
    facts = [one.facts for one in volume.documents]
    dates = sorted(one["date"] for one in facts)
    years = sorted({one["year"] for one in facts})
    longest = min((one["retention"] for one in facts), key=rank, default="")
    numbers = [one["archive_number"] for one in facts]
    levels = list(dict.fromkeys(str(one["confidentiality"]) for one in document["documents"]))
    document.update(
        dates=shown_span(_day(dates[0]), _day(dates[-1])) if dates else "",
        years=shown_span(years[0], years[-1]) if years else "",
        retention=labels(RETENTIONS[longest]) if longest else "",
        items=len(facts),
        pages=volume.pages,
        numbers=shown_span(numbers[0], numbers[-1]) if numbers else "",
        confidentiality="、".join(levels) if labels.language != "en" else ", ".join(levels),
    )


def shown_span(first: str, last: str) -> str:
    """Return the first and last of something as a cover says it; once where they are the same."""
    return first if first == last else f"{first} — {last}"


def _day(date: str) -> str:
    return f"{date[:4]}-{date[4:6]}-{date[6:]}"


def _situation(volume: Volume, labels: Labels) -> list[Label]:
    documents = volume.documents
    found = [labels(N_("%(items)s documents on %(pages)s numbered pages."), items=len(documents), pages=volume.pages)]
    enclosures = sum(one.is_enclosure for one in documents)
    if enclosures:
        found.append(labels(N_("%(count)s enclosures, each with an interleaf that says where it lies."), count=enclosures))
    sealed = sum(bool(one.facts["sealed"]) for one in documents)
    if sealed:
        text = N_("%(count)s sealed forms: their electronic seals are checked on the originals in the portal, under their archive numbers.")
        found.append(labels(text, count=sealed))
    broken = sum(one.broken for one in documents)
    if broken:
        found.append(labels(N_("%(count)s files could not be opened for binding."), count=broken))
    return found + [labels(message.text, **message.params) for message in mixed(volume)]


# --- as forms of the portal ----------------------------------------------------------------------------------------------


def _declare(sheet: str, model: Any, endpoint: str, name: str) -> None:
    def page(record: Any) -> tuple[str, dict[str, Any]]:
        return endpoint, {name: record.id}

    declare(
        Printable(
            sheet=sheet,
            model=model,
            content=lambda record: _volume_now(record).content,
            blank={},
            label=lambda record: _volume_now(record).label,
            page=page,
            permission=Permission.DOSSIER_READ,
            customer_id=lambda record: record.customer_id if isinstance(record, Binder) else record.id,
            offered=lambda: False,
            made_at=page,
            changed=N_("Documents were filed, changed or taken out since it was bound."),
        )
    )


def _volume_now(record: Customer | Binder) -> Volume:
    try:
        return volume_of(record)
    except Refusal:
        return Volume(BINDER if isinstance(record, Binder) else DOSSIER, record.id, 0, {"code": "", "title": "", "customer": ""}, ())


_declare(DOSSIER, Customer, "prints.dossier", "customer_id")
_declare(BINDER, Binder, "prints.binder", "binder_id")
