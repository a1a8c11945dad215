"""The gate: facts → rules → decision. `authorize` and `check` in `calls.services` are its doors."""
