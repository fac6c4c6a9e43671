"""Identity numbers that pass every check and belong to nobody: the county code was never given out."""

from __future__ import annotations

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def closed(seventeen: str) -> str:
    """The 17 digits with their check character (worked out on its own, by the congruence of ISO 7064)."""
    total = sum(int(digit) * weight for digit, weight in zip(seventeen, WEIGHTS, strict=True))
    return seventeen + next(c for c in "0123456789X" if (total + (10 if c == "X" else int(c))) % 11 == 1)


def invented(serial: int, *, male: bool = True, region: str = "110199", born: str = "19850203") -> str:
    """The `serial`th invented person of that day (0..499)."""
    return closed(f"{region}{born}{serial * 2 + male:03d}")
