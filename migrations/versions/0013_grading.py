"""grading: campaigns, a line for each customer, meetings, lists for approval, figures of each rep; until when a grade holds

Revision 0013, after 0012. 2026-11-22.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(JSONB(), "postgresql")
TOTALS = ("open", "rated", "reviewed", "pending", "approved", "gone", "missed", "a", "b", "c", "up", "down")


def upgrade() -> None:
    """Make the tables, and the two columns of the card."""
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "grading_campaign",
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("period_first", sa.Date(), nullable=False),
        sa.Column("period_last", sa.Date(), nullable=False),
        sa.Column("indicators_version", sa.Integer(), nullable=False),
        sa.Column("thresholds_version", sa.Integer(), nullable=False),
        sa.Column("opened_at", moment, nullable=False),
        sa.Column("opened_by_id", sa.Integer(), nullable=True),
        sa.Column("published_at", moment, nullable=True),
        sa.Column("published_by_id", sa.Integer(), nullable=True),
        sa.Column("job_id", sa.Integer(), nullable=True),
        sa.Column("last_id", sa.Integer(), nullable=False),
        sa.Column("counted_on", sa.Date(), nullable=True),
        sa.Column("reminded_at", moment, nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name=op.f("fk_grading_campaign_job_id_job"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["opened_by_id"], ["staff.id"], name=op.f("fk_grading_campaign_opened_by_id_staff")),
        sa.ForeignKeyConstraint(["published_by_id"], ["staff.id"], name=op.f("fk_grading_campaign_published_by_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grading_campaign")),
        sa.UniqueConstraint("year", name=op.f("uq_grading_campaign_year")),
    )
    op.create_index("ix_grading_campaign_state_year", "grading_campaign", ["state", "year"])

    op.create_table(
        "grading_meeting",
        sa.Column("campaign_id", sa.Integer(), nullable=True),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("attendees", sa.String(), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["grading_campaign.id"], name=op.f("fk_grading_meeting_campaign_id_grading_campaign"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["created_by_id"], ["staff.id"], name=op.f("fk_grading_meeting_created_by_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grading_meeting")),
    )
    op.create_index("ix_grading_meeting_campaign_id", "grading_meeting", ["campaign_id"])

    op.create_table(
        "grade_list",
        sa.Column("campaign_id", sa.Integer(), nullable=True),
        sa.Column("team_id", sa.Integer(), nullable=True),
        sa.Column("customer_id", sa.Integer(), nullable=True),
        sa.Column("grade", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("approved_at", moment, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["grading_campaign.id"], name=op.f("fk_grade_list_campaign_id_grading_campaign"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["created_by_id"], ["staff.id"], name=op.f("fk_grade_list_created_by_id_staff")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_grade_list_customer_id_customer"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_grade_list_team_id_team")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grade_list")),
    )
    op.create_index("ix_grade_list_campaign_id_team_id_id", "grade_list", ["campaign_id", "team_id", "id"])
    op.create_index("ix_grade_list_customer_id", "grade_list", ["customer_id"])
    op.create_index("ix_grade_list_state_id", "grade_list", ["state", "id"])

    op.create_table(
        "grading",
        sa.Column("campaign_id", sa.Integer(), nullable=True),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=True),
        sa.Column("team_id", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("period_first", sa.Date(), nullable=False),
        sa.Column("period_last", sa.Date(), nullable=False),
        sa.Column("indicators_version", sa.Integer(), nullable=False),
        sa.Column("thresholds_version", sa.Integer(), nullable=False),
        sa.Column("figures", JSON, nullable=False),
        sa.Column("first", JSON, nullable=False),
        sa.Column("first_total", sa.BigInteger(), nullable=True),
        sa.Column("first_grade", sa.String(), nullable=False),
        sa.Column("first_by_id", sa.Integer(), nullable=True),
        sa.Column("first_at", moment, nullable=True),
        sa.Column("second", JSON, nullable=False),
        sa.Column("second_by_id", sa.Integer(), nullable=True),
        sa.Column("second_at", moment, nullable=True),
        sa.Column("meeting_id", sa.Integer(), nullable=True),
        sa.Column("total", sa.BigInteger(), nullable=True),
        sa.Column("grade", sa.String(), nullable=False),
        sa.Column("before_id", sa.Integer(), nullable=True),
        sa.Column("before_grade", sa.String(), nullable=False),
        sa.Column("move", sa.Integer(), nullable=False),
        sa.Column("list_id", sa.Integer(), nullable=True),
        sa.Column("approved_at", moment, nullable=True),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("support", JSON, nullable=False),
        sa.Column("policy_stable", sa.String(), nullable=False),
        sa.Column("policy_note", sa.String(), nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["before_id"], ["grading.id"], name=op.f("fk_grading_before_id_grading"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["grading_campaign.id"], name=op.f("fk_grading_campaign_id_grading_campaign"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_grading_customer_id_customer"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["first_by_id"], ["staff.id"], name=op.f("fk_grading_first_by_id_staff")),
        sa.ForeignKeyConstraint(["list_id"], ["grade_list.id"], name=op.f("fk_grading_list_id_grade_list"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["meeting_id"], ["grading_meeting.id"], name=op.f("fk_grading_meeting_id_grading_meeting")),
        sa.ForeignKeyConstraint(["owner_id"], ["staff.id"], name=op.f("fk_grading_owner_id_staff")),
        sa.ForeignKeyConstraint(["second_by_id"], ["staff.id"], name=op.f("fk_grading_second_by_id_staff")),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_grading_team_id_team")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grading")),
    )
    undecided = sa.text("campaign_id IS NULL AND state IN ('open', 'rated', 'reviewed', 'pending')")
    op.create_index("uq_grading_undecided", "grading", ["customer_id"], unique=True, sqlite_where=undecided, postgresql_where=undecided)
    op.create_index("ix_grading_campaign_id_customer_id", "grading", ["campaign_id", "customer_id"], unique=True)
    op.create_index("ix_grading_campaign_id_state_owner_id_id", "grading", ["campaign_id", "state", "owner_id", "id"])
    op.create_index("ix_grading_campaign_id_team_id_state_grade_id", "grading", ["campaign_id", "team_id", "state", "grade", "id"])
    op.create_index("ix_grading_customer_id_id", "grading", ["customer_id", "id"])
    op.create_index("ix_grading_list_id", "grading", ["list_id"])

    op.create_table(
        "grading_total",
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("team_id", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in TOTALS),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["grading_campaign.id"], name=op.f("fk_grading_total_campaign_id_grading_campaign"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grading_total")),
    )
    op.create_index("ix_grading_total_campaign_id_team_id_owner_id", "grading_total", ["campaign_id", "team_id", "owner_id"], unique=True)

    op.add_column("customer", sa.Column("graded_on", sa.Date(), nullable=True))
    op.add_column("customer", sa.Column("grade_valid_until", sa.Date(), nullable=True))
    few = sa.text("grade_provisional")
    op.create_index("ix_customer_provisional", "customer", ["owner_id", "id"], sqlite_where=few, postgresql_where=few)


def downgrade() -> None:
    """Take them away."""
    op.drop_index("ix_customer_provisional", "customer")
    op.drop_column("customer", "grade_valid_until")
    op.drop_column("customer", "graded_on")
    for name in ("grading_total", "grading", "grade_list", "grading_meeting", "grading_campaign"):
        op.drop_table(name)
