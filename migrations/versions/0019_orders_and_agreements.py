"""requests about orders: refusals and treatment like grade A; long-term agreements with their revisions

Revision 0019, after 0018. 2026-11-22.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(JSONB(), "postgresql")
MOMENT = sa.DateTime(timezone=True)


def _key(table: str, column: str, target: str, **values: Any) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}_{target}"), **values)


def _column(name: str, kind: Any, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=nullable)


def _partial(name: str, table: str, columns: list[str], where: str, *, unique: bool = False) -> None:
    op.create_index(name, table, columns, unique=unique, sqlite_where=sa.text(where), postgresql_where=sa.text(where))


def upgrade() -> None:
    """Make the tables."""
    name = "order_request"
    op.create_table(
        name,
        _column("kind", sa.String()), _column("customer_id", sa.Integer()), _column("order_number", sa.String()),
        _column("ordered_on", sa.Date()), _column("goods", JSON), _column("amount", sa.BigInteger()), _column("reason", sa.Text()),
        _column("delivery_on", sa.Date(), nullable=True), _column("price_note", sa.Text()), _column("payment_note", sa.Text()),
        _column("grade", sa.String()), _column("figures", JSON), _column("state", sa.String()), _column("created_by_id", sa.Integer()),
        _column("created_at", MOMENT), _column("decided_at", MOMENT, nullable=True), _column("closed_on", sa.Date(), nullable=True),
        _column("closing_note", sa.Text()), _column("closed_by_id", sa.Integer(), nullable=True), _column("version", sa.Integer()),
        _column("id", sa.Integer()),
        _key(name, "customer_id", "customer", ondelete="CASCADE"), _key(name, "created_by_id", "staff"),
        _key(name, "closed_by_id", "staff"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
    )  # fmt: skip
    op.create_index("ix_order_request_customer_id_id", name, ["customer_id", "id"])
    op.create_index("ix_order_request_state_id", name, ["state", "id"])
    standing = "state NOT IN ('rejected', 'given-up')"
    _partial("uq_order_request_order", name, ["customer_id", "order_number"], standing, unique=True)
    _partial("ix_order_request_treatment", name, ["delivery_on"], "kind = 'a_treatment' AND state = 'approved'")
    _partial("ix_order_request_begun", name, ["created_by_id", "id"], "state = 'draft'")

    name = "agreement"
    op.create_table(
        name,
        _column("customer_id", sa.Integer()), _column("title", sa.String()), _column("number", sa.String()),
        _column("starts_on", sa.Date()), _column("ends_on", sa.Date()), _column("terms", sa.Text()), _column("state", sa.String()),
        _column("document_id", sa.Integer(), nullable=True), _column("filed_on", sa.Date(), nullable=True),
        _column("filed_by_id", sa.Integer(), nullable=True), _column("previous_id", sa.Integer(), nullable=True),
        _column("renewed", sa.Boolean()), _column("ended_on", sa.Date(), nullable=True), _column("end_reason", sa.Text()),
        _column("created_by_id", sa.Integer()), _column("created_at", MOMENT), _column("version", sa.Integer()),
        _column("id", sa.Integer()),
        _key(name, "customer_id", "customer", ondelete="CASCADE"), _key(name, "document_id", "archive_document", ondelete="SET NULL"),
        _key(name, "filed_by_id", "staff"), _key(name, "previous_id", name, ondelete="SET NULL"), _key(name, "created_by_id", "staff"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
    )  # fmt: skip
    for columns in (["customer_id", "id"], ["state", "id"], ["document_id"], ["previous_id"]):
        op.create_index(f"ix_{name}_{'_'.join(columns)}", name, columns)
    _partial("ix_agreement_running", name, ["ends_on", "id"], "state = 'filed'")

    name = "agreement_revision"
    op.create_table(
        name,
        _column("agreement_id", sa.Integer()), _column("number", sa.Integer()), _column("note", sa.Text()),
        _column("with_file", sa.Boolean()), _column("by_id", sa.Integer()), _column("at", MOMENT), _column("id", sa.Integer()),
        _key(name, "agreement_id", "agreement", ondelete="CASCADE"), _key(name, "by_id", "staff"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
    )  # fmt: skip
    op.create_index("ix_agreement_revision_agreement_id_number", name, ["agreement_id", "number"], unique=True)


def downgrade() -> None:
    """Take them away."""
    for name in ("agreement_revision", "agreement", "order_request"):
        op.drop_table(name)
