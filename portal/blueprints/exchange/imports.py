"""Pages of imports: upload, sheet, columns, check, import, result, taking back (AR-40)."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from flask import Response, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from portal import htmx, jobs
from portal.blueprints.exchange import bp
from portal.blueprints.exchange.forms import (
    BookUploadForm,
    ColumnsForm,
    EntriesUploadForm,
    StartForm,
    UploadForm,
    book_targets,
    entry_targets,
    targets,
)
from portal.database import StateConflict, commit, db, write_apart
from portal.downloads import disposition, download
from portal.exchange import tidying
from portal.exchange.book_tables import BOOKS, Book, book_of
from portal.exchange.customer_table import column_title, template_heads
from portal.exchange.register_table import PREFIX, register_of, table_of
from portal.exchange.register_table import heads as entry_heads
from portal.exchange.taking_back import obstacles
from portal.exchange.writing import XLSX, write_xlsx
from portal.models import audit
from portal.models.import_run import AS_BOOK, AS_ENTRIES, CUSTOMERS, ImportRun, interrupted
from portal.models.job import Job
from portal.models.register_entry import in_use, is_in_use
from portal.models.register_query import RegisterQuery
from portal.models.staff import Staff
from portal.permissions import Permission, ensure, fetch, requires
from portal.registers import OfficeRegister
from portal.rules.text import clean_line
from portal.saving import saving
from portal.sessions import me

PAGE = 50
LISTED = 100


AnyUpload = UploadForm | EntriesUploadForm | BookUploadForm


def _list(form: AnyUpload, status: int) -> Any:
    runs = db.session.scalars(ImportRun.visible_to(current_user).order_by(ImportRun.id.desc()).limit(LISTED)).all()
    register, registers = _register(), in_use() if current_user.may(Permission.REGISTER_EDIT) else []
    books = list(BOOKS.values()) if current_user.may(Permission.SALES_IMPORT) else []
    context: dict[str, Any] = {"form": form, "runs": runs, "register": register, "registers": registers, "words_of": _words_of}
    context |= {"book": _book(), "books": books}
    return render_template("exchange/imports.html", **context), status


def _register() -> OfficeRegister | None:
    """Return the register that the address asks to import into, None for other tables; 404 for one that is not in use."""
    name = request.args.get("table", "")
    if _book() is not None:
        return None
    register = register_of(name)
    if name and (register is None or not is_in_use(register.code)):
        abort(404)
    return register


def _book() -> Book | None:
    """Return the table of the books that the address asks to import into, None for others; 403 for who may not."""
    book = book_of(request.args.get("table", ""))
    if book is not None:
        ensure(current_user.may(Permission.SALES_IMPORT))
    return book


def _words_of(run: ImportRun) -> str:
    """Return what the rows of an import become, in words."""
    book = book_of(run.table_name)
    if book is not None:
        return _(book.title)
    register = register_of(run.table_name)
    return _(register.title) if register else _("Customers")


def _offered(register: OfficeRegister | None, sent: bool = True) -> AnyUpload:
    given: dict[str, Any] = {} if sent else {"formdata": None}
    made: type[AnyUpload] = BookUploadForm if _book() else EntriesUploadForm if register else UploadForm
    form: AnyUpload = made(**given)
    return form.offer(current_user)


@bp.get("/imports")
@requires(Permission.CUSTOMER_IMPORT)
def imports() -> Any:
    """Show my imports and the form for another: of customers, or of the register of the address."""
    return _list(_offered(_register(), sent=False), 200)


@bp.post("/imports")
@requires(Permission.CUSTOMER_IMPORT)
def import_begin() -> Any:
    """Take a file in."""
    register, book = _register(), _book()
    form = _offered(register)
    if not form.validate():
        return _list(form, 422)
    with saving() as saved:
        owner = fetch(Staff, form.owner_id.data, current_user) if isinstance(form, UploadForm) and form.owner_id.data else None
        run = ImportRun.begin(
            form.file.data.stream,
            form.file.data.filename or "",
            by=me(),
            what=form.what.data,
            as_state=form.as_state.data if isinstance(form, UploadForm) else AS_BOOK if book else AS_ENTRIES,
            owner=owner,
            table_name=book.name if book else PREFIX + register.code if register else CUSTOMERS,
            options={"source": clean_line(form.source.data or "")} if isinstance(form, BookUploadForm) else None,
        )
    if saved.refusal:
        field = saved.refusal.field if saved.refusal.field in form else "file"
        form.refuse(saved.refusal.at(field))
        return _list(form, 422)
    return _begun(run)


def _begun(run: ImportRun) -> Any:
    """Hand the job of a committed import to the worker and lead to the page that shows how far it is."""
    jobs.start(run.job)  # type: ignore[arg-type]
    return redirect(url_for("exchange.import_page", run_id=run.id), 303)


@bp.get("/imports/template.xlsx")
@requires(Permission.CUSTOMER_IMPORT)
def import_template() -> Response:
    """Answer an empty table with the right heads."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "template.xlsx"
        register = _register()
        book = _book()
        heads, title = (entry_heads(register), _(register.title)) if register else (template_heads(), _("Customers"))
        if book is not None:
            heads, title = [column_title(column) for column in book.columns], _(book.title)
        write_xlsx(path, heads, [], sheet_name=title)
        return _attachment(path.read_bytes(), (title if register or book else _("Customers to import")) + ".xlsx")


@bp.get("/imports/<int:run_id>")
@requires(Permission.CUSTOMER_IMPORT, run=ImportRun)
def import_page(run: ImportRun) -> Any:
    """Show where an import is; htmx asks for it again while a job works."""
    return _page(run)


def _made(run: ImportRun) -> str:
    """Return the address of what an import has made."""
    book = book_of(run.table_name)
    if book is not None:
        return url_for(book.made)
    register = register_of(run.table_name)
    if register is not None:
        return url_for("registers.register", register=register.code, sort="-number")
    arguments: dict[str, Any] = RegisterQuery({"import": str(run.id)}, "register" if run.as_state == "active" else "prospects").args()
    return url_for("archive.register", **arguments)


def _page(run: ImportRun, form: Any = None, status: int = 200, mapping: dict[str, str] | None = None) -> Any:
    table = table_of(run.table_name)
    after = request.args.get("after", 0, type=int)
    show = request.args.get("show", "refused")
    context: dict[str, Any] = {
        "run": run,
        "form": form,
        "mapping": run.mapping if mapping is None else mapping,
        "titles": {name: column_title(column) for name, column in table.by_name.items()},
        "interrupted": interrupted(run),
        "made": _made(run),
        "register": register_of(run.table_name),
        "book": book_of(run.table_name),
        "words": _words_of(run),
        "obstacles": obstacles(run) if run.state == "done" else [],
        "removed_at": tidying.removed_at(run) if run.refused is None and run.counts.get("refused") and not run.busy else None,
        "upload_removed_at": None if run.has_file else tidying.removed_at(run, tidying.UPLOAD_REMOVED),
        "kept_days": tidying.KEPT_UPLOAD_DAYS,
        "show": show if show in ("duplicate", "warning") else "refused",
        "after": after,
        "rows": [],
    }
    wanted = run.state == "matched" or (run.state == "failed" and run.heads) or (run.state == "checked" and request.args.get("columns"))
    if mapping is not None or wanted:
        context["form"] = form or ColumnsForm(
            formdata=None,
            owner_id=run.owner_id or 0,
            kept_for=run.kept_for,
            reason=run.reason,
            effective_on=run.effective_on,
            dates=run.options.get("dates", ""),
        ).offer(run)
        register = register_of(run.table_name)
        book = book_of(run.table_name)
        context["targets"] = book_targets(book) if book else entry_targets(register) if register else targets(table)
        context["columns"] = True
    elif run.state == "checked":
        context["form"] = form or StartForm(formdata=None).offer(run)
    if run.state in ("checked", "done") and not context.get("columns"):
        rows = run.problem_rows(context["show"], after=after, most=PAGE + 1)
        context["rows"], context["more"] = rows[:PAGE], len(rows) > PAGE
    return htmx.render("exchange/import.html", "run", status=status, **context)


@bp.post("/imports/<int:run_id>/sheet")
@requires(Permission.CUSTOMER_IMPORT, run=ImportRun)
def import_sheet(run: ImportRun) -> Any:
    """Take a sheet of the file."""
    run.choose_sheet(request.form.get("sheet", ""))
    commit()
    return _begun(run)


@bp.post("/imports/<int:run_id>/columns")
@requires(Permission.CUSTOMER_IMPORT, run=ImportRun)
def import_columns(run: ImportRun) -> Any:
    """Take the columns as corrected and begin the check."""
    form = ColumnsForm().offer(run)
    mapping = {index: request.form.get(f"column-{index}", "") for index in range(len(run.heads))}
    if form.validate():
        with saving(form.refuse) as saved:
            if form.owner_id:
                run.put_in_charge(fetch(Staff, form.owner_id.data, current_user) if form.owner_id.data else None)
            run.match(
                mapping,
                kept_for=form.kept_for.data if form.kept_for else run.kept_for,
                reason=form.reason.data,
                effective_on=form.effective_on.data,
                columns=table_of(run.table_name),
                options={"dates": form.dates.data} if form.dates else None,
            )
        if saved:
            return _begun(run)
    if run.state not in ("matched", "checked", "failed") or not run.heads:
        abort(409)
    return _page(run, form, 422, {str(index): name for index, name in mapping.items()})


@bp.post("/imports/<int:run_id>/start")
@requires(Permission.CUSTOMER_IMPORT, run=ImportRun)
def import_start(run: ImportRun) -> Any:
    """Begin to write what was checked."""
    form = StartForm().offer(run)
    if form.validate():
        with saving(form.refuse) as saved:
            run.start(by=me(), mode=form.mode.data, skip_duplicates=form.skip_duplicates.data)
        if saved:
            return _begun(run)
    return _page(run, form, 422)


@bp.post("/imports/<int:run_id>/repetition")
@requires(Permission.CUSTOMER_IMPORT, run=ImportRun)
def import_repeat(run: ImportRun) -> Any:
    """Begin a further import of the same file: another sheet, or once more."""
    again = run.another_sheet(by=me())
    commit()
    return _begun(again)


@bp.post("/imports/<int:run_id>/continuation")
@requires(Permission.CUSTOMER_IMPORT, run=ImportRun)
def import_continue(run: ImportRun) -> Any:
    """Let a job that was stopped by a mistake go on where it was."""
    run.resume(by=me())
    commit()
    return _begun(run)


@bp.post("/imports/<int:run_id>/cancellation")
@requires(Permission.CUSTOMER_IMPORT, run=ImportRun)
def import_cancel(run: ImportRun) -> Any:
    """Give an import up before anything is written."""
    run.cancel(by=me())
    commit()
    flash(_("The import of %(file)s is given up; nothing was written.", file=run.filename), "ok")
    return redirect(url_for("exchange.imports"), 303)


@bp.post("/imports/<int:run_id>/withdrawal")
@requires(Permission.CUSTOMER_IMPORT, run=ImportRun)
def import_take_back(run: ImportRun) -> Any:
    """Take an import back whole."""
    run.take_back(by=me())
    commit()
    return _begun(run)


@bp.get("/imports/<int:run_id>/refused.xlsx")
@requires(Permission.CUSTOMER_IMPORT, run=ImportRun)
def import_refused(run: ImportRun) -> Any:
    """Answer the refused rows with their reasons."""
    if run.refused is None:
        if tidying.removed_at(run) is None:
            abort(404)
        return redirect(url_for("exchange.import_page", run_id=run.id), 303)  # which says when it was removed
    with write_apart() as session:
        audit.write("access", "downloaded", actor=me(), record=run, label=run.refused.filename, session=session)
    return download(run.refused)


@bp.post("/imports/<int:run_id>/refused-rows")
@requires(Permission.CUSTOMER_IMPORT, run=ImportRun)
def import_refused_again(run: ImportRun) -> Any:
    """Make the file of the refused rows once more, after it was removed."""
    if run.refused is not None or run.busy or not run.has_file or tidying.removed_at(run) is None:
        raise StateConflict(f"import {run.id} has its file")
    job = Job.queue("import-refused", by=me(), run=run.id)
    commit()
    jobs.start(job)
    flash(_("The file is being made; a notice tells when it is ready."), "ok")
    return redirect(url_for("exchange.import_page", run_id=run.id), 303)


def _attachment(content: bytes, name: str) -> Response:
    response = Response(content, mimetype=XLSX)
    response.headers["Content-Disposition"] = disposition(name)
    return response
