"""The process beside the SIP server (`manage.py telephony`). It knows no tables: it speaks the public API
with a key of its own."""
