"""Pages of scripts: written, reviewed, and the rules they are checked by."""

from .review import (
    remark_change,
    remark_new,
    script_next,
    script_overrule,
    script_publish,
    script_queue,
    script_retire,
    script_review,
)
from .ruling import rule, rule_change, rule_decide, rule_new, rule_version, rules
from .scripts import script, script_new, script_submit, scripts, version_edit, version_new

__all__ = [
    "remark_change", "remark_new", "rule", "rule_change", "rule_decide", "rule_new", "rule_version", "rules",
    "script", "script_new",
    "script_next", "script_overrule", "script_publish", "script_queue", "script_retire", "script_review",
    "script_submit", "scripts",
    "version_edit", "version_new",
]  # fmt: skip
