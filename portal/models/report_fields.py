"""What stands on the salespeople's information reports 信息报告 (AR-22): their kinds, fields and states."""

from __future__ import annotations

from portal.models.card import TEXT_LENGTH, Field
from portal.rules.message import N_

URGENT, PERIODIC = "urgent", "periodic"
KINDS = {URGENT: N_("Urgent report"), PERIODIC: N_("Periodic report")}

DRAFT, SUBMITTED, RETURNED, READ = "draft", "submitted", "returned", "read"
OPEN, CLOSED = "open", "closed"
STATES = {
    DRAFT: (N_("Draft"), ""),
    SUBMITTED: (N_("Submitted"), "accent"),
    RETURNED: (N_("Sent back"), "seal"),
    READ: (N_("Read and noted"), "ok"),
    OPEN: (N_("In hand"), "accent"),
    CLOSED: (N_("Closed"), ""),
}
"""Words and tones: an urgent report is open, then closed; a periodic one draft, submitted, read or sent back."""


def _long(name: str, title: str, *, required: bool = False, help: str = "") -> Field:
    return Field(name, title, kind="long", length=TEXT_LENGTH, wide=True, required=required, help=help)


FIELDS = {
    URGENT: (
        Field("title", N_("What happened, in one line"), required=True, wide=True, length=120),
        Field("happened_on", N_("When it happened"), kind="date", required=True),
        Field("source", N_("How it is known"), required=True, help=N_("Who said so, or where it was seen or read.")),
        _long("account", N_("What happened"), required=True),
        _long("consequence", N_("Likely consequence"), required=True),
        _long("action", N_("What was done and is proposed"), required=True),
    ),
    PERIODIC: (
        _long("sales", N_("Sales activity"), required=True),
        _long("problems", N_("Problems")),
        _long("competitors", N_("Competitors")),
        _long("image", N_("Reputation and image")),
        _long("credit", N_("State of credit")),
        _long("needs", N_("Needs of the customer")),
        _long("plans", N_("Plans for the next period"), required=True),
    ),
}
"""The fields of each kind in the order of the sheet. A draft of a periodic report may lack what is required."""
BY_NAME = {kind: {one.name: one for one in fields} for kind, fields in FIELDS.items()}

NOTE, READING, INSTRUCTION, RETURN, CONCLUSION = "note", "read", "instruction", "return", "conclusion"
NOTES = {
    NOTE: N_("Further note"),
    READING: N_("Read and noted"),
    INSTRUCTION: N_("Instruction"),
    RETURN: N_("Sent back"),
    CONCLUSION: N_("Conclusion"),
}
"""What is added to a report."""
