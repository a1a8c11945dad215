"""The telephone system that asks the gate: trunks and diallers, the question of the SIP gateway, its
connector (R39)."""
