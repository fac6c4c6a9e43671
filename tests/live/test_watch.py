"""One who watches: what waits, what is forgotten, and who comes back."""

from __future__ import annotations

from monitor.live import Watcher
from monitor.live.watch import MOST_KEPT, MOST_WAITING, REFETCH, Channel
from tests.live.stage import Stage, heard
from tests.live.state import apply
from tests.serve.school import COHORT


async def test_who_comes_back_gets_only_what_was_missed(stage: Stage) -> None:
    watcher = await stage.watch()
    state = apply(None, heard(watcher)[0])
    position = stage.live._places[COHORT].channel.position
    stage.live.leave(COHORT, watcher)
    stage.clock.to("08:21:00")
    await stage.push([stage.event("classroom.joined", "u-77", "08:20:30")])
    again = await stage.watch(after=position)
    messages = heard(again)
    assert [message["type"] for message in messages] == ["resumed", "change"]
    for message in messages:
        state = apply(state, message)
    assert await stage.fetched() == state


async def test_who_missed_nothing_is_told_so_even_after_a_restart(stage: Stage) -> None:
    watcher = await stage.watch()
    position = heard(watcher)[0]["position"]
    again = await stage.watch(after=position, live=stage.fresh())
    assert heard(again) == [{"type": "resumed", "position": position}]


async def test_who_was_away_too_long_gets_a_snapshot(stage: Stage) -> None:
    watcher = await stage.watch(after="of-another-time")
    assert [message["type"] for message in heard(watcher)] == ["snapshot"]


async def test_who_does_not_keep_up_is_told_to_refetch_and_let_go(stage: Stage) -> None:
    slow, good = await stage.watch(), await stage.watch()
    for n in range(MOST_WAITING + 5):
        stage.clock.now += 1000
        await stage.push([stage.event("classroom.joined", f"x-{n}", "08:19:00")])
        stage.later.pass_by()
        heard(good)
    assert (slow.slow, good.slow) == (True, False)
    assert [await slow.next(), await slow.next()] == [REFETCH, None]
    assert (stage.live.slow, stage.live.watchers) == (1, 1)


async def test_the_ring_keeps_so_many_changes_and_no_more() -> None:
    channel = Channel()
    for n in range(MOST_KEPT + 10):
        change = {"values": {"n": n}}
        channel.tell(str(n), {"full": change, "masked": change})
    watcher = Watcher("full", most_waiting=10_000)
    channel.join(watcher, "9", lambda _: {})
    assert heard(watcher)[0]["type"] == "resumed"
    watcher = Watcher("full")
    channel.join(watcher, "8", lambda _: {})
    assert heard(watcher)[0]["type"] == "snapshot"


async def test_who_missed_much_is_told_of_it_in_one_change() -> None:
    channel = Channel()
    for n in range(MOST_WAITING + 10):
        change = {"values": {"n": n}, "rows": {"people": {f"t{n % 7}": {"id": f"t{n % 7}", "n": n}}}}
        channel.tell(str(n), {"full": change, "masked": change})
    watcher = Watcher("full")
    channel.join(watcher, "0", lambda _: {})
    resumed, message = heard(watcher)
    assert resumed == {"type": "resumed", "position": "0"}
    assert (message["position"], message["values"]) == ("73", {"n": 73})
    assert sorted(row["n"] for row in message["rows"]["people"].values()) == [67, 68, 69, 70, 71, 72, 73]


async def test_who_missed_more_than_may_wait_gets_a_snapshot_after_all() -> None:
    channel = Channel()
    for n in range(MOST_WAITING + 10):
        change = {"values": {"n": n}, "lists": {"findings": [n, 0, [n]]}}
        channel.tell(str(n), {"full": change, "masked": change})
    watcher = Watcher("full")
    channel.join(watcher, "0", lambda _: {"n": MOST_WAITING + 9})
    found = None
    for message in heard(watcher):
        found = apply(found, message)
    assert found == {"n": MOST_WAITING + 9}


async def test_what_can_be_sent_at_once_does_not_wait_in_the_queue() -> None:
    """What can't be waits, and all that comes behind it, even if that could be sent: in the order it came."""
    sent: list[bytes] = []
    taking = True

    def send(message: bytes) -> bool:
        if taking:
            sent.append(message)
        return taking

    watcher = Watcher("full")
    watcher.tell(b"snapshot")
    watcher.send = send
    watcher.tell(b"1")
    assert (sent, await watcher.next(), await watcher.next()) == ([], b"snapshot", b"1")
    watcher.tell(b"2")
    taking = False
    watcher.tell(b"3")
    taking = True
    watcher.tell(b"4")
    assert (sent, await watcher.next(), await watcher.next()) == ([b"2"], b"3", b"4")
    watcher.tell(b"5")
    watcher.end()
    watcher.tell(b"6")
    assert (sent, await watcher.next()) == ([b"2", b"5"], None)


async def test_who_comes_back_in_the_middle_gets_each_change_once() -> None:
    channel = Channel()
    for n in range(5):
        change = {"values": {"n": n}}
        channel.tell(str(n), {"full": change, "masked": change})
    watcher = Watcher("full")
    channel.join(watcher, "2", lambda _: {})
    assert [message["position"] for message in heard(watcher)] == ["2", "4"]
    watcher = Watcher("full")
    channel.join(watcher, "3", lambda _: {})
    assert heard(watcher)[1:] == [{"type": "change", "position": "4", "values": {"n": 4}}]
