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
