-- whether everything that was wanted since the last success came from the CRM: an attempt then need not ask Partner Center about an echo
alter table sync_request add column from_record boolean default false not null;
