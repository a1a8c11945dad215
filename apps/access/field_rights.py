"""The one table of field rights: role → field → rights (R6, R22; design, section 6).

`access.services.apply_roles` writes it into the database, after every migration.
"""

from apps.accounts.roles import Role

PHONE, NAME, NOTE = "contacts.contact.phone", "contacts.contact.name", "contacts.contact.note"
CALL_NOTE = "calls.disposition.note"
MESSAGE = "optouts.message.text"
LIST_ROW = "optouts.listrow.text"
TRANSCRIPT = "quality.transcript.segments"
COMPLAINT, REMEDY = "quality.complaint.text", "quality.complaint.remedy"
REQUEST_PHONE, REQUEST_TEXT = "rights.subjectrequest.phone", "rights.subjectrequest.text"
REQUEST_NAME, REQUEST_ANSWER = "rights.subjectrequest.new_name", "rights.subjectrequest.answer"
REQUEST = (REQUEST_PHONE, REQUEST_TEXT, REQUEST_NAME, REQUEST_ANSWER)
# Secrets that sign messages to other systems: nobody is shown them again.
WEBHOOK_SECRET, WEBHOOK_PREVIOUS = "webhooks.endpoint.secret", "webhooks.endpoint.previous_secret"

FIELD_RIGHTS: dict[str, dict[str, frozenset[str]]] = {
    Role.AGENT: {
        PHONE: frozenset({"view_masked"}),
        NAME: frozenset({"view_masked"}),
        NOTE: frozenset({"view_masked"}),
        CALL_NOTE: frozenset({"view_masked", "change_value"}),
    },
    Role.SUPERVISOR: {
        PHONE: frozenset({"view_masked", "view_clear", "export_value"}),
        NAME: frozenset({"view_masked", "view_clear", "export_value"}),
        NOTE: frozenset({"view_masked", "view_clear"}),
        CALL_NOTE: frozenset({"view_masked", "view_clear"}),
        TRANSCRIPT: frozenset({"view_masked", "view_clear"}),
        COMPLAINT: frozenset({"view_masked", "view_clear", "change_value"}),
        REMEDY: frozenset({"view_masked", "view_clear", "change_value"}),
        REQUEST_PHONE: frozenset({"view_masked"}),
        REQUEST_TEXT: frozenset({"view_masked"}),
        REQUEST_NAME: frozenset({"view_masked"}),
        REQUEST_ANSWER: frozenset({"view_masked"}),
    },
    Role.COMPLIANCE: {
        PHONE: frozenset({"view_masked", "view_clear", "export_value"}),
        NAME: frozenset({"view_masked", "view_clear", "export_value"}),
        NOTE: frozenset({"view_masked", "view_clear"}),
        CALL_NOTE: frozenset({"view_masked", "view_clear"}),
        MESSAGE: frozenset({"view_masked", "view_clear"}),
        LIST_ROW: frozenset({"view_masked", "view_clear"}),
        TRANSCRIPT: frozenset({"view_masked", "view_clear"}),
        COMPLAINT: frozenset({"view_masked", "view_clear", "change_value"}),
        REMEDY: frozenset({"view_masked", "view_clear", "change_value"}),
        REQUEST_PHONE: frozenset({"view_masked", "view_clear"}),
        REQUEST_TEXT: frozenset({"view_masked", "view_clear"}),
        REQUEST_NAME: frozenset({"view_masked", "view_clear"}),
        REQUEST_ANSWER: frozenset({"view_masked", "view_clear", "change_value"}),
    },
    Role.ADMIN: {},
}
FIELDS = (
    PHONE,
    NAME,
    NOTE,
    CALL_NOTE,
    MESSAGE,
    LIST_ROW,
    TRANSCRIPT,
    COMPLAINT,
    REMEDY,
    *REQUEST,
    WEBHOOK_SECRET,
    WEBHOOK_PREVIOUS,
)

# The right on a campaign that a role may hold; compliance sees every campaign, admins none.
CAMPAIGN_RIGHTS: dict[str, str] = {Role.AGENT: "work", Role.SUPERVISOR: "supervise"}
FIELD_CODES = ("view_masked", "view_clear", "change_value", "export_value")
# What nobody of the role is given, not for an hour either: admins see no personal data (R6),
# agents export nothing (R19).
NEVER: dict[str, frozenset[str]] = {
    Role.ADMIN: frozenset(FIELD_CODES),
    Role.AGENT: frozenset({"export_value"}),
}
