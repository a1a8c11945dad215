"""The trigger of every table that a campaign's terms come from.

The gate remembers a campaign's terms (`calls.gate.terms`) under a token. A change to such a table
takes a new token in the same transaction, so the gate sees the change and the token together. Tokens
come from a sequence and are never given twice, also when a transaction rolls back.
"""

import pgtrigger

RENEWS_TERMS = pgtrigger.Trigger(
    name="renews_terms",
    level=pgtrigger.Statement,
    when=pgtrigger.After,
    operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
    func="update policies_termstoken set token = nextval('policies_termstoken_token'); return null;",
)
NEVER_DELETED = pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete)
