"""The site's standards on gifts and on all that a customer is given (GF-1 to GF-4, ST-1): importing this adds them to the table."""

from __future__ import annotations

from portal.rules.gifts import KEY, PROSPECTIVE, VIP
from portal.rules.message import N_
from portal.rules.standards import Standard, add

GROUP = "gifts"
_BENEFITS = N_("Rules for gifts, what one customer is given in a year (GF-2)")

CAP, CAP_GOVERNMENT = "benefit.cap", "benefit.cap_government"

for _name, _title, _start in (
    (CAP, N_("Highest amount that a customer is given in a calendar year: gifts, souvenirs and prizes"), "2000.00"),
    (CAP_GOVERNMENT, N_("Highest amount that a government body is given in a calendar year: gifts, souvenirs and prizes"), "200.00"),
):
    add(Standard(_name, _title, "amount", _start, GROUP, _BENEFITS, unit=N_("yuan"), minimum=0, maximum=100_000))

_CAMPAIGNS = N_("Rules for gifts, campaigns and tiers (GF-1)")
_SIGNING = N_("Rules for review and approval (AP-3)")
_REGISTER = N_("Rules for gifts, the gift register (GF-8)")
REPEATS = "gift.repeats"
SPLIT_DAYS = "gift.split_days"
"""Gifts of other campaigns to the same customer within so many days look like one gift that was split to stay under a limit."""


def most_amount(tier: str) -> str:
    """Return the name of the standard that says how much a customer of a tier is given at most."""
    return f"gift.most_amount.{tier}"


def most_number(tier: str) -> str:
    """Return the name of the standard that says how many customers of a tier are given something at most in one campaign."""
    return f"gift.most_number.{tier}"


for _tier, _amount_title, _amount, _number_title, _number in (
    (
        PROSPECTIVE, N_("Highest amount of a gift to a prospective customer"), "200.00",
        N_("Highest number of prospective customers in a campaign"), 2000,
    ),
    (VIP, N_("Highest amount of a gift to a VIP customer"), "500.00", N_("Highest number of VIP customers in a campaign"), 2000),
    (KEY, N_("Highest amount of a gift to a key customer"), "1000.00", N_("Highest number of key customers in a campaign"), 200),
):  # fmt: skip
    add(Standard(most_amount(_tier), _amount_title, "amount", _amount, GROUP, _CAMPAIGNS, unit=N_("yuan"), minimum=0, maximum=100_000))
    add(
        Standard(
            most_number(_tier), _number_title, "integer", _number, GROUP, _CAMPAIGNS, unit=N_("customers"), minimum=0, maximum=20_000,
        )
    )  # fmt: skip
add(
    Standard(
        SPLIT_DAYS, N_("Days within which gifts of several campaigns to one customer seem split"), "days", 30, GROUP, _BENEFITS,
        unit=N_("days"), minimum=0, maximum=366,
    )
)  # fmt: skip

add(
    Standard(
        REPEATS, N_("Gifts within twelve months from which the same rep and customer, or the same person, stand out"), "integer", 3, GROUP,
        _REGISTER, unit=N_("gifts"), minimum=2, maximum=100,
    )
)  # fmt: skip

_REVIEW = {"type": "portal", "role": "supervisor", "meaning": "review"}
_APPROVAL = {"type": "portal", "role": "manager", "meaning": "approve"}
_GENERAL_MANAGER = {"type": "paper", "title": "general_manager", "meaning": "approve"}
add(
    Standard(
        "chain.gift_list", N_("Approval chain: list of gifts"), "chain",
        [
            {"case": "prospective", "when": {"tier": [PROSPECTIVE]}, "steps": [_REVIEW, _APPROVAL]},
            {"case": "vip_and_key", "when": {}, "steps": [_REVIEW, _APPROVAL, _GENERAL_MANAGER]},
        ],
        "approvals", _SIGNING, facts=("tier",),
    )
)  # fmt: skip
