"""The round of the shelves: binders as they stand, of which only what is not in order is keyed in (AR-21)."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from portal.blueprints.review import bp
from portal.database import db
from portal.i18n import translate
from portal.models import review_shelves
from portal.models.review import LONGEST_REMARK, RUNNING, ReviewCampaign
from portal.models.review_shelves import Found, ShelfQuery
from portal.permissions import Permission, requires
from portal.rules.review import EXCEPTIONS
from portal.rules.text import clean_line
from portal.saving import saving
from portal.sessions import me


def _query(campaign: ReviewCampaign) -> ShelfQuery:
    return ShelfQuery.read({**{name: clean_line(value) for name, value in request.args.items()}, "review": str(campaign.id)})


@bp.get("/reviews/<int:campaign_id>/shelves")
@requires(Permission.REVIEW_WORK, campaign=ReviewCampaign)
def shelves(campaign: ReviewCampaign) -> Any:
    """Show the binders of a range of shelves in their order, with what should lie in each."""
    return _page(campaign, {})


def _page(campaign: ReviewCampaign, wrong: dict[int, str], status: int = 200) -> Any:
    query, after = _query(campaign), request.args.get("after", "")
    page = review_shelves.page(me(), query, after=after)
    given = _range(query)
    shown = render_template(
        "review/shelves.html",
        campaign=campaign,
        query=query,
        rows=page.rows,
        open=[row for row in page.rows if row.is_open],
        given=given,
        action=url_for("review.shelves_settle", campaign_id=campaign.id, after=after or None, **given),
        next=url_for("review.shelves", campaign_id=campaign.id, after=page.next, **given) if page.next else "",
        kinds=EXCEPTIONS,
        form=request.form,
        wrong=wrong,
        longest=LONGEST_REMARK,
        running=campaign.state == RUNNING,
    )
    return shown, status


@bp.post("/reviews/<int:campaign_id>/shelves")
@requires(Permission.REVIEW_WORK, campaign=ReviewCampaign)
def shelves_settle(campaign: ReviewCampaign) -> Any:
    """Note the exceptions that were keyed in; all other binders of the page are in order."""
    campaign_id = campaign.id
    with saving() as saved:
        outcome = review_shelves.settle(me(), campaign, _found())
    if saved.refusal:
        field = (saved.refusal.field or "").removeprefix("note-")
        return _page(db.session.get_one(ReviewCampaign, campaign_id), {int(field or 0): translate(saved.refusal.message)}, 422)
    figures = {"confirmed": outcome.confirmed, "noted": outcome.noted}
    flash(_("%(confirmed)s customers confirmed, %(noted)s binders noted as not in order.", **figures), "ok")
    if outcome.changed:
        text = _("Changed since the page was opened, look again: %(codes)s", codes="、".join(outcome.changed[:10]))
        flash(text, "warning")
        return redirect(request.full_path.rstrip("?"), 303)
    return redirect(_onward(campaign), 303)


def _found() -> dict[int, Found]:
    """Return what was sent of each binder that stood on the page."""
    form = request.form
    numbers = [int(text) for text in form.getlist("binder")[: review_shelves.PAGE_SIZE] if text.isdecimal() and len(text) < 10]
    return {
        one: Found(form.get(f"mark-{one}", ""), form.get(f"kind-{one}", ""), clean_line(form.get(f"note-{one}", ""))[:LONGEST_REMARK])
        for one in numbers
    }


def _onward(campaign: ReviewCampaign) -> str:
    """Return the address of the page behind the one that was settled, or of the campaign where it was the last."""
    query, after = _query(campaign), request.args.get("after", "")
    page = review_shelves.page(me(), query, after=after)
    if not page.next:
        return url_for("review.campaign", campaign_id=campaign.id)
    return url_for("review.shelves", campaign_id=campaign.id, after=page.next, **_range(query))


def _range(query: ShelfQuery) -> dict[str, Any]:
    """Return the range of shelves as arguments of an address."""
    return {name: value for name, value in query.args().items() if name != "review"}
