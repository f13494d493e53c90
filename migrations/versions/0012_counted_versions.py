"""by which versions of the rules dossiers were counted: a table of its own, out of the number series

Revision 0012, after 0011. 2026-11-22.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

SERIES = sa.table("number_series", sa.column("name", sa.String()), sa.column("last", sa.Integer()))
COUNTED = sa.table("counted_version", sa.column("standard", sa.String()), sa.column("version", sa.Integer()))
PREFIX = "counted "


def upgrade() -> None:
    op.create_table(
        "counted_version",
        sa.Column("standard", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_counted_version")),
        sa.UniqueConstraint("standard", name=op.f("uq_counted_version_standard")),
    )
    connection = op.get_bind()
    theirs = SERIES.c.name.startswith(PREFIX)
    rows = connection.execute(sa.select(SERIES.c.name, SERIES.c.last).where(theirs)).all()
    for name, last in rows:
        connection.execute(sa.insert(COUNTED).values(standard=name.removeprefix(PREFIX), version=last))
    connection.execute(sa.delete(SERIES).where(theirs))


def downgrade() -> None:
    connection = op.get_bind()
    rows = connection.execute(sa.select(COUNTED.c.standard, COUNTED.c.version)).all()
    for standard, version in rows:
        connection.execute(sa.insert(SERIES).values(name=f"{PREFIX}{standard}", last=version))
    op.drop_table("counted_version")
