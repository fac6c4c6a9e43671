"""Who the simulated people are: what each tends to do, dealt from a seed.

In: the ids of a class and a seed. Out: one `Character` for each, about seven in ten of whom keep to the
timetable. Never: knows a policy, a clock or what anything is worth.
"""

from __future__ import annotations

from collections.abc import Iterable
from random import Random
from typing import Final

import msgspec


class Character(msgspec.Struct, frozen=True):
    """What one person tends to do.

    `mishaps`: name to the chance of it in one half-day online (see monitor.simulate.stay). `absent` and
    `stranger`: the chance, for a whole day, of not coming at all, or of coming under an account that nobody
    knows. `forgets`: the chance of passing the card reader without a sign-in, once per half-day offline.
    """

    name: str
    mishaps: dict[str, float] = {}
    absent: float = 0.0
    stranger: float = 0.0
    forgets: float = 0.0


PUNCTUAL: Final = Character("punctual", {"short_gap": 0.06, "breaks_off": 0.25})
TEACHER: Final = Character("teacher", {"short_gap": 0.04})

FINE: Final = (
    PUNCTUAL,
    PUNCTUAL,
    PUNCTUAL,
    Character("two_devices", {"two_devices": 0.6}),
    Character("patchy", {"quick_reconnect": 0.3, "lost_join": 0.08}),
    Character("easygoing", {"breaks_off": 0.6, "short_gap": 0.1, "late": 0.03, "camera_off": 0.03}),
)
"""Those who keep to the timetable; the last of them nearly."""

DIVERSE: Final = (
    Character("latecomer", {"late": 0.65, "breaks_off": 0.1}),
    Character("on_the_phone", {"camera_off": 0.6, "breaks_off": 0.2}),
    Character("absentee", {"late": 0.1}, absent=0.3),
    Character("weak_line", {"dropped": 0.35, "quick_reconnect": 0.3, "vanished": 0.15, "lost_join": 0.15}),
    Character("early_leaver", {"early": 0.6}),
    Character("stranger", {"two_devices": 0.2}, stranger=0.25),
    Character("silent", {"silent": 0.5, "short_gap": 0.2}, forgets=0.1),
)
"""The rest, each with a reason that can be looked up."""


def deal(people: Iterable[str], seed: int) -> dict[str, Character]:
    """A character for each id: seven in ten fine, the rest in turn from `DIVERSE`; who is who by the seed."""
    ids = list(people)
    shuffled = list(ids)
    Random(f"{seed}|characters").shuffle(shuffled)
    diverse = round(len(ids) * 0.3)
    dealt = {
        person: DIVERSE[n % len(DIVERSE)] if n < diverse else FINE[(n - diverse) % len(FINE)]
        for n, person in enumerate(shuffled)
    }
    return {person: dealt[person] for person in ids}
