"""Payments: legs, refunds, the guard of each order, and what providers said.

A frozen copy of models/payments.py as it was, CHECKs included.
"""

from typing import Any

STATEMENTS = (
    """
    CREATE TABLE cafe_payment_rules (
        cafe_id VARCHAR(36) NOT NULL PRIMARY KEY,
        accepts_sandbox BOOLEAN NOT NULL,
        counter_refund_limit_minor BIGINT NOT NULL,
        FOREIGN KEY (cafe_id) REFERENCES cafe (id),
        CONSTRAINT cafe_payment_rules_limit CHECK (counter_refund_limit_minor >= 0)
    )
    """,
    """
    CREATE TABLE order_claim (
        order_id VARCHAR(36) NOT NULL PRIMARY KEY,
        payable_minor BIGINT NOT NULL,
        claimed_minor BIGINT NOT NULL,
        FOREIGN KEY (order_id) REFERENCES orders (id),
        CONSTRAINT order_claim_sum CHECK (claimed_minor BETWEEN 0 AND payable_minor)
    )
    """,
    """
    CREATE TABLE unsettled_order (
        order_id VARCHAR(36) NOT NULL PRIMARY KEY,
        cafe_id VARCHAR(36) NOT NULL,
        since BIGINT NOT NULL,
        FOREIGN KEY (order_id) REFERENCES orders (id),
        FOREIGN KEY (cafe_id) REFERENCES cafe (id)
    )
    """,
    "CREATE INDEX unsettled_order_cafe_id_since ON unsettled_order (cafe_id, since)",
    """
    CREATE TABLE payment (
        id VARCHAR(36) NOT NULL PRIMARY KEY,
        cafe_id VARCHAR(36) NOT NULL,
        order_id VARCHAR(36) NOT NULL,
        number INTEGER NOT NULL,
        method VARCHAR(20) NOT NULL,
        status VARCHAR(20) NOT NULL,
        version INTEGER NOT NULL,
        amount_minor BIGINT NOT NULL,
        tendered_minor BIGINT,
        refunded_minor BIGINT NOT NULL,
        refunding_minor BIGINT NOT NULL,
        credited_minor BIGINT NOT NULL,
        lane_id VARCHAR(36),
        person_id VARCHAR(36),
        sandbox_card VARCHAR(20),
        is_checking BOOLEAN NOT NULL,
        failure_reason VARCHAR(120) NOT NULL,
        created_at BIGINT NOT NULL,
        captured_at BIGINT,
        ended_at BIGINT,
        asks INTEGER NOT NULL,
        asked_at BIGINT,
        next_ask_at BIGINT,
        FOREIGN KEY (cafe_id) REFERENCES cafe (id),
        FOREIGN KEY (order_id) REFERENCES orders (id),
        FOREIGN KEY (lane_id) REFERENCES lane (id),
        FOREIGN KEY (person_id) REFERENCES person (id),
        CONSTRAINT payment_status
            CHECK (status IN ('created', 'pending', 'authorized', 'captured', 'failed', 'cancelled',
            'expired')),
        CONSTRAINT payment_method CHECK (method IN ('cash', 'card_terminal', 'sandbox')),
        CONSTRAINT payment_sandbox_card
            CHECK (sandbox_card IN ('approve', 'decline', 'authorize', 'time_out', 'late')),
        CONSTRAINT payment_amount CHECK (amount_minor > 0),
        CONSTRAINT payment_tendered CHECK (tendered_minor >= amount_minor),
        CONSTRAINT payment_refunds
            CHECK (refunded_minor >= 0 AND refunding_minor >= 0 AND refunded_minor
            + refunding_minor <= amount_minor AND credited_minor BETWEEN 0 AND refunded_minor),
        CONSTRAINT payment_refunds_of_captured
            CHECK (refunded_minor + refunding_minor = 0 OR status = 'captured'),
        CONSTRAINT payment_version CHECK (version >= 1)
    )
    """,
    "CREATE UNIQUE INDEX payment_order_id_number ON payment (order_id, number)",
    "CREATE INDEX payment_next_ask_at ON payment (next_ask_at)",
    "CREATE INDEX payment_cafe_id_captured_at ON payment (cafe_id, captured_at)",
    """
    CREATE TABLE refund (
        id VARCHAR(36) NOT NULL PRIMARY KEY,
        cafe_id VARCHAR(36) NOT NULL,
        order_id VARCHAR(36) NOT NULL,
        payment_id VARCHAR(36) NOT NULL,
        status VARCHAR(20) NOT NULL,
        amount_minor BIGINT NOT NULL,
        reason VARCHAR(120) NOT NULL,
        with_credit BOOLEAN NOT NULL,
        person_id VARCHAR(36),
        failure_reason VARCHAR(120) NOT NULL,
        created_at BIGINT NOT NULL,
        settled_at BIGINT,
        credited_minor BIGINT NOT NULL,
        asks INTEGER NOT NULL,
        asked_at BIGINT,
        next_ask_at BIGINT,
        FOREIGN KEY (cafe_id) REFERENCES cafe (id),
        FOREIGN KEY (order_id) REFERENCES orders (id),
        FOREIGN KEY (payment_id) REFERENCES payment (id),
        FOREIGN KEY (person_id) REFERENCES person (id),
        CONSTRAINT refund_status CHECK (status IN ('requested', 'pending', 'succeeded', 'failed')),
        CONSTRAINT refund_amount CHECK (amount_minor > 0),
        CONSTRAINT refund_credited CHECK (credited_minor BETWEEN 0 AND amount_minor)
    )
    """,
    "CREATE INDEX refund_order_id ON refund (order_id)",
    "CREATE INDEX refund_next_ask_at ON refund (next_ask_at)",
    "CREATE INDEX refund_cafe_id_settled_at ON refund (cafe_id, settled_at)",
    """
    CREATE TABLE provider_event (
        provider VARCHAR(20) NOT NULL,
        event_id VARCHAR(80) NOT NULL,
        cafe_id VARCHAR(36) NOT NULL,
        subject_id VARCHAR(36) NOT NULL,
        outcome VARCHAR(20) NOT NULL,
        received_at BIGINT NOT NULL,
        PRIMARY KEY (provider, event_id),
        FOREIGN KEY (cafe_id) REFERENCES cafe (id)
    )
    """,
)


def up(migrator: Any, database: Any) -> None:  # noqa: ARG001 - the runner's signature
    """Create the tables and indexes."""
    for statement in STATEMENTS:
        database.execute_sql(statement)
