"""Facts form a chain per store; buyers get keys of their own; retention may take old content away.

Every fact carries the hash of its data, its predecessor's hash and its own. Existing facts are chained here, in the order
they were recorded (by id). Stop the workers of the older version first: they do not know how to add to a chain.

Revision ID: 0002
Revises: 0001
"""

import hashlib
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

BATCH = 2000
GENESIS = bytes(32)

# Every step may be repeated: a migration that broke off between two of them is simply started again.
ADD = """
ALTER TABLE events ADD COLUMN IF NOT EXISTS store_id TEXT, ADD COLUMN IF NOT EXISTS chain_no BIGINT,
    ADD COLUMN IF NOT EXISTS data_hash BYTEA, ADD COLUMN IF NOT EXISTS previous_hash BYTEA,
    ADD COLUMN IF NOT EXISTS hash BYTEA, ADD COLUMN IF NOT EXISTS commitment BYTEA,
    ADD COLUMN IF NOT EXISTS reduced_at TIMESTAMP WITH TIME ZONE;

ALTER TABLE orders ADD COLUMN IF NOT EXISTS reduced_at TIMESTAMP WITH TIME ZONE;

ALTER TABLE buyers ADD COLUMN IF NOT EXISTS sealed_key BYTEA, ADD COLUMN IF NOT EXISTS erased_by TEXT,
    ADD COLUMN IF NOT EXISTS erase_reason TEXT;

CREATE TABLE IF NOT EXISTS chains (
    store_id TEXT NOT NULL,
    length BIGINT NOT NULL,
    head BYTEA NOT NULL,
    PRIMARY KEY (store_id),
    FOREIGN KEY(store_id) REFERENCES stores (id)
);

CREATE TABLE IF NOT EXISTS chain_heads (
    store_id TEXT NOT NULL,
    day DATE NOT NULL,
    length BIGINT NOT NULL,
    hash BYTEA NOT NULL,
    noted_at TIMESTAMP WITH TIME ZONE NOT NULL,
    PRIMARY KEY (store_id, day),
    FOREIGN KEY(store_id) REFERENCES stores (id)
);
"""

INDEXES = {
    "one_place_in_the_chain": "UNIQUE INDEX CONCURRENTLY one_place_in_the_chain ON events (store_id, chain_no)",
    "deliveries_seen": "INDEX CONCURRENTLY deliveries_seen ON deliveries (received_at) WHERE looked_at IS NOT NULL",
    "orders_closed": "INDEX CONCURRENTLY orders_closed ON orders (closed_at) WHERE closed_at IS NOT NULL",
}

TIGHTEN = (
    """
INSERT INTO chains (store_id, length, head)
SELECT DISTINCT ON (store_id) store_id, chain_no, hash FROM events WHERE store_id IS NOT NULL
ORDER BY store_id, chain_no DESC
ON CONFLICT (store_id) DO UPDATE SET length = EXCLUDED.length, head = EXCLUDED.head
""",
    """
ALTER TABLE events ALTER COLUMN store_id SET NOT NULL, ALTER COLUMN chain_no SET NOT NULL,
    ALTER COLUMN data_hash SET NOT NULL, ALTER COLUMN previous_hash SET NOT NULL, ALTER COLUMN hash SET NOT NULL
""",
    "ALTER TABLE events ADD CONSTRAINT one_place_in_the_chain UNIQUE USING INDEX one_place_in_the_chain",
)

# Besides bookkeeping, a settled fact may give up its data, once and completely; its attempts may follow it.
GUARDS = (
    """
CREATE OR REPLACE FUNCTION keep_event_facts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.id, NEW.order_id, NEW.type, NEW.key, NEW.found_by, NEW.recorded_at, NEW.store_id, NEW.chain_no,
        NEW.data_hash, NEW.previous_hash, NEW.hash, NEW.commitment)
        IS DISTINCT FROM (OLD.id, OLD.order_id, OLD.type, OLD.key, OLD.found_by, OLD.recorded_at, OLD.store_id,
        OLD.chain_no, OLD.data_hash, OLD.previous_hash, OLD.hash, OLD.commitment)
    THEN
        RAISE EXCEPTION 'event % is a fact and cannot be changed', OLD.id USING ERRCODE = 'restrict_violation';
    END IF;
    IF (NEW.data, NEW.reduced_at) IS DISTINCT FROM (OLD.data, OLD.reduced_at) AND NOT (
        OLD.reduced_at IS NULL AND NEW.reduced_at IS NOT NULL AND NEW.data = '{}'::jsonb
        AND OLD.state IN ('done', 'skipped'))
    THEN
        RAISE EXCEPTION 'event % is a fact and cannot be changed', OLD.id USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$
""",
    """
CREATE OR REPLACE FUNCTION extend_chain() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE chains SET length = NEW.chain_no, head = NEW.hash
        WHERE store_id = NEW.store_id AND length = NEW.chain_no - 1 AND head = NEW.previous_hash;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'fact % of store % does not continue its chain', NEW.chain_no, NEW.store_id
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$
""",
    """
CREATE OR REPLACE FUNCTION keep_attempts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.id, NEW.event_id, NEW.number, NEW.actor, NEW.outcome, NEW.started_at, NEW.ended_at)
        IS DISTINCT FROM (OLD.id, OLD.event_id, OLD.number, OLD.actor, OLD.outcome, OLD.started_at, OLD.ended_at)
        OR NEW.action IS NOT NULL OR NEW.detail <> ''
        OR NOT EXISTS (SELECT FROM events e WHERE e.id = OLD.event_id AND e.reduced_at IS NOT NULL)
    THEN
        RAISE EXCEPTION 'attempt % cannot be changed: the ledger is append-only', OLD.id
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$
""",
    "CREATE TRIGGER events_extend_chain BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION extend_chain()",
    "DROP TRIGGER attempts_stay ON attempts",
    "CREATE TRIGGER attempts_stay BEFORE DELETE ON attempts FOR EACH ROW EXECUTE FUNCTION refuse_change()",
    "CREATE TRIGGER attempts_keep BEFORE UPDATE ON attempts FOR EACH ROW EXECUTE FUNCTION keep_attempts()",
    """
CREATE TRIGGER chain_heads_stay BEFORE UPDATE OR DELETE ON chain_heads
    FOR EACH ROW EXECUTE FUNCTION refuse_change()
""",
    """
CREATE TRIGGER chain_heads_not_emptied BEFORE TRUNCATE ON chain_heads
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
""",
    "CREATE TRIGGER chains_stay BEFORE DELETE ON chains FOR EACH ROW EXECUTE FUNCTION refuse_change()",
    """
CREATE TRIGGER chains_not_emptied BEFORE TRUNCATE ON chains FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
""",
)

UNCHAINED = """
SELECT e.id, o.store_id, o.idealo_order_id, e.type, e.key, e.data, e.found_by, e.recorded_at
FROM events e JOIN orders o ON o.id = e.order_id
WHERE e.chain_no IS NULL AND e.id > :after ORDER BY e.id LIMIT :batch
"""
CHAIN = """
UPDATE events e SET store_id = c.store_id, chain_no = c.chain_no, data_hash = decode(c.data_hash, 'hex'),
    previous_hash = decode(c.previous_hash, 'hex'), hash = decode(c.hash, 'hex')
FROM unnest(CAST(:id AS bigint[]), CAST(:store_id AS text[]), CAST(:chain_no AS bigint[]), CAST(:data_hash AS text[]),
    CAST(:previous_hash AS text[]), CAST(:hash AS text[])) AS c (id, store_id, chain_no, data_hash, previous_hash, hash)
WHERE e.id = c.id
"""


def upgrade() -> None:
    """Adds the columns, chains what is there while the ledger stays readable, then closes the gap under a lock."""
    _limits()
    for statement in ADD.split(";\n\n"):
        op.execute(statement)
    context = op.get_context()
    if not context.as_sql:
        with context.autocommit_block():
            op.execute("SET lock_timeout = '5s'")
            op.execute("SET statement_timeout = '60s'")
            _chain_everything()
            # Building an index over a large ledger takes as long as it takes; it stops nobody.
            op.execute("SET statement_timeout = 0")
            for name, index in INDEXES.items():
                _make_index(name, index)
            op.execute("RESET lock_timeout")
            op.execute("RESET statement_timeout")
    _limits()
    op.execute("LOCK TABLE events IN ACCESS EXCLUSIVE MODE")
    if context.as_sql:  # a script for a database without facts: Python computes the hashes of those that are there
        for index in INDEXES.values():
            op.execute(f"CREATE {index.replace('CONCURRENTLY ', '')}")
    else:
        _chain_everything()
    for statement in (*TIGHTEN, *GUARDS):
        op.execute(statement)


def downgrade() -> None:
    """Takes the chain away; heads that were noted outside will not match a chain made anew.

    `buyers.sealed_key` stays: without it nobody could open what was sealed since.
    """
    _limits()
    for trigger, table in (
        ("events_extend_chain", "events"),
        ("attempts_keep", "attempts"),
        ("attempts_stay", "attempts"),
    ):
        op.execute(f"DROP TRIGGER {trigger} ON {table}")
    op.execute(
        "CREATE TRIGGER attempts_stay BEFORE UPDATE OR DELETE ON attempts FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )
    op.execute("DROP TABLE chain_heads, chains")
    op.execute("DROP FUNCTION extend_chain, keep_attempts")
    op.execute(_FORMER_GUARD)
    op.execute("DROP INDEX deliveries_seen, orders_closed")
    op.execute(
        "ALTER TABLE events DROP COLUMN store_id, DROP COLUMN chain_no, DROP COLUMN data_hash, "
        "DROP COLUMN previous_hash, DROP COLUMN hash, DROP COLUMN commitment, DROP COLUMN reduced_at"
    )
    op.execute("ALTER TABLE orders DROP COLUMN reduced_at")
    op.execute("ALTER TABLE buyers DROP COLUMN erased_by, DROP COLUMN erase_reason")


_FORMER_GUARD = """
CREATE OR REPLACE FUNCTION keep_event_facts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.id, NEW.order_id, NEW.type, NEW.key, NEW.data, NEW.found_by, NEW.recorded_at)
        IS DISTINCT FROM (OLD.id, OLD.order_id, OLD.type, OLD.key, OLD.data, OLD.found_by, OLD.recorded_at)
    THEN
        RAISE EXCEPTION 'event % is a fact and cannot be changed', OLD.id USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$
"""


def _limits() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("SET LOCAL statement_timeout = '60s'")


def _make_index(name: str, index: str) -> None:
    """What a broken attempt left behind is no index and stands in the way."""
    made = op.get_bind().scalar(
        sa.text("SELECT i.indisvalid FROM pg_index i WHERE i.indexrelid = to_regclass(:n)"), {"n": name}
    )
    if made is False:
        op.execute(f"DROP INDEX CONCURRENTLY {name}")
    if not made:
        op.execute(f"CREATE {index}")


def _chain_everything() -> None:
    """Continues every store's chain over the facts that have no place in it yet, oldest first."""
    bind = op.get_bind()
    ends = bind.execute(
        sa.text(
            "SELECT DISTINCT ON (store_id) store_id, chain_no, hash FROM events WHERE chain_no IS NOT NULL "
            "ORDER BY store_id, chain_no DESC"
        )
    )
    heads: dict[str, tuple[int, bytes]] = {end.store_id: (end.chain_no, end.hash) for end in ends}
    after = 0
    while facts := bind.execute(sa.text(UNCHAINED), {"after": after, "batch": BATCH}).all():
        bind.execute(sa.text(CHAIN), _columns(facts, heads))
        after = facts[-1].id


def _columns(facts: Iterable[Any], heads: dict[str, tuple[int, bytes]]) -> dict[str, list[Any]]:
    columns: dict[str, list[Any]] = {
        name: [] for name in ("id", "store_id", "chain_no", "data_hash", "previous_hash", "hash")
    }
    for fact in facts:
        length, previous = heads.get(fact.store_id, (0, GENESIS))
        data_hash = hashlib.sha256(canonical(fact.data)).digest()
        made = fact_hash(fact, length + 1, data_hash, previous)
        heads[fact.store_id] = length + 1, made
        for name, value in (
            ("id", fact.id), ("store_id", fact.store_id), ("chain_no", length + 1), ("data_hash", data_hash.hex()),
            ("previous_hash", previous.hex()), ("hash", made.hex()),
        ):  # fmt: skip
            columns[name].append(value)
    return columns


# The rule of app/domain/chain.py as it stood when this migration was written; it must never change here.
def canonical(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


def fact_hash(fact: Any, chain_no: int, data_hash: bytes, previous: bytes) -> bytes:
    recorded_at: datetime = fact.recorded_at
    content = {
        "chain_no": chain_no,
        "commitment": None,
        "data_hash": data_hash.hex(),
        "found_by": fact.found_by,
        "idealo_order_id": fact.idealo_order_id,
        "key": fact.key,
        "previous_hash": previous.hex(),
        "recorded_at": recorded_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "store_id": fact.store_id,
        "type": fact.type,
    }
    return hashlib.sha256(b"idealo-bridge fact 1\n" + canonical(content)).digest()
