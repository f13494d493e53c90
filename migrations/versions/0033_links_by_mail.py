"""Links to surveys that go out by mail

Revision 0033, after 0032. 2026-11-22.
"""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

WORDS, NUMBER = sa.String(), sa.Integer()
ADDED = (("mail_state", WORDS, "off"), ("mail_to", WORDS, ""), ("mail_error", WORDS, ""), ("mail_tries", NUMBER, "0"))
WAITS = sa.text("mail_state = 'waiting'")


def upgrade() -> None:
    for name, kind, usual in ADDED:
        op.add_column("survey_answer", sa.Column(name, kind, nullable=False, server_default=usual))
    op.add_column("survey_answer", sa.Column("mail_after", sa.DateTime(timezone=True), nullable=True))
    op.create_index("ix_survey_answer_to_mail", "survey_answer", ["id"], sqlite_where=WAITS, postgresql_where=WAITS)


def downgrade() -> None:
    """Forget which links went out by mail."""
    op.drop_index("ix_survey_answer_to_mail", "survey_answer")
    for name in ("mail_after", *(one[0] for one in ADDED)):
        op.drop_column("survey_answer", name)
