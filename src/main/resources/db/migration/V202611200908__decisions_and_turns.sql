-- who paused a paused link: seller, person or breaker; before this only people did
alter table sync_link add column paused_by varchar(20);
update sync_link set paused_by = 'person' where state = 'paused';

-- whose personal values a finding holds, sealed under that person's own key; empty: nobody's, or not known
alter table sync_finding add column subject text;

-- what a person decided about an open conflict, with both sides as they were then; gone when the conflict is
create table sync_decision (
    finding_id varchar(36) not null primary key references sync_finding (id),
    link_id varchar(36) not null references sync_link (id),
    field varchar(200) not null,
    side varchar(20) not null,
    decided text,
    partner_center text not null,
    crm text not null,
    decider varchar(200) not null,
    decided_at timestamp(6) with time zone not null
);
create index sync_decision_by_link on sync_decision (link_id, field);

-- which way a field of a link was written last, and when the way turned: times in milliseconds, oldest first
create table sync_turn (
    link_id varchar(36) not null references sync_link (id),
    field varchar(200) not null,
    direction varchar(20) not null,
    turned varchar(400) not null,
    written_at timestamp(6) with time zone not null,
    primary key (link_id, field)
);
