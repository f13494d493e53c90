"""who was refused on a gift list, and why

Revision 0030, after 0029. 2026-11-22.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

_TARGETS = {"list_id": "gift_list", "customer_id": "customer"}


def upgrade() -> None:
    """Make the table."""
    name = "gift_refusal"
    op.create_table(
        name,
        *(sa.Column(column, sa.Integer(), nullable=False) for column in ("list_id", "customer_id", "by_id", "id")),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("figures", sa.JSON().with_variant(JSONB(), "postgresql"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        *(
            sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_{name}_{column}_{target}"), ondelete="CASCADE")
            for column, target in _TARGETS.items()
        ),
        sa.ForeignKeyConstraint(["by_id"], ["staff.id"], name=op.f(f"fk_{name}_by_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
    )
    op.create_index(f"ix_{name}_list_id_customer_id", name, ["list_id", "customer_id"], unique=True)
    op.create_index(f"ix_{name}_customer_id", name, ["customer_id"])


def downgrade() -> None:
    """Take it away."""
    op.drop_table("gift_refusal")
