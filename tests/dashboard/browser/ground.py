"""The ground of the browser's tests: `monitor serve` with two classes, fed by `monitor simulate`.

In: an empty folder. Out: a service that runs and can be killed and started again at its address; users who
sign in; deliveries of our own, signed. The clock is that of the machine. Never: a class that ends while tests
run, whatever the hour; signals a process that was not started here.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterable
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from standardwebhooks import Webhook

from monitor.clock import now_ms
from monitor.control import ImportCohort, opened
from monitor.instant import rfc3339
from monitor.orders import AddSource
from monitor.simulate import school
from monitor.simulate.school import Course, Day, Lesson
from monitor.simulate.stay import MINUTE
from monitor.store.folder import Folder
from monitor.user_orders import AddUser
from tests.databases import away

SOURCE: Final = "main"
OURS: Final = "class-a"
THEIRS: Final = "class-b"
ROOM: Final = "room-1"
WATCHED: Final = "甄远行"
"""Somebody of our class of whom `monitor simulate` tells nothing: what a test pushes is all there is."""
WATCHED_ID: Final = "t99"
ACCOUNT: Final = "u-watched"
PASSWORD: Final = "五轴联动 correct horse"
USERS: Final = {
    "yan": ("teacher", "严老师", (OURS,)),
    "cha": ("clerk", "查老师", (OURS, THEIRS)),
    "root": ("admin", "管理员", ()),
    "shen": ("auditor", "审计", ()),
    "newcomer": ("teacher", "新来的老师", (THEIRS,)),
    "invited": ("teacher", "受邀的老师", (OURS,)),
}
"""Role, what they are called, and their cohorts; `newcomer` and `invited` have not opened their links."""
_WAITING: Final = ("newcomer", "invited")


def zone_at_day(now: int) -> str:
    """A time zone in which it is day, so that a class that goes on now goes on for another while."""
    hour = datetime.fromtimestamp(now / 1000, ZoneInfo("Asia/Shanghai")).hour
    return "Asia/Shanghai" if 7 <= hour < 21 else "America/New_York"


def cohort_file(cohort: str, name: str, trainees: int, now: int) -> dict[str, Any]:
    """A class that goes on at `now` and will for another 20 minutes at least, with one day behind it."""
    room = {"room": ROOM}
    day = Day((Lesson("数控加工工艺", "lecture", "online", "w01", 8, room),))
    zone = zone_at_day(now)
    content = school.made_up(trainees, now, SOURCE, len(cohort) + trainees, camera="state", beat_seconds=30)
    content["cohort"] |= {"id": cohort, "name": name, "timezone": zone}
    content["sessions"] = school.sessions(Course((day,), day, (day,)), now, 45 * MINUTE, ZoneInfo(zone))
    return content


class Ground:
    """The service and what is known of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = ""
        self.users: dict[str, str] = {}
        """Their ids, by name."""
        self.links: dict[str, str] = {}
        """The secrets of the links that they were given, by name."""
        self._process: subprocess.Popen[bytes] | None = None
        self._numbers = count(1)
        now = now_ms()
        self.simulated = cohort_file(OURS, "五轴数控高级研修班", 6, now)
        self.ours = json.loads(json.dumps(self.simulated))
        self.ours["people"].append(
            {"id": WATCHED_ID, "role": "trainee", "name": WATCHED, "accounts": [ACCOUNT]}
        )
        self.theirs = cohort_file(THEIRS, "智能网联汽车研修班", 3, now)
        away(self._prepare(now))  # Playwright has a loop in this thread

    async def _prepare(self, now: int) -> None:
        folder = Folder(self.folder / "data")
        folder.lock()
        try:
            async with opened(folder) as (_log, office):
                source = AddSource(by="test", id=SOURCE, kind="native", camera="state")
                _, self._secret = await source.carry_out(office, now)
                for content in (self.ours, self.theirs):
                    text = json.dumps(content)
                    await ImportCohort(by="test", file=text, why="test").carry_out(office, now)
                for name, (role, display, cohorts) in USERS.items():
                    persons = {OURS: "w01"} if name == "yan" else {}
                    user = AddUser(
                        by="test", name=name, role=role, display=display, cohorts=cohorts, persons=persons
                    )
                    added = await user.carry_out(office, now)
                    self.users[name] = added["user"]["id"]
                    self.links[name] = added["link"].partition("#")[2]
        finally:
            folder.unlock()

    def start(self) -> None:
        """Starts the service, at the address it had, if it had one."""
        port = self.url.rpartition(":")[2] or "0"
        command = [sys.executable, "-m", "monitor.demo.leash", "serve", "--data", str(self.folder / "data")]
        with (self.folder / "journal").open("ab") as journal:
            self._process = subprocess.Popen(
                [*command, "--port", port],
                stdin=subprocess.PIPE,  # the leash: it ends when we are gone
                stdout=subprocess.PIPE,
                stderr=journal,
                env=_environment(),
            )
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if found := re.search(rb"http://[^\s/]+", line):
                self.url = found[0].decode()
                return
        raise AssertionError("the service did not start:\n" + (self.folder / "journal").read_text()[-2000:])

    def kill(self) -> None:
        """Kill -9, and gone."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def simulate(self) -> None:
        """Yesterday and today up to now, told by `monitor simulate`."""
        file = self.folder / "simulated.json"
        file.write_text(json.dumps(self.simulated))
        command = [sys.executable, "-m", "monitor", "simulate", "--to", self.url, "--source", SOURCE]
        subprocess.run(
            [*command, "--cohort", str(file), "--as-fast-as-possible", "--late", "0"],
            env=_environment() | {"MONITOR_SECRET": self._secret},
            check=True,
            capture_output=True,
        )

    def unclaimed(self) -> None:
        """An account that matches nobody comes in."""
        known = {"account": "u-stranger", "connection": "c-stranger", "name": WATCHED}
        self.push(self.event("classroom.joined", **known), self.event("camera.on", **known))

    def activate(self) -> None:
        """Sets the passwords of all who have opened their links."""
        for name in USERS.keys() - set(_WAITING):
            body = json.dumps({"secret": self.links[name], "password": PASSWORD}).encode()
            self._post("/v1/link/use", body, {"Content-Type": "application/json", "Origin": self.url})

    def push(self, *events: dict[str, Any]) -> str:
        """A delivery of our own; its number among ours."""
        name = f"dlv-browser-{next(self._numbers)}"
        body = json.dumps(events).encode()
        stamp = datetime.now().astimezone()
        headers = {
            "Content-Type": "application/cloudevents-batch+json",
            "webhook-id": name,
            "webhook-timestamp": str(int(stamp.timestamp())),
            "webhook-signature": Webhook(self._secret).sign(name, stamp, body.decode()),
        }
        self._post(f"/v1/ingest/{SOURCE}", body, headers)
        return name

    def deliveries(self) -> list[dict[str, Any]]:
        """What the log says of its deliveries, by the command line."""
        command = [sys.executable, "-m", "monitor", "ledger", "find", "--source", SOURCE, "--json"]
        asked = [*command, "--data", str(self.folder / "data")]
        done = subprocess.run(asked, env=_environment(), check=True, capture_output=True)
        told: list[dict[str, Any]] = json.loads(done.stdout)
        return told

    def event(self, kind: str, **data: Any) -> dict[str, Any]:
        """What happens to the watched one, now."""
        return {
            "specversion": "1.0",
            "id": f"browser-{next(self._numbers)}",
            "source": SOURCE,
            "type": kind,
            "time": rfc3339(now_ms()),
            "data": {"account": ACCOUNT, "room": ROOM, "connection": "c-watched", **data},
        }

    def comes_with_camera(self) -> Iterable[dict[str, Any]]:
        """The watched one comes in, and the camera is on."""
        return self.event("classroom.joined"), self.event("camera.on")

    def _post(self, path: str, body: bytes, headers: dict[str, str]) -> dict[str, Any]:
        request = urllib.request.Request(self.url + path, body, headers)
        with urllib.request.urlopen(request, timeout=60) as answer:
            told: dict[str, Any] = json.loads(answer.read() or b"null")
        return told


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MONITOR_")}
    return kept | {"PYTHONIOENCODING": "utf-8"}
