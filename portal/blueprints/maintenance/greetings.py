"""Festival greetings: lists for the holidays of the calendar, worked through customer by customer (RL-24)."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from wtforms.fields.choices import SelectChoice

from portal import bulk, clock, list_files
from portal.blueprints.maintenance import bp
from portal.blueprints.maintenance.forms import GreetingForm, customers_sent, lines_of, show
from portal.database import StateConflict, commit, db
from portal.i18n import of_choice, translate
from portal.looks import look
from portal.models import greeting as model
from portal.models.card import GRADES
from portal.models.greeting import GREETED, MOST, OPEN, SKIPPED, STATES, GreetingLine, GreetingList, GreetingQuery
from portal.models.standard import value as standard
from portal.permissions import Permission, requires
from portal.printing.maintenance import greeting_rows
from portal.rules.dates import parse_date
from portal.rules.maintenance import GREETED as HOLIDAYS
from portal.rules.message import N_, Refusal
from portal.rules.regions import address_of
from portal.rules.text import clean_line
from portal.saving import saving
from portal.sessions import me

SHOWN = 100
bulk.bulk_action(
    order=70,
    name="greet",
    title=N_("Make a list of greetings"),
    permission=Permission.PLAN_EDIT,
    endpoint="maintenance.greetings_of_selection",
)


@bp.get("/greetings")
@requires(Permission.PLAN_WORK)
def greetings() -> Any:
    """Show the lists of greetings with customers that the reader sees, the newest holiday first, and the holidays ahead."""
    query = GreetingList.visible_to(me()).order_by(GreetingList.day.desc(), GreetingList.id.desc()).limit(SHOWN)
    lists = list(db.session.scalars(query))
    return render_template(
        "maintenance/greetings.html",
        lists=[(one, model.counts(me(), one)) for one in lists], holidays=model.offered(clock.today()), today=clock.today(),
    )  # fmt: skip


@bp.post("/greetings/selection")
@requires(Permission.PLAN_EDIT)
def greetings_of_selection() -> Any:
    """Begin a list of the customers that were chosen in the register."""
    form = _offered(GreetingForm(formdata=None))
    form.customers.data = lines_of(bulk.selection().ids[: MOST + 1])
    return _form(form)


@bp.route("/greetings/new", methods=["GET", "POST"])
@requires(Permission.PLAN_EDIT)
def greetings_new() -> Any:
    """Make a list: a holiday, and customers by grade, choice or number."""
    if request.method == "GET":
        return _form(_offered(GreetingForm(formdata=None), request.args.get("holiday", "")))
    form = _offered(GreetingForm())
    if request.form.get("do") == "grade":
        there = [line for line in (form.customers.data or "").splitlines() if line.strip()]
        added = lines_of(model.of_grade(me(), request.form.get("grade", "")))
        form.customers.data = "\n".join(dict.fromkeys([*there, *added.splitlines()]))
        return _form(form)
    customers, found = customers_sent(form.customers.data)
    if form.validate() and not found:
        with saving(found.append) as saved:
            name, day = form.holiday.data or "", form.day.data
            listed = model.GreetingList.make(name, day, [one.id for one in customers], note=clean_line(form.note.data or ""), by=me())
        if saved:
            flash(_("The list is made. It stands in the inboxes when the holiday is near."), "ok")
            return redirect(url_for("maintenance.greeting_list", list_id=listed.id), 303)
    show(form, found)
    return _form(form, 422)


def _offered(form: GreetingForm, wanted: str = "") -> GreetingForm:
    """Offer the holidays, the next one first filled in with its day by the calendar."""
    form.holiday.choices = [SelectChoice(name, _(name)) for name in HOLIDAYS]
    ahead = [one for one in model.offered(clock.today()) if one.day >= clock.today() and wanted in ("", one.name)]
    if not form.is_submitted() and ahead:
        form.holiday.data, form.day.data = ahead[0].name, ahead[0].day
    elif form.holiday.data is None and wanted in HOLIDAYS:
        form.holiday.data = wanted
    return form


def _form(form: GreetingForm, status: int = 200) -> Any:
    page = render_template("maintenance/greeting_form.html", form=form, grades=GRADES, holidays=model.offered(clock.today()))
    return page, status


# --- one list ----------------------------------------------------------------


def _query(listed: GreetingList) -> GreetingQuery:
    return GreetingQuery.read({**request.args, "list": str(listed.id)})


@bp.get("/greetings/<int:list_id>")
@requires(Permission.PLAN_WORK, list=GreetingList)
def greeting_list(list: GreetingList) -> Any:
    """Show the customers of a list that the reader sees."""
    query = _query(list)
    lines, following = model.page(me(), query, after=request.args.get("after", 0, int))
    given = {name: value for name, value in query.args().items() if name != "list"}
    return render_template(
        "maintenance/greeting_list.html",
        listed=list, query=query, given=given, lines=lines, following=following, counts=model.counts(me(), list), states=STATES,
        has_open=model.next_line(me(), list, owner_id=query.owner) is not None,
    )  # fmt: skip


@bp.get("/greetings/<int:list_id>/file")
@requires(Permission.CUSTOMER_EXPORT, list=GreetingList)
def greeting_file(list: GreetingList) -> Any:
    """Answer a list as a file, with whom to greet and where."""
    query = _query(list)
    heads = [_("Customer number"), _("Customer"), _("Grade"), _("Whom to greet"), _("Telephone"), _("Address"), _("In charge"), _("State")]
    heads += [_("How"), _("Greeted on"), _("By"), _("Note")]
    ways = {one["code"]: of_choice(one) for one in standard("choices.greeting_way")}

    def rows() -> Any:
        after = 0
        while True:
            lines, following = model.page(me(), query, after=after, size=500)
            for one in greeting_rows(lines):
                word = STATES[one["state"]][0]
                yield [
                    one["number"], one["full_name"], one["grade"], one["contact"], one["telephone"], address_of(one), one["owner"],
                    _(word), ways.get(one["way"], ""), one["done_on"], one["by"], one["note"],
                ]  # fmt: skip
            if not following:
                return
            after = following

    return list_files.answer(translate(list.title), heads, rows(), what="greetings", filters=query.args())


@bp.get("/greetings/<int:list_id>/next")
@requires(Permission.PLAN_WORK, list=GreetingList)
def greeting_next(list: GreetingList) -> Any:
    """Lead to the next customer to greet, of one owner or of all that the reader sees."""
    owner = request.args.get("owner", 0, int)
    line = model.next_line(me(), list, owner_id=owner, after=request.args.get("after", 0, int))
    if line is None:
        flash(_("Nobody is left to greet here."), "ok")
        return redirect(url_for("maintenance.greeting_list", list_id=list.id))
    return redirect(url_for("maintenance.greeting", line_id=line.id, owner=owner or None))


# --- one customer ----------------------------------------------------------------


@bp.get("/greeting-lines/<int:line_id>")
@requires(Permission.PLAN_WORK, line=GreetingLine)
def greeting(line: GreetingLine) -> Any:
    """Show whom to greet at one customer and where, and ask how it was done. Enter greets and goes on."""
    look(line.customer)
    return _page(line)


def _page(line: GreetingLine, wrong: dict[str, str] | None = None, status: int = 200) -> Any:
    listed, owner = line.greetings, request.values.get("owner", 0, int)
    page = render_template(
        "maintenance/greeting.html",
        line=line, listed=listed, customer=line.customer, row=greeting_rows([line])[0], states=STATES, ways=model.ways(),
        counts=model.counts(me(), listed), owner=owner, wrong=wrong or {}, today=clock.today(), form=request.form,
        way=request.form.get("way") or request.cookies.get("greeting-way", ""),
    )  # fmt: skip
    return page, status


@bp.post("/greeting-lines/<int:line_id>/settlement")
@requires(Permission.PLAN_WORK, line=GreetingLine)
def greeting_settle(line: GreetingLine) -> Any:
    """Note that a customer was greeted, or is left out, and go on to the next."""
    line_id, list_id, state = line.id, line.list_id, SKIPPED if request.form.get("do") == "skip" else GREETED
    if line.state != OPEN:
        raise StateConflict(f"greeting {line.id}")
    with saving() as saved:
        day = _day(request.form.get("done_on", ""))
        note, way = clean_line(request.form.get("note", "")), request.form.get("way", "")
        line.settle(state, way=way, note=note, done_on=day, by=me(), version=request.form.get("version", 0, int))
    if saved.refusal:
        return _page(db.session.get_one(GreetingLine, line_id), {saved.refusal.field or "": translate(saved.refusal.message)}, 422)
    flash(_("%(name)s: noted.", name=line.customer.full_name), "ok")
    owner = request.form.get("owner", 0, int)
    answer = redirect(url_for("maintenance.greeting_next", list_id=list_id, after=line_id, owner=owner or None), 303)
    if state == GREETED:
        answer.set_cookie("greeting-way", way, max_age=86_400, samesite="Lax", httponly=True, secure=request.is_secure)
    return answer


def _day(text: str) -> Any:
    try:
        return parse_date(clean_line(text)) if text else None
    except Refusal as refusal:
        raise refusal.at("done_on") from refusal


@bp.post("/greeting-lines/<int:line_id>/taking-back")
@requires(Permission.PLAN_WORK, line=GreetingLine)
def greeting_take_back(line: GreetingLine) -> Any:
    """Open a greeting again that was noted by mistake."""
    line.take_back(by=me(), version=request.form.get("version", 0, int))
    commit()
    return redirect(url_for("maintenance.greeting", line_id=line.id), 303)
