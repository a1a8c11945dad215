"""Logging through structlog, with one processor that masks numbers and names wherever they hide.

Standard-library loggers (Django, Celery, granian) pass the same processors, exceptions
included: what reaches a handler has been masked as finished text.
"""

import re
from collections.abc import Mapping
from typing import Any

import structlog

from .masks import HIDDEN, mask_name
from .protected import Protected

# Every digit of Unicode, on purpose: what only looks like a number is masked too.
_DIGITS = re.compile(
    r"(?<![\w.])(?:\+|00)?\d(?:[ \-()]{0,2}\d){9,18}[Xx]?(?![\w])|(?<=[\u4e00-\u9fff])\d(?:[ "
    r"\-]?\d){9,18}[Xx]?"
    # behind a letter, a sign of a path, or a letter that was escaped on its way here (`\u673a137…`)
    r"|(?<=[A-Za-z_])\d{11,19}[Xx]?(?!\w)|(?<=\\u[0-9a-f]{4})\d{10,19}[Xx]?|(?<!\d)1[3-9]\d{9}(?!\d)"
)
# words of one-time links: who reads the log could use them
_LINK = re.compile(r"(/(?:invitation|o|copy)/)[\w-]{6,}")
_NAME_AFTER_WORD = re.compile(
    r"((?:姓名|客户|联系"
    r"人|client_name|contact_name|full_name)[\"']?\s*[::=]\s*[\"']?)([\u4e00-\u9fff]{2,4}|[A-Z][a-z]+(?: "
    r"[A-Z][a-z]+)+)"
)
_SURNAMES = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘"
    "杜戴夏钟"
    "汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文卫褚"
)
_NAME_BEFORE_TITLE = re.compile(rf"([{_SURNAMES}])[\u4e00-\u9fff]{{1,2}}(?=先生|女士|小姐|同志)")
_NAME_KEYS = {"name", "full_name", "client_name", "contact_name", "姓名"}
DEMO_TEXT = "demo_text"  # what a demo's gateway would send: its links are opened from the log
_OWN_KEYS = {"timestamp", "level", "logger", "task_id", "request_id"}


def mask_text(text: str, *, links: bool = True) -> str:
    """`text` with every run of ten or more digits, every name that words give away, and tokens of one-time
    links masked."""
    if links:
        text = _LINK.sub(r"\1…", text)
    text = _DIGITS.sub(_hide_digits, text)
    text = _NAME_AFTER_WORD.sub(lambda m: m[1] + mask_name(m[2]), text)
    return _NAME_BEFORE_TITLE.sub(lambda m: m[1] + "*", text)


def _hide_digits(match: re.Match[str]) -> str:
    digits = re.sub(r"\D", "", match[0])
    return digits[:3] + HIDDEN + digits[-4:] if len(digits) <= 13 else HIDDEN


def _masked(key: str, value: Any) -> Any:
    if isinstance(value, Protected):
        return str(value)
    if isinstance(value, str):
        return mask_name(value) if key in _NAME_KEYS else mask_text(value, links=key != DEMO_TEXT)
    if isinstance(value, Mapping):
        return {_masked("", k): _masked(str(k), v) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_masked(key, item) for item in value]
    if isinstance(value, bool | float) or value is None:
        return value
    if isinstance(value, int):
        return value if abs(value) < 10**9 else mask_text(str(value))
    return mask_text(str(value))


def mask_personal_data(logger: Any, method: str, event: dict[str, Any]) -> dict[str, Any]:
    """The structlog processor: every value of the event, however deep, without personal data."""
    return {k: v if k in _OWN_KEYS or k.startswith("_") else _masked(k, v) for k, v in event.items()}


_BEFORE: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.stdlib.PositionalArgumentsFormatter(),
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
]


def logging_config(level: str) -> dict[str, Any]:
    """Django's LOGGING: one JSON line an event to standard error."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "json": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": _BEFORE,
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    mask_personal_data,
                    structlog.processors.JSONRenderer(ensure_ascii=False),
                ],
            }
        },
        "handlers": {
            "console": {"class": "logging.StreamHandler", "formatter": "json"},
            "admins": {"class": "apps.core.privacy.error_delivery.ErrorMail", "formatter": "json"},
        },
        "root": {"handlers": ["console", "admins"], "level": level},
        "loggers": {
            "django": {"handlers": [], "level": level, "propagate": True},
            "django.server": {"handlers": [], "level": level, "propagate": True},
        },
    }


def configure() -> None:
    """Send structlog's own loggers through the standard library's handlers."""
    structlog.configure(
        processors=[*_BEFORE, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
