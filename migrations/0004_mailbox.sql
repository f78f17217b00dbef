-- In the folder of mails; null where the message is in `body`.
alter table inbox add column file_name text;
