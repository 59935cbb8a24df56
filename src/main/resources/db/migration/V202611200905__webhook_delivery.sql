-- One row for each webhook event that was verified: the raw receipt, enough to verify it again in years.
create table delivery (
    id varchar(36) not null,
    received_at timestamp(6) with time zone not null,
    source varchar(64) not null,
    event_name varchar(200) not null,
    -- null when the event is not about a referral
    referral varchar(36),
    resource_change timestamp(6) with time zone not null,
    resource_change_text varchar(64) not null,
    -- the same for equal events
    dedupe_key varchar(64) not null,
    body bytea not null,
    -- JSON
    headers text not null,
    algorithm varchar(20) not null,
    -- fingerprints of rows of delivery_certificate, the signer's first, comma separated
    chain text not null,
    verdict text not null,
    correlation varchar(36) not null,
    state varchar(20) not null,
    duplicates bigint not null,
    last_duplicate_at timestamp(6) with time zone,
    constraint delivery_pk primary key (id),
    constraint delivery_dedupe unique (dedupe_key)
);
create index delivery_referral on delivery (referral, id);
create index delivery_correlation on delivery (correlation);
create index delivery_received on delivery (received_at);

-- Each certificate once, by the SHA-256 of its DER form.
create table delivery_certificate (
    fingerprint varchar(64) not null,
    der bytea not null,
    constraint delivery_certificate_pk primary key (fingerprint)
);
