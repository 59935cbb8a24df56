-- a referral and a record that belong together; record_kind and record_id are empty while the record is being created
create table sync_link (
    id varchar(36) not null primary key,
    connection varchar(60) not null,
    referral_id varchar(36) not null,
    engagement_id varchar(100),
    organization varchar(100),
    record_kind varchar(60),
    record_id varchar(100),
    previous_kind varchar(60),
    previous_id varchar(100),
    state varchar(40) not null,
    state_reason varchar(1000),
    last_outcome varchar(40),
    last_reason varchar(1000),
    last_synced_at timestamp(6) with time zone,
    created timestamp(6) with time zone not null,
    version bigint not null,
    constraint sync_link_referral unique (connection, referral_id),
    constraint sync_link_record unique (connection, record_kind, record_id),
    constraint sync_link_engagement unique (connection, engagement_id, organization)
);
create index sync_link_by_referral on sync_link (referral_id);
create index sync_link_by_record on sync_link (record_id);

-- what both sides held, raw, when they last agreed; fields is a JSON object, personal values in it are sealed
create table sync_baseline (
    link_id varchar(36) not null primary key references sync_link (id),
    mapping varchar(200) not null,
    partner_center_version varchar(200) not null,
    crm_version varchar(200) not null,
    stored_at timestamp(6) with time zone not null,
    fields text not null
);

-- what an attempt is about to write; gone once the attempt has stored its result
create table sync_plan (
    link_id varchar(36) not null primary key references sync_link (id),
    request_id varchar(100) not null,
    kind varchar(20) not null,
    mapping varchar(200) not null,
    record_kind varchar(60) not null,
    record_id varchar(100) not null,
    record_version varchar(200) not null,
    created timestamp(6) with time zone not null,
    written boolean not null,
    fields text not null
);

-- a field that one side cannot take (difference) or that a person must decide (conflict)
create table sync_finding (
    id varchar(36) not null primary key,
    kind varchar(20) not null,
    link_id varchar(36) not null references sync_link (id),
    field varchar(200) not null,
    record_field varchar(200) not null,
    reason varchar(60) not null,
    sentence varchar(1000) not null,
    partner_center text not null,
    crm text not null,
    opened timestamp(6) with time zone not null,
    closed timestamp(6) with time zone
);
create index sync_finding_by_link on sync_finding (link_id, field);

-- how many links one mapping change or restore has written to since "created", and whether a person let the rest go
create table sync_hold (
    id varchar(36) not null primary key,
    connection varchar(60) not null,
    cause varchar(200) not null,
    written integer not null,
    released boolean not null,
    created timestamp(6) with time zone not null,
    constraint sync_hold_cause unique (connection, cause)
);
create table sync_held (
    hold_id varchar(36) not null references sync_hold (id),
    referral_id varchar(36) not null,
    primary key (hold_id, referral_id)
);

-- who creates the account or contact with this match key, of which only a keyed fingerprint is kept; intended_id is known before the create, record_id after it
create table sync_match_lock (
    connection varchar(60) not null,
    kind varchar(60) not null,
    key_hash varchar(64) not null,
    holder varchar(100) not null,
    lease_until timestamp(6) with time zone not null,
    intended_id varchar(36) not null,
    record_id varchar(100) not null,
    primary key (connection, kind, key_hash)
);

-- our organisation at Partner Center where the configuration does not name it
create table sync_organization (
    id integer not null primary key,
    organization varchar(100) not null,
    pinned_at timestamp(6) with time zone not null
);

-- what was last said of a referral, so that it is said once
create table sync_remark (
    connection varchar(60) not null,
    referral_id varchar(36) not null,
    remark varchar(1100) not null,
    primary key (connection, referral_id)
);
