"""Orders of the command line about users: who signs in, and the links by which they set a password.

In: an order (which decision, by whom). Out: what came of it, as plain JSON. Never: a password.
"""

from typing import Any, Literal

import msgspec

from monitor.office import Declined, Office
from monitor.office.links import Given
from monitor.orders import Order
from monitor.store.records import UserRow


class AddUser(Order, tag="user add"):
    """Somebody who signs in, and a link for them to set a password."""

    name: str
    role: str
    display: str = ""
    cohorts: tuple[str, ...] = ()
    persons: dict[str, str] = msgspec.field(default_factory=dict)
    may_list: tuple[str, ...] = ()

    async def carry_out(self, office: Office, now: int) -> Any:
        """Adds them; their row and the link."""
        row = await office.add_user(
            self.name,
            self.role,
            display=self.display,
            cohorts=self.cohorts,
            persons=self.persons,
            may_list=self.may_list,
            by=self.by,
            now=now,
        )
        given = await office.link_for(row.id, by=self.by, now=now)
        return {"user": _user(office, row), **_link(office, given)}


class LinkUser(Order, tag="user link"):
    """A link for a user: `invite` or `reset` sets a password, `sign_in` (of a demonstration) signs in."""

    name: str
    kind: Literal["invite", "reset", "sign_in"]

    async def carry_out(self, office: Office, now: int) -> Any:
        """Makes it; those that they had end."""
        row = _named(office, self.name)
        if self.kind == "sign_in" and not _of_a_demo(office, row):
            raise Declined("invalid", "only a demonstration's users are signed in by a link alone")
        given = await office.link_for(row.id, by=self.by, now=now, straight=self.kind == "sign_in")
        return {"user": _user(office, row), **_link(office, given)}


class ListUsers(Order, tag="user list"):
    """Every user."""

    async def carry_out(self, office: Office, now: int) -> Any:
        """Lists them."""
        return [_user(office, row) for row in office.users()]


class DisableUser(Order, tag="user disable"):
    """A user who shall not sign in any more, or again."""

    name: str
    disabled: bool = True

    async def carry_out(self, office: Office, now: int) -> Any:
        """Disables or enables them; their row."""
        row = _named(office, self.name)
        row = await office.change_user(row.id, {"disabled": self.disabled}, by=self.by, now=now)
        return _user(office, row)


def _named(office: Office, name: str) -> UserRow:
    row = office.user_named(name)
    if row is None:
        raise Declined("not_found", f"there is no user {name}; monitor user list names them")
    return row


def _of_a_demo(office: Office, row: UserRow) -> bool:
    """Whether all that a user may see is a demonstration."""
    seen = [cohort for cohort in office.cohorts() if row.may_see(cohort.id)]
    return bool(seen) and all(office.demo(cohort.sources) for cohort in seen)


def _user(office: Office, row: UserRow) -> dict[str, Any]:
    state = "active" if office.has_password(row.id) else "invited"
    return {**msgspec.structs.asdict(row), "state": state if row.disabled_at is None else "disabled"}


def _link(office: Office, given: Given) -> dict[str, Any]:
    return {"link": office.link_address(given), "kind": given.kind, "ends_at": given.ends_at}
