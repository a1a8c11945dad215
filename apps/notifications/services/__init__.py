"""Messages to people, one file a subject."""

from .inbox import close_notices, mark_done, mark_read, notify, was_notified
from .mailing import choose_mails, mail_in_the_morning, mail_now, mode_of
from .outbox import can_send, count_messages, drop_messages_to, messages_to, queue_mail, queue_sms, send_due

__all__ = [
    "can_send",
    "choose_mails",
    "close_notices",
    "count_messages",
    "drop_messages_to",
    "mail_in_the_morning",
    "mail_now",
    "mark_done",
    "mark_read",
    "messages_to",
    "mode_of",
    "notify",
    "queue_mail",
    "queue_sms",
    "send_due",
    "was_notified",
]
