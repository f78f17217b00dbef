-- Somebody who works in two windows has a lead in each: which of them has it. Empty where nobody said so.
alter table claims add column desk text not null default '';
