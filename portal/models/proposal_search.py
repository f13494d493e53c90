"""What proposals are found by: pairs of characters of summary and text, kept beside them (PP-1, PP-10), on both databases alike.

A table of (gram, proposal) is asked by whole grams only. Similar ones are those that share many of the rarest; a word is looked for by the
rarest of its grams, and the text is compared after that. Nothing walks the proposals.
"""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, Table

from portal.database import Base
from portal.models.customer import BYTEWISE

GRAMS = Table(
    "proposal_gram",
    Base.metadata,
    Column("gram", BYTEWISE, primary_key=True),
    Column("proposal_id", Integer, ForeignKey("proposal.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Index("ix_proposal_gram_proposal_id", "proposal_id"),
    sqlite_with_rowid=False,
)
"""Each gram of a proposal once."""
