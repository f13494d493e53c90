"""The site's standards on gifts and on all that a customer is given (GF-1 to GF-4, ST-1): importing this adds them to the table."""

from __future__ import annotations

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
