"""Sent inside the transaction that does it: `complaint_opened` (again too) with `complaint`,
`complaint_closed` with `complaint` and `actor`. The room of retention keeps what an open complaint is
about."""

from django.dispatch import Signal

complaint_opened = Signal()
complaint_closed = Signal()
