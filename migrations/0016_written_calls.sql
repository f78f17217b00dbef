-- What somebody said of the call that was asked for, before the PBX told of it: when the PBX does, it is that call.
alter table dial_requests add column written_call_id uuid;
