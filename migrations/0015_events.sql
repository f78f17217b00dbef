-- Whoever is told live of changes asks for those after the last ones, which the other keys do not find.
create index audit_by_id on audit (id);
