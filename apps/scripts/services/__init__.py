"""Scripts: written by one, reviewed by others, published, retired at once (R28); and the rules they are
checked by."""

from .approving import (
    CheckBlocked,
    ReviewOpen,
    approve,
    confirm,
    expire_due,
    overrule,
    publish,
    remind_of_expiry,
    request_changes,
    retire,
    retire_superseded,
)  # fmt: skip
from .remarking import answer, remark, resolve
from .ruling import approve_rule, refuse_rule, write_rule
from .third_reading import read_by_third
from .writing import change_draft, create_script, submit, take_back, write_version

__all__ = [
    "CheckBlocked",
    "ReviewOpen",
    "answer",
    "approve",
    "approve_rule",
    "change_draft",
    "confirm",
    "create_script",
    "expire_due",
    "overrule",
    "publish",
    "read_by_third",
    "refuse_rule",
    "remark",
    "remind_of_expiry",
    "request_changes",
    "resolve",
    "retire",
    "retire_superseded",
    "submit",
    "take_back",
    "write_rule",
    "write_version",
]
