-- Deliveries of a Dataverse stand beside those of Partner Center. They have no signature and no body: what was in it is only hashed.
alter table delivery add column sender varchar(20) default 'partner-center' not null;
-- the rest is null for Partner Center
alter table delivery add column connection varchar(60);
-- the logical name of the row's table in the CRM
alter table delivery add column record_table varchar(128);
-- kind/id; null when the connection keeps no records there
alter table delivery add column record varchar(300);
-- the id by which the sender follows one cause
alter table delivery add column sender_correlation varchar(36);
alter table delivery add column organization varchar(36);
alter table delivery add column body_size bigint;
-- hexadecimal
alter table delivery add column body_sha256 varchar(64);
alter table delivery alter column body drop not null;
-- null when the sender did not say it in a way that can be read
alter table delivery alter column resource_change drop not null;
create index delivery_sender on delivery (sender, id);
create index delivery_record on delivery (record, id);
