-- the version of a record that needs no look any more: our own write made it, or an attempt has seen it
create table sync_seen (
    connection varchar(60) not null,
    record_kind varchar(60) not null,
    record_id varchar(200) not null,
    version varchar(200) not null,
    primary key (connection, record_kind, record_id)
);

-- a change of a record that a link pointed to before it moved
create index sync_link_by_previous on sync_link (connection, previous_kind, previous_id);

-- how far the change feed of one kind of record was walked, and the lease of the node that walks it
create table sync_token (
    connection varchar(60) not null,
    record_kind varchar(60) not null,
    -- opaque; null: the next walk starts from the beginning
    token varchar(1000000),
    -- the environment, table and fields it was given for; it is good for no others
    given_for varchar(4000),
    given_at timestamp(6) with time zone,
    -- rises with every walk; who stores something names the number of its walk
    fencing bigint not null,
    lease_until timestamp(6) with time zone not null,
    -- when the last walk ended, whichever way
    ended_at timestamp(6) with time zone,
    -- the system asked to be left alone until then
    not_before timestamp(6) with time zone,
    -- why the last walk did not come to its end; null: it did
    failure varchar(2000),
    primary key (connection, record_kind)
);

-- the linked records that a walk from the beginning has met so far; a link whose record it does not meet has lost it
create table sync_token_met (
    connection varchar(60) not null,
    record_kind varchar(60) not null,
    record_id varchar(200) not null,
    primary key (connection, record_kind, record_id)
);
