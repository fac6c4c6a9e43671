"""The stage of the demo: classes, platforms and people with tokens, set up through the service's own orders.

In: an instant, how many trainees, a seed. Out: a `Stage`, which the folder keeps. Never: anything that the
command line could not have set up, too.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

from monitor.cohort import Cohort, parse
from monitor.control import AddToken, ImportCohort
from monitor.demo.classes import BEATS, BEIJING, CARDS, STATES, TONGZHOU, beijing, left_open, tongzhou
from monitor.orders import AddSource, Order
from monitor.simulate.character import deal
from monitor.simulate.people import Telling, telling
from monitor.user_orders import AddUser, LinkUser, ListUsers

SEED: Final = 5
TRAINEES: Final = 24
WEEK_MS: Final = 7 * 24 * 3_600_000
_BY: Final = "demo"

Give = Callable[[Order], Awaitable[Any]]

PLATFORMS: Final = {BEATS: "heartbeat", STATES: "state", CARDS: "none"}

HOLDERS: Final = {
    "teacher": "严老师",
    "clerk": "班主任 查老师",
    "approver": "教务主任 屠老师",
    "center": "就业促进中心",
    "auditor": "审计机构",
    "admin": "管理员",
    "trainee": "学员",
    "platform": "模拟平台",
}
"""Roles and who holds them; platform's is for `monitor simulate --stream`."""


PEOPLE: Final = ("teacher", "admin")
"""Who signs in to the board of the demo, by role, which is their name as well."""


class Stage(msgspec.Struct):
    """What the demo has set up.

    `trainee` is the one whose hours are shown, `stranger` comes at times under an account that nobody knows;
    what was delivered up to `played_until` (ms) is in the log.
    """

    seed: int
    made_at: int
    trainee: str
    stranger: str | None
    files: dict[str, str]
    secrets: dict[str, str] = {}
    tokens: dict[str, str] = {}
    played_until: int = 0
    corrected: bool = False

    @property
    def cohorts(self) -> dict[str, Cohort]:
        """The classes by id."""
        found = {name: parse(text.encode()) for name, text in self.files.items()}
        return {name: cohort for name, (cohort, _) in found.items() if cohort is not None}


class Act(msgspec.Struct, frozen=True):
    """One source telling of one class."""

    cohort: Cohort
    tells: Telling


def design(now: int, trainees: int, seed: int) -> Stage:
    """Two classes around `now`, the second two thirds of the first; nothing is set up yet."""
    contents = [beijing(now, trainees, seed), tongzhou(now, max(3, trainees * 2 // 3), seed)]
    files = {content["cohort"]["id"]: msgspec.json.encode(content).decode() for content in contents}
    ids = [person["id"] for person in contents[0]["people"] if person["role"] == "trainee"]
    dealt = deal(ids, seed)
    shown = [person for person in ids if dealt[person].name == "on_the_phone"]
    strangers = [person for person in ids if dealt[person].stranger]
    return Stage(seed, now, (shown or ids)[0], next(iter(strangers), None), files)


async def set_up(stage: Stage, give: Give) -> None:
    """Sources, classes and tokens, by orders as the command line gives them."""
    for source, camera in PLATFORMS.items():
        _, stage.secrets[source] = await give(
            AddSource(
                by=_BY,
                id=source,
                kind="native",
                camera=camera,
                heartbeat_seconds=30 if camera == "heartbeat" else None,
                may_sign_in=source == CARDS,
                demo=True,
            )
        )
    for text in stage.files.values():
        await give(ImportCohort(by=_BY, file=text, why="demo"))
    for role, name in HOLDERS.items():
        _, stage.tokens[role] = await give(
            AddToken(
                by=_BY,
                role=role,
                cohorts=() if role in ("center", "auditor", "admin", "platform") else _cohorts(role),
                source=BEATS if role == "platform" else None,
                person=stage.trainee if role == "trainee" else None,
                name=name,
            )
        )


async def sign_in_links(stage: Stage, give: Give) -> dict[str, str]:
    """A fresh one-time link by role, which signs straight in; its users are made where there are none."""
    known = {row["name"] for row in await give(ListUsers(by=_BY))}
    links = {}
    for role in PEOPLE:
        if role not in known:
            await give(
                AddUser(
                    by=_BY,
                    name=role,
                    role=role,
                    display=HOLDERS[role],
                    cohorts=() if role == "admin" else tuple(stage.files),
                    persons=_teachers(stage) if role == "teacher" else {},
                )
            )
        links[role] = (await give(LinkUser(by=_BY, name=role, kind="sign_in")))["link"]
    return links


def _teachers(stage: Stage) -> dict[str, str]:
    """The first teacher of each class."""
    return {
        name: next(person.id for person in cohort.people if person.role == "teacher")
        for name, cohort in stage.cohorts.items()
    }


def _cohorts(role: str) -> tuple[str, ...]:
    return (BEIJING,) if role == "trainee" else (BEIJING, TONGZHOU)


def acts(stage: Stage) -> list[Act]:
    """Who tells what; the sessions of the day for which the stage was made are lively, and later ones."""
    found = []
    for cohort in stage.cohorts.values():
        zone = ZoneInfo(cohort.timezone)
        day = datetime.fromtimestamp(stage.made_at / 1000, zone).replace(hour=0, minute=0, second=0)
        lively = tuple(
            session.id
            for session in cohort.sessions
            if session.mode == "online" and session.periods[0][0] >= int(day.timestamp()) * 1000
        )
        for source in cohort.sources:
            rooms = source.camera != "none"
            tells = telling(cohort, source.id, rooms=rooms, sign_ins=not rooms)
            forgotten = left_open(cohort.content) if source.camera == "state" else None
            found.append(
                Act(
                    cohort,
                    msgspec.structs.replace(
                        tells, left_open=(forgotten,) if forgotten else (), lively=lively
                    ),
                )
            )
    return found


def load(path: Path) -> Stage:
    """A stage that was kept."""
    return msgspec.json.decode(path.read_bytes(), type=Stage)


def save(stage: Stage, path: Path) -> None:
    """Keep the stage, for its owner alone: it holds secrets."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as out:
        out.write(msgspec.json.encode(stage))
