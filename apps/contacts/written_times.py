"""Times as people and spreadsheets write them. Pure; what is not certain is not read."""

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo

from apps.core.privacy.canonical_text import even, simplified

_DATE = re.compile(r"([0-9]{4})(?:([-/.])([0-9]{1,2})\2([0-9]{1,2})|年([0-9]{1,2})月([0-9]{1,2})[日号])")
_COMPACT = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})(?:([0-9]{2})([0-9]{2})([0-9]{2})?)?")
_WEEKDAY = re.compile(r"^[(]?(?:星期|周|礼拜)[一二三四五六日天][)]?")
_TIME = re.compile(
    r"(?P<half>上午|下午|早上|早晨|凌晨|中午|傍晚|晚上|[ap]\.?m\.?)? *"
    r"(?P<hour>[0-9]{1,2}) *"
    r"(?:[:时点] *(?P<minute>[0-9]{1,2})(?: *[:分] *(?P<second>[0-9]{1,2})(?:[.,](?P<fraction>[0-9]{1,9}))? "
    r"*秒?|分)?|[时点])"
    r" *(?P<after>[ap]\.?m\.?)? *(?P<zone>.*)",
    re.IGNORECASE,
)
_OFFSET = re.compile(r"\(?(?:utc|gmt)?([+-])([0-9]{1,2})(?::?([0-9]{2}))?\)?", re.IGNORECASE)
_CHINESE_UNITS = re.compile(r" *([年月日号]) *")
_SERIAL = re.compile(r"[0-9]{5}(?:\.[0-9]+)?")
_SERIAL_ZERO = datetime(1899, 12, 30)  # noqa: DTZ001  (of spreadsheets; the zone is put on later)
# The hours by the clock's face that each half of the day may have; 晚上1点 may be an hour of the night, and
# is not read.
_AFTERNOON = {"下午": range(1, 12), "pm": range(1, 12), "傍晚": range(4, 9), "晚上": range(6, 12)}


def parse_time(text: str, zone: tzinfo, *, serials: bool = True) -> datetime | None:
    """An aware time from ISO 8601, the forms of spreadsheets and those that people write; None where it is
    not certain.

    A day alone is its beginning in `zone`. Serial numbers of spreadsheets (`serials`) count days since
    1899-12-30.
    """
    text = _CHINESE_UNITS.sub(r"\1", " ".join(simplified(even(text)).lower().split()))
    try:
        if serials and _SERIAL.fullmatch(text):
            return (_SERIAL_ZERO + timedelta(seconds=round(float(text) * 86_400))).replace(tzinfo=zone)
        if compact := _COMPACT.fullmatch(text):
            return datetime(*(int(part) for part in compact.groups() if part), tzinfo=zone)  # type: ignore[arg-type,misc]
        return _written_time(text, zone)
    except (ValueError, OverflowError):
        return None


def _written_time(text: str, zone: tzinfo) -> datetime | None:
    """Raises `ValueError` for a day or an hour that does not exist."""
    found = _DATE.match(text)
    if found is None:
        return None
    year, month, day = int(found[1]), int(found[3] or found[5]), int(found[4] or found[6])
    rest = _WEEKDAY.sub("", text[found.end() :].strip(" t")).strip()
    if not rest:
        return datetime(year, month, day, tzinfo=zone)
    if text[found.end()] not in " t日号上下早凌中傍晚星周礼(" and not found[5]:
        return None
    time = _TIME.fullmatch(rest)
    if time is None:
        return None
    hour = _hour(int(time["hour"]), (time["half"] or time["after"] or "").replace(".", ""))
    offset = _zone_of(time["zone"].strip(), zone)
    if hour is None or offset is None or (time["half"] and time["after"]):
        return None
    microsecond = int(f"{time['fraction'] or '0':0<6}"[:6])
    return datetime(
        year, month, day, hour, int(time["minute"] or 0), int(time["second"] or 0), microsecond, tzinfo=offset
    )


def _hour(hour: int, half: str) -> int | None:
    """The hour of the day; None where the half of the day does not fit, or noon and midnight cannot be kept
    apart."""
    if not half:
        return hour
    if half == "中午":
        return hour if hour in (11, 12) else hour + 12 if hour in (1, 2) else None
    if half in _AFTERNOON:
        if hour == 12:
            return 12 if half in ("下午", "pm") else None
        return (
            hour + 12
            if hour in _AFTERNOON[half]
            else hour
            if hour > 12 and hour - 12 in _AFTERNOON[half]
            else None
        )
    if hour == 12:
        return 0 if half in ("am", "凌晨") else None
    return hour if hour < 12 else None


def _zone_of(text: str, zone: tzinfo) -> tzinfo | None:
    if not text:
        return zone
    if text in ("z", "utc", "gmt"):
        return UTC
    if text in ("北京时间", "(北京时间)"):
        return timezone(timedelta(hours=8))
    if offset := _OFFSET.fullmatch(text):
        ahead = timedelta(hours=int(offset[2]), minutes=int(offset[3] or 0))
        is_known = ahead <= timedelta(hours=14) and int(offset[3] or 0) < 60
        return timezone(-ahead if offset[1] == "-" else ahead) if is_known else None
    return None
