"""The contract files that the board's own tests read: what the service really says, message by message.

In: a class acted out on a log with time in hand. Out: dashboard/contract/*.json, the same bytes each time.
`python -m tests.dashboard.written` writes them; test_contract.py fails when one is not what this would write.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

from tests.live.stage import Stage, heard
from tests.serve.school import cohort_file

HERE: Final = Path(__file__).parents[2] / "dashboard" / "contract"


async def a_morning(stage: Stage) -> dict[str, Any]:
    """A class comes in, a camera goes off, the hour ends, the file changes; the state after each message."""
    watcher = await stage.watch()
    steps = [{"message": message, "state": message["state"]} for message in heard(watcher)]

    async def at(time: str, *events: dict[str, Any]) -> None:
        now = stage.clock.to(time)
        if events:
            await stage.push(list(events))
        stage.live.tick(now)
        stage.later.pass_by()
        messages = heard(watcher)
        state = await stage.fetched()
        steps.extend({"message": message, "state": None} for message in messages[:-1])
        steps.extend({"message": message, "state": state} for message in messages[-1:])

    def beat(account: str, time: str) -> dict[str, Any]:
        return stage.event("camera.heartbeat", account, time, camera="on")

    await at("08:25:00", stage.event("classroom.joined", "u-1", "08:25:00"))
    await at("08:29:50", beat("u-1", "08:29:50"), beat("u-9", "08:29:50"))
    await at("08:30:00")
    await at("08:30:20", beat("u-1", "08:30:20"), beat("u-2", "08:30:20"), beat("u-9", "08:30:20"))
    await at("08:30:40", stage.event("camera.off", "u-2", "08:30:35"))
    await at("08:33:00")
    await at("08:36:00", stage.event("classroom.joined", "u-7", "08:35:00"))
    await at("09:15:00")
    late = [f"08:{minute}:{second}" for minute in range(31, 59) for second in (0, 30)]
    await at("09:16:00", *(beat("u-1", time) for time in late))
    changed = cohort_file()
    changed["people"][2]["accounts"] = ["u-3", "u-7"]
    await stage.cohort(changed)
    await asyncio.sleep(0.01)
    await at("09:18:00")
    await at("09:40:00")
    return {"steps": steps}


CONTRACTS: Final[dict[str, Callable[[Stage], Awaitable[dict[str, Any]]]]] = {"live-morning.json": a_morning}


async def written(name: str, folder: Path) -> str:
    """The text of a contract file."""
    stage = Stage(folder / "log.sqlite")
    try:
        await stage.cohort(cohort_file())
        content = await CONTRACTS[name](stage)
    finally:
        stage.live.close()
        await stage.log.close()
    return json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def main() -> None:
    """Writes every contract file."""
    for name in CONTRACTS:
        with tempfile.TemporaryDirectory() as folder:
            (HERE / name).write_text(asyncio.run(written(name, Path(folder))), "utf-8")
        print(f"wrote dashboard/contract/{name}")


if __name__ == "__main__":
    main()
