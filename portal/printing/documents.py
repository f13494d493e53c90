"""A paper in a language: its data for the template, its preview, its PDF, and the copy that is counted (PR-1, PR-5, PR-9, PR-10).

There is one way from a record to a sheet: `papers` says what stands on it, `sheet_data` names it in the language, the same
template makes preview and PDF, and `press` prints and counts it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from flask import current_app, url_for
from flask_babel import force_locale, gettext
from markupsafe import Markup

from portal import clock
from portal.database import StateConflict, db, release
from portal.models.approval import Approval
from portal.models.approval_round import ApprovalRound
from portal.models.approval_signature import Signature
from portal.models.approval_step import ApprovalStep
from portal.models.choice_names import names_of
from portal.models.sheet import PrintedSheet
from portal.models.staff import Staff
from portal.printing.catalogue import SHEETS
from portal.printing.labels import CHINESE, LANGUAGES, Label, Labels, Language, html_lang
from portal.printing.naming import named
from portal.printing.order import Order, Pdf
from portal.printing.papers import MEANINGS, Box, Paper, paper_of_round
from portal.printing.press import POOL, SECONDS
from portal.printing.qr import qr_svg
from portal.printing.render import render_sheet_html
from portal.rules.message import N_, Message
from portal.rules.numbering import grouped_verification_code, verification_code
from portal.rules.standards import STANDARDS

log = structlog.get_logger()

DECISIONS = {"approve": N_("Agreed"), "send-back": N_("Sent back"), "reject": N_("Rejected")}
TRIES = 5
"""How often a sheet is made anew when somebody else took its copy number meanwhile."""


def translate(message_id: str, locale: str) -> str:
    """Return the text of a message id in `zh_Hans_CN` or `en`, whatever the reader's language is."""
    with force_locale(locale):
        return str(gettext(message_id))


def site_language() -> Language:
    """Return the language in which sheets print unless another is chosen: the site's (PR-10)."""
    return "zh" if current_app.config["BABEL_DEFAULT_LOCALE"] == CHINESE else "en"


def office(language: Language) -> str:
    """Return what the portal calls itself on what it prints by itself: the site's name, or its own."""
    return str(current_app.config["SITE_NAME"]) or translate(N_("Customer portal"), "en" if language == "en" else CHINESE)


def chosen_language(asked: str | None) -> Language:
    """Return the language that was asked for, the site's where it is none of the three."""
    return next((one for one in LANGUAGES if one == asked), site_language())


# --- in a language -----------------------------------------------------------------------------------------------------


def sheet_data(
    paper: Paper,
    language: Language,
    *,
    printed_by: str,
    printed_at: datetime,
    code: str = "",
    copy_number: int | None = None,
    standing: Callable[[ApprovalStep], str] = ApprovalStep.standing,
) -> dict[str, Any]:
    """Return what the sheet's template takes (see the head comments of `templates/print/`): every code under its name in the language.

    `standing` says what the signature of a step is worth now: one that was altered says so on the sheet.
    """
    labels = Labels(language, translate)
    declared = SHEETS[paper.sheet]
    names = names_of(paper.content, paper.choices) if paper.names is None else paper.names
    document = named(paper.content, labels, names, paper.amounts)
    if paper.finish is not None:
        paper.finish(document, labels)
    return {
        "document": document,
        "steps": [_step(box, position, labels, standing) for position, box in enumerate(paper.boxes, start=1)],
        "sheet": {
            "form_number": declared.form_number,
            "version": declared.version,
            "site": current_app.config["SITE_NAME"],
            "subject": _subject(paper),
            "state": paper.state or None,
            "cancelled": labels(paper.cancelled.text, **paper.cancelled.params) if paper.cancelled else None,
            "round": paper.round.number if paper.round else None,
            "standard": _standard(paper.round, labels) if paper.round else None,
            "printed_by": printed_by,
            "printed_at": f"{clock.local(printed_at):%Y-%m-%d %H:%M}",
            "copy_number": copy_number,
            "verification_code": grouped_verification_code(code) if code else None,
            "qr_svg": qr_svg(f"{current_app.config['SITE_URL']}/v/{code}") if code else None,
        },
    }


def _subject(paper: Paper) -> str:
    """Return number and name of a record, so that a loose page can be told; empty for a list or an empty form."""
    if paper.record_id is None:
        return ""
    content = paper.content
    parts = [content.get("customer"), *(content[name] for name in sorted(content))]
    number = next((str(part["number"]) for part in parts if isinstance(part, dict) and part.get("number")), "")
    return paper.label if number in paper.label else f"{number}　{paper.label}"


def _standard(round_: ApprovalRound, labels: Labels) -> Label | None:
    """Return which version of the chain the round runs through, with its clause (ST-2)."""
    name = round_.chain.get("standard", "")
    if name not in STANDARDS:
        return None
    declared = STANDARDS[name]
    version = round_.chain.get("version", 0)
    text = N_("%(rule)s, version %(version)s; %(clause)s") if version else N_("%(rule)s, starting version; %(clause)s")
    return labels(text, rule=Message(declared.title), version=version, clause=Message(declared.clause))


def _step(box: Box, position: int, labels: Labels, standing: Callable[[ApprovalStep], str]) -> dict[str, Any]:
    title = labels(box.title.text, **box.title.params) if isinstance(box.title, Message) else labels.named(box.title["zh"], box.title["en"])
    step = {
        "position": position,
        "type": box.type,
        "title": title,
        "meaning": labels(MEANINGS[box.meaning]) if box.meaning in MEANINGS else "",
    }
    unsigned = dict.fromkeys(
        ("signer", "on_behalf_of", "decision", "opinion", "signed_at", "code", "picture_asset", "recorded_by", "altered")
    )
    signature = box.signature
    if signature is None:
        return {**step, **unsigned}
    informed = box.meaning == "inform" and signature.decision == "approve"
    decision = N_("Informed") if informed else DECISIONS.get(signature.decision, "")
    day = f"{clock.local(signature.at):%Y-%m-%d %H:%M}" if signature.paper_date is None else signature.paper_date.isoformat()
    return {
        **step,
        "signer": signature.name,
        "on_behalf_of": signature.principal_name or None,
        "decision": labels(decision) if decision else None,
        "opinion": signature.opinion,
        "signed_at": day,
        "code": signature.code,
        "picture_asset": asset_name(signature),
        "recorded_by": signature.recorder_name or None,
        "altered": labels(N_("Has been altered")) if box.step is not None and standing(box.step) == "altered" else None,
    }


# --- signature pictures ------------------------------------------------------------------------------------------------


def asset_name(signature: Signature) -> str | None:
    """Return under which name the signer's picture is given to the sheet, or None: then their name is set in the Kai face."""
    return f"signature-{signature.id}" if signature.picture_id else None


def _assets(paper: Paper) -> dict[str, bytes]:
    assets = {}
    for box in paper.boxes:
        if box.signature is not None and box.signature.picture is not None:
            assets[str(asset_name(box.signature))] = box.signature.picture.content()
    return assets


def _picture_address(paper: Paper) -> Callable[[str], str]:
    def address(name: str) -> str:
        approval_id = paper.round.approval_id if paper.round else 0
        return url_for("prints.signature_picture", approval_id=approval_id, signature_id=int(name.removeprefix("signature-")))

    return address


# --- preview and print -------------------------------------------------------------------------------------------------


def preview(paper: Paper, language: Language, *, by: Staff, standing: Callable[[ApprovalStep], str] = ApprovalStep.standing) -> Markup:
    """Return the sheet as it would print now, for a page that loads `print.css` (PR-5). Code and copy number come with the print."""
    data = sheet_data(paper, language, printed_by=by.name, printed_at=clock.now(), standing=standing)
    html = render_sheet_html(paper.sheet, language, data, translate, fragment=True, asset_url=_picture_address(paper))
    # Our own template, which escapes what people typed.
    return Markup(html)  # noqa: S704


def preview_html(
    approval: Approval,
    round_: ApprovalRound,
    language: str | None = None,
    *,
    by: Staff,
    standing: Callable[[ApprovalStep], str] = ApprovalStep.standing,
) -> Markup:
    """Return the sheet of an approval's round as it will print, for the page where it is signed (AP-4)."""
    return preview(paper_of_round(approval, round_), chosen_language(language), by=by, standing=standing)


@dataclass(frozen=True)
class Printed:
    """A sheet that came out of the press: its record, added and not yet committed, and its file."""

    sheet: PrintedSheet
    content: bytes

    @property
    def filename(self) -> str:
        """Return a name for the file: what it is, of whom, its code."""
        title = translate(SHEETS[self.sheet.sheet].title, "en" if self.sheet.language == "en" else CHINESE)
        return "-".join(filter(None, (title, self.sheet.label[:60], self.sheet.shown_code))) + ".pdf"


def next_copy(paper: Paper, language: Language, *, printed_by: str) -> tuple[dict[str, Any], Order]:
    """Return the next copy of a paper, not yet printed: the columns of its `PrintedSheet`, and what the press is asked for."""
    declared = SHEETS[paper.sheet]
    moment, code, copy_number = clock.now(), verification_code(), PrintedSheet.next_copy(paper.subject)
    values = {
        "code": code,
        "sheet": paper.sheet,
        "form_number": declared.form_number,
        "form_version": declared.version,
        "subject": paper.subject,
        "copy_number": copy_number,
        "record_type": paper.record_type,
        "record_id": paper.record_id,
        "customer_id": paper.customer_id,
        "approval_id": paper.round.approval_id if paper.round else None,
        "round": paper.round.number if paper.round else None,
        "content_hash": paper.content_hash,
        "state": paper.state,
        "signatures": paper.signatures,
        "language": language,
        "label": paper.label,
        "printed_at": moment,
    }
    return values, order_of(paper, values, printed_by=printed_by)


def order_of(paper: Paper, values: Mapping[str, Any], *, printed_by: str) -> Order:
    """Return what the press is asked for: a paper as the copy whose columns `values` are."""
    language, moment = values["language"], values["printed_at"]
    data = sheet_data(paper, language, printed_by=printed_by, printed_at=moment, code=values["code"], copy_number=values["copy_number"])
    title = translate(SHEETS[paper.sheet].title, "en" if language == "en" else CHINESE)
    return Order(
        render_sheet_html(paper.sheet, language, data, translate),
        lang=html_lang(language),
        title=" ".join(filter(None, (title, paper.label))),
        author=printed_by,
        assets=_assets(paper),
        created=clock.local(moment),
    )


def press(
    make: Callable[[], Paper],
    language: Language,
    *,
    by: Staff | None,
    seconds: float = SECONDS,
    tell: Callable[[int], None] | None = None,
    finish: Callable[[Pdf, dict[str, Any]], bytes] | None = None,
) -> Printed:
    """Print a paper as the next copy and return it; the caller commits (PR-1, PR-9).

    `make` reads the records; nobody is kept from writing while the PDF is made. Where somebody else took the copy number meanwhile the
    sheet is made anew. `by` is None for what the portal prints by itself. `seconds` and `tell` are the press's; `finish` is given the PDF
    and the columns of its `PrintedSheet`, and returns the file that is kept instead: the sealed one. Raises `MissingGlyph` where a
    character cannot be printed and `PrintingFailed` where the press fails: nothing is counted then.
    """
    for _ in range(TRIES):
        values, order = next_copy(make(), language, printed_by=by.name if by else office(language))
        release()
        pdf = POOL.print(order, seconds=seconds, tell=tell)
        content = finish(pdf, values) if finish else pdf.content
        try:
            return Printed(PrintedSheet.give(by=by, pages=pdf.pages, **values), content)
        except StateConflict:
            db.session.rollback()
            log.info("copy number taken meanwhile", subject=values["subject"], copy=values["copy_number"])
    raise StateConflict(str(values["subject"]))
