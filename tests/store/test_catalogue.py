"""The catalogue's rows: positions in, the same positions out, in order, some at a time."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from monitor.store.cabinet import Cabinet
from monitor.store.catalogue import SHELF, Catalogue, Subject
from monitor.store.place import Place


@pytest.fixture
async def catalogue(place: Place, tmp_path: Path) -> AsyncIterator[Catalogue]:
    cabinet = await Cabinet.open(place, tmp_path / "monitor.key")
    yield cabinet.catalogue
    await cabinet.close()


def filed(*those: tuple[str, str, int, int]) -> dict[Subject, list[int]]:
    rows: dict[Subject, list[int]] = {}
    for source, place, day, position in those:
        rows.setdefault(Subject(source, place, day, position // SHELF), []).append(position)
    return rows


async def test_positions_come_out_in_order_each_once_whatever_was_asked(catalogue: Catalogue) -> None:
    many = [("main", f"room/{n % 3}", n % 5, n) for n in range(1, 40_000, 7)]
    await catalogue.put(filed(*many, *((s, "room/1", d, n) for s, _, d, n in many)), (), "1 9 x")
    assert await catalogue.mark() == "1 9 x"

    async def all_of(place: str | None, day: int | None, most: int) -> list[int]:
        found: list[int] = []
        while page := await catalogue.positions("main", place, day, found[-1] if found else 0, most):
            assert len(page) <= most
            found += page
        return found

    assert await all_of(None, None, 1_000) == [n for *_, n in many]
    assert await all_of("room/2", None, 999) == [n for n in range(1, 40_000, 7) if n % 3 == 2]
    assert await all_of(None, 4, 50) == [n for n in range(1, 40_000, 7) if n % 5 == 4]
    assert await all_of("room/2", 4, 50) == [n for n in range(1, 40_000, 7) if n % 3 == 2 and n % 5 == 4]
    assert await all_of("room/3", None, 5) == []
    assert await catalogue.positions("other", None, None, 0, 5) == []


async def test_a_row_is_put_in_the_place_of_the_one_before_and_a_shelf_can_be_emptied(
    catalogue: Catalogue,
) -> None:
    await catalogue.put(filed(("main", "a", 1, 5), ("main", "b", 1, 6), ("main", "b", 1, 600)), (), "m")
    await catalogue.put(filed(("main", "a", 1, 5), ("main", "a", 1, 7)), (), None)
    assert await catalogue.positions("main", "a", 1, 0, 9) == [5, 7]
    await catalogue.put(filed(("main", "a", 1, 7)), {0}, None)
    assert await catalogue.positions("main", None, None, 0, 9) == [7, 600]
    assert await catalogue.mark() == "m"
    await catalogue.clear()
    assert (await catalogue.positions("main", None, None, 0, 9), await catalogue.mark()) == ([], None)
