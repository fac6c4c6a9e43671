"""What the office knows, as rows; and which rows an entry of the log makes. Pure.

In: an entry of the log, and the rows as they stood before it. Out: the rows that it makes or changes. Never:
a database, a clock, a secret. Memory and tables are both written from what `changes` says, when something is
decided as well as when everything is read again from the log: there is one way to get there.
"""

from typing import Any, ClassVar, TypeVar

import msgspec

from monitor.store.entry import Entry

DECISIONS = frozenset({"cohort", "source", "token", "user", "correction"})
"""The kinds of entries that the office writes, beside deliveries of `staff`."""


class Row(msgspec.Struct, frozen=True):
    """A row of the table of its name; `key` names the columns that identify it."""

    table: ClassVar[str]
    key: ClassVar[tuple[str, ...]]

    def identity(self) -> tuple[Any, ...]:
        """The values of the key columns."""
        return tuple(getattr(self, name) for name in self.key)


class SourceRow(Row, frozen=True):
    """A source as it was decided, without its secrets; `position` of the entry that says so."""

    table = "sources"
    key = ("id",)
    id: str
    kind: str
    camera: str
    heartbeat_seconds: int | None
    may_sign_in: bool
    demo: bool
    added_at: int
    position: int = 0


class TokenRow(Row, frozen=True):
    """A token as it was decided, without its hash; `cohorts` None is all of them.

    `source` is the one that a platform's token stands for. `may_list` are sources that were granted: files
    that come with this token may list them, beside those which a cohort of its own lists already. `holder`
    is the id of the user whose token it is, where that was said.
    """

    table = "tokens"
    key = ("id",)
    id: str
    name: str
    role: str
    cohorts: tuple[str, ...] | None
    source: str | None
    person: str | None
    added_at: int
    revoked_at: int | None = None
    may_list: tuple[str, ...] = ()
    position: int = 0
    holder: str | None = None

    def may_see(self, cohort: str) -> bool:
        """Whether the cohort was given to this token, which says nothing about whether it exists."""
        return self.cohorts is None or cohort in self.cohorts

    @property
    def label(self) -> str:
        """How its holder is called where it is written down who did something."""
        return self.name or self.id


class UserRow(Row, frozen=True):
    """Somebody who signs in, without their password; `cohorts` None is all of them.

    `name` is what they sign in with, as it is compared; `display` how others see them; `persons` says who
    they are in a cohort (cohort id to person id). `may_list` as of a token.
    """

    table = "users"
    key = ("id",)
    id: str
    name: str
    display: str
    role: str
    cohorts: tuple[str, ...] | None
    persons: dict[str, str]
    added_at: int
    changed_at: int
    disabled_at: int | None = None
    may_list: tuple[str, ...] = ()
    position: int = 0

    def may_see(self, cohort: str) -> bool:
        """Whether the cohort was given to this user, which says nothing about whether it exists."""
        return self.cohorts is None or cohort in self.cohorts

    @property
    def label(self) -> str:
        """How they are called where it is written down who did something."""
        return self.display or self.name


class CohortRow(Row, frozen=True):
    """The version of a cohort that holds: its file is the body of the entry at `position`."""

    table = "cohorts"
    key = ("id",)
    id: str
    name: str | None
    organizer: str | None
    policy: str
    sources: tuple[str, ...]
    at: int
    position: int
    versions: int


class BindingRow(Row, frozen=True):
    """An account that staff bound to a person; `dropped` at the position of the import that let go of it."""

    table = "bindings"
    key = ("cohort", "account")
    cohort: str
    account: str
    person: str
    position: int
    dropped: int | None = None


class CorrectionRow(Row, frozen=True):
    """A correction, number `n` of its cohort: proposed by one, counting from when another approved it.

    Or `rejected`: by another, or withdrawn by who proposed it; then it never counts.
    """

    table = "corrections"
    key = ("cohort", "n")
    cohort: str
    n: int
    person: str
    session: str
    period: int | None
    credit: bool
    reason: str
    by: str
    by_token: str
    at: int
    position: int = 0
    approved_by: str | None = None
    approved_at: int | None = None
    approved_position: int | None = None
    rejected_by: str | None = None
    rejected_at: int | None = None

    @property
    def state(self) -> str:
        """`proposed`, `approved`, `rejected`, or `withdrawn` by who proposed it."""
        if self.approved_at is not None:
            return "approved"
        if self.rejected_at is not None:
            return "withdrawn" if self.rejected_by == self.by else "rejected"
        return "proposed"


class _Head(msgspec.Struct):
    """Of a cohort file what a list shows."""

    id: str
    name: str | None = None
    organizer: str | None = None


class _Named(msgspec.Struct):
    id: str


class _File(msgspec.Struct):
    policy: str
    cohort: _Head
    sources: list[_Named] | None = None


DERIVED: tuple[type[Row], ...] = (SourceRow, TokenRow, UserRow, CohortRow, BindingRow, CorrectionRow)
"""The tables that can be thrown away and read again from the log."""


R = TypeVar("R", bound=Row)


class State:
    """All rows of the office, by table and key."""

    def __init__(self) -> None:
        self.rows: dict[type[Row], dict[tuple[Any, ...], Row]] = {kind: {} for kind in DERIVED}

    def put(self, rows: list[Row]) -> None:
        """Takes rows over, each in the place of the one with its key."""
        for row in rows:
            self.rows[type(row)][row.identity()] = row

    def get(self, kind: type[R], *key: Any) -> R | None:
        """The row with that key, or None."""
        return self.rows[kind].get(key)  # type: ignore[return-value]

    def all(self, kind: type[R]) -> list[R]:
        """Every row of a table, by key."""
        return [row for _, row in sorted(self.rows[kind].items())]  # type: ignore[misc]


def changes(entry: Entry, state: State) -> list[Row]:
    """The rows that an entry makes or changes; none for what the office has no part in."""
    if entry.kind == "source":
        return [msgspec.structs.replace(_source(entry.body), position=entry.position)]
    if entry.kind == "token":
        return [msgspec.structs.replace(_token(entry.body), position=entry.position)]
    if entry.kind == "user":
        return [msgspec.structs.replace(_user(entry.body), position=entry.position)]
    if entry.kind == "cohort":
        return _cohort(entry, state)
    if entry.kind == "correction":
        return [msgspec.structs.replace(_correction(entry.body), position=entry.position)]
    if entry.kind == "delivery" and "correction" in entry.headers:
        return _approved(entry, state)
    return []


_source = msgspec.json.Decoder(SourceRow).decode
_token = msgspec.json.Decoder(TokenRow).decode
_user = msgspec.json.Decoder(UserRow).decode
_correction = msgspec.json.Decoder(CorrectionRow).decode
_file = msgspec.json.Decoder(_File).decode
_pairs = msgspec.json.Decoder(list[tuple[str, str]]).decode


def body(row: Row) -> bytes:
    """A row as the body of the entry that decides it; where that will stand is not known yet."""
    return msgspec.json.encode(
        {name: value for name, value in msgspec.structs.asdict(row).items() if name != "position"}
    )


def _cohort(entry: Entry, state: State) -> list[Row]:
    file = _file(entry.body)
    before = state.get(CohortRow, file.cohort.id)
    rows: list[Row] = [
        CohortRow(
            id=file.cohort.id,
            name=file.cohort.name,
            organizer=file.cohort.organizer,
            policy=file.policy,
            sources=tuple(source.id for source in file.sources or ()),
            at=entry.at,
            position=entry.position,
            versions=1 + (before.versions if before else 0),
        )
    ]
    if "bound-account" in entry.headers:
        person, account = entry.headers["bound-person"], entry.headers["bound-account"]
        rows.append(BindingRow(file.cohort.id, account, person, entry.position))
    for person, account in _pairs(entry.headers.get("bound", "[]")):
        rows.append(BindingRow(file.cohort.id, account, person, entry.position))
    unbound = entry.headers.get("unbound-account")
    if unbound is not None or entry.headers.get("bindings") == "dropped":
        rows += [
            msgspec.structs.replace(row, dropped=entry.position)
            for row in state.all(BindingRow)
            if row.cohort == file.cohort.id and row.dropped is None and unbound in (None, row.account)
        ]
    return rows


def _approved(entry: Entry, state: State) -> list[Row]:
    row = state.get(CorrectionRow, entry.headers["cohort"], int(entry.headers["correction"]))
    if row is None:
        return []
    return [
        msgspec.structs.replace(
            row,
            approved_by=entry.headers["by"],
            approved_at=entry.at,
            approved_position=entry.position,
        )
    ]
