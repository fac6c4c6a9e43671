"""The ledger over either engine: all of a write or nothing, and reading beside it."""

from collections.abc import Iterator

import pytest

from monitor.store.block import Kept
from monitor.store.ledger import Key, Ledger
from monitor.store.place import Place
from tests.store.logs import AT


@pytest.fixture
def writer(place: Place) -> Iterator[Ledger]:
    found = Ledger(place, write=True, make=True)
    yield found
    found.close()


def follow(ledger: Ledger, *sources: str) -> list[Kept]:
    """Rows that follow what the ledger holds, one of each source."""
    position, link = ledger.head()
    rows = []
    for n, source in enumerate(sources, position + 1):
        row = Kept(n, "delivery", source, AT + n, {}, b"[%d]" % n, "native/1", b"")
        link = row.next_link(link)
        rows.append(row._replace(link=link))
    return rows


def put(ledger: Ledger, *sources: str) -> None:
    """Writes a block of one commit."""
    ledger.write(follow(ledger, *sources), ledger.head()[1], [])


def test_a_write_that_fails_leaves_nothing_and_the_next_one_goes_well(
    writer: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(writer, "a")
    rows = follow(writer, "b")

    def refuses(*_: object) -> None:
        raise RuntimeError("power cut")

    with monkeypatch.context() as patch:
        patch.setattr(type(writer._pages), "put_keys", refuses)
        with pytest.raises(RuntimeError):
            writer.write(rows, writer.head()[1], [Key(1, 2, 2)])
    assert (writer.head()[0], writer.key(range(3), 2)) == (1, [])
    writer.write(rows, writer.head()[1], [Key(1, 2, 2)])
    assert (writer.head()[0], writer.key(range(3), 2)) == (2, [2])


def test_a_block_can_not_be_written_in_the_place_of_another(writer: Ledger) -> None:
    """Somebody else has written meanwhile: nothing of theirs is lost."""
    put(writer, "a")
    row = follow(writer, "b")
    before = writer.head()[1]
    put(writer, "c")
    with pytest.raises(Exception, match=r"UNIQUE|unique"):
        writer.write(row, before, [])
    assert [entry.source for entry in writer.read(0, None, None, None, 10)] == ["a", "c"]


@pytest.mark.parametrize("sources", [None, {"a", "c"}])
def test_what_is_closed_while_it_is_read_is_read_once(
    sources: set[str] | None, place: Place, writer: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitor.store.postgresql._TOGETHER", 2)
    for source in "abcabc":
        put(writer, source)
    reader = Ledger(place)
    rows, met = Ledger._rows, []

    def meanwhile(self: Ledger, block: object) -> list[Kept]:
        if self is reader:
            met.append(block)
            if len(met) == 3:  # all that is young becomes one block that begins before what was read
                monkeypatch.setattr("monitor.store.ledger._CLOSE", 6)
                put(writer, "a")
        return rows(self, block)  # type: ignore[arg-type]

    monkeypatch.setattr(Ledger, "_rows", meanwhile)
    found = reader.read(0, 6, None, sources, 100)
    reader.close()
    assert len(met) > 3
    assert [e.source for e in found] == [s for s in "abcabc" if sources is None or s in sources]
    assert sorted({e.position for e in found}) == [e.position for e in found]
