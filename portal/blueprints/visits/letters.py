"""Letters and cards of thanks: written to the deals of a period or to chosen customers, changed, printed with address labels (SV-20)."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from flask import abort, current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select

from portal import bulk, clock, htmx, jobs
from portal.blueprints.visits import bp
from portal.blueprints.visits.forms import ChosenForm, LetterForm, LetterKindForm, PeriodForm, day_of, version_of
from portal.database import db
from portal.filters import colon
from portal.i18n import translate
from portal.list_files import answer
from portal.looks import look
from portal.models import visit_thanks
from portal.models.customer import Customer
from portal.models.standard import value as standard
from portal.models.visit import VISITED
from portal.models.visit_thanks import LetterQuery, ThankYouLetter
from portal.permissions import Permission, requires
from portal.printing import batches, documents
from portal.rules.message import Refusal
from portal.rules.text import clean
from portal.rules.visits import LETTER_KINDS
from portal.saving import saving
from portal.sessions import me

NAMED = 10


@bp.get("/visits/letters")
@requires(Permission.VISIT_WORK)
def letters() -> Any:
    """Show a page of letters, the newest first."""
    query, user = LetterQuery.read(request.args), me()
    page = visit_thanks.LIST.page(user, query, after=request.args.get("after", ""), before=request.args.get("before", ""))
    return htmx.render(
        "visits/letters.html",
        "list",
        query=query,
        letters=page.rows,
        next=_address(query, after=page.next) if page.next else "",
        previous=_address(query, before=page.previous) if page.previous else "",
        count=page.found,
        chips=[(_said(name, value), _address(query.without(name))) for name, value in query.filters.items()],
        kinds=LETTER_KINDS,
    )


def _address(query: LetterQuery, **changes: Any) -> str:
    return url_for("visits.letters", **{**query.args(), **changes})


def _said(name: str, value: str) -> str:
    return f"{_(LetterQuery.FILTERS[name])}{colon()}{value}" if name == "q" else _(LetterQuery.FILTERS[name])


@bp.get("/visits/letters/file")
@requires(Permission.CUSTOMER_EXPORT)
def letters_file() -> Any:
    """Answer the list of letters as a file, with the addresses."""
    query, user = LetterQuery.read(request.args), me()
    heads = [
        _("Customer number"), _("Customer"), _("Letter or card"), _("Dated"), _("Day of the deal"), _("Document"), _("Contact"),
        _("Province"), _("City"), _("Street and number"), _("Posted on"), _("Written by"),
    ]  # fmt: skip

    def rows() -> Any:
        for one in visit_thanks.LIST.rows(user, query):
            of = one.customer
            yield [
                of.number, of.full_name, _(LETTER_KINDS[one.kind]), one.dated_on, one.deal_on, one.deal, one.contact, of.province,
                of.city, of.street, one.posted_on, one.by.name,
            ]  # fmt: skip

    return answer(_("Letters of thanks"), heads, rows(), what="thanks", filters=query.args())


@bp.post("/visits/letters/print")
@requires(Permission.SHEET_PRINT)
def letters_print() -> Any:
    """Print the letters of a list as one PDF in the background."""
    query = LetterQuery.read(request.form)
    with saving(lambda refusal: flash(translate(refusal.message), "warning")) as saved:
        ids = visit_thanks.LIST.ids(me(), query, batches.MOST)
        if not ids:
            raise Refusal("There is no letter on this list.")
        job = batches.queue_records("thanks_letter", ids[::-1], documents.chosen_language(request.form.get("language")), by=me())
    if not saved:
        return redirect(_address(query), 303)
    jobs.start(job)
    return redirect(url_for("prints.batch", job_id=job.id), 303)


# --- writing ----------------------------------------------------------------


@bp.route("/visits/letters/new", methods=["GET", "POST"])
@requires(Permission.VISIT_WORK)
def letters_new() -> Any:
    """Choose from the deals of a period to whom it is written, and write."""
    form = LetterKindForm(data={"kind": "letter"})
    if request.method == "POST" and form.validate():
        with saving(form.refuse) as saved:
            made = visit_thanks.write(_chosen_deals(), kind=form.kind.data, site=_site(), by=me())
        if saved:
            return _written(made)
    return _new(form, 422 if request.method == "POST" else 200)


def _written(made: list[ThankYouLetter]) -> Any:
    flash(_("%(count)s letters are written. Look them over, then print them with their labels.", count=len(made)), "ok")
    return redirect(url_for("visits.letters", lot=made[0].id), 303)


def _site() -> str:
    return str(current_app.config["SITE_NAME"] or _("Customer relations office"))


def _new(form: LetterKindForm, status: int = 200) -> Any:
    today = clock.today()
    data: dict[str, Any] = {"since": today - timedelta(days=7), "until": today, "least": Decimal(standard("visit.deal_amount"))}
    given = any(request.values.get(name) for name in data)
    period = PeriodForm(formdata=request.values, meta={"csrf": False}) if given else PeriodForm(formdata=None, data=data)
    found = visit_thanks.Deals([], more=False, cut=False)
    if given and not period.validate():
        status = 422
    else:
        first, last = period.since.data, period.until.data
        assert first is not None  # noqa: S101 - validated
        assert last is not None  # noqa: S101
        try:
            found = visit_thanks.deals(me(), first, last, period.least.data or Decimal(0))
        except Refusal as refusal:
            period.refuse(refusal)
            status = 422
    chosen = set(request.form.getlist("deals"))
    depth = visit_thanks.DEPTH
    return render_template("visits/letters_new.html", form=form, period=period, found=found, depth=depth, chosen=chosen), status


def _chosen_deals() -> list[tuple[Customer, date, str]]:
    """Return the deals that were ticked: `<customer>:<day>:<document>`, of customers in scope."""
    wanted: dict[int, tuple[date, str]] = {}
    for text in request.form.getlist("deals"):
        number, _colon, rest = text.partition(":")
        day, _colon, document = rest.partition(":")
        if number.isdecimal() and len(number) < 10:
            wanted[int(number)] = (day_of(day, clock.today()), document[:60])
    found = Customer.visible_to(me()).where(Customer.id.in_(wanted), Customer.state.in_(VISITED))
    return [(one, *wanted[one.id]) for one in db.session.scalars(found.order_by(Customer.id))]


@bp.post("/visits/letters/customers")
@requires(Permission.VISIT_WORK)
def letters_chosen() -> Any:
    """Ask, then write to customers chosen on the register."""
    chosen, form = bulk.selection(), ChosenForm()
    if not form.deal_on.data and not form.deal_on.raw_data:
        form.deal_on.data = clock.today()
    if request.form.get("confirmed") and form.validate():
        with saving(form.refuse) as saved:
            if chosen.has_changed:
                raise Refusal("The list has changed meanwhile: there are %(count)s customers now.", count=len(chosen.ids))
            day = form.deal_on.data or clock.today()
            if len(chosen.ids) > visit_thanks.MOST:
                raise Refusal("At most %(most)s letters are written at once.", most=visit_thanks.MOST)
            customers = db.session.scalars(select(Customer).where(Customer.id.in_(chosen.ids), Customer.state.in_(VISITED)))
            made = visit_thanks.write([(one, day, "") for one in customers], kind=form.kind.data, site=_site(), by=me())
        if saved:
            return _written(made)
    named = list(db.session.scalars(select(Customer.full_name).where(Customer.id.in_(chosen.ids[:NAMED])).order_by(Customer.id)))
    page = render_template(
        "archive/bulk.html",
        form=form,
        chosen=chosen,
        title=_("Write letters of thanks to %(count)s customers", count=f"{len(chosen.ids):,}"),
        button=_("Write the letters"),
        named=named,
        rest=len(chosen.ids) - len(named),
        note=_("From the site's template; each can be changed before it is printed with its label."),
        action=url_for("visits.letters_chosen"),
    )
    return page, 422 if form.problems else 200


# --- one letter ----------------------------------------------------------------


@bp.get("/visits/letters/<int:letter_id>")
@requires(Permission.VISIT_WORK, letter=ThankYouLetter)
def letter(letter: ThankYouLetter) -> Any:
    """Show a letter with its texts."""
    look(letter.customer)
    return _letter(letter, LetterForm(formdata=None, obj=letter))


def _letter(letter: ThankYouLetter, form: LetterForm, status: int = 200) -> Any:
    return render_template("visits/letter.html", letter=letter, form=form, kinds=LETTER_KINDS, can_change=letter.can_change(me())), status


@bp.post("/visits/letters/<int:letter_id>")
@requires(Permission.VISIT_WORK, letter=ThankYouLetter)
def letter_change(letter: ThankYouLetter) -> Any:
    """Change the texts of a letter, or note that it was posted."""
    does, letter_id = request.form.get("do", "save"), letter.id
    if does not in ("save", "post"):
        abort(404)
    form = LetterForm()
    if not form.validate():
        return _letter(letter, form, 422)
    with saving(form.refuse) as saved:
        if does == "post":
            letter.post(by=me(), version=version_of(form))
        else:
            texts = [clean(one.data or "").strip() for one in (form.text_zh, form.text_en)]
            letter.change(*texts, by=me(), version=version_of(form))
    if not saved:
        return _letter(db.session.get_one(ThankYouLetter, letter_id), form, 422)
    flash(_("Noted: posted today.") if does == "post" else _("The texts are saved."), "ok")
    return redirect(url_for("visits.letter", letter_id=letter_id), 303)
