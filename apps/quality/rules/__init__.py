"""Pure rules of quality: no clock, no tables, no settings. One file a subject."""
