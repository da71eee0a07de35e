"""Tables of the first service: cafes, people, menu, orders, the event log.

A frozen copy of models/ as it was, CHECKs included; a test holds both against each other. One
text serves SQLite and PostgreSQL.
"""

from typing import Any

STATEMENTS = (
    """
    CREATE TABLE cafe (
        id VARCHAR(36) NOT NULL PRIMARY KEY,
        name VARCHAR(120) NOT NULL,
        currency VARCHAR(3) NOT NULL,
        currency_exponent INTEGER NOT NULL,
        timezone VARCHAR(64) NOT NULL,
        locale VARCHAR(20) NOT NULL,
        prices_include_tax BOOLEAN NOT NULL,
        tax_rounding VARCHAR(20) NOT NULL,
        business_day_cutoff_minutes INTEGER NOT NULL,
        approve_first_order BOOLEAN NOT NULL,
        grace_s INTEGER NOT NULL,
        menu_version INTEGER NOT NULL,
        created_at BIGINT NOT NULL,
        closed_at BIGINT,
        CONSTRAINT cafe_tax_rounding CHECK (tax_rounding IN ('per_line', 'per_document')),
        CONSTRAINT cafe_currency_exponent CHECK (currency_exponent IN (0, 2, 3)),
        CONSTRAINT cafe_cutoff CHECK (business_day_cutoff_minutes BETWEEN 0 AND 1439),
        CONSTRAINT cafe_grace CHECK (grace_s BETWEEN 0 AND 600),
        CONSTRAINT cafe_menu_version CHECK (menu_version >= 1)
    )
    """,
    """
    CREATE TABLE cafe_head (
        cafe_id VARCHAR(36) NOT NULL PRIMARY KEY,
        epoch VARCHAR(36) NOT NULL,
        seq BIGINT NOT NULL,
        last_event_id VARCHAR(36) NOT NULL,
        FOREIGN KEY (cafe_id) REFERENCES cafe (id),
        CONSTRAINT cafe_head_seq CHECK (seq >= 0)
    )
    """,
    """
    CREATE TABLE station (
        id VARCHAR(36) NOT NULL PRIMARY KEY,
        cafe_id VARCHAR(36) NOT NULL,
        name VARCHAR(60) NOT NULL,
        slug VARCHAR(60) NOT NULL,
        target_s INTEGER NOT NULL,
        position INTEGER NOT NULL,
        archived_at BIGINT,
        FOREIGN KEY (cafe_id) REFERENCES cafe (id),
        CONSTRAINT station_target CHECK (target_s > 0)
    )
    """,
    "CREATE UNIQUE INDEX station_cafe_id_slug ON station (cafe_id, slug)",
    """
    CREATE TABLE cafe_table (
        id VARCHAR(36) NOT NULL PRIMARY KEY,
        cafe_id VARCHAR(36) NOT NULL,
        number INTEGER NOT NULL,
        label VARCHAR(60) NOT NULL,
        area VARCHAR(60) NOT NULL,
        seats INTEGER NOT NULL,
        code VARCHAR(64) NOT NULL,
        archived_at BIGINT,
        FOREIGN KEY (cafe_id) REFERENCES cafe (id),
        CONSTRAINT cafe_table_number CHECK (number BETWEEN 1 AND 9999),
        CONSTRAINT cafe_table_seats CHECK (seats BETWEEN 1 AND 99),
        CONSTRAINT cafe_table_code_length CHECK (length(code) >= 22)
    )
    """,
    "CREATE UNIQUE INDEX cafe_table_code ON cafe_table (code)",
    "CREATE UNIQUE INDEX cafe_table_cafe_id_number ON cafe_table (cafe_id, number)",
    """
    CREATE TABLE device (
        id VARCHAR(36) NOT NULL PRIMARY KEY,
        cafe_id VARCHAR(36) NOT NULL,
        station_id VARCHAR(36),
        name VARCHAR(60) NOT NULL,
        role VARCHAR(20) NOT NULL,
        created_at BIGINT NOT NULL,
        last_seen_at BIGINT,
        revoked_at BIGINT,
        FOREIGN KEY (cafe_id) REFERENCES cafe (id),
        FOREIGN KEY (station_id) REFERENCES station (id),
        CONSTRAINT device_role CHECK (role IN ('kitchen', 'expo', 'counter', 'board'))
    )
    """,
    "CREATE INDEX device_cafe_id ON device (cafe_id)",
    """
    CREATE TABLE personal_data (
        id VARCHAR(36) NOT NULL PRIMARY KEY,
        name VARCHAR(120) NOT NULL,
        email VARCHAR(254),
        phone VARCHAR(40) NOT NULL,
        erased_at BIGINT,
        CONSTRAINT personal_data_email CHECK (email = lower(email))
    )
    """,
    "CREATE UNIQUE INDEX personal_data_email ON personal_data (email)",
    """
    CREATE TABLE person (
        id VARCHAR(36) NOT NULL PRIMARY KEY,
        personal_data_id VARCHAR(36) NOT NULL,
        password_hash VARCHAR(255) NOT NULL,
        created_at BIGINT NOT NULL,
        disabled_at BIGINT,
        FOREIGN KEY (personal_data_id) REFERENCES personal_data (id)
    )
    """,
    "CREATE UNIQUE INDEX person_personal_data_id ON person (personal_data_id)",
    """
    CREATE TABLE membership (
        cafe_id VARCHAR(36) NOT NULL,
        person_id VARCHAR(36) NOT NULL,
        role VARCHAR(20) NOT NULL,
        created_at BIGINT NOT NULL,
        PRIMARY KEY (person_id, cafe_id, role),
        FOREIGN KEY (cafe_id) REFERENCES cafe (id),
        FOREIGN KEY (person_id) REFERENCES person (id),
        CONSTRAINT membership_role
            CHECK (role IN ('kitchen', 'expo', 'counter', 'manager', 'owner'))
    )
    """,
    "CREATE INDEX membership_cafe_id ON membership (cafe_id)",
    """
    CREATE TABLE sign_in (
        id VARCHAR(36) NOT NULL PRIMARY KEY,
        token_hash VARCHAR(64) NOT NULL,
        person_id VARCHAR(36) NOT NULL,
        cafe_id VARCHAR(36) NOT NULL,
        created_at BIGINT NOT NULL,
        expires_at BIGINT NOT NULL,
        last_seen_at BIGINT NOT NULL,
        revoked_at BIGINT,
        FOREIGN KEY (person_id) REFERENCES person (id),
        FOREIGN KEY (cafe_id) REFERENCES cafe (id)
    )
    """,
    "CREATE UNIQUE INDEX sign_in_token_hash ON sign_in (token_hash)",
    "CREATE INDEX sign_in_person_id_cafe_id ON sign_in (person_id, cafe_id)",
    "CREATE INDEX sign_in_expires_at ON sign_in (expires_at)",
    """
    CREATE TABLE revoked_token (
        jti VARCHAR(36) NOT NULL PRIMARY KEY,
        cafe_id VARCHAR(36) NOT NULL,
        revoked_at BIGINT NOT NULL,
        expires_at BIGINT NOT NULL,
        FOREIGN KEY (cafe_id) REFERENCES cafe (id)
    )
    """,
    "CREATE INDEX revoked_token_expires_at ON revoked_token (expires_at)",
    """
    CREATE TABLE used_ticket (
        jti VARCHAR(36) NOT NULL PRIMARY KEY,
        cafe_id VARCHAR(36) NOT NULL,
        used_at BIGINT NOT NULL,
        expires_at BIGINT NOT NULL,
        FOREIGN KEY (cafe_id) REFERENCES cafe (id)
    )
    """,
    "CREATE INDEX used_ticket_expires_at ON used_ticket (expires_at)",
    """
    CREATE TABLE tax_code (
        id VARCHAR(36) NOT NULL PRIMARY KEY,
        cafe_id VARCHAR(36) NOT NULL,
        code VARCHAR(20) NOT NULL,
        name VARCHAR(60) NOT NULL,
        rate_ppm INTEGER NOT NULL,
        FOREIGN KEY (cafe_id) REFERENCES cafe (id),
        CONSTRAINT tax_code_rate CHECK (rate_ppm BETWEEN 0 AND 1000000)
    )
    """,
    "CREATE UNIQUE INDEX tax_code_cafe_id_code ON tax_code (cafe_id, code)",
    """
    CREATE TABLE menu_category (
        id VARCHAR(36) NOT NULL PRIMARY KEY,
        cafe_id VARCHAR(36) NOT NULL,
        name VARCHAR(80) NOT NULL,
        position INTEGER NOT NULL,
        archived_at BIGINT,
        FOREIGN KEY (cafe_id) REFERENCES cafe (id)
    )
    """,
    "CREATE INDEX menu_category_cafe_id_position ON menu_category (cafe_id, position)",
    """
    CREATE TABLE menu_item (
        id VARCHAR(36) NOT NULL PRIMARY KEY,
        cafe_id VARCHAR(36) NOT NULL,
        category_id VARCHAR(36) NOT NULL,
        station_id VARCHAR(36) NOT NULL,
        tax_code_id VARCHAR(36) NOT NULL,
        name VARCHAR(80) NOT NULL,
        kitchen_name VARCHAR(40) NOT NULL,
        description VARCHAR(400) NOT NULL,
        price_minor BIGINT NOT NULL,
        prep_s INTEGER NOT NULL,
        plate VARCHAR(40) NOT NULL,
        allergens TEXT NOT NULL,
        diets TEXT NOT NULL,
        position INTEGER NOT NULL,
        sold_out_at BIGINT,
        sold_out_until BIGINT,
        archived_at BIGINT,
        FOREIGN KEY (cafe_id) REFERENCES cafe (id),
        FOREIGN KEY (category_id) REFERENCES menu_category (id),
        FOREIGN KEY (station_id) REFERENCES station (id),
        FOREIGN KEY (tax_code_id) REFERENCES tax_code (id),
        CONSTRAINT menu_item_price CHECK (price_minor >= 0),
        CONSTRAINT menu_item_prep CHECK (prep_s >= 0)
    )
    """,
    "CREATE INDEX menu_item_cafe_id_category_id_position"
    " ON menu_item (cafe_id, category_id, position)",
    """
    CREATE TABLE modifier_group (
        id VARCHAR(36) NOT NULL PRIMARY KEY,
        cafe_id VARCHAR(36) NOT NULL,
        name VARCHAR(80) NOT NULL,
        is_required BOOLEAN NOT NULL,
        minimum INTEGER NOT NULL,
        maximum INTEGER NOT NULL,
        archived_at BIGINT,
        FOREIGN KEY (cafe_id) REFERENCES cafe (id),
        CONSTRAINT modifier_group_limits
            CHECK (minimum >= 0 AND (maximum = 0 OR maximum >= minimum))
    )
    """,
    "CREATE INDEX modifier_group_cafe_id ON modifier_group (cafe_id)",
    """
    CREATE TABLE menu_item_modifier_group (
        menu_item_id VARCHAR(36) NOT NULL,
        modifier_group_id VARCHAR(36) NOT NULL,
        position INTEGER NOT NULL,
        PRIMARY KEY (menu_item_id, modifier_group_id),
        FOREIGN KEY (menu_item_id) REFERENCES menu_item (id),
        FOREIGN KEY (modifier_group_id) REFERENCES modifier_group (id)
    )
    """,
    "CREATE INDEX menu_item_modifier_group_modifier_group_id"
    " ON menu_item_modifier_group (modifier_group_id)",
    """
    CREATE TABLE modifier (
        id VARCHAR(36) NOT NULL PRIMARY KEY,
        cafe_id VARCHAR(36) NOT NULL,
        modifier_group_id VARCHAR(36) NOT NULL,
        name VARCHAR(80) NOT NULL,
        kitchen_name VARCHAR(40) NOT NULL,
        price_minor BIGINT NOT NULL,
        is_default BOOLEAN NOT NULL,
        is_removal BOOLEAN NOT NULL,
        allergens TEXT NOT NULL,
        position INTEGER NOT NULL,
        sold_out_at BIGINT,
        sold_out_until BIGINT,
        archived_at BIGINT,
        FOREIGN KEY (cafe_id) REFERENCES cafe (id),
        FOREIGN KEY (modifier_group_id) REFERENCES modifier_group (id),
        CONSTRAINT modifier_price CHECK (price_minor >= 0)
    )
    """,
    "CREATE INDEX modifier_modifier_group_id_position ON modifier (modifier_group_id, position)",
    "CREATE INDEX modifier_cafe_id ON modifier (cafe_id)",
    """
    CREATE TABLE table_session (
        id VARCHAR(36) NOT NULL PRIMARY KEY,
        cafe_id VARCHAR(36) NOT NULL,
        table_id VARCHAR(36) NOT NULL,
        opened_at BIGINT NOT NULL,
        verified_at BIGINT,
        closed_at BIGINT,
        FOREIGN KEY (cafe_id) REFERENCES cafe (id),
        FOREIGN KEY (table_id) REFERENCES cafe_table (id)
    )
    """,
    "CREATE UNIQUE INDEX table_session_open_table"
    " ON table_session (table_id) WHERE closed_at IS NULL",
    "CREATE INDEX table_session_open_cafe ON table_session (cafe_id) WHERE closed_at IS NULL",
    """
    CREATE TABLE lane (
        id VARCHAR(36) NOT NULL PRIMARY KEY,
        cafe_id VARCHAR(36) NOT NULL,
        table_session_id VARCHAR(36) NOT NULL,
        number INTEGER NOT NULL,
        personal_data_id VARCHAR(36),
        opened_at BIGINT NOT NULL,
        FOREIGN KEY (cafe_id) REFERENCES cafe (id),
        FOREIGN KEY (table_session_id) REFERENCES table_session (id),
        FOREIGN KEY (personal_data_id) REFERENCES personal_data (id),
        CONSTRAINT lane_number CHECK (number >= 1)
    )
    """,
    "CREATE UNIQUE INDEX lane_table_session_id_number ON lane (table_session_id, number)",
    """
    CREATE TABLE order_number_counter (
        cafe_id VARCHAR(36) NOT NULL,
        business_date VARCHAR(10) NOT NULL,
        last_number INTEGER NOT NULL,
        PRIMARY KEY (cafe_id, business_date),
        FOREIGN KEY (cafe_id) REFERENCES cafe (id),
        CONSTRAINT order_number_counter_last CHECK (last_number >= 0)
    )
    """,
    """
    CREATE TABLE orders (
        id VARCHAR(36) NOT NULL PRIMARY KEY,
        cafe_id VARCHAR(36) NOT NULL,
        number INTEGER NOT NULL,
        business_date VARCHAR(10) NOT NULL,
        channel VARCHAR(20) NOT NULL,
        table_id VARCHAR(36),
        table_number INTEGER,
        table_label VARCHAR(60) NOT NULL,
        table_session_id VARCHAR(36),
        lane_id VARCHAR(36),
        person_id VARCHAR(36),
        status VARCHAR(20) NOT NULL,
        version INTEGER NOT NULL,
        currency VARCHAR(3) NOT NULL,
        prices_include_tax BOOLEAN NOT NULL,
        subtotal_minor BIGINT NOT NULL,
        tax_minor BIGINT NOT NULL,
        total_minor BIGINT NOT NULL,
        taxes TEXT NOT NULL,
        submitted_at BIGINT NOT NULL,
        estimated_ready_at BIGINT,
        completed_at BIGINT,
        FOREIGN KEY (cafe_id) REFERENCES cafe (id),
        FOREIGN KEY (table_id) REFERENCES cafe_table (id),
        FOREIGN KEY (table_session_id) REFERENCES table_session (id),
        FOREIGN KEY (lane_id) REFERENCES lane (id),
        FOREIGN KEY (person_id) REFERENCES person (id),
        CONSTRAINT orders_status
            CHECK (status IN ('draft', 'submitted', 'confirmed', 'preparing', 'ready', 'completed',
            'rejected', 'cancelled', 'expired')),
        CONSTRAINT orders_channel CHECK (channel IN ('table', 'counter')),
        CONSTRAINT orders_number CHECK (number >= 1),
        CONSTRAINT orders_version CHECK (version >= 1),
        CONSTRAINT orders_money CHECK (subtotal_minor >= 0 AND tax_minor >= 0 AND total_minor >= 0)
    )
    """,
    "CREATE UNIQUE INDEX orders_cafe_id_business_date_number"
    " ON orders (cafe_id, business_date, number)",
    "CREATE INDEX orders_cafe_id_status_submitted_at ON orders (cafe_id, status, submitted_at)",
    "CREATE INDEX orders_table_session_id ON orders (table_session_id)",
    """
    CREATE TABLE order_round (
        id VARCHAR(36) NOT NULL PRIMARY KEY,
        order_id VARCHAR(36) NOT NULL,
        number INTEGER NOT NULL,
        status VARCHAR(20) NOT NULL,
        lane_id VARCHAR(36),
        person_id VARCHAR(36),
        note VARCHAR(200) NOT NULL,
        allergy VARCHAR(60) NOT NULL,
        menu_version INTEGER NOT NULL,
        progress_percentage INTEGER NOT NULL,
        submitted_at BIGINT NOT NULL,
        fired_at BIGINT,
        undo_until BIGINT,
        reason VARCHAR(120) NOT NULL,
        FOREIGN KEY (order_id) REFERENCES orders (id),
        FOREIGN KEY (lane_id) REFERENCES lane (id),
        FOREIGN KEY (person_id) REFERENCES person (id),
        CONSTRAINT order_round_status
            CHECK (status IN ('submitted', 'confirmed', 'rejected', 'expired', 'cancelled')),
        CONSTRAINT order_round_number CHECK (number >= 1),
        CONSTRAINT order_round_progress CHECK (progress_percentage BETWEEN 0 AND 100)
    )
    """,
    "CREATE UNIQUE INDEX order_round_order_id_number ON order_round (order_id, number)",
    """
    CREATE TABLE round_hold (
        round_id VARCHAR(36) NOT NULL,
        kind VARCHAR(20) NOT NULL,
        reason VARCHAR(120) NOT NULL,
        owner VARCHAR(20) NOT NULL,
        created_at BIGINT NOT NULL,
        expires_at BIGINT,
        cleared_at BIGINT,
        PRIMARY KEY (round_id, kind),
        FOREIGN KEY (round_id) REFERENCES order_round (id),
        CONSTRAINT round_hold_kind CHECK (kind IN ('payment', 'approval', 'schedule', 'throttle'))
    )
    """,
    "CREATE INDEX round_hold_cleared_at_expires_at ON round_hold (cleared_at, expires_at)",
    """
    CREATE TABLE ticket (
        id VARCHAR(36) NOT NULL PRIMARY KEY,
        cafe_id VARCHAR(36) NOT NULL,
        order_id VARCHAR(36) NOT NULL,
        round_id VARCHAR(36) NOT NULL,
        station_id VARCHAR(36) NOT NULL,
        status VARCHAR(20) NOT NULL,
        version INTEGER NOT NULL,
        priority VARCHAR(20) NOT NULL,
        is_recalled BOOLEAN NOT NULL,
        target_s INTEGER NOT NULL,
        queued_at BIGINT NOT NULL,
        started_at BIGINT,
        completed_at BIGINT,
        FOREIGN KEY (cafe_id) REFERENCES cafe (id),
        FOREIGN KEY (order_id) REFERENCES orders (id),
        FOREIGN KEY (round_id) REFERENCES order_round (id),
        FOREIGN KEY (station_id) REFERENCES station (id),
        CONSTRAINT ticket_status
            CHECK (status IN ('received', 'started', 'completed', 'cancelled')),
        CONSTRAINT ticket_priority CHECK (priority IN ('low', 'normal', 'high', 'urgent')),
        CONSTRAINT ticket_version CHECK (version >= 1),
        CONSTRAINT ticket_target CHECK (target_s > 0)
    )
    """,
    "CREATE UNIQUE INDEX ticket_round_id_station_id ON ticket (round_id, station_id)",
    "CREATE INDEX ticket_order_id ON ticket (order_id)",
    "CREATE INDEX ticket_cafe_id_station_id_status_queued_at"
    " ON ticket (cafe_id, station_id, status, queued_at)",
    "CREATE INDEX ticket_cafe_id_station_id_completed_at"
    " ON ticket (cafe_id, station_id, completed_at)",
    """
    CREATE TABLE order_item (
        id VARCHAR(36) NOT NULL PRIMARY KEY,
        cafe_id VARCHAR(36) NOT NULL,
        order_id VARCHAR(36) NOT NULL,
        round_id VARCHAR(36) NOT NULL,
        station_id VARCHAR(36) NOT NULL,
        menu_item_id VARCHAR(36) NOT NULL,
        lane_id VARCHAR(36),
        line_number INTEGER NOT NULL,
        name VARCHAR(80) NOT NULL,
        kitchen_name VARCHAR(40) NOT NULL,
        plate VARCHAR(40) NOT NULL,
        quantity INTEGER NOT NULL,
        note VARCHAR(200) NOT NULL,
        prep_s INTEGER NOT NULL,
        unit_price_minor BIGINT NOT NULL,
        line_total_minor BIGINT NOT NULL,
        tax_code VARCHAR(20) NOT NULL,
        tax_name VARCHAR(60) NOT NULL,
        rate_ppm INTEGER NOT NULL,
        net_minor BIGINT NOT NULL,
        tax_minor BIGINT NOT NULL,
        status VARCHAR(20) NOT NULL,
        version INTEGER NOT NULL,
        queued_at BIGINT,
        started_at BIGINT,
        ready_at BIGINT,
        served_at BIGINT,
        voided_at BIGINT,
        void_reason VARCHAR(120) NOT NULL,
        void_seen_at BIGINT,
        remake_of_id VARCHAR(36),
        split_from_id VARCHAR(36),
        FOREIGN KEY (cafe_id) REFERENCES cafe (id),
        FOREIGN KEY (order_id) REFERENCES orders (id),
        FOREIGN KEY (round_id) REFERENCES order_round (id),
        FOREIGN KEY (station_id) REFERENCES station (id),
        FOREIGN KEY (menu_item_id) REFERENCES menu_item (id),
        FOREIGN KEY (lane_id) REFERENCES lane (id),
        FOREIGN KEY (remake_of_id) REFERENCES order_item (id),
        FOREIGN KEY (split_from_id) REFERENCES order_item (id),
        CONSTRAINT order_item_status
            CHECK (status IN ('held', 'queued', 'started', 'ready', 'served', 'voided')),
        CONSTRAINT order_item_quantity CHECK (quantity BETWEEN 1 AND 99),
        CONSTRAINT order_item_version CHECK (version >= 1),
        CONSTRAINT order_item_rate CHECK (rate_ppm BETWEEN 0 AND 1000000),
        CONSTRAINT order_item_money
            CHECK (unit_price_minor >= 0 AND line_total_minor >= 0 AND net_minor >= 0 AND tax_minor
            >= 0)
    )
    """,
    "CREATE UNIQUE INDEX order_item_order_id_line_number ON order_item (order_id, line_number)",
    "CREATE INDEX order_item_round_id_station_id ON order_item (round_id, station_id)",
    """
    CREATE TABLE order_item_modifier (
        order_item_id VARCHAR(36) NOT NULL,
        position INTEGER NOT NULL,
        modifier_id VARCHAR(36) NOT NULL,
        name VARCHAR(80) NOT NULL,
        kitchen_name VARCHAR(40) NOT NULL,
        quantity INTEGER NOT NULL,
        price_minor BIGINT NOT NULL,
        is_removal BOOLEAN NOT NULL,
        is_usual BOOLEAN NOT NULL,
        PRIMARY KEY (order_item_id, position),
        FOREIGN KEY (order_item_id) REFERENCES order_item (id),
        FOREIGN KEY (modifier_id) REFERENCES modifier (id),
        CONSTRAINT order_item_modifier_quantity CHECK (quantity BETWEEN 1 AND 99),
        CONSTRAINT order_item_modifier_price CHECK (price_minor >= 0)
    )
    """,
    """
    CREATE TABLE event_log (
        cafe_id VARCHAR(36) NOT NULL,
        seq BIGINT NOT NULL,
        event_id VARCHAR(36) NOT NULL,
        epoch VARCHAR(36) NOT NULL,
        type VARCHAR(60) NOT NULL,
        payload TEXT NOT NULL,
        at BIGINT NOT NULL,
        user_id VARCHAR(36),
        PRIMARY KEY (cafe_id, seq),
        FOREIGN KEY (cafe_id) REFERENCES cafe (id),
        CONSTRAINT event_log_seq CHECK (seq >= 1)
    )
    """,
    "CREATE UNIQUE INDEX event_log_event_id ON event_log (event_id)",
    """
    CREATE TABLE command_answer (
        cafe_id VARCHAR(36) NOT NULL,
        principal VARCHAR(60) NOT NULL,
        command_type VARCHAR(60) NOT NULL,
        command_id VARCHAR(64) NOT NULL,
        body_hash VARCHAR(64) NOT NULL,
        answer TEXT NOT NULL,
        seq BIGINT NOT NULL,
        created_at BIGINT NOT NULL,
        PRIMARY KEY (cafe_id, principal, command_type, command_id),
        FOREIGN KEY (cafe_id) REFERENCES cafe (id)
    )
    """,
    "CREATE INDEX command_answer_created_at ON command_answer (created_at)",
    """
    CREATE TABLE audit_entry (
        id VARCHAR(36) NOT NULL PRIMARY KEY,
        cafe_id VARCHAR(36) NOT NULL,
        at BIGINT NOT NULL,
        kind VARCHAR(60) NOT NULL,
        principal VARCHAR(60) NOT NULL,
        details TEXT NOT NULL,
        FOREIGN KEY (cafe_id) REFERENCES cafe (id)
    )
    """,
    "CREATE INDEX audit_entry_cafe_id_at ON audit_entry (cafe_id, at)",
)


def up(migrator: Any, database: Any) -> None:  # noqa: ARG001 - the runner's signature
    """Create every table and index."""
    for statement in STATEMENTS:
        database.execute_sql(statement)
