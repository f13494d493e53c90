"""relation assessments with customer delivered value

Revision 0017, after 0016. 2026-11-22.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

NAME = "relation_assessment"
MOMENT = sa.DateTime(timezone=True)


def _column(name: str, kind: Any, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=nullable)


def _part(name: str, columns: list[str], where: str, *, unique: bool = False) -> None:
    only = sa.text(where)
    op.create_index(name, NAME, columns, unique=unique, sqlite_where=only, postgresql_where=only)


def upgrade() -> None:
    """Make the table."""
    number, words, long, data = sa.Integer(), sa.String(), sa.Text(), sa.JSON().with_variant(JSONB(), "postgresql")
    op.create_table(
        NAME,
        _column("customer_id", number), _column("assessed_on", sa.Date()), _column("grade", words), _column("indicators_version", number),
        _column("thresholds_version", number), _column("scale_version", number), _column("scores", data), _column("points", data),
        _column("scale", number), _column("total", sa.BigInteger()), _column("value", sa.BigInteger()), _column("cost", sa.BigInteger()),
        _column("result", long), _column("proposed", words), _column("advice", words), _column("advice_reason", long),
        _column("state", words), _column("created_by_id", number), _column("created_at", MOMENT),
        _column("approved_at", MOMENT, nullable=True), _column("version", number), _column("id", number),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f(f"fk_{NAME}_customer_id_customer"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["created_by_id"], ["staff.id"], name=op.f(f"fk_{NAME}_created_by_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{NAME}")),
    )  # fmt: skip
    for columns in (["created_by_id"], ["customer_id", "id"], ["assessed_on", "id"]):
        op.create_index(f"ix_{NAME}_{'_'.join(columns)}", NAME, columns)
    _part(f"uq_{NAME}_open", ["customer_id"], "state IN ('draft', 'pending')", unique=True)
    _part(f"ix_{NAME}_begun", ["created_by_id", "id"], "state = 'draft'")
    _part(f"ix_{NAME}_latest", ["customer_id", "id"], "state = 'approved'")


def downgrade() -> None:
    """Take it away."""
    op.drop_table(NAME)
