"""Binders stand in the order in which they were begun: the tenth behind the ninth

Revision 0050, after 0049. 2026-11-23.
"""

import sqlalchemy as sa
from alembic import op

revision = "0050"
down_revision = "0049"
branch_labels = None
depends_on = None

CUSTOMER = "rtrim(code, '0123456789')"
"""A code without its last number: C2026000123- of C2026000123-10."""
PLACE = f"'000000' || substr(code, length({CUSTOMER}) + 1)"


def upgrade() -> None:
    """Keep a comparable form of each code, with six figures behind the customer's number, and list by it."""
    bytewise = sa.String().with_variant(sa.String(collation="C"), "postgresql")
    op.add_column("binder", sa.Column("code_key", bytewise, nullable=False, server_default=""))
    op.execute(f"UPDATE binder SET code_key = {CUSTOMER} || substr({PLACE}, length({PLACE}) - 5)")  # noqa: S608 - constants
    _index("code_key", "code")


def downgrade() -> None:
    """List by the code again."""
    _index("code", "code_key")
    op.drop_column("binder", "code_key")


def _index(column: str, before: str) -> None:
    for first in ("customer_id", "shelf"):
        op.drop_index(f"ix_binder_{first}_{before}", table_name="binder")
        op.create_index(f"ix_binder_{first}_{column}", "binder", [first, column], unique=False)
