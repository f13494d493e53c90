"""half-yearly review: campaigns, a line for each customer, and the figures of each rep

Revision 0007, after 0006. 2026-11-22.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    """Make the tables of the review."""
    op.create_table(
        "review_campaign",
        sa.Column("half", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_by_id", sa.Integer(), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("job_id", sa.Integer(), nullable=True),
        sa.Column("last_id", sa.Integer(), nullable=False),
        sa.Column("counted_on", sa.Date(), nullable=True),
        sa.Column("reminded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name=op.f("fk_review_campaign_job_id_job"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["opened_by_id"], ["staff.id"], name=op.f("fk_review_campaign_opened_by_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_campaign")),
        sa.UniqueConstraint("half", name=op.f("uq_review_campaign_half")),
    )
    op.create_index("ix_review_campaign_state_id", "review_campaign", ["state", "id"])

    op.create_table(
        "review_line",
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=True),
        sa.Column("team_id", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("remark", sa.String(), nullable=False),
        sa.Column("checked", JSON, nullable=False),
        sa.Column("exceptions", JSON, nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["staff.id"], name=op.f("fk_review_line_by_id_staff")),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["review_campaign.id"], name=op.f("fk_review_line_campaign_id_review_campaign"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_review_line_customer_id_customer"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["owner_id"], ["staff.id"], name=op.f("fk_review_line_owner_id_staff")),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_review_line_team_id_team")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_line")),
    )
    op.create_index("ix_review_line_campaign_id_customer_id", "review_line", ["campaign_id", "customer_id"], unique=True)
    op.create_index("ix_review_line_customer_id", "review_line", ["customer_id"])
    still_open = sa.text("state = 'open'")
    for name, column in (("ix_review_line_open", "owner_id"), ("ix_review_line_open_team", "team_id")):
        columns = ["campaign_id", column, "id"]
        op.create_index(name, "review_line", columns, sqlite_where=still_open, postgresql_where=still_open)

    op.create_table(
        "review_total",
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("team_id", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("open", sa.Integer(), nullable=False),
        sa.Column("confirmed", sa.Integer(), nullable=False),
        sa.Column("corrected", sa.Integer(), nullable=False),
        sa.Column("gone", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["review_campaign.id"], name=op.f("fk_review_total_campaign_id_review_campaign"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_total")),
    )
    op.create_index("ix_review_total_campaign_id_team_id_owner_id", "review_total", ["campaign_id", "team_id", "owner_id"], unique=True)


def downgrade() -> None:
    """Take them away."""
    op.drop_table("review_total")
    op.drop_table("review_line")
    op.drop_table("review_campaign")
