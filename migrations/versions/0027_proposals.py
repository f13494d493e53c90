"""customers' proposals with departments, files, letters, routings and extensions, and what finds them; accounts of departments

Revision 0027, after 0026. 2026-11-22.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(JSONB(), "postgresql")
MOMENT = sa.DateTime(timezone=True)
BYTEWISE = sa.String().with_variant(sa.String(collation="C"), "postgresql")
UNDECIDED = "state IN ('registered', 'routing', 'routed', 'assessed')"
OPEN = "state IN ('draft', 'pending')"


def _key(table: str, column: str, target: str, **values: Any) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}_{target}"), **values)


def _columns(kind: Any, *names: str, nullable: bool = False) -> list[sa.Column[Any]]:
    return [sa.Column(name, kind, nullable=nullable) for name in names]


def _partial(index: str, table: str, columns: list[str], where: str, *, unique: bool = False) -> None:
    op.create_index(index, table, columns, unique=unique, sqlite_where=sa.text(where), postgresql_where=sa.text(where))


def upgrade() -> None:
    """Make the tables; an account of a department says which."""
    op.add_column("staff", sa.Column("department_code", sa.String(), nullable=False, server_default=""))

    name = "proposal"
    op.create_table(
        name,
        *_columns(sa.Integer(), "customer_id"), *_columns(sa.String(), "kind", "channel"),
        *_columns(sa.Integer(), "contact_id", nullable=True), *_columns(sa.String(), "contact", "reach"),
        *_columns(sa.Date(), "received_on"), *_columns(sa.String(), "received_time", "summary"),
        *_columns(sa.Text(), "text", "search_text"), *_columns(sa.Integer(), "request_id", nullable=True),
        *_columns(sa.String(), "state"), *_columns(sa.Integer(), "handler_id"), *_columns(sa.Integer(), "team_id", nullable=True),
        *_columns(sa.Integer(), "registered_by_id"), *_columns(MOMENT, "registered_at"), *_columns(sa.String(), "responsible"),
        *_columns(sa.Integer(), "deadlines_version"), *_columns(sa.Date(), "target_on", "limit_on"), *_columns(sa.Boolean(), "extended"),
        *_columns(sa.Integer(), "warned"), *_columns(sa.Date(), "warn_on", "decided_on", "promised_on", nullable=True),
        *_columns(sa.String(), "promised_department"), *_columns(sa.Boolean(), "to_tell"), *_columns(sa.Text(), "void_reason"),
        *_columns(sa.Integer(), "version", "id"), _key(name, "customer_id", "customer", ondelete="CASCADE"),
        _key(name, "contact_id", "contact", ondelete="SET NULL"), _key(name, "request_id", "service_request", ondelete="SET NULL"),
        _key(name, "handler_id", "staff"), _key(name, "team_id", "team"), _key(name, "registered_by_id", "staff"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
    )  # fmt: skip
    op.create_index("ix_proposal_contact_id", name, ["contact_id"])
    op.create_index("ix_proposal_customer_id_id", name, ["customer_id", "id"])
    _partial("ix_proposal_due", name, ["limit_on", "id", "state"], UNDECIDED)
    _partial("ix_proposal_in_hand", name, ["handler_id", "limit_on", "id"], UNDECIDED)
    op.create_index("ix_proposal_kind_id", name, ["kind", "id"])
    op.create_index("ix_proposal_received_on_id", name, ["received_on", "id"])
    op.create_index("ix_proposal_responsible_id", name, ["responsible", "id"])
    op.create_index("ix_proposal_state_id", name, ["state", "id"])
    op.create_index("ix_proposal_team_id_id", name, ["team_id", "id"])
    _partial("ix_proposal_to_route", name, ["team_id", "limit_on", "id"], "state = 'registered'")
    _partial("ix_proposal_to_tell", name, ["handler_id", "id"], "to_tell")
    _partial("ix_proposal_to_warn", name, ["warn_on", "id"], "warn_on IS NOT NULL")
    _partial("uq_proposal_request", name, ["request_id"], "request_id IS NOT NULL", unique=True)

    name = "proposal_department"
    op.create_table(
        name,
        *_columns(sa.Integer(), "proposal_id"), *_columns(sa.String(), "department", "part"), *_columns(sa.Integer(), "position"),
        *_columns(sa.String(), "state", "way", "address"), *_columns(sa.Date(), "due_on"), *_columns(MOMENT, "sent_at", nullable=True),
        *_columns(sa.Integer(), "sent_by_id", nullable=True), *_columns(MOMENT, "opened_at", "answered_at", nullable=True),
        *_columns(sa.Integer(), "version", "id"), _key(name, "proposal_id", "proposal", ondelete="CASCADE"),
        _key(name, "sent_by_id", "staff"), sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
    )  # fmt: skip
    op.create_index("ix_proposal_department_department_state_proposal_id", name, ["department", "state", "proposal_id"])
    _partial("ix_proposal_department_out", name, ["department", "due_on", "id"], "state = 'sent'")
    op.create_index("ix_proposal_department_proposal_id_position", name, ["proposal_id", "position"])
    _partial("ix_proposal_department_to_send", name, ["proposal_id", "id"], "state = 'to-send'")
    _partial("uq_proposal_department_there", name, ["proposal_id", "department"], "state <> 'taken-back'", unique=True)

    name = "proposal_file"
    op.create_table(
        name,
        *_columns(sa.Integer(), "proposal_id", "attachment_id"), *_columns(sa.String(), "what"), *_columns(sa.Integer(), "added_by_id"),
        *_columns(MOMENT, "added_at"), *_columns(sa.Integer(), "id"), _key(name, "proposal_id", "proposal", ondelete="CASCADE"),
        _key(name, "attachment_id", "attachment"), _key(name, "added_by_id", "staff"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
    )  # fmt: skip
    op.create_index("ix_proposal_file_attachment_id", name, ["attachment_id"])
    op.create_index("ix_proposal_file_proposal_id_id", name, ["proposal_id", "id"])

    name = "proposal_gram"
    op.create_table(
        name,
        *_columns(BYTEWISE, "gram"), *_columns(sa.Integer(), "proposal_id"), _key(name, "proposal_id", "proposal", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("gram", "proposal_id", name=op.f(f"pk_{name}")),
        sqlite_with_rowid=False,
    )  # fmt: skip
    op.create_index("ix_proposal_gram_proposal_id", name, ["proposal_id"])

    name = "proposal_routing"
    op.create_table(
        name,
        *_columns(sa.Integer(), "proposal_id"), *_columns(sa.String(), "kind"), *_columns(JSON, "lines"), *_columns(sa.Text(), "word"),
        *_columns(sa.String(), "state"), *_columns(sa.Integer(), "created_by_id"), *_columns(MOMENT, "created_at"),
        *_columns(MOMENT, "approved_at", nullable=True), *_columns(sa.Integer(), "version", "id"),
        _key(name, "proposal_id", "proposal", ondelete="CASCADE"), _key(name, "created_by_id", "staff"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
    )  # fmt: skip
    op.create_index("ix_proposal_routing_proposal_id_id", name, ["proposal_id", "id"])
    _partial("uq_proposal_routing_undecided", name, ["proposal_id"], OPEN, unique=True)

    name = "proposal_extension"
    op.create_table(
        name,
        *_columns(sa.Integer(), "proposal_id"), *_columns(sa.String(), "ground"), *_columns(sa.Text(), "reason"),
        *_columns(sa.String(), "state"), *_columns(sa.Integer(), "created_by_id"), *_columns(MOMENT, "created_at"),
        *_columns(MOMENT, "approved_at", nullable=True), *_columns(sa.Integer(), "version", "id"),
        _key(name, "proposal_id", "proposal", ondelete="CASCADE"), _key(name, "created_by_id", "staff"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
    )  # fmt: skip
    op.create_index("ix_proposal_extension_proposal_id_id", name, ["proposal_id", "id"])
    _partial("uq_proposal_extension_undecided", name, ["proposal_id"], OPEN, unique=True)

    name = "proposal_letter"
    op.create_table(
        name,
        *_columns(sa.Integer(), "proposal_id"), *_columns(sa.Integer(), "line_id", nullable=True),
        *_columns(sa.String(), "what", "way", "to_name", "address", "subject"), *_columns(sa.Text(), "body"),
        *_columns(sa.String(), "language"), *_columns(sa.Date(), "promised_on", nullable=True),
        *_columns(sa.String(), "department", "state"), *_columns(sa.Integer(), "made_by_id"), *_columns(MOMENT, "made_at"),
        *_columns(sa.Integer(), "sent_by_id", nullable=True), *_columns(MOMENT, "sent_at", nullable=True),
        *_columns(sa.String(), "mail_state", "mail_error"), *_columns(sa.Integer(), "mail_tries"),
        *_columns(MOMENT, "mail_after", nullable=True), *_columns(sa.Integer(), "version", "id"),
        _key(name, "proposal_id", "proposal", ondelete="CASCADE"), _key(name, "line_id", "proposal_department", ondelete="CASCADE"),
        _key(name, "made_by_id", "staff"), _key(name, "sent_by_id", "staff"), sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
    )  # fmt: skip
    op.create_index("ix_proposal_letter_line_id", name, ["line_id"])
    op.create_index("ix_proposal_letter_proposal_id_id", name, ["proposal_id", "id"])
    _partial("ix_proposal_letter_waiting", name, ["id"], "mail_state = 'waiting'")


def downgrade() -> None:
    """Take them away."""
    for name in (
        "proposal_letter", "proposal_extension", "proposal_routing", "proposal_gram", "proposal_file", "proposal_department", "proposal",
    ):
        op.drop_table(name)
    op.drop_column("staff", "department_code")
