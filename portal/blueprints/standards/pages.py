"""The list of standards, one standard with its versions, and its form for managers."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from portal import clock, htmx
from portal.blueprints.standards import bp, editors
from portal.blueprints.standards.forms import CancellationForm, VersionForm
from portal.database import db
from portal.i18n import in_language
from portal.models import standard as standards
from portal.models import standard_effects
from portal.models.register_entry import in_use
from portal.models.standard import StandardVersion
from portal.permissions import Permission, requires
from portal.rules import callbacks, proposals
from portal.rules.archive_numbers import RETENTIONS
from portal.rules.chains import FACTS, MEANINGS, ROLES
from portal.rules.grading import FIGURES, SOURCES
from portal.rules.message import Refusal
from portal.rules.periods import CYCLES
from portal.rules.reception import CLASS_WORDS
from portal.rules.requests import KINDS, PRIORITIES
from portal.rules.standard_words import in_words, range_in_words
from portal.rules.standards import GROUPS, STANDARDS, Standard
from portal.rules.text import read_json
from portal.saving import saving
from portal.sessions import me


@bp.context_processor
def words() -> dict[str, Any]:
    """Give the templates of this blueprint the words of values and chains."""
    return {
        "in_words": in_words,
        "range_in_words": range_in_words,
        "GROUPS": GROUPS,
        "FACTS": FACTS,
        "MEANINGS": MEANINGS,
        "ROLES": ROLES,
        "RETENTIONS": RETENTIONS,
        "CYCLES": CYCLES,
        "CALLBACK_EVENTS": callbacks.EVENTS,
        "CALLBACK_NEEDS": callbacks.NEEDS,
        "CALLBACK_UNITS": callbacks.UNITS,
        "CLASS_WORDS": CLASS_WORDS,
        "GRADING_FIGURES": FIGURES,
        "GRADING_SOURCES": SOURCES,
        "PROPOSAL_DAYS": proposals.DAY_WORDS,
        "PROPOSAL_ROUTE_COLUMNS": proposals.ROUTE_COLUMNS,
        "REQUEST_KINDS": KINDS,
        "REQUEST_PRIORITIES": PRIORITIES,
        "in_force": standards.in_force,
        "registers_in_use": in_use,
    }


def declared(name: str) -> Standard:
    """Return the standard with this name; 404 for another."""
    if name not in STANDARDS:
        abort(404)
    return STANDARDS[name]


def both_titles() -> dict[str, tuple[str, str]]:
    """Return each standard's title in the reader's language and in the other one."""
    own = {name: _(standard.title) for name, standard in STANDARDS.items()}
    with in_language("zh_Hans_CN"):
        chinese = {name: _(standard.title) for name, standard in STANDARDS.items()}
    return {name: (title, STANDARDS[name].title if title == chinese[name] else chinese[name]) for name, title in own.items()}


@bp.get("/standards")
@requires(Permission.STANDARD_READ)
def index() -> Any:
    """Show the standards by group, those of one group or those that a word finds (ST-1)."""
    group, q = request.args.get("group", ""), request.args.get("q", "").strip()
    titles = both_titles()
    found = [
        standard
        for standard in STANDARDS.values()
        if group in ("", standard.group) and q.casefold() in " ".join((standard.name, *titles[standard.name])).casefold()
    ]
    query = select(StandardVersion).options(joinedload(StandardVersion.set_by))
    set_by = {(version.name, version.number): version for version in db.session.scalars(query)}
    planned = {version.name for version in set_by.values() if version.is_planned}
    grouped = {key: [one for one in found if one.group == key] for key in GROUPS}
    return htmx.render(
        "standards/index.html", "list", grouped=grouped, titles=titles, set_by=set_by, planned=planned, group=group, q=q, count=len(found)
    )


@bp.get("/standards/<string:name>")
@requires(Permission.STANDARD_READ)
def show(name: str) -> Any:
    """Show one standard: value, range, clause, versions and what is planned (ST-1, ST-2)."""
    return _page(declared(name), CancellationForm(formdata=None), 200)


def _page(standard: Standard, form: CancellationForm, status: int) -> Any:
    return render_template(
        "standards/show.html",
        standard=standard,
        held=standards.in_force(standard.name),
        versions=standards.history(standard.name),
        titles=both_titles()[standard.name],
        form=form,
        signatories=signatories(),
    ), status


@bp.get("/standards/<string:name>/new-version")
@requires(Permission.STANDARD_EDIT)
def new_version(name: str) -> Any:
    """Show the form of a new value, filled with the last one."""
    standard = declared(name)
    form = VersionForm(formdata=None, from_date=clock.today(), expect=str(standards.last_number(name)))
    return _editor(standard, form, editors.draft_of(standard, standards.latest(name).value), 200)


@bp.post("/standards/<string:name>/new-version")
@requires(Permission.STANDARD_EDIT)
def add_version(name: str) -> Any:
    """Do what a button of the form says: change rows, show what the value will touch, or set it (ST-1)."""
    standard, form, action = declared(name), VersionForm(), request.form.get("do", "preview")
    if action in ("back", "save"):
        return _save(standard, form) if action == "save" else _back(standard, form)
    draft = editors.read(standard, request.form)
    if action != "preview":
        editors.act(standard, draft, action)
        return _editor(standard, form, draft, 200)
    form.validate()
    try:
        value = editors.value_of(standard, draft)
        standards.check_value(name, value)
    except Refusal as refusal:
        form.refuse(refusal)
    return _editor(standard, form, draft, 422) if form.problems else _preview(standard, form, draft, value)


def _preview(standard: Standard, form: VersionForm, draft: Any, value: Any) -> Any:
    """Show what the value touches. Whether it can be set is tried and taken back, so that the confirmation does not surprise."""
    day = form.from_date.data
    effects = standard_effects.effects(standard.name, value, day)
    before = standards.latest(standard.name)
    try:
        _set(standard, value, form)
    except Refusal as refusal:
        form.refuse(refusal)
    db.session.rollback()
    if form.problems:
        return _editor(standard, form, draft, 422)
    return render_template(
        "standards/preview.html",
        standard=standard,
        form=form,
        before=before,
        value=value,
        value_json=json.dumps(value, ensure_ascii=False),
        effects=effects,
        number=standards.last_number(standard.name) + 1,
        signatories=signatories(),
    )


def _save(standard: Standard, form: VersionForm) -> Any:
    value = _posted_value(standard)
    form.validate()
    if not form.problems:
        with saving(form.refuse) as saved:
            version = _set(standard, value, form)
        if saved:
            flash(_("Version %(number)s is set. It holds from %(day)s.", number=version.number, day=version.from_date.isoformat()), "ok")
            return redirect(url_for("standards.show", name=standard.name), 303)
    return _editor(standard, form, editors.draft_of(standard, value), 422)


def _back(standard: Standard, form: VersionForm) -> Any:
    return _editor(standard, form, editors.draft_of(standard, _posted_value(standard)), 200)


def _set(standard: Standard, value: Any, form: VersionForm) -> StandardVersion:
    return standards.set_value(
        standard.name,
        value,
        by=me(),
        from_date=form.from_date.data,
        reason=form.reason.data or "",
        expect=int(form.expect.data) if (form.expect.data or "").isdecimal() and len(form.expect.data or "") < 10 else None,
    )


def _posted_value(standard: Standard) -> Any:
    """Return the value that the confirmation carries, read again because it went through the browser; 400 for what is none."""
    try:
        value = read_json(request.form.get("value_json", ""))
        standard.check(value)
    except (ValueError, RecursionError, Refusal):
        abort(400)
    return value


def _editor(standard: Standard, form: VersionForm, draft: Any, status: int) -> Any:
    return htmx.render(
        "standards/edit.html",
        "editor",
        status=status,
        standard=standard,
        form=form,
        draft=draft,
        kept={entry["code"] for entry in standards.latest(standard.name).value} if standard.kind == "choices" else set(),
        uses=standard_effects.uses(standard.name) if standard.kind == "choices" else {},
        total=editors.total(draft) if standard.kind in ("weights", "indicators") else "",
        signatories=signatories(),
        before=standards.latest(standard.name),
    )


@bp.post("/standards/<string:name>/versions/<int:number>/cancellation")
@requires(Permission.STANDARD_EDIT)
def cancel_version(name: str, number: int) -> Any:
    """Give up a version that was set ahead; 409 when it is cancelled already."""
    standard, form = declared(name), CancellationForm()
    version = db.session.scalar(select(StandardVersion).where(StandardVersion.name == name, StandardVersion.number == number))
    if version is None:
        abort(404)
    if form.validate():
        with saving(form.refuse) as saved:
            version.cancel(by=me(), reason=form.reason.data)
        if saved:
            flash(_("Version %(number)s is cancelled.", number=number), "ok")
            return redirect(url_for("standards.show", name=name), 303)
    return _page(standard, form, 422)


def signatories() -> list[dict[str, Any]]:
    """Return the site's paper signatories with their names, the inactive ones too."""
    return list(standards.value(standard_effects.SIGNATORIES, date.max))
