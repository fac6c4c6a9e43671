"""The order, as the kernel saw it: the bytes of a delivery are written, synced, and only then answered."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path

from tests.faults.child import serving
from tests.faults.kept import holds
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


def durable(traced: list[Call], marker: str, names: set[str]) -> int:
    """The place from which on every file that the marker was first written to is synced."""
    written = [call for call in traced if call.name in WRITES and call.file in names and marker in call.said]
    assert written, f"{marker} was never seen on its way to the log"
    first = written[0]
    syncs = [
        call
        for call in traced
        if call.name in SYNCS and call.file == first.file and call.began > first.over and call.result == 0
    ]
    assert syncs, f"{marker} was never synced"
    return syncs[0].over


@needs_strace
async def test_each_delivery_is_written_then_synced_then_answered(ground: Ground, tmp_path: Path) -> None:
    sender = Sender(prefix="order")
    twice: list[str] = []
    async with serving(ground.data, above=watch(tmp_path / "trace")) as child, client() as http:
        for _ in range(5):
            names = [sender.delivery(size)[0] for size in (1, 1, 1, 1, 3, 60)]
            twice.append(names[0])  # the second of them must not be answered before the first is durable
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
    files = {str(ground.data / "log.sqlite-wal"), str(ground.data / "log.sqlite")}
    told = answers(traced)
    assert set(sender.kept.values()) <= set(told)
    late = {
        name: (durable(traced, f'\\"{name}\\"', files), told[position])
        for name, position in sender.kept.items()
        if durable(traced, f'\\"{name}\\"', files) >= told[position]
    }
    assert {} == late
