"""The gate: facts → rules → decision. `authorize` and `preview` in `calls.services` are its doors."""
