"""Takes a roster and a plan, as workbooks, into the office as a cohort.

In: the bytes of two workbooks, who brings them, and `now`. Out: what came of it, or `Declined` that names
every cell. Never: keeps the workbooks; lets an identity number into the cohort, the log or an error.
"""

import asyncio
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from monitor.cohort import CohortError
from monitor.hours.plan import CohortFileError, open_cohort
from monitor.office import Imported, Office
from monitor.office.declined import Declined

if TYPE_CHECKING:
    from monitor.workbook import CellError

Language = Literal["zh", "en"]


async def import_books(
    office: Office,
    roster: bytes,
    plan: bytes,
    policy: str,
    cohort_id: str,
    *,
    by: str,
    why: str,
    now: int,
    lang: Language = "zh",
    keep_bindings: bool = True,
    change_sessions: bool = False,
    drop_people: bool = False,
) -> Imported:
    """A new version of a cohort from its workbooks; people and sessions keep the ids they had before."""
    from monitor.workbook import WorkbookErrors, read_workbooks  # half a second of libraries, seldom needed

    known = {number: person for person, number in (await office.identities(cohort_id)).items()}
    try:
        read = await asyncio.to_thread(
            read_workbooks,
            roster,
            plan,
            policy,
            cohort_id,
            known=known,
            sources=await _sources(office, cohort_id),
            sessions=await _part(office, cohort_id, "sessions"),
            reserved={row.session for row in office.corrections(cohort_id)},
        )
    except WorkbookErrors as faults:
        raise _declined(faults.errors, lang) from None
    data = msgspec.json.encode(read.cohort)
    try:
        open_cohort(data)
    except CohortFileError as error:
        raise _declined([read.cell_error(one.where, one.problem) for one in error.errors], lang) from None
    done = await office.import_cohort(
        data,
        read.identities,
        by=by,
        why=why,
        now=now,
        keep_bindings=keep_bindings,
        change_sessions=change_sessions,
        drop_people=drop_people,
    )
    notes = (*(note.sentence(lang) for note in read.notes), *done.notes)
    return msgspec.structs.replace(done, notes=notes)


async def _sources(office: Office, cohort_id: str) -> list[dict[str, Any]]:
    """The cohort's sources as they were, else those that are set up: for a plan that names none."""
    if office.cohort(cohort_id) is not None:
        return await _part(office, cohort_id, "sources")
    return [
        {"id": row.id, "camera": row.camera, "heartbeat_seconds": row.heartbeat_seconds}
        for row in office.sources()
        if not row.demo
    ]


async def _part(office: Office, cohort_id: str, part: str) -> list[dict[str, Any]]:
    """A part of the cohort file that holds; empty where there is none yet."""
    if office.cohort(cohort_id) is None:
        return []
    return list(msgspec.json.decode(await office.cohort_file(cohort_id)).get(part) or [])


def _declined(errors: "list[CellError]", lang: Language) -> Declined:
    return Declined.file("invalid", [CohortError("", error.sentence(lang)) for error in errors])
