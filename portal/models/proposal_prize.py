"""The encouragement prize of a customer and calendar year (PP-7): found at the moment it becomes true, and again at the year's end.

`follow` is asked in the transaction of everything that can make the prize true or end it: a proposal registered, void or decided, a
merge and its undo. A unique index over customer and year lets one prize stand. `look_back` asks for all customers of a year that is over;
it can be stopped at any moment and run again.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from sqlalchemy import func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import joinedload

from portal import clock
from portal.database import db
from portal.models.customer import Customer
from portal.models.merge import settles
from portal.models.proposal import Proposal
from portal.models.proposal_award import DUE, LAPSED, OVER, PRIZE, SOUVENIR, PrizeYear, ProposalAward, of_proposal, prize, souvenir
from portal.models.proposal_decision import standing
from portal.models.proposal_letter import letters_of
from portal.models.proposal_notice import mark
from portal.models.standard import in_force
from portal.models.standard import value as standard
from portal.rules import proposals as rules
from portal.rules.encouragement import OPEN, Terms, earned, is_consoled, stands

_OUTCOMES = {rules.CARRYING_OUT: rules.ADOPTED, rules.DONE: rules.ADOPTED, **dict.fromkeys(rules.UNDECIDED, OPEN)}


def outcome_of(state: str) -> str:
    """Return the decision in force on a proposal in a state: adopted, kept, not adopted, or '' for none."""
    return _OUTCOMES.get(state, state)


def terms(on: date | None = None) -> Terms:
    """Return what the site's standards say of the prize on a day (today by default)."""
    none_from, kept_from, amount = (standard(f"proposal.prize.{name}", on) for name in ("none_from", "kept_from", "amount"))
    return Terms(none_from, kept_from, Decimal(amount))


def follow(customer_id: int, year: int, *, by_proposal: Proposal | None = None) -> ProposalAward | None:
    """Find the prize that a customer has earned by now with the proposals of a year, and let go the one that is owed no more.

    Returns the prize where it was found just now, flushed. The customer's row is locked until the transaction ends, so that two
    decisions at once count each other.
    """
    # Rows that hang on the customer hold its key in PostgreSQL: to ask for the key as well would be a circle of waiting.
    db.session.execute(select(Customer.id).where(Customer.id == customer_id).with_for_update(key_share=True))
    found = _proposals(customer_id, year)
    outcomes = [outcome_of(one.state) for one in found]
    lapsed: list[ProposalAward] = []
    added: ProposalAward | None = None
    for one in _standing(customer_id, year):
        if one.state not in (DUE, OVER) or stands(one.rule, outcomes, terms(one.found_on)):
            break
        one.lapse()
        lapsed.append(one)
    else:
        rule = earned(outcomes, terms())
        earner = by_proposal if by_proposal is not None and by_proposal.id in {one.id for one in found} else next(reversed(found), None)
        if rule and earner is not None:
            added = prize(earner, customer_id, rule, in_force("proposal.prize.amount"))
    if added is not None:
        _instead_of_souvenir(added.proposal)
    for one in lapsed:
        if added is None or added.proposal_id != one.proposal_id:
            _thank(one.proposal)
    return added


def _thank(proposal: Proposal) -> None:
    """Give the souvenir for a proposal whose prize has lapsed: it is one of the others that are not adopted (PP-7)."""
    decided = standing(proposal)
    if decided is not None and is_consoled(outcome_of(proposal.state), found_a_prize=False) and not _souvenirs(proposal):
        souvenir(decided)
    mark(proposal)


def _instead_of_souvenir(proposal: Proposal) -> None:
    """Let the souvenir go of a proposal that has earned the prize after all; not what was handed over, or told the customer."""
    if not any(one.what == SOUVENIR and one.sent_at is not None for one in letters_of(proposal)):
        for one in _souvenirs(proposal):
            if one.state in (DUE, OVER):
                one.lapse()
    mark(proposal)


def _souvenirs(proposal: Proposal) -> list[ProposalAward]:
    return [one for one in of_proposal(proposal) if one.kind == SOUVENIR and one.state != LAPSED]


def _proposals(customer_id: int, year: int) -> list[Proposal]:
    """Return the proposals received from a customer in a year, without those entered by mistake, the oldest first."""
    mine = (Proposal.customer_id == customer_id, Proposal.received_on.between(*_days(year)), Proposal.state != rules.VOID)
    query = select(Proposal).where(*mine)
    return list(db.session.scalars(query.order_by(Proposal.received_on, Proposal.id).execution_options(populate_existing=True)))


def _days(year: int) -> tuple[date, date]:
    return date(year, 1, 1), date(year, 12, 31)


def _standing(customer_id: int, year: int) -> list[ProposalAward]:
    """Return the prizes of a year of a customer, and of the records merged into it, that have not lapsed: those paid first."""
    family = or_(Customer.id == customer_id, Customer.merged_into_id == customer_id)
    query = select(ProposalAward).join(Customer, Customer.id == ProposalAward.customer_id)
    query = query.where(family, ProposalAward.kind == PRIZE, ProposalAward.year == year, ProposalAward.state != LAPSED)
    found = db.session.scalars(query.options(joinedload(ProposalAward.proposal)).execution_options(populate_existing=True))
    return sorted(found, key=lambda one: (one.state in (DUE, OVER), one.id))


@settles
def after_merge(customer_ids: list[int]) -> None:
    """Let a merged customer have one prize a year, and find what both have earned together; after an undo each has its own again."""
    query = select(Proposal.customer_id, Proposal.received_on).where(Proposal.customer_id.in_(customer_ids), Proposal.state != rules.VOID)
    places = {(row.customer_id, row.received_on.year) for row in db.session.execute(query)}
    for customer_id, year in sorted(places):
        found = _standing(customer_id, year)
        for extra in found[1:]:
            if extra.state in (DUE, OVER):
                extra.lapse()
                _thank(extra.proposal)
        follow(customer_id, year)


# --- the year's end ----------------------------------------------------------------------------------------------------------


def look_back() -> int:
    """Look once more for the prizes of the year that is over; return how many were found.

    The caller commits: it is done whole or not at all, and once for each year. What is decided later is found with its decision.
    """
    year = clock.today().year - 1
    if db.session.scalar(select(PrizeYear.id).where(PrizeYear.year == year)) is not None:
        return 0
    try:
        with db.session.begin_nested():
            db.session.add(PrizeYear(year=year, looked_at=clock.now()))
    except IntegrityError:  # somebody else is at it
        return 0
    return sum(follow(customer_id, year) is not None for customer_id in _candidates(year))


def _candidates(year: int) -> list[int]:
    """Return the customers with enough proposals of a year and no prize that stands."""
    least = min(terms()[:2])
    has = select(ProposalAward.customer_id).where(ProposalAward.kind == PRIZE, ProposalAward.year == year, ProposalAward.state != LAPSED)
    query = select(Proposal.customer_id).where(Proposal.received_on.between(*_days(year)), Proposal.state != rules.VOID)
    query = query.where(Proposal.customer_id.not_in(has)).group_by(Proposal.customer_id).having(func.count() >= least)
    return list(db.session.scalars(query.order_by(Proposal.customer_id)))
