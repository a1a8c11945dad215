"""A rule as compliance writes it."""

from typing import Any


def rule_of(**changes: Any) -> dict[str, Any]:
    return {
        "level": "advisory",
        "duty": "R23",
        "law": "norm",
        "kinds": ["marketing", "sms"],
        "trades": [],
        "terms": ["亲亲", "家人们"],
        "required": [],
        "allow": [],
        "negatable": False,
        "must_find": ["家人们，本周有活动"],
        "must_pass": ["您好，本周有活动"],
        "name": {"zh": "称呼不得体", "en": "too familiar"},
        "advice": {"zh": "称呼客户用“您”。", "en": "Address clients politely."},
        **changes,
    }
