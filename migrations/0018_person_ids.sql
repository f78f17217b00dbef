-- People's ids in lower case, as they are asked for from now on: the same id in capitals is the same person.
update lead_opportunities set assigned_to = lower(assigned_to)
where assigned_to ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' and assigned_to <> lower(assigned_to);
update api_keys set user_id = lower(user_id)
where user_id ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' and user_id <> lower(user_id);
