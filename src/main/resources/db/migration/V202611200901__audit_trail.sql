-- The trail. A row is inserted once and never changed: what must be said about it later (seals, leaf hashes) gets tables of its own.
-- The columns repeat members of the canonical form so that they can be filtered; the canonical bytes are what counts.
create table audit_entry (
    id varchar(36) not null primary key,
    entry_time timestamp(6) with time zone not null,
    kind varchar(60) not null,
    actor varchar(200) not null,
    on_behalf_of varchar(200),
    connection varchar(60),
    referral varchar(100),
    engagement varchar(200),
    record varchar(300),
    correlation varchar(100),
    delivery varchar(100),
    request varchar(100),
    attempt integer,
    outcome varchar(60),
    reason varchar(4000),
    mapping varchar(300),
    product_version varchar(60) not null,
    occurrences bigint,
    source varchar(200),
    since timestamp(6) with time zone,
    canonical bytea not null
);

create index audit_entry_time on audit_entry (entry_time desc, id desc);
create index audit_entry_kind on audit_entry (kind, entry_time desc, id desc);
create index audit_entry_actor on audit_entry (actor, entry_time desc, id desc);
create index audit_entry_connection on audit_entry (connection, entry_time desc, id desc);
create index audit_entry_referral on audit_entry (referral, entry_time desc, id desc);
create index audit_entry_engagement on audit_entry (engagement, entry_time desc, id desc);
create index audit_entry_record on audit_entry (record, entry_time desc, id desc);
create index audit_entry_correlation on audit_entry (correlation, entry_time desc, id desc);
create index audit_entry_delivery on audit_entry (delivery, entry_time desc, id desc);
create index audit_entry_outcome on audit_entry (outcome, entry_time desc, id desc);

-- Which fields an entry tells of: only names, never a value.
create table audit_change (
    entry_id varchar(36) not null,
    position integer not null,
    field varchar(300) not null,
    record_field varchar(300) not null,
    primary key (entry_id, position)
);

create index audit_change_field on audit_change (field, entry_id);
create index audit_change_record_field on audit_change (record_field, entry_id);

-- One key per data subject. Erasing takes the key and the fingerprint away and keeps the row, so that an entry can say when and why.
create table subject_key (
    id varchar(36) not null primary key,
    fingerprint varchar(64) unique,
    wrapped_key bytea,
    created_at timestamp(6) with time zone not null,
    erased_at timestamp(6) with time zone,
    erase_reason varchar(1000)
);
