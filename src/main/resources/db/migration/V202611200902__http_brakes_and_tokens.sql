-- One row per remote system: the row is the lock under which permits are given, and holds the pause the system asked for.
create table http_system (
    system_name varchar(300) not null primary key,
    paused_until timestamp(6) with time zone
);

-- How many permits were given in each second (whole seconds since 1970, the database's clock).
create table http_permit (
    system_name varchar(300) not null,
    bucket bigint not null,
    used integer not null,
    primary key (system_name, bucket)
);

-- The newest refresh token of each credential, encrypted (Base64), with the fingerprint of the configured token it came from.
create table http_refresh_token (
    credential varchar(600) not null primary key,
    configured_fingerprint varchar(64) not null,
    token varchar(20000) not null,
    generation bigint not null,
    rotated_at timestamp(6) with time zone not null
);
