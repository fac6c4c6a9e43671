"""A class with what happens to classes, kept in a log; and what the service counts of it."""

from monitor.control import opened
from monitor.hours.fold import Fold
from monitor.hours.plan import open_cohort
from monitor.hours.recount import document, to_bytes
from monitor.ingest import sources
from monitor.intake import Intake
from monitor.store.folder import Folder
from tests.cohort_file import cohort_file
from tests.ingest.signing import NOW, SECRET, batch, event, signed

ID = "bj-cnc-01"
AS_OF = "2026-05-22T18:00:00+08:00"
BEATS = [f"2026-05-11T08:{minute:02}:{second:02}+08:00" for minute in range(30, 60) for second in (0, 30)]


async def a_class(folder: Folder) -> bytes:
    """A class with what happens to classes; what the service counts of it."""
    async with opened(folder) as (log, office):
        await office.import_cohort(cohort_file(), by="cli/a", why="import", now=NOW)
        await office.add_source("main", "native", secret=SECRET, by="cli/a", now=NOW)
        intake = Intake(log, office.source)

        async def push(name: str, now: int, *events: object) -> None:
            body = batch(*events)
            await intake.deliver("main", signed(name, body, at=now), body, now)

        await push("m1", NOW, event("j", "classroom.joined", time=BEATS[0]))
        beats = [event(f"b{n}", time=time) for n, time in enumerate(BEATS)]
        await push("m2", NOW + 3_600_000, *beats[20:], event("x", source="other"), 5)
        await push("m3", NOW + 4 * 86_400_000, *beats[:25])
        await push(
            "m4", NOW + 4 * 86_400_000, event("b1", time=BEATS[1], data={"room": "room-1", "camera": "off"})
        )
        elsewhere = {"cohort": "another", "account": "u-1001", "room": "room-1", "camera": "on"}
        await push(
            "m5", NOW, event("theirs", data=elsewhere), event("n", receivedtime="2020-01-01T00:00:00Z")
        )
        await office.bind_account(ID, "t02", "main/u-7", by="tok", why="inbox", now=NOW)
        await office.propose_correction(
            ID, "t02", "s01", None, True, "机房断网", by="李", token="t1", now=NOW
        )
        await office.approve_correction(ID, 1, by="赵", token="t2", now=NOW + 86_400_000)
        fold = Fold(open_cohort(await office.cohort_file(ID)))
        async for entry in log.read(kinds={"delivery"}):
            for one in sources.events(entry):
                if fold.touches(one):
                    fold.add(one)
        return to_bytes(document(fold.result(1_779_444_000_000)))
