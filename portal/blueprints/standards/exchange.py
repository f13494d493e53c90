"""Standards out and in as one file (ST-3)."""

from __future__ import annotations

import json
from typing import Any

from flask import Response, abort, flash, redirect, render_template, url_for
from flask_babel import gettext as _

from portal import clock
from portal.blueprints.standards import bp
from portal.blueprints.standards.forms import FileForm, ImportForm
from portal.blueprints.standards.pages import signatories
from portal.database import write_apart
from portal.models import audit, standard_file
from portal.permissions import Permission, requires
from portal.rules.message import Refusal
from portal.rules.standards import STANDARDS
from portal.rules.text import read_json
from portal.saving import saving
from portal.sessions import me


@bp.get("/standards/file")
@requires(Permission.STANDARD_READ)
def download() -> Response:
    """Answer all standards in force as one file."""
    response = Response(standard_file.export_file(), mimetype="application/json")
    with write_apart() as session:
        audit.write("export", "standards-exported", actor=me(), label=standard_file.FORMAT, session=session)
    response.headers["Content-Disposition"] = f"attachment; filename=standards-{clock.today():%Y%m%d}.json"
    return response


@bp.get("/standards/import")
@requires(Permission.STANDARD_EDIT)
def upload() -> Any:
    """Ask for a file."""
    return render_template("standards/upload.html", form=FileForm(formdata=None))


@bp.post("/standards/import")
@requires(Permission.STANDARD_EDIT)
def read_upload() -> Any:
    """Read a file and show what it would change; nothing is set yet."""
    form = FileForm()
    if form.validate():
        try:
            values = standard_file.read_file(form.file.data.read(standard_file.LARGEST + 1))
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            return _differences(
                ImportForm(formdata=None, from_date=clock.today(), content_json=json.dumps(values, ensure_ascii=False)), values, 200
            )
    return render_template("standards/upload.html", form=form), 422


@bp.post("/standards/import/versions")
@requires(Permission.STANDARD_EDIT)
def apply_upload() -> Any:
    """Set the values of the read file as new versions, all or none."""
    form = ImportForm()
    try:
        values = dict(read_json(form.content_json.data or ""))
    except (ValueError, TypeError, RecursionError):
        abort(400)
    if form.validate():
        with saving(form.refuse) as saved:
            count = standard_file.apply(values, by=me(), reason=form.reason.data, from_date=form.from_date.data)
        if saved:
            flash(_("%(count)s standards have a new version.", count=count), "ok")
            return redirect(url_for("standards.index"), 303)
    return _differences(form, values, 422)


def _differences(form: ImportForm, values: dict[str, Any], status: int) -> Any:
    return render_template(
        "standards/differences.html",
        form=form,
        changes=standard_file.differences(values),
        count=len(values),
        missing=len([name for name in STANDARDS if name not in values]),
        STANDARDS=STANDARDS,
        signatories=signatories(),
    ), status
