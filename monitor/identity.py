"""Resident identity numbers (公民身份号码, GB 11643): is this one, and whose could it be.

In: what somebody typed. Out: the number in its one normal form, or an `IdentityError` whose sentences
show it masked. Never: lets a number, or the digit that would mend it, out through an error.

Taken as one too: the residence permits of people from Hong Kong, Macao and Taiwan (81, 82, 83) and the
permanent residence cards of foreigners as issued since 2023-12-01 (they begin with 9); both are built and
checked the same way. The 15-digit numbers of the first cards ended with 2012 and are refused by name.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from typing import Final, Literal, NamedTuple

Gender = Literal["男", "女"]

LENGTH: Final = 18
FIRST_BIRTH_YEAR: Final = 1900
LONGEST_TYPED: Final = 200
"""What comes after is not looked at: it is no identity number anyway."""

REGIONS: Final = frozenset(
    str(code)
    for first, last in ((11, 15), (21, 23), (31, 37), (41, 46), (50, 54), (61, 65), (71, 71), (81, 83))
    for code in range(first, last + 1)
)
"""The first two digits of GB/T 2260, and 83 of the residence permits."""

_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK_CHARACTERS: Final = "10X98765432"

_QUOTES: Final = "'’‘`´\"“”"
_LIKE_X: Final = str.maketrans(dict.fromkeys("x×хХχΧ✕╳", "X"))
_EXPONENT: Final = re.compile(r"[0-9](\.[0-9]+)?[Ee][+-]?[0-9]+")
_BARE: Final = re.compile(r"(?<![0-9])[1-9][0-9]{16}[0-9X](?![0-9])", re.IGNORECASE)
_DIGIT: Final = re.compile(r"[0-9]")
_LONG_RUN: Final = re.compile(r"(?:[0-9０-９][ \u3000\u00a0]?){14,}[0-9０-９XxＸｘ]")


class Sentence(NamedTuple):
    """The same thing said in Chinese and in English."""

    zh: str
    en: str

    def said(self, lang: str) -> str:
        """In `lang`: "zh" or "en"."""
        return self.en if lang == "en" else self.zh


class IdentityError(ValueError):
    """Why something is no identity number; `masked` and the two sentences may be shown to anybody."""

    def __init__(self, number: str, zh: str, en: str) -> None:
        self.masked = mask(number)
        self.sentence = Sentence(zh, en)
        super().__init__(f"{self.masked}: {zh} / {en}")


def check(number: str, on: date | None = None) -> str:
    """The number in its normal form: 17 digits and a digit or X. Raises `IdentityError`.

    With `on`, who was born after that day is no possible holder.
    """
    plain = _plain(number.strip()[:LONGEST_TYPED])
    if _EXPONENT.fullmatch(plain):
        raise IdentityError(
            plain,
            "号码成了科学计数法，末几位已丢失；请把该列设为“文本”格式后重新填写",
            "the number is in scientific notation, its last digits are lost; "
            "format the column as text and type it again",
        )
    if re.fullmatch(r"[0-9]{15}", plain):
        raise IdentityError(
            plain,
            "这是15位的旧号码，2013年起已停用；请填写现用的18位号码",
            "this is a 15-digit number, not in use since 2013; fill in the 18-digit one",
        )
    if len(plain) != LENGTH:
        raise IdentityError(
            plain,
            f"应为18位，这里是{len(plain)}位",
            f"must have 18 characters, this has {len(plain)}",
        )
    if not re.fullmatch(r"[0-9]{17}[0-9X]", plain):
        raise IdentityError(
            plain,
            "前17位应为数字，末位应为数字或X",
            "the first 17 characters must be digits, the last one a digit or X",
        )
    if _province(plain) not in REGIONS:
        raise IdentityError(
            plain,
            "开头的地址码不是任何省、自治区、直辖市的代码",
            "the region code at the start belongs to no province",
        )
    born = _birth(plain)
    if born is None or (on is not None and born > on):
        raise IdentityError(
            plain,
            "第7至14位不是一个可能的出生日期",
            "characters 7 to 14 are no possible date of birth",
        )
    if _check_character(plain) != plain[-1]:
        raise IdentityError(
            plain,
            "校验码不对，应为按前17位算得的校验码；请对照证件逐位核对",
            "the check character does not fit the 17 digits before it; compare with the card, digit by digit",
        )
    return plain


def mask(number: str) -> str:
    """First three and last four characters, `***` between; nothing at all of what is shorter than 12."""
    plain = _plain(number.strip()[:LONGEST_TYPED])
    return f"{plain[:3]}***{plain[-4:]}" if len(plain) >= 12 else "***"


def mask_within(text: str) -> str:
    """The text with every run of 15 or more digits masked: for errors that quote what stands in a cell."""
    return _LONG_RUN.sub(lambda run: mask(run.group()), text)


def holds_number(text: str) -> bool:
    """Whether a valid number stands anywhere in a text where none may stand."""
    wide = unicodedata.normalize("NFKC", text)
    if len(_DIGIT.findall(wide)) < LENGTH - 1:
        return False
    for candidate in {wide, _plain(wide)}:
        for found in _BARE.finditer(candidate):
            try:
                check(found.group())
            except IdentityError:
                continue
            return True
    return False


def birth_date(number: str) -> date:
    """The date of birth of a number that `check` has returned."""
    born = _birth(number)
    if born is None:
        raise ValueError("not a checked identity number")
    return born


def gender(number: str) -> Gender:
    """男 or 女, by the 17th digit of a number that `check` has returned."""
    return "男" if int(number[16]) % 2 else "女"


def _plain(typed: str) -> str:
    """Half width, upper case X; without blanks, invisible characters and the quote of a text cell."""
    wide = unicodedata.normalize("NFKC", typed)
    seen = "".join(c for c in wide if not c.isspace() and unicodedata.category(c) not in ("Cf", "Cc"))
    return seen.strip(_QUOTES).translate(_LIKE_X)


def _province(number: str) -> str:
    return number[1:3] if number[0] == "9" else number[:2]


def _birth(number: str) -> date | None:
    try:
        born = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return None
    return born if born.year >= FIRST_BIRTH_YEAR else None


def _check_character(number: str) -> str:
    """ISO 7064 MOD 11-2 over the first 17 digits."""
    total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, number, strict=False))
    return _CHECK_CHARACTERS[total % 11]
