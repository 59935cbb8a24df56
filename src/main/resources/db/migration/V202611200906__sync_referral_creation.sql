-- a referral that we are about to create for a record: stored before the call, so that a lost answer is looked for and not repeated
create table sync_intent (
    id varchar(36) not null primary key,
    connection varchar(60) not null,
    record_kind varchar(60) not null,
    record_id varchar(100) not null,
    -- OWN: our own referral; MICROSOFT: the one that asks Microsoft for help
    step varchar(20) not null,
    mapping varchar(200) not null,
    help_code varchar(100),
    -- set before the call goes out; empty again once it is certain that nothing was made
    posted_at timestamp(6) with time zone,
    -- when it was first looked for in vain after a lost answer
    missed_at timestamp(6) with time zone,
    created timestamp(6) with time zone not null,
    -- by field what was sent and what the record held; a JSON object, personal values in it are sealed
    fields text not null,
    constraint sync_intent_record unique (connection, record_kind, record_id)
);

-- what is known of Microsoft's own referral in an engagement
create table sync_microsoft (
    engagement_id varchar(100) not null primary key,
    referral_id varchar(36) not null,
    help_code varchar(100),
    crm_id varchar(100),
    state varchar(100) not null,
    seen_at timestamp(6) with time zone not null
);
