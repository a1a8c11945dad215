"""The trigger of every table that a campaign's terms come from.

The gate remembers a campaign's terms (`calls.gate.terms`) under a token. A change to such a table
takes a new token in the same transaction, so the gate sees the change and the token together. Tokens
come from a sequence and are never given twice, also when a transaction rolls back.

The trigger takes the lock of the terms (`core.database.locks`), which every decision shares until its commit.
So a change waits for the decisions under way, and what its transaction does after it (withdraw reservations)
sees what they reserved; a decision that begins meanwhile waits for the change.
"""

import pgtrigger

RENEWS_TERMS = pgtrigger.Trigger(
    name="renews_terms",
    level=pgtrigger.Statement,
    when=pgtrigger.After,
    operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
    func="perform pg_advisory_xact_lock(5, 0); update policies_termstoken set token = "
    "nextval('policies_termstoken_token'); return null;",
)
NEVER_DELETED = pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete)
