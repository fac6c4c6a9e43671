"""From what stands in a cell to a date, a time, a number, a text: the forms that people use.

In: one raw value. Out: the plain value, None for an empty cell, or `Unfit` with what was expected.
Never: guesses between two readings of the same text; what could mean two things is refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Final

from monitor.identity import IdentityError, Sentence, check, mask
from monitor.workbook.grid import Broken, Unsolved, Value

SAFE_DIGITS: Final = 10**15
"""A spreadsheet keeps 15 significant digits of a number; from here on the last ones are lost."""

LONGEST_TEXT: Final = 2000

DAY_SECONDS: Final = 24 * 3600

_EMPTY_MARKS: Final = frozenset({"", "-", "--", "—", "——", "/", "\\", "无", "暂无", "n/a", "na", "none"})
_HALF_WIDTH: Final = {0x3000: 0x20, **{wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F)}}
_INVISIBLE: Final = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]|_x000[dD]_")

_WEEKDAYS: Final = {c: i for i, c in enumerate("一二三四五六日")} | {"天": 6}
_WEEKDAY: Final = re.compile(r"[(\[]?(?:星期|周|礼拜)([一二三四五六日天])[)\]]?")
_FULL_DATE: Final = re.compile(
    r"([0-9]{4})\s*[-/.年]\s*([0-9]{1,2})\s*[-/.月]\s*([0-9]{1,2})\s*[日号]?(?:[ T]00:00(?::00)?)?"
)
_BARE_DATE: Final = re.compile(r"(20[0-9]{2})([01][0-9])([0-3][0-9])")
_MONTH_DAY: Final = re.compile(r"([0-9]{1,2})\s*月\s*([0-9]{1,2})\s*[日号]?")
_TIME: Final = (
    r"(上午|早上|早晨|中午|下午|晚上|晚间)?\s*([0-9]{1,2})\s*"
    r"(?:[:.]\s*([0-9]{2})(?::([0-9]{2}))?|[点时]\s*(?:([0-9]{1,2})\s*分?|(半))?)\s*([AaPp]\.?[Mm]\.?)?"
)
_ONE_TIME: Final = re.compile(_TIME)
_SPAN: Final = re.compile(rf"({_TIME})\s*(?:[-–—−~]+|至|到)\s*({_TIME})")
_SPAN_LABELS: Final = re.compile(r"第[一二三四五六七八九十0-9]+(?:节|学时)?课?:?|[\s,;、|+/和及]+")
_WHOLE: Final = re.compile(r"([0-9]+)(?:\.0+)?\s*(?:个?学时|课时|节|分钟|分|秒钟?|min|h)?")
_SEPARATORS: Final = re.compile(r"[;,、|\s]+")

YES_NO: Final[Mapping[str, bool]] = dict.fromkeys(
    ("是", "需要", "需", "有", "要", "y", "yes", "true", "1", "√", "✓"), True
) | dict.fromkeys(("否", "不需要", "不", "无", "不要", "n", "no", "false", "0", "×", "x"), False)


class Unfit(ValueError):
    """The value is not of the form that was expected; `sentence` says which one is."""

    def __init__(self, zh: str, en: str) -> None:
        self.sentence = Sentence(zh, en)
        super().__init__(en)


def half_width(text: str) -> str:
    """Full width letters, digits and signs as half width ones; invisible characters gone."""
    return _INVISIBLE.sub("", text.translate(_HALF_WIDTH))


def squeezed(text: str) -> str:
    """For comparing words: half width, lower case, no blanks at all."""
    return "".join(half_width(text).split()).lower()


def solid(value: Value) -> Value:
    """The value itself, unless it is an error or a formula that nobody has worked out yet."""
    if isinstance(value, Unsolved):
        raise Unfit(
            "公式没有存下计算结果；请用 Excel 或 WPS 打开并保存一次，或直接填写数值",
            "a formula without a stored result; open and save the file in Excel or WPS, or type the value",
        )
    if isinstance(value, Broken):
        raise Unfit(
            "单元格里是错误值，请改正公式或直接填写", "an error value; mend the formula or type the value"
        )
    return value


def text(value: Value) -> str | None:
    """The text as typed, on one line, without blanks around it."""
    value = solid(value)
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int | float):
        if abs(value) >= SAFE_DIGITS:
            raise digits_lost()
        return str(value)
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, time):
        return f"{value:%H:%M}"
    if value is None or isinstance(value, timedelta):
        return None if value is None else str(value)
    found = str(value)
    if len(found) > LONGEST_TEXT:
        raise Unfit(f"内容太长，最多{LONGEST_TEXT}个字", f"too long; at most {LONGEST_TEXT} characters")
    return " ".join(_INVISIBLE.sub("", found).replace("\u3000", " ").split()) or None


def digits_lost() -> Unfit:
    """A long number in a number cell."""
    return Unfit(
        "单元格是数字格式，超过15位的末几位已丢失；请把该列设为“文本”格式后重新填写",
        "the cell is a number, its last digits are lost; format the column as text and type it again",
    )


def filled(value: Value) -> str | None:
    """As `text`, but None for the marks that stand for nothing: -, /, 无."""
    found = text(value)
    return None if found is None or squeezed(found) in _EMPTY_MARKS else found


def person_name(value: Value) -> str | None:
    """A name; the blanks that line up two-character names in a column (张　三) are taken out."""
    found = text(value)
    if found is None:
        return None
    if found[0] in "=+@":
        raise Unfit("姓名不能以 =、+、@ 开头", "a name can't begin with =, + or @")
    return found.replace(" ", "") if all("\u3400" <= c <= "\u9fff" or c in " ·" for c in found) else found


def ident(value: Value) -> str | None:
    """An id of ours: letters, digits, dot, dash, underscore."""
    found = text(value)
    if found is None:
        return None
    plain = half_width(found)
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", plain):
        raise Unfit(
            "编号只能用字母、数字、点、横线、下划线，最多64个字符",
            "an id has letters, digits, dots, dashes, underscores only, at most 64 of them",
        )
    return plain


def items(value: Value) -> list[str]:
    """Several texts in one cell, separated by ；;，,、 or blanks; each once."""
    found = filled(value)
    if found is None:
        return []
    return list(dict.fromkeys(item for item in _SEPARATORS.split(half_width(found)) if item))


def room(value: Value) -> str | None:
    """A room or meeting number as events carry it: 123 456 789 is 123456789."""
    found = filled(value)
    if found is None:
        return None
    joined = "".join(half_width(found).split())
    return joined if joined.isdigit() else found


def identity_number(value: Value, on: date | None = None) -> str | None:
    """A checked identity number. A number cell is refused, whatever it shows."""
    value = solid(value)
    if value is None:
        return None
    if isinstance(value, int | float) and not isinstance(value, bool):
        raise digits_lost()
    if not isinstance(value, str):
        raise Unfit("应为18位身份证号（文本格式）", "must be an 18-digit identity number, in a text cell")
    try:
        return check(value, on)
    except IdentityError as error:
        raise Unfit(*error.sentence) from None


def masked_cell(value: Value) -> str:
    """What an error may show of a cell in a column of identity numbers."""
    if isinstance(value, int | float):
        return mask(f"{value:.0f}")
    return mask(str(value)) if isinstance(value, str) else ""


def day(value: Value, mac_dates: bool = False, years: frozenset[int] = frozenset()) -> date | None:
    """A date. Without a year in it (5月11日) it takes the only one in `years`."""
    value = solid(value)
    if isinstance(value, datetime):
        return _sensible(value.date())
    if isinstance(value, date):
        return _sensible(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        if 20_000 <= value < 80_000:
            start = date(1904, 1, 1) if mac_dates else date(1899, 12, 30)
            return _sensible(start + timedelta(days=int(value)))
        value = str(int(value)) if float(value).is_integer() else str(value)
    if value is None or (isinstance(value, str) and squeezed(value) in _EMPTY_MARKS):
        return None
    if not isinstance(value, str):
        raise _no_date()
    plain = half_width(value).strip()
    weekday = _WEEKDAY.search(plain)
    found = _typed_date(_WEEKDAY.sub("", plain).strip(), years)
    if weekday and found.weekday() != _WEEKDAYS[weekday[1]]:
        actual = "一二三四五六日"[found.weekday()]
        raise Unfit(f"日期与星期不符：这一天是星期{actual}", f"date and weekday disagree: it is a {found:%A}")
    return found


def _typed_date(plain: str, years: frozenset[int]) -> date:
    try:
        if found := _FULL_DATE.fullmatch(plain) or _BARE_DATE.fullmatch(plain):
            return _sensible(date(*(int(part) for part in found.groups())))
        if found := _MONTH_DAY.fullmatch(plain):
            if len(years) != 1:
                raise Unfit(
                    "日期没有年份；应如 2026年5月11日", "the date has no year; write it as 2026-05-11"
                )
            return date(next(iter(years)), int(found[1]), int(found[2]))
    except ValueError as problem:
        if isinstance(problem, Unfit):
            raise
    raise _no_date()


def _sensible(found: date) -> date:
    if not 2000 <= found.year < 2100:
        raise Unfit("年份应在2000至2099之间", "the year must lie between 2000 and 2099")
    return found


def _no_date() -> Unfit:
    return Unfit(
        "应为日期，如 2026-05-11、2026/5/11、2026年5月11日",
        "must be a date, as in 2026-05-11 or 2026年5月11日",
    )


def weekday(value: Value) -> int | None:
    """0 for Monday, from a cell of its own; None where it says nothing of the kind."""
    found = filled(value)
    if found is None:
        return None
    name = re.fullmatch(r"(?:星期|周|礼拜)?([一二三四五六日天])", squeezed(found))
    return _WEEKDAYS[name[1]] if name else None


def clock(value: Value) -> int | None:
    """A time of day in seconds since midnight."""
    value = solid(value)
    if isinstance(value, datetime):
        value = value.time()
    if isinstance(value, time):
        return _within_day(
            round(value.hour * 3600 + value.minute * 60 + value.second + value.microsecond / 1e6)
        )
    if isinstance(value, timedelta):
        return _within_day(round(value.total_seconds()))
    if isinstance(value, int | float) and not isinstance(value, bool):
        if 0 <= value < 1 or 20_000 <= value < 80_000:
            return _within_day(round(value % 1 * DAY_SECONDS))
        raise _no_time()
    if value is None or (isinstance(value, str) and squeezed(value) in _EMPTY_MARKS):
        return None
    found = _ONE_TIME.fullmatch(half_width(value).strip()) if isinstance(value, str) else None
    if not found:
        raise _no_time()
    return _seconds(found.groups(), None)


def spans(value: Value) -> list[tuple[int, int]]:
    """The spans of a list such as `08:30-09:15, 09:20-10:05`, in seconds since midnight."""
    found = filled(value)
    if found is None:
        return []
    plain = half_width(found)
    listed = []
    for span in _SPAN.finditer(plain):
        start, end = span.groups()[1:8], span.groups()[9:16]
        listed.append((_seconds(start, None), _seconds(end, start[0])))
    if not listed or _SPAN_LABELS.sub("", _SPAN.sub("", plain)):
        raise Unfit(
            "应为时间段，如 08:30-09:15，多个用逗号分开",
            "must be spans of time as in 08:30-09:15, 09:20-10:05",
        )
    return listed


def _seconds(parts: tuple[str | None, ...], inherited: str | None) -> int:
    half, hour_text, minute, second, spoken_minute, spoken_half, am_pm = parts
    hour = int(hour_text or 0)
    half = half or inherited
    meridian = (am_pm or "").replace(".", "").lower()
    afternoon = half in ("下午", "晚上", "晚间") or (half == "中午" and hour < 3) or meridian == "pm"
    if afternoon and hour < 12:
        hour += 12
    elif meridian == "am" and hour == 12:
        hour = 0
    minutes = 30 if spoken_half else int(minute or spoken_minute or 0)
    if hour > 23 or minutes > 59 or int(second or 0) > 59:
        raise _no_time()
    return hour * 3600 + minutes * 60 + int(second or 0)


def _within_day(seconds: int) -> int:
    if not 0 <= seconds < DAY_SECONDS:
        raise _no_time()
    return seconds


def _no_time() -> Unfit:
    return Unfit("应为时间，如 08:30（00:00至23:59）", "must be a time as in 08:30 (00:00 to 23:59)")


def whole(value: Value) -> int | None:
    """A whole number, not negative; the unit may stand behind it."""
    value = solid(value)
    if value is None or (isinstance(value, str) and squeezed(value) in _EMPTY_MARKS):
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < SAFE_DIGITS:
        return value
    found = _WHOLE.fullmatch(squeezed(value)) if isinstance(value, str) else None
    if not found or len(found[1]) > 9:
        raise Unfit("应为整数", "must be a whole number")
    return int(found[1])


def one_of(value: Value, words: Mapping[str, str], shown: str) -> str | None:
    """The key that one of its words stands for; `shown` lists what may be chosen."""
    found = text(value)
    if found is None:
        return None
    plain = squeezed(found)
    if plain in words:
        return words[plain]
    raise Unfit(f"应为其中之一：{shown}", f"must be one of: {shown}")


def yes_no(value: Value) -> bool | None:
    """True for 是, False for 否."""
    found = text(value)
    if found is None:
        return None
    plain = squeezed(found)
    if plain not in YES_NO:
        raise Unfit("应为 是 或 否", "must be 是 (yes) or 否 (no)")
    return YES_NO[plain]


def clock_text(seconds: int) -> str:
    """As in 08:30."""
    hours, rest = divmod(seconds, 3600)
    tail = f":{rest % 60:02d}" if rest % 60 else ""
    return f"{hours:02d}:{rest // 60:02d}{tail}"
