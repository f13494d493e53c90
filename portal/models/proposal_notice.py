"""What customers are told of decisions and what follows (PP-5, PP-7, PP-8): drafts from the site's templates; kept and sent like thanks."""

from __future__ import annotations

from datetime import date, datetime

from portal.database import StateConflict, transition
from portal.models import proposal_award, proposal_decision, proposal_letter, proposal_work
from portal.models.proposal import Proposal
from portal.models.proposal_award import PRIZE, SOUVENIR
from portal.models.proposal_letter import CHINESE, DRAFT, ENGLISH, ProposalLetter
from portal.models.proposal_work import PLAN, RESULT, UNDER_WAY
from portal.models.staff import Staff
from portal.models.standard import value as standard
from portal.rules.message import N_, Named
from portal.rules.money import capitals, figures
from portal.rules.rewards import OUTCOMES
from portal.rules.visits import fill

DECISION = "decision"
WHAT = {
    DECISION: N_("Notice of the decision"),
    SOUVENIR: N_("Letter of thanks with a souvenir"),
    PRIZE: N_("Letter with the encouragement prize"),
    PLAN: N_("Notice of dates and measures"),
    RESULT: N_("Notice of the result"),
}
_SUBJECTS = {
    DECISION: Named("关于贵方提案的审定结果", "The decision on your proposal"),
    SOUVENIR: Named("感谢函", "With our thanks"),
    PRIZE: Named("客户提案鼓励奖", "Encouragement prize for your proposals"),
    PLAN: Named("关于贵方提案的实施安排", "How your proposal is carried out"),
    RESULT: Named("关于贵方提案的实施结果", "What came of your proposal"),
}
proposal_letter.WHAT.update(WHAT)
proposal_letter.SHEETS.update({SOUVENIR: "proposal_thanks", DECISION: "decision_notice"})


_GIVEN = (proposal_award.DUE, proposal_award.HANDED, proposal_award.PAID)


def wanted(proposal: Proposal) -> list[str]:
    """Return which letters the customer is to have by now and has not been sent: after a decision, a prize, a plan, a result.

    Of what was decided or planned anew since the last one the customer is told again.
    """
    sent: dict[str, datetime] = {}
    for one in proposal_letter.letters_of(proposal):
        if one.sent_at is not None:
            sent[one.what] = max(one.sent_at, sent.get(one.what, one.sent_at))
    return [what for what, since in _due(proposal).items() if what not in sent or (since is not None and sent[what] < since)]


def _due(proposal: Proposal) -> dict[str, datetime | None]:
    """Return the letters that belong to how a proposal stands, each with the moment since when; None where that never changes."""
    found: dict[str, datetime | None] = {}
    decided = proposal_decision.standing(proposal)
    if decided is not None and decided.approved_at is not None:
        found[DECISION] = decided.approved_at
    given = {one.kind for one in proposal_award.of_proposal(proposal) if one.state in _GIVEN}
    found |= {kind: None for kind in (SOUVENIR, PRIZE) if kind in given}
    work = proposal_work.of_proposal(proposal)
    if work is not None:
        found[PLAN] = proposal_work.planned_anew(work)
        if work.state != UNDER_WAY:
            found |= {PLAN: None, RESULT: None}
    return found


def mark(proposal: Proposal) -> None:
    """Note whether the customer of a decided proposal is to be told something: it stands in the inbox then."""
    told = bool(wanted(proposal))
    if not proposal.is_undecided and proposal.to_tell != told:
        transition(proposal, expect={"id": proposal.id}, change={"to_tell": told, "version": proposal.version + 1})


proposal_letter.FOLLOWERS.append(mark)


def draft(proposal: Proposal, what: str, *, by: Staff, language: str = CHINESE) -> ProposalLetter:
    """Write the draft of a letter and return it, flushed; one that is there is given back. Raises `StateConflict` for none that is due.

    One that was written before the decision or plan that stands now is given up.
    """
    present = next((one for one in proposal_letter.letters_of(proposal) if one.what == what and one.state == DRAFT), None)
    if present is not None:
        since = _due(proposal).get(what)
        if since is None or present.made_at >= since:
            return present
        proposal_letter.let_go(proposal, what)
    if what not in wanted(proposal):
        raise StateConflict(f"letter {what} of proposal {proposal.id}")
    english = language == ENGLISH
    decided = proposal_decision.standing(proposal)
    name = decided.outcome if what == DECISION and decided is not None else what
    template = str(standard(f"proposal.{name}_{'en' if english else 'zh'}"))
    subject = _SUBJECTS[what].en if english else _SUBJECTS[what].zh
    return proposal_letter.write(
        proposal, what, subject=f"{subject} {proposal.number}", body=fill(template, _places(proposal, what, language)), by=by,
        language=language,
    )  # fmt: skip


def _places(proposal: Proposal, what: str, language: str) -> dict[str, str]:
    english = language == ENGLISH
    places = proposal_letter.places(proposal, proposal.limit_on, proposal.responsible, language)
    decided = proposal_decision.standing(proposal)
    amount = decided.amount if decided is not None else None
    given = next((one for one in proposal_award.of_proposal(proposal) if one.kind == what), None)
    if given is not None:
        amount = given.amount
    if decided is not None:
        places |= {"reasons": decided.reasons, "grade": decided.grade, "outcome": OUTCOMES[decided.outcome][0]}
    if amount is not None:
        places |= {"amount": figures(amount), "capitals": capitals(amount)}
    work = proposal_work.of_proposal(proposal)
    if work is not None:
        measures = "\n".join(f"{one.position + 1}. {one.text} ({_day(one.due_on, english)})" for one in work.measures)
        places |= {
            "first_on": _day(work.first_on, english), "last_on": _day(work.last_on, english), "plan": work.plan, "measures": measures,
            "result": work.result,
        }  # fmt: skip
    return places


def _day(day: date, english: bool) -> str:
    return f"{day.day} {day:%B} {day.year}" if english else f"{day.year}年{day.month}月{day.day}日"
