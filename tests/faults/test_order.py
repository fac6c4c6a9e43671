"""The order, as the kernel saw it: the bytes of a delivery are written, synced, and only then answered."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
from pathlib import Path

from tests.faults.child import hurt
from tests.faults.kept import entries, holds
from tests.faults.sender import Ground, Sender, client, connected, frame
from tests.faults.strace import SENDS, SYNCS, WRITES, Call, calls, needs_strace, watch

_POSITION = re.compile(r'\\"position\\":\\"(\d+)\\"')


def answers(traced: list[Call]) -> dict[int, int]:
    """Position to the place of the first send that tells it."""
    told: dict[int, int] = {}
    for call in traced:
        if call.name in SENDS and "log.sqlite" not in call.file:
            for position in _POSITION.findall(call.said):
                told.setdefault(int(position), call.began)
    return told


class PowerCut:
    """The log as it would be found had the power been cut: of all that was written, what was synced."""

    def __init__(self, ground: Ground, folder: Path) -> None:
        self.files = {str(ground.data / name): folder / name for name in ("log.sqlite", "log.sqlite-wal")}
        folder.mkdir()
        shutil.copy(ground.data / "log.sqlite", folder)
        self._folder = folder
        self._waiting: dict[str, list[Call]] = {name: [] for name in self.files}

    def take(self, call: Call) -> None:
        """A call that is over: what is written waits for the sync that begins after it."""
        if call.file not in self.files or call.result < 0:
            return
        if call.name in WRITES:
            self._waiting[call.file].append(call)
        elif call.name in SYNCS:
            waiting = self._waiting[call.file]
            self._waiting[call.file] = [write for write in waiting if write.over > call.began]
            for write in waiting:
                if write.over < call.began:
                    self._apply(self.files[call.file], write)

    def _apply(self, file: Path, write: Call) -> None:
        with file.open("r+b" if file.exists() else "w+b") as disk:
            if write.name == "ftruncate":
                disk.truncate(int(write.said.rpartition(", ")[2]))
            else:
                at, data = write.written
                disk.seek(at)
                disk.write(data)

    async def found(self) -> set[int]:
        """The positions of the entries that the power cut left, along a chain that holds."""
        return {entry.position for entry in await entries(self._folder)}


@needs_strace
async def test_each_delivery_is_written_then_synced_then_answered(ground: Ground, tmp_path: Path) -> None:
    sender = Sender(prefix="order")
    disk = PowerCut(ground, tmp_path / "found")
    async with hurt(ground.data, above=watch(tmp_path / "trace")) as child, client() as http:
        for _ in range(5):
            names = [sender.delivery(size)[0] for size in (1, 1, 1, 1, 3, 60)]
            # the second and third of the same must not be answered before the first is durable
            await asyncio.gather(
                *(sender.post(http, child.url, name) for name in [*names, names[0], names[0]])
            )
            async with connected(ground, child.url) as socket:
                frames = [sender.delivery(size) for size in (1, 1, 2)]
                for name, body in frames:
                    await socket.send(frame(name, body))
                for name, _ in frames:
                    said = json.loads(await socket.recv())
                    sender.hear(name, said.get("status", 202), said)
        assert 0 == await child.end()
    assert set(sender.sent) == set(sender.kept)
    await holds(ground.data, sender)
    traced = calls(tmp_path / "trace")
    told = answers(traced)
    assert set(sender.kept.values()) <= set(told)
    by_place: dict[int, set[int]] = {}
    for position, place in told.items():
        by_place.setdefault(place, set()).add(position)
    missing = {}
    for place, positions in sorted(by_place.items()):
        while traced and traced[0].over < place:
            disk.take(traced.pop(0))
        if gone := positions - await disk.found():
            missing[place] = gone
    assert {} == missing
