"""`monitor simulate`: a platform of any size pushes to an address, over real HTTP or one WebSocket.

In: an address, a source with its secret, a cohort file or a number of trainees. Out: events at the service, a
summary, exit code 0 when every one was taken. Never: shows the secret or the token, touches our own data.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any

import msgspec

from monitor.clock import now_ms
from monitor.cohort import Cohort, parse
from monitor.instant import instant, rfc3339
from monitor.simulate import school
from monitor.simulate.device import wire
from monitor.simulate.line import HttpLine, StreamLine
from monitor.simulate.people import BEAT_SECONDS, Telling, telling
from monitor.simulate.play import DAY_MS, Pace, Window, play, postings
from monitor.simulate.post import Shares
from monitor.simulate.progress import Progress
from monitor.simulate.push import Patience, Push, Stopped
from monitor.simulate.sign import SecretError, Signer
from monitor.simulate.tally import Tally

_ABOUT = """\
A simulated platform: trainees who behave like people (late, camera off for a while, two devices, a dropped
connection, whole days missed), pushed to a service as signed CloudEvents. The same seed and cohort file give
the same events with the same ids, so a second run finds nothing but duplicates.

Without --speed or --as-fast-as-possible, today's class up to now goes out at once, the rest as it happens."""


class WrongUse(Exception):
    """The options can't be used together or name nothing; the text says what to do."""


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Hang the command up."""
    parser = commands.add_parser(
        "simulate",
        help="a platform of any size pushing to an address",
        description=_ABOUT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    where = parser.add_argument_group("where to")
    where.add_argument("--to", metavar="URL", help="address of the service, as in http://127.0.0.1:8080")
    where.add_argument("--source", metavar="ID", required=True, help="id of the source that pushes")
    where.add_argument("--secret", metavar="S", help="its secret; better: MONITOR_SECRET, or --secret-file")
    where.add_argument("--secret-file", metavar="F", type=Path, help="file that holds the secret")
    where.add_argument("--stream", action="store_true", help="one WebSocket instead of HTTP requests")
    where.add_argument("--token", metavar="T", help="platform's token for --stream; better: MONITOR_TOKEN")
    where.add_argument(
        "--write", metavar="F", type=Path, help="write the events to a file (NDJSON), send nothing"
    )
    who = parser.add_argument_group("who, and when")
    who.add_argument("--cohort", metavar="F", type=Path, help="cohort file: its people, rooms and timetable")
    who.add_argument(
        "--trainees", metavar="N", type=_count, default=12, help="without --cohort: so many (12)"
    )
    who.add_argument(
        "--cohort-out", metavar="F", type=Path, help="write the made-up cohort file, to import it"
    )
    who.add_argument("--camera", choices=("heartbeat", "state", "none"), help="what a made-up platform tells")
    who.add_argument("--heartbeat-seconds", metavar="N", type=_count, default=BEAT_SECONDS, help="(30)")
    who.add_argument(
        "--tells",
        choices=("rooms", "sign-ins", "both"),
        default="rooms",
        help="what this source tells (rooms)",
    )
    who.add_argument("--seed", metavar="N", type=int, default=1, help="(1)")
    who.add_argument("--from", dest="since", metavar="TIME", type=_time, help="play events from here")
    who.add_argument("--until", metavar="TIME", type=_time, help="play events up to here")
    how = parser.add_argument_group("how")
    pace = how.add_mutually_exclusive_group()
    pace.add_argument(
        "--speed", metavar="X", type=_speed, help="X times real time; never overtakes the clock"
    )
    pace.add_argument("--as-fast-as-possible", action="store_true", help="what is past goes out at once")
    how.add_argument("--batch", metavar="N", type=_count, default=500, help="most events in a delivery (500)")
    how.add_argument("--in-flight", metavar="N", type=_count, default=8, help="most deliveries under way (8)")
    how.add_argument("--duplicates", metavar="P", type=_share, default=0.01, help="share sent twice (0.01)")
    how.add_argument("--disorder", metavar="P", type=_share, default=0.03, help="share out of order (0.03)")
    how.add_argument("--late", metavar="P", type=_share, default=0.003, help="share minutes late (0.003)")
    how.add_argument(
        "--give-up", metavar="S", type=_speed, default=300.0, help="seconds of waiting, in all (300)"
    )
    how.add_argument("--json", action="store_true", help="the summary as JSON")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Play what was asked for; 0 all taken, 1 something was not, 2 wrong use."""
    now = now_ms()
    try:
        cohort = _cohort(args, now)
        tells = telling(cohort, args.source, rooms=args.tells != "sign-ins", sign_ins=args.tells != "rooms")
        window = _window(args, cohort, now)
        if args.write:
            return _write(args, cohort, tells, window)
        if not args.to:
            raise WrongUse("say where to push with --to URL, or where to write with --write FILE")
        signer = Signer(_secret(args))
        token = _token(args) if args.stream else ""
    except (WrongUse, SecretError) as problem:
        print(f"monitor simulate: {problem}", file=sys.stderr)
        return 2
    tally, stopped = asyncio.run(_play(args, cohort, tells, window, signer, token, now))
    _summary(args, tally, stopped)
    return 0 if tally.clean and not stopped else 1


async def _play(
    args: argparse.Namespace,
    cohort: Cohort,
    tells: Telling,
    window: Window,
    signer: Signer,
    token: str,
    now: int,
) -> tuple[Tally, str]:
    """Push the window; what became of it, and why it stopped early ("" when it didn't)."""
    line: HttpLine | StreamLine
    if args.stream:
        line = StreamLine(args.to, args.source, token, signer, now_ms)
    else:
        line = HttpLine(args.to, args.source, signer, now_ms)
    progress = Progress("模拟平台 pushing", now_ms)
    speed = None if args.as_fast_as_possible else args.speed or 1.0
    begins_at = window.start if args.speed and window.start is not None else now
    pace = Pace(begins_at, now, speed)
    shares = Shares(args.duplicates, args.disorder, args.late)
    async with Push(
        line, in_flight=args.in_flight, patience=Patience(in_all=args.give_up), seed=args.seed
    ) as push:
        playing = asyncio.ensure_future(
            play(
                postings(cohort, tells, args.seed, shares, window),
                push,
                pace,
                now_ms,
                source=args.source,
                batch=args.batch,
                twice=args.duplicates,
                seed=args.seed,
                moved=lambda count, at: progress.at(count, more=f"→ {rfc3339(at)}"),
            )
        )
        _stop_on_signals(playing)
        stopped = ""
        try:
            await playing
        except asyncio.CancelledError:
            pass  # asked to stop: what was handed over is still settled
        except Stopped as problem:
            stopped = str(problem)
        try:
            await push.drain()
        except Stopped as problem:
            stopped = str(problem)
        except asyncio.CancelledError:
            stopped = "interrupted"  # asked a second time: what is under way is counted as undelivered
        progress.done()
    return push.tally, stopped


def _stop_on_signals(playing: asyncio.Future[int]) -> None:
    """The first Ctrl-C or SIGTERM ends the playing, another one what is still under way."""
    whole = asyncio.current_task()

    def stop() -> None:
        if not playing.done():
            playing.cancel()
        elif whole:
            whole.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop)


def _summary(args: argparse.Namespace, tally: Tally, stopped: str) -> None:
    facts: dict[str, Any] = {
        "source": args.source,
        "events": tally.handed,
        "accepted": tally.accepted,
        "duplicate": tally.duplicate,
        "refused": tally.refused,
        "undelivered": tally.undelivered,
        "deliveries": tally.deliveries,
        "retries": tally.retries,
        "bytes": tally.octets,
        "reasons": dict(sorted(tally.reasons.items())),
        "position": tally.position,
        "stopped": stopped or None,
    }
    if args.json:
        print(msgspec.json.encode(facts).decode())
    else:
        print(
            f"事件 events {tally.handed:,}: 收下 accepted {tally.accepted:,} · "
            f"重复 duplicate {tally.duplicate:,} · 拒收 refused {tally.refused:,} · "
            f"未送达 undelivered {tally.undelivered:,}\n"
            f"投递 deliveries {tally.deliveries:,} · 重试 retries {tally.retries:,}"
        )
        for reason, count in tally.reasons.most_common():
            print(f"  {count:,} × {reason}")
        if not tally.handed:
            print("没有要推送的事件：时间窗口内没有课  No events: no class in this window (--from, --until)")
    if stopped:
        print(f"monitor simulate: stopped: {stopped}", file=sys.stderr)


def _write(args: argparse.Namespace, cohort: Cohort, tells: Telling, window: Window) -> int:
    """The events of the window as NDJSON, in the order of their delivery."""
    shares = Shares(args.duplicates, args.disorder, args.late)
    count = 0
    try:
        out = args.write.open("wb")
    except OSError as problem:
        raise WrongUse(f"can't write --write {args.write}: {problem.strerror}") from None
    with out:
        for posting in postings(cohort, tells, args.seed, shares, window):
            out.write(wire(posting.report, args.source) + b"\n")
            count += 1
    print(msgspec.json.encode({"events": count}).decode() if args.json else f"事件 events {count:,}")
    return 0


def _cohort(args: argparse.Namespace, now: int) -> Cohort:
    if args.cohort:
        try:
            data = args.cohort.read_bytes()
        except OSError as problem:
            raise WrongUse(f"can't read --cohort {args.cohort}: {problem.strerror}") from None
    else:
        data = msgspec.json.encode(
            school.made_up(
                args.trainees,
                now,
                args.source,
                args.seed,
                camera=args.camera or "heartbeat",
                beat_seconds=args.heartbeat_seconds,
            )
        )
    cohort, errors = parse(data)
    if cohort is None or errors:
        raise WrongUse("\n".join([f"{args.cohort} is no cohort file:", *map(str, errors)]))
    if not cohort.sessions:
        raise WrongUse(
            f"{args.cohort}: 课表是空的，没有课次 · the timetable of {cohort.id} is empty: nothing to play"
        )
    if args.cohort_out:
        try:
            args.cohort_out.write_bytes(msgspec.json.format(data) + b"\n")
        except OSError as problem:
            raise WrongUse(f"can't write --cohort-out {args.cohort_out}: {problem.strerror}") from None
    if args.source not in [source.id for source in cohort.sources]:
        print(f"note: {cohort.id} doesn't list the source {args.source}; nothing will count", file=sys.stderr)
    return cohort


def _window(args: argparse.Namespace, cohort: Cohort, now: int) -> Window:
    """By default: at once, all up to now; with --speed, all; in real time, from today's beginning on."""
    since, until = args.since, args.until
    if until is None and args.as_fast_as_possible:
        until = now
    if since is None and not (args.as_fast_as_possible or args.write):
        starts = sorted(start for session in cohort.sessions for start, _ in session.periods)
        since = now - DAY_MS // 2 if not args.speed else starts[0] - DAY_MS // 24 if starts else None
    if since is not None and until is not None and since >= until:
        raise WrongUse("--from must be before --until")
    return Window(since, until)


def _secret(args: argparse.Namespace) -> str:
    secret = args.secret or os.environ.get("MONITOR_SECRET", "")
    if args.secret_file:
        try:
            secret = args.secret_file.read_text().strip()
        except OSError as problem:
            raise WrongUse(f"can't read --secret-file {args.secret_file}: {problem.strerror}") from None
    if not secret:
        raise WrongUse("the source's secret is needed: --secret-file F, MONITOR_SECRET or --secret S")
    return secret


def _token(args: argparse.Namespace) -> str:
    token = args.token or os.environ.get("MONITOR_TOKEN", "")
    if not token:
        raise WrongUse("--stream needs the platform's token: MONITOR_TOKEN or --token T")
    return token


def _time(text: str) -> int:
    try:
        return instant(text)
    except ValueError as problem:
        raise argparse.ArgumentTypeError(f"{text!r} is {problem}") from None


def _count(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1 on")
    return int(text)


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = -1
    if not 0 <= share <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no share between 0 and 1")
    return share


def _speed(text: str) -> float:
    try:
        speed = float(text)
    except ValueError:
        speed = 0
    if not 0 < speed < 1e9:
        raise argparse.ArgumentTypeError(f"{text!r} is no number over 0")
    return speed
