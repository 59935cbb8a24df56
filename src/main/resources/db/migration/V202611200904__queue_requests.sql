-- Sync requests: one row for each subject that was ever wanted. The row is the truth, a message only a nudge.
create table sync_request (
    id               varchar(36)  not null primary key,
    request_key      varchar(400) not null unique,
    connection       varchar(60)  not null,
    referral_id      varchar(36),
    record_kind      varchar(60),
    record_id        varchar(200),
    -- 1 a person waits, 2 an event, 3 a write-back, 4 a sweep
    priority         integer      not null,
    -- WAITING, RUNNING, DONE or DEAD
    state            varchar(10)  not null,
    -- wants so far, and how many of them the running or last attempt has seen
    wanted_seq       bigint       not null,
    claimed_seq      bigint       not null,
    -- when it may be claimed; of a running one: when its lease has surely run out; null when nothing is to be done
    due_at           timestamp(6) with time zone,
    -- a pause a remote system asked for; no want shortens it
    not_before       timestamp(6) with time zone,
    lease_until      timestamp(6) with time zone,
    lease_owner      varchar(100),
    fencing          bigint       not null,
    -- attempts since the last success, and those of them that count towards a dead letter
    attempts         integer      not null,
    failures         integer      not null,
    cause            varchar(40)  not null,
    correlation      varchar(100) not null,
    delivery         varchar(36),
    -- the oldest want without an answer, and the oldest that came during the running attempt
    wanted_at        timestamp(6) with time zone not null,
    rewanted_at      timestamp(6) with time zone,
    last_outcome     varchar(40),
    last_reason      varchar(2000),
    last_finished_at timestamp(6) with time zone,
    dead_since       timestamp(6) with time zone
);

create index sync_request_next on sync_request (connection, state, priority, wanted_at);
create index sync_request_due on sync_request (state, due_at);
create index sync_request_dead on sync_request (state, dead_since);
create index sync_request_referral on sync_request (referral_id);

-- What a running attempt holds, so that no other attempt works on the same referral or record.
create table request_hold (
    connection  varchar(60)  not null,
    subject     varchar(300) not null,
    request_id  varchar(36)  not null,
    fencing     bigint       not null,
    lease_until timestamp(6) with time zone not null,
    primary key (connection, subject)
);

create index request_hold_request on request_hold (request_id);

-- One row for each connection, and one for Partner Center. Claims of a connection take turns at its row.
create table connection_state (
    system        varchar(60) not null primary key,
    turns         bigint      not null,
    paused        boolean     not null,
    paused_by     varchar(200),
    paused_reason varchar(2000),
    paused_at     timestamp(6) with time zone,
    -- while the set-up is broken: when the next request may try whether it was mended
    probe_at      timestamp(6) with time zone,
    -- the whole system asked for a pause, or could not be reached
    not_before    timestamp(6) with time zone,
    -- how often in a row it could not be reached or was throttled
    failures      integer     not null,
    -- our own limit leaves no call for requests of this priority and lower need until then
    full_until    timestamp(6) with time zone,
    full_rank     integer
);
