"""Pure rules of governance: no tables, no clock."""
