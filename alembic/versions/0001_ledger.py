"""The ledger: tables, indexes, and the triggers that keep facts as they were written.

Revision ID: 0001
Revises:
"""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE heartbeats (
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    seen_at TIMESTAMP WITH TIME ZONE NOT NULL,
    report JSONB NOT NULL,
    PRIMARY KEY (name)
);

CREATE TABLE stores (
    id TEXT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    idealo_shop_id TEXT NOT NULL,
    sealed BYTEA NOT NULL,
    settings JSONB NOT NULL,
    version BIGINT DEFAULT 1 NOT NULL,
    webhooks_checked_at TIMESTAMP WITH TIME ZONE,
    webhooks_problem TEXT,
    paused_at TIMESTAMP WITH TIME ZONE,
    archived_at TIMESTAMP WITH TIME ZONE,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    PRIMARY KEY (id)
);

CREATE UNIQUE INDEX one_live_store_per_idealo_shop ON stores (idealo_shop_id) WHERE archived_at IS NULL;

CREATE TABLE cursors (
    store_id TEXT NOT NULL,
    stream TEXT NOT NULL,
    position TIMESTAMP WITH TIME ZONE NOT NULL,
    polled_at TIMESTAMP WITH TIME ZONE,
    claimed_until TIMESTAMP WITH TIME ZONE,
    failures BIGINT DEFAULT 0 NOT NULL,
    trouble TEXT,
    PRIMARY KEY (store_id, stream),
    CONSTRAINT cursor_stream_known CHECK (stream IN ('store', 'idealo')),
    FOREIGN KEY(store_id) REFERENCES stores (id)
);

CREATE TABLE deliveries (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    store_id TEXT NOT NULL,
    key TEXT NOT NULL,
    topic TEXT NOT NULL,
    store_order_id TEXT,
    headers JSONB NOT NULL,
    body_sha256 TEXT NOT NULL,
    body_size BIGINT NOT NULL,
    body BYTEA,
    remark TEXT,
    received_at TIMESTAMP WITH TIME ZONE NOT NULL,
    looked_at TIMESTAMP WITH TIME ZONE,
    PRIMARY KEY (id),
    CONSTRAINT one_row_per_delivery UNIQUE (store_id, key),
    FOREIGN KEY(store_id) REFERENCES stores (id)
);

CREATE INDEX deliveries_of_order ON deliveries (store_id, store_order_id, id);

CREATE INDEX deliveries_unseen ON deliveries (received_at) WHERE looked_at IS NULL;

CREATE TABLE orders (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    store_id TEXT NOT NULL,
    idealo_order_id TEXT NOT NULL,
    store_order_id TEXT,
    store_order_number TEXT,
    placed_at TIMESTAMP WITH TIME ZONE,
    total NUMERIC(12, 2),
    currency TEXT,
    placing_at TIMESTAMP WITH TIME ZONE,
    lease UUID,
    leased_until TIMESTAMP WITH TIME ZONE,
    idealo_fingerprint TEXT,
    idealo_seen_at TIMESTAMP WITH TIME ZONE,
    store_seen_at TIMESTAMP WITH TIME ZONE,
    shipped JSONB,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    closed_at TIMESTAMP WITH TIME ZONE,
    PRIMARY KEY (id),
    CONSTRAINT one_row_per_idealo_order UNIQUE (store_id, idealo_order_id),
    CONSTRAINT one_row_per_store_order UNIQUE (store_id, store_order_id),
    FOREIGN KEY(store_id) REFERENCES stores (id)
);

CREATE INDEX orders_by_idealo_id ON orders (idealo_order_id);

CREATE INDEX orders_by_number ON orders (store_order_number);

CREATE INDEX orders_newest ON orders (store_id, id);

CREATE INDEX orders_unclosed ON orders (store_id, placed_at) WHERE closed_at IS NULL;

CREATE TABLE sku_aliases (
    store_id TEXT NOT NULL,
    idealo_sku TEXT NOT NULL,
    store_sku TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    PRIMARY KEY (store_id, idealo_sku),
    FOREIGN KEY(store_id) REFERENCES stores (id)
);

CREATE TABLE buyers (
    order_id BIGINT NOT NULL,
    sealed BYTEA,
    erased_at TIMESTAMP WITH TIME ZONE,
    PRIMARY KEY (order_id),
    FOREIGN KEY(order_id) REFERENCES orders (id)
);

CREATE TABLE events (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    order_id BIGINT NOT NULL,
    type TEXT NOT NULL,
    key TEXT NOT NULL,
    data JSONB NOT NULL,
    found_by TEXT NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    state TEXT NOT NULL,
    due_at TIMESTAMP WITH TIME ZONE NOT NULL,
    attempts BIGINT NOT NULL,
    problem TEXT,
    PRIMARY KEY (id),
    CONSTRAINT one_row_per_event UNIQUE (order_id, type, key),
    CONSTRAINT event_type_known CHECK (type IN ('order.placed', 'order.imported', 'order.revoked', 'shipment.created', 'line.cancelled', 'line.returned', 'refund.issued', 'order.conflict')),
    CONSTRAINT event_state_known CHECK (state IN ('pending', 'done', 'skipped', 'dead')),
    CONSTRAINT event_found_by_known CHECK (found_by IN ('webhook', 'poll', 'ledger', 'operator')),
    CONSTRAINT dead_events_have_a_problem CHECK ((state = 'dead') = (problem IS NOT NULL)),
    CONSTRAINT event_problem_known CHECK (problem IS NULL OR problem IN ('unknown_sku', 'state_conflict', 'credentials', 'rejected', 'unsupported', 'exhausted', 'bug')),
    FOREIGN KEY(order_id) REFERENCES orders (id)
);

CREATE INDEX events_dead ON events (problem, id) WHERE state = 'dead';

CREATE INDEX events_due ON events (due_at) WHERE state = 'pending';

CREATE INDEX events_of_order ON events (order_id, id);

CREATE INDEX events_recorded ON events (recorded_at);

CREATE TABLE attempts (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    event_id BIGINT NOT NULL,
    number BIGINT NOT NULL,
    actor TEXT NOT NULL,
    action JSONB,
    outcome TEXT NOT NULL,
    detail TEXT NOT NULL,
    started_at TIMESTAMP WITH TIME ZONE NOT NULL,
    ended_at TIMESTAMP WITH TIME ZONE NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT one_row_per_attempt UNIQUE (event_id, number),
    FOREIGN KEY(event_id) REFERENCES events (id)
);

CREATE INDEX attempts_ended ON attempts (ended_at);
"""

# Facts are append-only. `events` may change its bookkeeping columns only, `attempts` nothing at all; `deliveries` expire
# once they were looked at.
GUARDS = (
    """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on % is refused: the ledger is append-only', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$
""",
    """
CREATE FUNCTION keep_event_facts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.id, NEW.order_id, NEW.type, NEW.key, NEW.data, NEW.found_by, NEW.recorded_at)
        IS DISTINCT FROM (OLD.id, OLD.order_id, OLD.type, OLD.key, OLD.data, OLD.found_by, OLD.recorded_at)
    THEN
        RAISE EXCEPTION 'event % is a fact and cannot be changed', OLD.id USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$
""",
    """
CREATE FUNCTION keep_delivery_facts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF OLD.looked_at IS NULL THEN
            RAISE EXCEPTION 'delivery % was not looked at yet', OLD.id USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN OLD;
    END IF;
    IF (NEW.id, NEW.store_id, NEW.key, NEW.topic, NEW.store_order_id, NEW.headers, NEW.body_sha256, NEW.body_size,
        NEW.remark, NEW.received_at)
        IS DISTINCT FROM (OLD.id, OLD.store_id, OLD.key, OLD.topic, OLD.store_order_id, OLD.headers, OLD.body_sha256,
        OLD.body_size, OLD.remark, OLD.received_at)
    THEN
        RAISE EXCEPTION 'delivery % is a fact and cannot be changed', OLD.id USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$
""",
    """
CREATE TRIGGER events_keep_facts BEFORE UPDATE ON events FOR EACH ROW EXECUTE FUNCTION keep_event_facts()
""",
    """
CREATE TRIGGER events_stay BEFORE DELETE ON events FOR EACH ROW EXECUTE FUNCTION refuse_change()
""",
    """
CREATE TRIGGER events_not_emptied BEFORE TRUNCATE ON events FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
""",
    """
CREATE TRIGGER attempts_stay BEFORE UPDATE OR DELETE ON attempts FOR EACH ROW EXECUTE FUNCTION refuse_change()
""",
    """
CREATE TRIGGER attempts_not_emptied BEFORE TRUNCATE ON attempts FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
""",
    """
CREATE TRIGGER deliveries_keep_facts BEFORE UPDATE OR DELETE ON deliveries
    FOR EACH ROW EXECUTE FUNCTION keep_delivery_facts()
""",
)


def upgrade() -> None:
    """Creates everything; on a fresh database nothing is locked."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("SET LOCAL statement_timeout = '60s'")
    for statement in (*TABLES.split(";\n\n"), *GUARDS):
        op.execute(statement)


def downgrade() -> None:
    """Takes the ledger away, facts included: only for databases without orders."""
    op.execute("DROP TABLE attempts, events, buyers, orders, deliveries, cursors, sku_aliases, heartbeats, stores")
    op.execute("DROP FUNCTION refuse_change, keep_event_facts, keep_delivery_facts")
