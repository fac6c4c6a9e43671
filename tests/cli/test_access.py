"""`source` and `token`: secrets once and alone on standard output; everything else beside."""

import asyncio
import hashlib
import json
from pathlib import Path

import pytest

from monitor.control import opened
from monitor.store.folder import Folder
from monitor.store.place import Place, Server
from tests.cli.command import Command
from tests.cohort_file import cohort_file
from tests.ingest.signing import NOW, PUBLIC, SECRET, signed


def test_source_add_prints_the_secret_alone_and_it_signs(monitor: Command) -> None:
    done = monitor("source", "add", "main", "--kind", "native", "--may", "sign-in")
    assert done.code == 0
    (secret,) = done.out.splitlines()

    async def check() -> None:
        async with opened(Folder(Path(monitor.data))) as (_, office):
            source = office.source("main")
            assert source is not None
            assert source.may_sign_in
            assert source.seal.open(signed("m", b"[]", secret=secret), b"[]", NOW).id == "m"

    asyncio.run(check())


def test_source_add_takes_a_secret_and_none_that_is_short(monitor: Command) -> None:
    assert monitor("source", "add", "a", "--kind", "native", "--secret", SECRET).out == f"{SECRET}\n"
    assert monitor("source", "add", "b", "--kind", "native", "--secret", PUBLIC).out == f"{PUBLIC}\n"
    short = monitor("source", "add", "c", "--kind", "native", "--secret", "whsec_c2hvcnQ=")
    assert (short.code, short.out, "5 字节" in short.err) == (2, "", True)
    assert monitor("source", "rotate", "a", "--secret", "abc").code == 2
    assert monitor("source", "rotate", "a", "--secret", SECRET.removeprefix("whsec_")).code == 0


def test_source_list_shows_no_secret(monitor: Command) -> None:
    monitor("source", "add", "main", "--kind", "native", "--camera", "state", "--demo", "--secret", SECRET)
    listed = monitor("source", "list")
    assert "main" in listed.out
    (row,) = json.loads(monitor("source", "list", "--json").out)
    assert (row["id"], row["camera"], row["demo"], row["may_sign_in"]) == ("main", "state", True, False)
    assert SECRET not in listed.out + json.dumps(row)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["source", "add", "staff", "--kind", "native"], "staff"),
        (["source", "add", "Main", "--kind", "native"], "lower-case"),
        (["source", "add", "main", "--kind", "zoom"], "native"),
        (["source", "add", "main", "--kind", "native", "--secret", "~"], "base64"),
        (["source", "add", "main", "--kind", "native", "--camera", "maybe"], "heartbeat"),
        (["source", "add", "main"], "--kind"),
        (["source"], "VERB"),
        (["token", "add", "--role", "king"], "platform"),
        (["token", "add", "--role", "platform"], "--source"),
        (["token", "add", "--role", "clerk", "--cohort", "nowhere"], "nowhere"),
        (["token", "add", "--role", "trainee"], "--person"),
        (["token", "add", "--role", "platform", "--source", "a", "--source", "b"], "one source"),
        (["token", "grant", "nowhere", "--cohort", "x"], "nowhere"),
        (["token", "revoke", "nowhere"], "nowhere"),
    ],
)
def test_wrong_use_is_exit_code_2_and_says_what_to_do(
    monitor: Command, arguments: list[str], words: str
) -> None:
    Path(monitor.data).mkdir()
    done = monitor(*arguments)
    assert (done.code, done.out) == (2, "")
    assert words in done.err


def test_a_source_that_is_there_is_not_overwritten(monitor: Command) -> None:
    monitor("source", "add", "main", "--kind", "native")
    again = monitor("source", "add", "main", "--kind", "native")
    assert (again.code, again.out) == (2, "")
    assert "already" in again.err


def test_token_add_prints_the_token_alone_and_it_opens(monitor: Command) -> None:
    done = monitor("token", "add", "--role", "admin", "--name", "王")
    (text,) = done.out.splitlines()

    async def check() -> None:
        async with opened(Folder(Path(monitor.data))) as (_, office):
            row = office.token(hashlib.sha256(text.encode()).hexdigest())
            assert row is not None
            assert (row.role, row.name, row.cohorts) == ("admin", "王", None)

    asyncio.run(check())
    assert text not in monitor("token", "list").out


def test_token_add_says_when_a_token_sees_nothing(monitor: Command, tmp_path: Path) -> None:
    assert "no cohort" in monitor("token", "add", "--role", "teacher").err
    assert "no cohort" not in monitor("token", "add", "--role", "center").err
    (tmp_path / "c.json").write_bytes(cohort_file())
    monitor("cohort", "import", tmp_path / "c.json")
    assert "no cohort" not in monitor("token", "add", "--role", "teacher", "--cohort", "bj-cnc-01").err


def test_a_token_is_granted_cohorts_and_sources_later(monitor: Command, tmp_path: Path) -> None:
    (tmp_path / "c.json").write_bytes(cohort_file())
    monitor("cohort", "import", tmp_path / "c.json")
    monitor("source", "add", "main", "--kind", "native")
    said = monitor("token", "add", "--role", "clerk").err
    (row,) = json.loads(monitor("token", "list", "--json").out)
    assert f"monitor token grant {row['id']} --cohort" in said
    done = monitor("token", "grant", row["id"], "--cohort", "bj-cnc-01", "--source", "main")
    assert (done.code, done.out) == (0, "")
    (row,) = json.loads(monitor("token", "list", "--json").out)
    assert (row["cohorts"], row["may_list"]) == (["bj-cnc-01"], ["main"])
    assert "bj-cnc-01; 来源 sources main" in monitor("token", "list").out
    assert monitor("token", "add", "--role", "clerk", "--source", "main").code == 0


def test_a_platforms_token_and_a_trainees_token(monitor: Command, tmp_path: Path) -> None:
    (tmp_path / "c.json").write_bytes(cohort_file())
    monitor("cohort", "import", tmp_path / "c.json")
    monitor("source", "add", "main", "--kind", "native")
    assert monitor("token", "add", "--role", "platform", "--source", "main").code == 0
    trainee = monitor("token", "add", "--role", "trainee", "--cohort", "bj-cnc-01", "--person", "t01")
    assert trainee.code == 0
    for person, said in (("t99", "has no person t99"), ("w01", "no trainee")):
        wrong = monitor("token", "add", "--role", "trainee", "--cohort", "bj-cnc-01", "--person", person)
        assert (wrong.code, wrong.out, said in wrong.err) == (2, "", True)
    rows = json.loads(monitor("token", "list", "--json").out)
    assert {(row["role"], row["source"], row["person"]) for row in rows} == {
        ("platform", "main", None),
        ("trainee", None, "t01"),
    }


def test_a_revoked_token_is_listed_as_revoked(monitor: Command) -> None:
    monitor("token", "add", "--role", "auditor")
    (row,) = json.loads(monitor("token", "list", "--json").out)
    assert monitor("token", "revoke", row["id"]).code == 0
    (row,) = json.loads(monitor("token", "list", "--json").out)
    assert row["revoked_at"] is not None


def test_a_database_of_another_kind_is_refused_with_a_sentence(monitor: Command) -> None:
    done = monitor("source", "list", "--database", "mysql://user:password@host/x")
    assert (done.code, done.out) == (2, "")
    assert "postgresql://USER@HOST/DATABASE" in done.err
    assert "password" not in done.err


def test_a_first_command_that_is_declined_leaves_a_database_elsewhere_that_can_be_used(
    monitor: Command, bare: Place
) -> None:
    """The database was told of the key; a key taken away with the new folder would be missed for ever."""
    database = ("--database", bare.url if isinstance(bare, Server) else f"sqlite:///{bare}")
    refused = monitor("token", "add", "--role", "teacher", "--cohort", "none", *database)
    assert (refused.code, "there is no cohort none" in refused.err) == (2, True)
    assert monitor("token", "add", "--role", "admin", *database).code == 0


def test_a_named_sqlite_file_holds_the_log(monitor: Command, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'elsewhere.sqlite'}"
    assert monitor("source", "add", "main", "--kind", "native", "--database", url).code == 0
    assert (tmp_path / "elsewhere.sqlite").exists()
    assert len(json.loads(monitor("source", "list", "--json", "--database", url).out)) == 1


def test_a_folder_that_is_not_there_is_not_made_by_looking(monitor: Command) -> None:
    for arguments in (["source", "list"], ["token", "list"], ["cohort", "list"], ["ledger", "verify"]):
        done = monitor(*arguments)
        assert done.code == 2
        assert "no such data folder" in done.err
    assert not Path(monitor.data).exists()


def test_the_folder_may_be_named_by_the_environment(
    monitor: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MONITOR_DATA", str(tmp_path / "env"))
    assert monitor("source", "add", "main", "--kind", "native", data=False).code == 0
    assert (tmp_path / "env" / "log.sqlite").exists()


@pytest.mark.parametrize("group", ["cohort", "source", "token", "ledger"])
def test_each_group_explains_itself(monitor: Command, group: str) -> None:
    done = monitor(group, "--help", data=False)
    assert (done.code, "usage: monitor" in done.out) == (0, True)


def test_a_fresh_secret_is_printed_alone_and_the_list_shows_until_when_the_old_one_holds(
    monitor: Command,
) -> None:
    monitor("source", "add", "main", "--kind", "native")
    turned = monitor("source", "rotate", "main", "--keep", "24")
    assert (turned.code, len(turned.out.splitlines()), "holds until" in turned.err) == (0, 1, True)
    (row,) = json.loads(monitor("source", "list", "--json").out)
    assert [one["ends_at"] is None for one in row["secrets"]] == [True, False]
    assert row["secrets"][1]["ends_at"].endswith("Z")
    listed = monitor("source", "list").out
    assert ("旧 old" in listed, turned.out.strip() in listed) == (True, False)
    assert monitor("source", "rotate", "main", "--keep", "x").code == 2


def test_lists_as_json_have_times_and_positions_as_the_wire_has_them(
    monitor: Command, tmp_path: Path
) -> None:
    (tmp_path / "c.json").write_bytes(cohort_file())
    monitor("cohort", "import", tmp_path / "c.json")
    monitor("source", "add", "main", "--kind", "native")
    monitor("token", "add", "--role", "admin")
    for group, instant in (("cohort", "at"), ("source", "added_at"), ("token", "added_at")):
        (row,) = json.loads(monitor(group, "list", "--json").out)
        assert row[instant].endswith("Z")
        assert isinstance(row["position"], str)


def test_a_source_is_changed_and_the_log_says_by_whom(monitor: Command) -> None:
    """What is not named stays; nothing named, and what can't be, is exit code 2 and changes nothing."""
    monitor("source", "add", "main", "--kind", "native", "--heartbeat-seconds", "30")
    done = monitor("source", "set", "main", "--camera", "state", "--may", "sign-in")
    assert (done.code, "main" in done.out) == (0, True)
    (row,) = json.loads(monitor("source", "list", "--json").out)
    assert (row["camera"], row["heartbeat_seconds"], row["may_sign_in"]) == ("state", 30, True)
    assert monitor("source", "set", "main", "--may-not", "sign-in", "--heartbeat-seconds", "60").code == 0
    (row,) = json.loads(monitor("source", "list", "--json").out)
    assert (row["camera"], row["heartbeat_seconds"], row["may_sign_in"]) == ("state", 60, False)
    assert len(row["secrets"]) == 1
    for wrong, said in (
        (("main",), "say what changes"),
        (("mian", "--camera", "none"), "no source mian"),
        (("main", "--heartbeat-seconds", "0"), "heartbeat seconds"),
        (("main", "--may", "sign-in", "--may-not", "sign-in"), "not allowed with"),
    ):
        refused = monitor("source", "set", *wrong)
        assert (refused.code, refused.out, said in refused.err) == (2, "", True)
    assert json.loads(monitor("source", "list", "--json").out) == [row]

    async def entries() -> list[tuple[str, str]]:
        folder = monitor.folder
        folder.lock()
        async with opened(folder) as (log, office):
            assert office.source("main") is not None
            found = [(entry.kind, entry.headers.get("why", "")) async for entry in log.read()]
        folder.unlock()
        return found

    assert asyncio.run(entries()) == [("source", ""), ("source", "changed"), ("source", "changed")]


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("log.sqlite", ("token", "list")),
        ("office.sqlite", ("token", "list")),
        ("log.sqlite", ("ledger", "verify")),
        ("log.sqlite", ("ledger", "find", "--source", "main")),
        ("office.sqlite", ("ledger", "find", "--source", "main")),
        ("log.sqlite", ("backup", "copy")),
    ],
)
def test_a_file_that_is_no_database_is_named_in_a_sentence(
    monitor: Command, name: str, command: tuple[str, ...]
) -> None:
    """Not with the words of a library, nor where in the code it was met."""
    assert monitor("token", "add", "--role", "admin").code == 0
    (Path(monitor.data) / name).write_bytes(b"no database at all, " * 500)
    done = monitor(*command)
    assert (done.code, done.out) == (1, "")
    assert f"{name}: 不是数据库，或已损坏" in done.err
    assert "Traceback" not in done.err
