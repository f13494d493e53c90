"""first schema

Revision 0001, after nothing. 2026-11-22.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# The audit log can only be added to (RO-7).
AUDIT_GUARDS = {
    "sqlite": [
        "CREATE TRIGGER audit_event_no_update BEFORE UPDATE ON audit_event BEGIN SELECT RAISE(ABORT, 'the audit log cannot be changed'); END",
        "CREATE TRIGGER audit_event_no_delete BEFORE DELETE ON audit_event BEGIN SELECT RAISE(ABORT, 'the audit log cannot be changed'); END",
    ],
    "postgresql": [
        "CREATE OR REPLACE FUNCTION audit_event_guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'the audit log cannot be changed'; END $$",
        "CREATE TRIGGER audit_event_guard BEFORE UPDATE OR DELETE ON audit_event FOR EACH ROW EXECUTE FUNCTION audit_event_guard()",
        "CREATE TRIGGER audit_event_keep BEFORE TRUNCATE ON audit_event FOR EACH STATEMENT EXECUTE FUNCTION audit_event_guard()",
    ],
}

# The search index beside the customers (AR-6).
SEARCH_INDEX = {
    "sqlite": [
        "CREATE VIRTUAL TABLE customer_search_fts USING fts5(tokens, content='', detail=none, columnsize=0, tokenize='ascii')",
    ],
    "postgresql": [
        "CREATE INDEX customer_search_tokens ON customer_search USING gin (tokens)",
    ],
}


def upgrade() -> None:
    op.create_table(
        "audit_event",
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("actor_name", sa.String(), nullable=False),
        sa.Column("on_behalf_of", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("record_type", sa.String(), nullable=False),
        sa.Column("record_id", sa.Integer(), nullable=True),
        sa.Column("customer_id", sa.Integer(), nullable=True),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("data", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("previous_hash", sa.String(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_event")),
    )
    with op.batch_alter_table("audit_event", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_audit_event_actor_id_id"), ["actor_id", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_audit_event_at"), ["at"], unique=False)
        batch_op.create_index(batch_op.f("ix_audit_event_customer_id_id"), ["customer_id", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_audit_event_kind_id"), ["kind", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_audit_event_record_type_record_id_id"), ["record_type", "record_id", "id"], unique=False)

    op.create_table(
        "audit_head",
        sa.Column("last_hash", sa.String(), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_head")),
    )
    op.create_table(
        "calendar_warning",
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_warning")),
        sa.UniqueConstraint("year", name=op.f("uq_calendar_warning_year")),
    )
    op.create_table(
        "number_series",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_number_series")),
        sa.UniqueConstraint("name", name=op.f("uq_number_series_name")),
    )
    op.create_table(
        "sign_in_attempt",
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_attempt")),
    )
    with op.batch_alter_table("sign_in_attempt", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sign_in_attempt_account_at"), ["account", "at"], unique=False)
        batch_op.create_index(batch_op.f("ix_sign_in_attempt_address_at"), ["address", "at"], unique=False)
        batch_op.create_index(batch_op.f("ix_sign_in_attempt_at"), ["at"], unique=False)

    op.create_table(
        "team",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("department", sa.String(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_team")),
        sa.UniqueConstraint("name", name=op.f("uq_team_name")),
    )
    op.create_table(
        "staff",
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("team_id", sa.Integer(), nullable=True),
        sa.Column("department", sa.String(), nullable=False),
        sa.Column("post", sa.String(), nullable=False),
        sa.Column("telephone", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("password_hash", sa.String(), nullable=False),
        sa.Column("password_changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("must_change_password", sa.Boolean(), nullable=False),
        sa.Column("signature_id", sa.Integer(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("deactivated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["signature_id"], ["attachment.id"], name=op.f("fk_staff_signature_id_attachment"), use_alter=True),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_staff_team_id_team")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff")),
        sa.UniqueConstraint("account", name=op.f("uq_staff_account")),
    )
    with op.batch_alter_table("staff", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_staff_team_id"), ["team_id"], unique=False)

    op.create_table(
        "customer",
        sa.Column("number", sa.String().with_variant(sa.String(collation="C"), "postgresql"), nullable=False),
        sa.Column("full_name", sa.String(), nullable=False),
        sa.Column("short_name", sa.String(), nullable=False),
        sa.Column("former_names", sa.Text(), nullable=False),
        sa.Column("credit_code", sa.String(), nullable=False),
        sa.Column("nature", sa.String(), nullable=False),
        sa.Column("industry", sa.String(), nullable=False),
        sa.Column("size", sa.String(), nullable=False),
        sa.Column("registered_capital", sa.BigInteger(), nullable=True),
        sa.Column("established_on", sa.Date(), nullable=True),
        sa.Column("business_scope", sa.Text(), nullable=False),
        sa.Column("province", sa.String(), nullable=False),
        sa.Column("city", sa.String(), nullable=False),
        sa.Column("district", sa.String(), nullable=False),
        sa.Column("street", sa.String(), nullable=False),
        sa.Column("route", sa.String(), nullable=False),
        sa.Column("route_order", sa.Integer(), nullable=True),
        sa.Column("telephone", sa.String(), nullable=False),
        sa.Column("telephone_key", sa.String(), nullable=False),
        sa.Column("fax", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("website", sa.String(), nullable=False),
        sa.Column("legal_representative", sa.String(), nullable=False),
        sa.Column("general_manager", sa.String(), nullable=False),
        sa.Column("main_business", sa.Text(), nullable=False),
        sa.Column("staff_count", sa.Integer(), nullable=True),
        sa.Column("operating_state", sa.String(), nullable=False),
        sa.Column("banks", sa.Text(), nullable=False),
        sa.Column("loans", sa.Text(), nullable=False),
        sa.Column("funds_turnover", sa.Text(), nullable=False),
        sa.Column("accepts_payment_terms", sa.String(), nullable=False),
        sa.Column("payment_attitude", sa.String(), nullable=False),
        sa.Column("uses_cheques", sa.String(), nullable=False),
        sa.Column("highest_single_purchase", sa.BigInteger(), nullable=True),
        sa.Column("average_monthly_purchase", sa.BigInteger(), nullable=True),
        sa.Column("development_potential", sa.String(), nullable=False),
        sa.Column("satisfaction", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=True),
        sa.Column("team_id", sa.Integer(), nullable=True),
        sa.Column("first_contact_on", sa.Date(), nullable=True),
        sa.Column("first_deal_on", sa.Date(), nullable=True),
        sa.Column("stage_time", sa.String(), nullable=False),
        sa.Column("stage_transaction", sa.String(), nullable=False),
        sa.Column("stage_volume", sa.String(), nullable=False),
        sa.Column("stage_service", sa.String(), nullable=False),
        sa.Column("referred_by", sa.String(), nullable=False),
        sa.Column("stage_years", sa.String(), nullable=False),
        sa.Column("grade", sa.String(), nullable=False),
        sa.Column("grade_provisional", sa.Boolean(), nullable=False),
        sa.Column("credit_rating", sa.String(), nullable=False),
        sa.Column("credit_limit", sa.BigInteger(), nullable=True),
        sa.Column("payment_terms", sa.String(), nullable=False),
        sa.Column("dealings_policy", sa.Text(), nullable=False),
        sa.Column("dealings_attitude", sa.String(), nullable=False),
        sa.Column("remarks", sa.Text(), nullable=False),
        sa.Column("sales_activity", sa.Text(), nullable=False),
        sa.Column("problems", sa.Text(), nullable=False),
        sa.Column("strengths", sa.Text(), nullable=False),
        sa.Column("measures", sa.Text(), nullable=False),
        sa.Column("reputation", sa.Text(), nullable=False),
        sa.Column("credit_state", sa.Text(), nullable=False),
        sa.Column("terms", sa.Text(), nullable=False),
        sa.Column("past_credit_problems", sa.Text(), nullable=False),
        sa.Column("name_key", sa.String(), nullable=False),
        sa.Column("name_sort", sa.String().with_variant(sa.String(collation="C"), "postgresql"), nullable=False),
        sa.Column("contact_count", sa.Integer(), nullable=False),
        sa.Column("registered_on", sa.Date(), nullable=True),
        sa.Column("frozen_by_id", sa.Integer(), nullable=True),
        sa.Column("merged_into_id", sa.Integer(), nullable=True),
        sa.Column("import_id", sa.Integer(), nullable=True),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["merged_into_id"], ["customer.id"], name=op.f("fk_customer_merged_into_id_customer")),
        sa.ForeignKeyConstraint(["owner_id"], ["staff.id"], name=op.f("fk_customer_owner_id_staff")),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_customer_team_id_team")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer")),
        sa.UniqueConstraint("number", name=op.f("uq_customer_number")),
    )
    with op.batch_alter_table("customer", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_customer_city_state_number"), ["city", "state", "number"], unique=False)
        batch_op.create_index(batch_op.f("ix_customer_credit_code"), ["credit_code"], unique=False)
        batch_op.create_index(batch_op.f("ix_customer_grade_state_number"), ["grade", "state", "number"], unique=False)
        batch_op.create_index(batch_op.f("ix_customer_import_id_state_number"), ["import_id", "state", "number"], unique=False)
        batch_op.create_index(batch_op.f("ix_customer_industry_state_number"), ["industry", "state", "number"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_customer_merged_into_id"),
            ["merged_into_id"],
            unique=False,
            sqlite_where=sa.text("merged_into_id IS NOT NULL"),
            postgresql_where=sa.text("merged_into_id IS NOT NULL"),
        )
        batch_op.create_index(batch_op.f("ix_customer_name_key"), ["name_key"], unique=False)
        batch_op.create_index(batch_op.f("ix_customer_nature_state_number"), ["nature", "state", "number"], unique=False)
        batch_op.create_index(
            "ix_customer_no_contact",
            ["state", "number"],
            unique=False,
            sqlite_where=sa.text("contact_count = 0"),
            postgresql_where=sa.text("contact_count = 0"),
        )
        batch_op.create_index(
            "ix_customer_no_credit_code",
            ["state", "number"],
            unique=False,
            sqlite_where=sa.text("length(credit_code) = 0"),
            postgresql_where=sa.text("length(credit_code) = 0"),
        )
        batch_op.create_index(
            "ix_customer_no_telephone",
            ["state", "number"],
            unique=False,
            sqlite_where=sa.text("length(telephone_key) = 0"),
            postgresql_where=sa.text("length(telephone_key) = 0"),
        )
        batch_op.create_index(batch_op.f("ix_customer_owner_id_state_name_sort_id"), ["owner_id", "state", "name_sort", "id"], unique=False)
        batch_op.create_index(
            "ix_customer_owner_id_state_number",
            [
                "owner_id",
                "state",
                "number",
                "grade",
                "nature",
                "industry",
                "size",
                "province",
                "city",
                "stage_time",
                "stage_transaction",
                "stage_volume",
                "stage_service",
                "stage_years",
            ],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_customer_owner_id_state_updated_at_id"), ["owner_id", "state", "updated_at", "id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_customer_province_state_name_sort_id"), ["province", "state", "name_sort", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_customer_province_state_number"), ["province", "state", "number"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_customer_province_state_updated_at_id"), ["province", "state", "updated_at", "id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_customer_size_state_number"), ["size", "state", "number"], unique=False)
        batch_op.create_index(batch_op.f("ix_customer_stage_service_state_number"), ["stage_service", "state", "number"], unique=False)
        batch_op.create_index(batch_op.f("ix_customer_stage_time_state_number"), ["stage_time", "state", "number"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_customer_stage_transaction_state_number"), ["stage_transaction", "state", "number"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_customer_stage_volume_state_number"), ["stage_volume", "state", "number"], unique=False)
        batch_op.create_index(batch_op.f("ix_customer_stage_years_state_number"), ["stage_years", "state", "number"], unique=False)
        batch_op.create_index(
            "ix_customer_state_name_sort",
            [
                "state",
                "name_sort",
                "id",
                "grade",
                "nature",
                "industry",
                "size",
                "province",
                "city",
                "stage_time",
                "stage_transaction",
                "stage_volume",
                "stage_service",
                "stage_years",
            ],
            unique=False,
        )
        batch_op.create_index(
            "ix_customer_state_number",
            [
                "state",
                "number",
                "grade",
                "nature",
                "industry",
                "size",
                "province",
                "city",
                "stage_time",
                "stage_transaction",
                "stage_volume",
                "stage_service",
                "stage_years",
            ],
            unique=False,
        )
        batch_op.create_index(
            "ix_customer_state_updated_at",
            [
                "state",
                "updated_at",
                "id",
                "grade",
                "nature",
                "industry",
                "size",
                "province",
                "city",
                "stage_time",
                "stage_transaction",
                "stage_volume",
                "stage_service",
                "stage_years",
            ],
            unique=False,
        )
        batch_op.create_index(batch_op.f("ix_customer_team_id_state_name_sort_id"), ["team_id", "state", "name_sort", "id"], unique=False)
        batch_op.create_index(
            "ix_customer_team_id_state_number",
            [
                "team_id",
                "state",
                "number",
                "grade",
                "nature",
                "industry",
                "size",
                "province",
                "city",
                "stage_time",
                "stage_transaction",
                "stage_volume",
                "stage_service",
                "stage_years",
            ],
            unique=False,
        )
        batch_op.create_index(batch_op.f("ix_customer_team_id_state_updated_at_id"), ["team_id", "state", "updated_at", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_customer_telephone_key"), ["telephone_key"], unique=False)

    op.create_table(
        "delegation",
        sa.Column("principal_id", sa.Integer(), nullable=False),
        sa.Column("delegate_id", sa.Integer(), nullable=False),
        sa.Column("from_date", sa.Date(), nullable=False),
        sa.Column("to_date", sa.Date(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["delegate_id"], ["staff.id"], name=op.f("fk_delegation_delegate_id_staff")),
        sa.ForeignKeyConstraint(["principal_id"], ["staff.id"], name=op.f("fk_delegation_principal_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delegation")),
    )
    with op.batch_alter_table("delegation", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_delegation_delegate_id"), ["delegate_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_delegation_principal_id"), ["principal_id"], unique=False)

    op.create_table(
        "import_mapping",
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("mapping", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_import_mapping_staff_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_mapping")),
    )
    with op.batch_alter_table("import_mapping", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_import_mapping_fingerprint_staff_id"), ["fingerprint", "staff_id"], unique=True)

    op.create_table(
        "job",
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("args", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("state_data", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("result", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("error", sa.String(), nullable=False),
        sa.Column("error_params", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("heartbeat", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_job_staff_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job")),
    )
    with op.batch_alter_table("job", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_job_staff_id_id"), ["staff_id", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_job_state_heartbeat"), ["state", "heartbeat"], unique=False)

    op.create_table(
        "notice",
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("params", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("link", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("mail_state", sa.String(), nullable=False),
        sa.Column("mail_error", sa.String(), nullable=False),
        sa.Column("mail_tries", sa.Integer(), nullable=False),
        sa.Column("mail_after", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_notice_staff_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
    )
    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_notice_mail_state"), ["mail_state"], unique=False)
        batch_op.create_index(batch_op.f("ix_notice_staff_id_read_at_id"), ["staff_id", "read_at", "id"], unique=False)

    op.create_table(
        "register_columns",
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("names", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_register_columns_staff_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_register_columns")),
        sa.UniqueConstraint("staff_id", name=op.f("uq_register_columns_staff_id")),
    )
    op.create_table(
        "saved_filter",
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("team_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("args", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_saved_filter_staff_id_staff")),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_saved_filter_team_id_team")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_filter")),
    )
    with op.batch_alter_table("saved_filter", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_saved_filter_staff_id"), ["staff_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_saved_filter_team_id"), ["team_id"], unique=False)

    op.create_table(
        "site_day",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("working", sa.Boolean(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("set_by_id", sa.Integer(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["set_by_id"], ["staff.id"], name=op.f("fk_site_day_set_by_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_site_day")),
        sa.UniqueConstraint("day", name=op.f("uq_site_day_day")),
    )
    op.create_table(
        "staff_session",
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("browser", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_staff_session_staff_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_session")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_staff_session_token_hash")),
    )
    with op.batch_alter_table("staff_session", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_staff_session_seen_at"), ["seen_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_staff_session_staff_id"), ["staff_id"], unique=False)

    op.create_table(
        "standard_version",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("value", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("from_date", sa.Date(), nullable=False),
        sa.Column("set_by_id", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancelled_by_id", sa.Integer(), nullable=True),
        sa.Column("cancelled_reason", sa.String(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["cancelled_by_id"], ["staff.id"], name=op.f("fk_standard_version_cancelled_by_id_staff")),
        sa.ForeignKeyConstraint(["set_by_id"], ["staff.id"], name=op.f("fk_standard_version_set_by_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_standard_version")),
    )
    with op.batch_alter_table("standard_version", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_standard_version_name_number"), ["name", "number"], unique=True)

    op.create_table(
        "approval",
        sa.Column("kind_name", sa.String(), nullable=False),
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=True),
        sa.Column("team_id", sa.Integer(), nullable=True),
        sa.Column("submitter_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("signed", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("reminded_on", sa.Date(), nullable=True),
        sa.Column("reminders", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_approval_customer_id_customer")),
        sa.ForeignKeyConstraint(["submitter_id"], ["staff.id"], name=op.f("fk_approval_submitter_id_staff")),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_approval_team_id_team")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approval")),
    )
    with op.batch_alter_table("approval", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_approval_customer_id"), ["customer_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_approval_kind_name_record_id"), ["kind_name", "record_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_approval_state"), ["state"], unique=False)
        batch_op.create_index(batch_op.f("ix_approval_submitter_id_state"), ["submitter_id", "state"], unique=False)
        batch_op.create_index(
            "uq_approval_live",
            ["kind_name", "record_id"],
            unique=True,
            sqlite_where=sa.text("state IN ('draft', 'pending', 'withdrawn')"),
            postgresql_where=sa.text("state IN ('draft', 'pending', 'withdrawn')"),
        )

    op.create_table(
        "attachment",
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("media_type", sa.String(), nullable=False),
        sa.Column("filename", sa.String(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=True),
        sa.Column("uploaded_by_id", sa.Integer(), nullable=True),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_attachment_customer_id_customer")),
        sa.ForeignKeyConstraint(["uploaded_by_id"], ["staff.id"], name=op.f("fk_attachment_uploaded_by_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachment")),
    )
    with op.batch_alter_table("attachment", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_attachment_customer_id"), ["customer_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_attachment_sha256"), ["sha256"], unique=False)
        batch_op.create_index(batch_op.f("ix_attachment_uploaded_by_id"), ["uploaded_by_id"], unique=False)

    op.create_table(
        "contact",
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("name_pinyin", sa.String(), nullable=False),
        sa.Column("post", sa.String(), nullable=False),
        sa.Column("department", sa.String(), nullable=False),
        sa.Column("telephone", sa.String(), nullable=False),
        sa.Column("telephone_key", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("preferred_way", sa.String(), nullable=False),
        sa.Column("frequency", sa.String(), nullable=False),
        sa.Column("decides", sa.Boolean(), nullable=False),
        sa.Column("emergency", sa.Boolean(), nullable=False),
        sa.Column("relationship_note", sa.String(), nullable=False),
        sa.Column("kept_for", sa.String(), nullable=False),
        sa.Column("import_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_contact_customer_id_customer"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact")),
    )
    with op.batch_alter_table("contact", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_contact_customer_id"), ["customer_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_contact_import_id"), ["import_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_contact_telephone_key"), ["telephone_key"], unique=False)

    op.create_table(
        "credit_change",
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("credit_limit", sa.BigInteger(), nullable=True),
        sa.Column("payment_terms", sa.String(), nullable=False),
        sa.Column("dealings_policy", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("old", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_by_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["created_by_id"], ["staff.id"], name=op.f("fk_credit_change_created_by_id_staff")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_credit_change_customer_id_customer"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_change")),
    )
    with op.batch_alter_table("credit_change", schema=None) as batch_op:
        batch_op.create_index(
            "ix_credit_change_begun",
            ["created_by_id", "id"],
            unique=False,
            sqlite_where=sa.text("state = 'draft'"),
            postgresql_where=sa.text("state = 'draft'"),
        )
        batch_op.create_index(batch_op.f("ix_credit_change_customer_id"), ["customer_id"], unique=False)
        batch_op.create_index(
            "ix_credit_change_due",
            ["effective_on"],
            unique=False,
            sqlite_where=sa.text("state = 'approved' AND applied_at IS NULL"),
            postgresql_where=sa.text("state = 'approved' AND applied_at IS NULL"),
        )
        batch_op.create_index(
            "uq_credit_change_open",
            ["customer_id"],
            unique=True,
            sqlite_where=sa.text("state IN ('draft', 'pending')"),
            postgresql_where=sa.text("state IN ('draft', 'pending')"),
        )

    op.create_table(
        "customer_assistant",
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customer.id"], name=op.f("fk_customer_assistant_customer_id_customer"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_customer_assistant_staff_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer_assistant")),
    )
    with op.batch_alter_table("customer_assistant", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_customer_assistant_customer_id_staff_id"), ["customer_id", "staff_id"], unique=True)
        batch_op.create_index(batch_op.f("ix_customer_assistant_staff_id_customer_id"), ["staff_id", "customer_id"], unique=False)

    op.create_table(
        "customer_merge",
        sa.Column("survivor_id", sa.Integer(), nullable=False),
        sa.Column("loser_id", sa.Integer(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("loser_state", sa.String(), nullable=False),
        sa.Column("fields", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("moved", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("assistant_id", sa.Integer(), nullable=True),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_by_id", sa.Integer(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["staff.id"], name=op.f("fk_customer_merge_by_id_staff")),
        sa.ForeignKeyConstraint(["loser_id"], ["customer.id"], name=op.f("fk_customer_merge_loser_id_customer"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["survivor_id"], ["customer.id"], name=op.f("fk_customer_merge_survivor_id_customer"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["undone_by_id"], ["staff.id"], name=op.f("fk_customer_merge_undone_by_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer_merge")),
        info={"stays_at_merge": True},
    )
    with op.batch_alter_table("customer_merge", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_customer_merge_loser_id"), ["loser_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_customer_merge_survivor_id"), ["survivor_id"], unique=False)

    op.create_table(
        "customer_search",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("tokens", sa.Text().with_variant(postgresql.ARRAY(sa.Text()), "postgresql"), nullable=True),
        sa.ForeignKeyConstraint(["id"], ["customer.id"], name=op.f("fk_customer_search_id_customer"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer_search")),
    )
    op.create_table(
        "customer_tag",
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("tag", sa.String(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_customer_tag_customer_id_customer"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer_tag")),
    )
    with op.batch_alter_table("customer_tag", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_customer_tag_customer_id_tag"), ["customer_id", "tag"], unique=True)
        batch_op.create_index(batch_op.f("ix_customer_tag_tag_customer_id"), ["tag", "customer_id"], unique=False)

    op.create_table(
        "declared_different",
        sa.Column("first_id", sa.Integer(), nullable=False),
        sa.Column("second_id", sa.Integer(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["staff.id"], name=op.f("fk_declared_different_by_id_staff")),
        sa.ForeignKeyConstraint(["first_id"], ["customer.id"], name=op.f("fk_declared_different_first_id_customer"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["second_id"], ["customer.id"], name=op.f("fk_declared_different_second_id_customer"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_declared_different")),
        info={"stays_at_merge": True},
    )
    with op.batch_alter_table("declared_different", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_declared_different_first_id_second_id"), ["first_id", "second_id"], unique=True)
        batch_op.create_index(batch_op.f("ix_declared_different_second_id"), ["second_id"], unique=False)

    op.create_table(
        "duplicate_scan",
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("job_id", sa.Integer(), nullable=True),
        sa.Column("customers", sa.Integer(), nullable=False),
        sa.Column("found", sa.Integer(), nullable=False),
        sa.Column("full", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name=op.f("fk_duplicate_scan_job_id_job")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_duplicate_scan_staff_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_duplicate_scan")),
    )
    with op.batch_alter_table("duplicate_scan", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_duplicate_scan_job_id"), ["job_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_duplicate_scan_staff_id"), ["staff_id"], unique=False)

    op.create_table(
        "investigation",
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("found_by", sa.String(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("expected_products", sa.Text(), nullable=False),
        sa.Column("expected_monthly_amount", sa.BigInteger(), nullable=True),
        sa.Column("proposed_payment_terms", sa.String(), nullable=False),
        sa.Column("proposed_credit_limit", sa.BigInteger(), nullable=True),
        sa.Column("credit_findings", sa.Text(), nullable=False),
        sa.Column("premises_findings", sa.Text(), nullable=False),
        sa.Column("management_findings", sa.Text(), nullable=False),
        sa.Column("market_findings", sa.Text(), nullable=False),
        sa.Column("competitors", sa.Text(), nullable=False),
        sa.Column("risks", sa.Text(), nullable=False),
        sa.Column("opinion", sa.Text(), nullable=False),
        sa.Column("proposed_grade", sa.String(), nullable=False),
        sa.Column("investigated_on", sa.Date(), nullable=True),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["created_by_id"], ["staff.id"], name=op.f("fk_investigation_created_by_id_staff")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_investigation_customer_id_customer"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_investigation")),
    )
    with op.batch_alter_table("investigation", schema=None) as batch_op:
        batch_op.create_index(
            "ix_investigation_begun",
            ["created_by_id", "id"],
            unique=False,
            sqlite_where=sa.text("outcome = ''"),
            postgresql_where=sa.text("outcome = ''"),
        )
        batch_op.create_index(
            batch_op.f("ix_investigation_customer_id"),
            ["customer_id"],
            unique=True,
            sqlite_where=sa.text("outcome = ''"),
            postgresql_where=sa.text("outcome = ''"),
        )
        batch_op.create_index(batch_op.f("ix_investigation_customer_id_id"), ["customer_id", "id"], unique=False)

    op.create_table(
        "approval_round",
        sa.Column("approval_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("content", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("content_hash", sa.String(), nullable=False),
        sa.Column("chain", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("submitted_by_id", sa.Integer(), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["approval_id"], ["approval.id"], name=op.f("fk_approval_round_approval_id_approval")),
        sa.ForeignKeyConstraint(["submitted_by_id"], ["staff.id"], name=op.f("fk_approval_round_submitted_by_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approval_round")),
    )
    with op.batch_alter_table("approval_round", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_approval_round_approval_id_number"), ["approval_id", "number"], unique=True)
        batch_op.create_index(batch_op.f("ix_approval_round_submitted_by_id_approval_id"), ["submitted_by_id", "approval_id"], unique=False)

    op.create_table(
        "duplicate_pair",
        sa.Column("scan_id", sa.Integer(), nullable=False),
        sa.Column("first_id", sa.Integer(), nullable=False),
        sa.Column("second_id", sa.Integer(), nullable=False),
        sa.Column("same_code", sa.Boolean(), nullable=False),
        sa.Column("same_telephone", sa.Boolean(), nullable=False),
        sa.Column("name_score", sa.Integer(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["first_id"], ["customer.id"], name=op.f("fk_duplicate_pair_first_id_customer"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["scan_id"], ["duplicate_scan.id"], name=op.f("fk_duplicate_pair_scan_id_duplicate_scan"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["second_id"], ["customer.id"], name=op.f("fk_duplicate_pair_second_id_customer"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_duplicate_pair")),
        info={"stays_at_merge": True},
    )
    with op.batch_alter_table("duplicate_pair", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_duplicate_pair_first_id"), ["first_id"], unique=False)
        batch_op.create_index("ix_duplicate_pair_rank", ["scan_id", "rank", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_duplicate_pair_scan_id_first_id_second_id"), ["scan_id", "first_id", "second_id"], unique=True)
        batch_op.create_index(batch_op.f("ix_duplicate_pair_second_id"), ["second_id"], unique=False)

    op.create_table(
        "import_run",
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("attachment_id", sa.Integer(), nullable=False),
        sa.Column("refused_id", sa.Integer(), nullable=True),
        sa.Column("job_id", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("as_state", sa.String(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=True),
        sa.Column("sheets", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("sheet", sa.String(), nullable=False),
        sa.Column("header_row", sa.Integer(), nullable=False),
        sa.Column("heads", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("samples", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("mapping", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("kept_for", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("mode", sa.String(), nullable=False),
        sa.Column("skip_duplicates", sa.Boolean(), nullable=False),
        sa.Column("counts", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["attachment_id"], ["attachment.id"], name=op.f("fk_import_run_attachment_id_attachment")),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name=op.f("fk_import_run_job_id_job")),
        sa.ForeignKeyConstraint(["owner_id"], ["staff.id"], name=op.f("fk_import_run_owner_id_staff")),
        sa.ForeignKeyConstraint(["refused_id"], ["attachment.id"], name=op.f("fk_import_run_refused_id_attachment")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_import_run_staff_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_run")),
    )
    with op.batch_alter_table("import_run", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_import_run_staff_id_id"), ["staff_id", "id"], unique=False)

    op.create_table(
        "printed_sheet",
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("sheet", sa.String(), nullable=False),
        sa.Column("form_number", sa.String(), nullable=False),
        sa.Column("form_version", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("copy_number", sa.Integer(), nullable=False),
        sa.Column("record_type", sa.String(), nullable=False),
        sa.Column("record_id", sa.Integer(), nullable=True),
        sa.Column("customer_id", sa.Integer(), nullable=True),
        sa.Column("approval_id", sa.Integer(), nullable=True),
        sa.Column("round", sa.Integer(), nullable=True),
        sa.Column("content_hash", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("signatures", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("printed_by_id", sa.Integer(), nullable=False),
        sa.Column("printed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("file_id", sa.Integer(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["approval_id"], ["approval.id"], name=op.f("fk_printed_sheet_approval_id_approval")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_printed_sheet_customer_id_customer")),
        sa.ForeignKeyConstraint(["file_id"], ["attachment.id"], name=op.f("fk_printed_sheet_file_id_attachment")),
        sa.ForeignKeyConstraint(["printed_by_id"], ["staff.id"], name=op.f("fk_printed_sheet_printed_by_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_printed_sheet")),
        sa.UniqueConstraint("code", name=op.f("uq_printed_sheet_code")),
    )
    with op.batch_alter_table("printed_sheet", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_printed_sheet_approval_id"), ["approval_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_printed_sheet_customer_id"), ["customer_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_printed_sheet_printed_by_id_id"), ["printed_by_id", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_printed_sheet_subject_copy_number"), ["subject", "copy_number"], unique=True)

    op.create_table(
        "signature",
        sa.Column("approval_id", sa.Integer(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("content_hash", sa.String(), nullable=False),
        sa.Column("decision", sa.String(), nullable=False),
        sa.Column("opinion", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("signer_id", sa.Integer(), nullable=True),
        sa.Column("on_behalf_of_id", sa.Integer(), nullable=True),
        sa.Column("who", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("steps", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("picture_id", sa.Integer(), nullable=True),
        sa.Column("paper_name", sa.String(), nullable=False),
        sa.Column("paper_date", sa.Date(), nullable=True),
        sa.Column("scan_id", sa.Integer(), nullable=True),
        sa.Column("scan_sha256", sa.String(), nullable=False),
        sa.Column("recorded_by_id", sa.Integer(), nullable=True),
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["approval_id"], ["approval.id"], name=op.f("fk_signature_approval_id_approval")),
        sa.ForeignKeyConstraint(["on_behalf_of_id"], ["staff.id"], name=op.f("fk_signature_on_behalf_of_id_staff")),
        sa.ForeignKeyConstraint(["picture_id"], ["attachment.id"], name=op.f("fk_signature_picture_id_attachment")),
        sa.ForeignKeyConstraint(["recorded_by_id"], ["staff.id"], name=op.f("fk_signature_recorded_by_id_staff")),
        sa.ForeignKeyConstraint(["scan_id"], ["attachment.id"], name=op.f("fk_signature_scan_id_attachment")),
        sa.ForeignKeyConstraint(["signer_id"], ["staff.id"], name=op.f("fk_signature_signer_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signature")),
    )
    with op.batch_alter_table("signature", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_signature_approval_id"), ["approval_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_signature_code"), ["code"], unique=False)

    op.create_table(
        "approval_step",
        sa.Column("approval_id", sa.Integer(), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("title_names", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("meaning", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("wanted", sa.String(), nullable=False),
        sa.Column("pool", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("reason_params", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("alone", sa.Boolean(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("for_step_id", sa.Integer(), nullable=True),
        sa.Column("asked_when", sa.String(), nullable=False),
        sa.Column("asked_by_id", sa.Integer(), nullable=True),
        sa.Column("question", sa.String(), nullable=False),
        sa.Column("signature_id", sa.Integer(), nullable=True),
        sa.Column("signer_id", sa.Integer(), nullable=True),
        sa.Column("on_behalf_of_id", sa.Integer(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["approval_id"], ["approval.id"], name=op.f("fk_approval_step_approval_id_approval")),
        sa.ForeignKeyConstraint(["asked_by_id"], ["staff.id"], name=op.f("fk_approval_step_asked_by_id_staff")),
        sa.ForeignKeyConstraint(["for_step_id"], ["approval_step.id"], name=op.f("fk_approval_step_for_step_id_approval_step")),
        sa.ForeignKeyConstraint(["on_behalf_of_id"], ["staff.id"], name=op.f("fk_approval_step_on_behalf_of_id_staff")),
        sa.ForeignKeyConstraint(["round_id"], ["approval_round.id"], name=op.f("fk_approval_step_round_id_approval_round")),
        sa.ForeignKeyConstraint(["signature_id"], ["signature.id"], name=op.f("fk_approval_step_signature_id_signature")),
        sa.ForeignKeyConstraint(["signer_id"], ["staff.id"], name=op.f("fk_approval_step_signer_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approval_step")),
    )
    with op.batch_alter_table("approval_step", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_approval_step_approval_id"), ["approval_id"], unique=False)
        batch_op.create_index(
            "ix_approval_step_open_due",
            ["pool", "due_on"],
            unique=False,
            sqlite_where=sa.text("state = 'open'"),
            postgresql_where=sa.text("state = 'open'"),
        )
        batch_op.create_index(
            "ix_approval_step_open_since",
            ["pool", "opened_at"],
            unique=False,
            sqlite_where=sa.text("state = 'open'"),
            postgresql_where=sa.text("state = 'open'"),
        )
        batch_op.create_index(batch_op.f("ix_approval_step_round_id"), ["round_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_approval_step_signer_id_approval_id"), ["signer_id", "approval_id"], unique=False)

    op.create_table(
        "import_row",
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("duplicate", sa.Boolean(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=True),
        sa.Column("data", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("problems", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["import_run.id"], name=op.f("fk_import_row_run_id_import_run"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_row")),
    )
    with op.batch_alter_table("import_row", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_import_row_run_id_outcome_row"), ["run_id", "outcome", "row"], unique=False)
        batch_op.create_index(batch_op.f("ix_import_row_run_id_row"), ["run_id", "row"], unique=False)
    # Staff and files refer to each other, so one of the two keys comes last.
    with op.batch_alter_table("staff") as batch_op:
        batch_op.create_foreign_key(op.f("fk_staff_signature_id_attachment"), "attachment", ["signature_id"], ["id"])
    kind = op.get_bind().dialect.name
    for statement in (*AUDIT_GUARDS[kind], *SEARCH_INDEX[kind]):
        op.execute(statement)


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TABLE customer_search_fts")
    with op.batch_alter_table("staff") as batch_op:
        batch_op.drop_constraint(op.f("fk_staff_signature_id_attachment"), type_="foreignkey")
    with op.batch_alter_table("import_row", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_import_row_run_id_row"))
        batch_op.drop_index(batch_op.f("ix_import_row_run_id_outcome_row"))

    op.drop_table("import_row")
    with op.batch_alter_table("approval_step", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_approval_step_signer_id_approval_id"))
        batch_op.drop_index(batch_op.f("ix_approval_step_round_id"))
        batch_op.drop_index(
            "ix_approval_step_open_since", sqlite_where=sa.text("state = 'open'"), postgresql_where=sa.text("state = 'open'")
        )
        batch_op.drop_index("ix_approval_step_open_due", sqlite_where=sa.text("state = 'open'"), postgresql_where=sa.text("state = 'open'"))
        batch_op.drop_index(batch_op.f("ix_approval_step_approval_id"))

    op.drop_table("approval_step")
    with op.batch_alter_table("signature", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_signature_code"))
        batch_op.drop_index(batch_op.f("ix_signature_approval_id"))

    op.drop_table("signature")
    with op.batch_alter_table("printed_sheet", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_printed_sheet_subject_copy_number"))
        batch_op.drop_index(batch_op.f("ix_printed_sheet_printed_by_id_id"))
        batch_op.drop_index(batch_op.f("ix_printed_sheet_customer_id"))
        batch_op.drop_index(batch_op.f("ix_printed_sheet_approval_id"))

    op.drop_table("printed_sheet")
    with op.batch_alter_table("import_run", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_import_run_staff_id_id"))

    op.drop_table("import_run")
    with op.batch_alter_table("duplicate_pair", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_duplicate_pair_second_id"))
        batch_op.drop_index(batch_op.f("ix_duplicate_pair_scan_id_first_id_second_id"))
        batch_op.drop_index("ix_duplicate_pair_rank")
        batch_op.drop_index(batch_op.f("ix_duplicate_pair_first_id"))

    op.drop_table("duplicate_pair")
    with op.batch_alter_table("approval_round", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_approval_round_submitted_by_id_approval_id"))
        batch_op.drop_index(batch_op.f("ix_approval_round_approval_id_number"))

    op.drop_table("approval_round")
    with op.batch_alter_table("investigation", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_investigation_customer_id_id"))
        batch_op.drop_index(
            batch_op.f("ix_investigation_customer_id"), sqlite_where=sa.text("outcome = ''"), postgresql_where=sa.text("outcome = ''")
        )
        batch_op.drop_index("ix_investigation_begun", sqlite_where=sa.text("outcome = ''"), postgresql_where=sa.text("outcome = ''"))

    op.drop_table("investigation")
    with op.batch_alter_table("duplicate_scan", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_duplicate_scan_staff_id"))
        batch_op.drop_index(batch_op.f("ix_duplicate_scan_job_id"))

    op.drop_table("duplicate_scan")
    with op.batch_alter_table("declared_different", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_declared_different_second_id"))
        batch_op.drop_index(batch_op.f("ix_declared_different_first_id_second_id"))

    op.drop_table("declared_different")
    with op.batch_alter_table("customer_tag", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_customer_tag_tag_customer_id"))
        batch_op.drop_index(batch_op.f("ix_customer_tag_customer_id_tag"))

    op.drop_table("customer_tag")
    op.drop_table("customer_search")
    with op.batch_alter_table("customer_merge", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_customer_merge_survivor_id"))
        batch_op.drop_index(batch_op.f("ix_customer_merge_loser_id"))

    op.drop_table("customer_merge")
    with op.batch_alter_table("customer_assistant", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_customer_assistant_staff_id_customer_id"))
        batch_op.drop_index(batch_op.f("ix_customer_assistant_customer_id_staff_id"))

    op.drop_table("customer_assistant")
    with op.batch_alter_table("credit_change", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_credit_change_open",
            sqlite_where=sa.text("state IN ('draft', 'pending')"),
            postgresql_where=sa.text("state IN ('draft', 'pending')"),
        )
        batch_op.drop_index(
            "ix_credit_change_due",
            sqlite_where=sa.text("state = 'approved' AND applied_at IS NULL"),
            postgresql_where=sa.text("state = 'approved' AND applied_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_credit_change_customer_id"))
        batch_op.drop_index("ix_credit_change_begun", sqlite_where=sa.text("state = 'draft'"), postgresql_where=sa.text("state = 'draft'"))

    op.drop_table("credit_change")
    with op.batch_alter_table("contact", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_contact_telephone_key"))
        batch_op.drop_index(batch_op.f("ix_contact_import_id"))
        batch_op.drop_index(batch_op.f("ix_contact_customer_id"))

    op.drop_table("contact")
    with op.batch_alter_table("attachment", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_attachment_uploaded_by_id"))
        batch_op.drop_index(batch_op.f("ix_attachment_sha256"))
        batch_op.drop_index(batch_op.f("ix_attachment_customer_id"))

    op.drop_table("attachment")
    with op.batch_alter_table("approval", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_approval_live",
            sqlite_where=sa.text("state IN ('draft', 'pending', 'withdrawn')"),
            postgresql_where=sa.text("state IN ('draft', 'pending', 'withdrawn')"),
        )
        batch_op.drop_index(batch_op.f("ix_approval_submitter_id_state"))
        batch_op.drop_index(batch_op.f("ix_approval_state"))
        batch_op.drop_index(batch_op.f("ix_approval_kind_name_record_id"))
        batch_op.drop_index(batch_op.f("ix_approval_customer_id"))

    op.drop_table("approval")
    with op.batch_alter_table("standard_version", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_standard_version_name_number"))

    op.drop_table("standard_version")
    with op.batch_alter_table("staff_session", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_staff_session_staff_id"))
        batch_op.drop_index(batch_op.f("ix_staff_session_seen_at"))

    op.drop_table("staff_session")
    op.drop_table("site_day")
    with op.batch_alter_table("saved_filter", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_saved_filter_team_id"))
        batch_op.drop_index(batch_op.f("ix_saved_filter_staff_id"))

    op.drop_table("saved_filter")
    op.drop_table("register_columns")
    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_notice_staff_id_read_at_id"))
        batch_op.drop_index(batch_op.f("ix_notice_mail_state"))

    op.drop_table("notice")
    with op.batch_alter_table("job", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_job_state_heartbeat"))
        batch_op.drop_index(batch_op.f("ix_job_staff_id_id"))

    op.drop_table("job")
    with op.batch_alter_table("import_mapping", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_import_mapping_fingerprint_staff_id"))

    op.drop_table("import_mapping")
    with op.batch_alter_table("delegation", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_delegation_principal_id"))
        batch_op.drop_index(batch_op.f("ix_delegation_delegate_id"))

    op.drop_table("delegation")
    with op.batch_alter_table("customer", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_customer_telephone_key"))
        batch_op.drop_index(batch_op.f("ix_customer_team_id_state_updated_at_id"))
        batch_op.drop_index("ix_customer_team_id_state_number")
        batch_op.drop_index(batch_op.f("ix_customer_team_id_state_name_sort_id"))
        batch_op.drop_index("ix_customer_state_updated_at")
        batch_op.drop_index("ix_customer_state_number")
        batch_op.drop_index("ix_customer_state_name_sort")
        batch_op.drop_index(batch_op.f("ix_customer_stage_years_state_number"))
        batch_op.drop_index(batch_op.f("ix_customer_stage_volume_state_number"))
        batch_op.drop_index(batch_op.f("ix_customer_stage_transaction_state_number"))
        batch_op.drop_index(batch_op.f("ix_customer_stage_time_state_number"))
        batch_op.drop_index(batch_op.f("ix_customer_stage_service_state_number"))
        batch_op.drop_index(batch_op.f("ix_customer_size_state_number"))
        batch_op.drop_index(batch_op.f("ix_customer_province_state_updated_at_id"))
        batch_op.drop_index(batch_op.f("ix_customer_province_state_number"))
        batch_op.drop_index(batch_op.f("ix_customer_province_state_name_sort_id"))
        batch_op.drop_index(batch_op.f("ix_customer_owner_id_state_updated_at_id"))
        batch_op.drop_index("ix_customer_owner_id_state_number")
        batch_op.drop_index(batch_op.f("ix_customer_owner_id_state_name_sort_id"))
        batch_op.drop_index(
            "ix_customer_no_telephone",
            sqlite_where=sa.text("length(telephone_key) = 0"),
            postgresql_where=sa.text("length(telephone_key) = 0"),
        )
        batch_op.drop_index(
            "ix_customer_no_credit_code",
            sqlite_where=sa.text("length(credit_code) = 0"),
            postgresql_where=sa.text("length(credit_code) = 0"),
        )
        batch_op.drop_index(
            "ix_customer_no_contact", sqlite_where=sa.text("contact_count = 0"), postgresql_where=sa.text("contact_count = 0")
        )
        batch_op.drop_index(batch_op.f("ix_customer_nature_state_number"))
        batch_op.drop_index(batch_op.f("ix_customer_name_key"))
        batch_op.drop_index(
            batch_op.f("ix_customer_merged_into_id"),
            sqlite_where=sa.text("merged_into_id IS NOT NULL"),
            postgresql_where=sa.text("merged_into_id IS NOT NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_customer_industry_state_number"))
        batch_op.drop_index(batch_op.f("ix_customer_import_id_state_number"))
        batch_op.drop_index(batch_op.f("ix_customer_grade_state_number"))
        batch_op.drop_index(batch_op.f("ix_customer_credit_code"))
        batch_op.drop_index(batch_op.f("ix_customer_city_state_number"))

    op.drop_table("customer")
    with op.batch_alter_table("staff", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_staff_team_id"))

    op.drop_table("staff")
    op.drop_table("team")
    with op.batch_alter_table("sign_in_attempt", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sign_in_attempt_at"))
        batch_op.drop_index(batch_op.f("ix_sign_in_attempt_address_at"))
        batch_op.drop_index(batch_op.f("ix_sign_in_attempt_account_at"))

    op.drop_table("sign_in_attempt")
    op.drop_table("number_series")
    op.drop_table("calendar_warning")
    op.drop_table("audit_head")
    with op.batch_alter_table("audit_event", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_audit_event_record_type_record_id_id"))
        batch_op.drop_index(batch_op.f("ix_audit_event_kind_id"))
        batch_op.drop_index(batch_op.f("ix_audit_event_customer_id_id"))
        batch_op.drop_index(batch_op.f("ix_audit_event_at"))
        batch_op.drop_index(batch_op.f("ix_audit_event_actor_id_id"))

    op.drop_table("audit_event")
