"""Reports of the three-way reconciliation; what webhooks a store cannot send; traffic by store and time.

Revision ID: 0003
Revises: 0002
"""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
CREATE TABLE reconciliations (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    store_id TEXT NOT NULL,
    found_by TEXT NOT NULL,
    days BIGINT NOT NULL,
    repair BOOLEAN NOT NULL,
    started_at TIMESTAMP WITH TIME ZONE NOT NULL,
    progress_at TIMESTAMP WITH TIME ZONE NOT NULL,
    ended_at TIMESTAMP WITH TIME ZONE,
    orders BIGINT DEFAULT 0 NOT NULL,
    orders_in_all BIGINT,
    open BIGINT DEFAULT 0 NOT NULL,
    mended BIGINT DEFAULT 0 NOT NULL,
    differences JSONB NOT NULL,
    notes JSONB NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT reconciliation_found_by_known CHECK (found_by IN ('cron', 'operator')),
    FOREIGN KEY(store_id) REFERENCES stores (id)
)
""",
    "CREATE INDEX reconciliations_newest ON reconciliations (store_id, id)",
    "ALTER TABLE stores ADD COLUMN webhooks_note TEXT",
    # Counting a store's webhooks by day reads nothing but this index. Not built concurrently: a second migration that
    # waits for its turn holds a snapshot, and a concurrent build would wait for that one. A million rows take a second
    # or two; a delivery that comes meanwhile waits at the door.
    "CREATE INDEX deliveries_received ON deliveries (store_id, received_at) WHERE topic NOT LIKE 'idealo.%'",
)


def upgrade() -> None:
    """Nothing here rewrites a table."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("SET LOCAL statement_timeout = '60s'")
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """Takes the reports away; facts about orders are not among them."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("DROP INDEX deliveries_received")
    op.execute("ALTER TABLE stores DROP COLUMN webhooks_note")
    op.execute("DROP TABLE reconciliations")
