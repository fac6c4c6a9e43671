"""`user`: links once and alone on standard output; a change holds at once."""

import json
from pathlib import Path

import pytest

from tests.cli.command import Command
from tests.cohort_file import cohort_file


@pytest.fixture
def cohort(monitor: Command, tmp_path: Path) -> str:
    (tmp_path / "c.json").write_bytes(cohort_file())
    monitor("cohort", "import", tmp_path / "c.json")
    return "bj-cnc-01"


def users(monitor: Command) -> dict[str, dict[str, object]]:
    return {row["name"]: row for row in json.loads(monitor("user", "list", "--json").out)}


def test_user_add_prints_the_link_alone_and_only_once(monitor: Command, cohort: str) -> None:
    done = monitor("user", "add", "Yan", "--role", "teacher", "--display", "严老师", "--cohort", cohort)
    (link,) = done.out.splitlines()
    assert (done.code, "/link#" in link) == (0, True)
    row = users(monitor)["yan"]
    assert (row["display"], row["state"], row["cohorts"]) == ("严老师", "invited", [cohort])
    secret = link.partition("#")[2]
    assert secret not in monitor("user", "list", "--json").out + monitor("user", "list").out
    kept = b"".join(file.read_bytes() for file in Path(monitor.data).iterdir() if file.is_file())
    assert secret.encode() not in kept


def test_a_link_again_is_another_one(monitor: Command) -> None:
    first = json.loads(monitor("user", "add", "guan", "--role", "admin", "--json").out)
    again = json.loads(monitor("user", "invite", "guan", "--json").out)
    reset = monitor("user", "reset", "GUAN").out
    assert (first["kind"], again["kind"]) == ("invitation", "invitation")
    assert len({first["link"], again["link"], reset.strip()}) == 3
    assert first["ends_at"].endswith("Z")


def test_a_user_is_disabled_and_enabled_but_not_the_last_admin(monitor: Command) -> None:
    monitor("user", "add", "guan", "--role", "admin")
    assert monitor("user", "disable", "guan").code == 2
    monitor("user", "add", "two", "--role", "admin")
    assert json.loads(monitor("user", "disable", "guan", "--json").out)["state"] == "disabled"
    assert monitor("user", "invite", "guan").code == 2
    assert monitor("user", "enable", "guan").code == 0
    assert users(monitor)["guan"]["state"] == "invited"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["user", "add", "a b", "--role", "admin"], "letters"),
        (["user", "add", "yan", "--role", "trainee"], "teacher"),
        (["user", "add", "yan", "--role", "teacher", "--cohort", "nowhere"], "nowhere"),
        (["user", "add", "yan", "--role", "teacher", "--person", "w01"], "bj-cnc-01=w01"),
        (["user", "add", "yan", "--role", "teacher", "--source", "main"], "imports no cohort"),
        (["user", "reset", "nobody"], "monitor user list"),
        (["user", "disable", "nobody"], "monitor user list"),
        (["token", "add", "--role", "clerk", "--user", "nobody"], "monitor user list"),
        (["user"], "VERB"),
    ],
)
def test_wrong_use_is_exit_code_2_and_says_what_to_do(
    monitor: Command, arguments: list[str], words: str
) -> None:
    Path(monitor.data).mkdir()
    done = monitor(*arguments)
    assert (done.code, done.out) == (2, "")
    assert words in done.err


def test_a_token_says_whose_it_is(monitor: Command) -> None:
    monitor("user", "add", "tu", "--role", "approver")
    assert monitor("token", "add", "--role", "clerk", "--user", "tu").code == 0
    (row,) = json.loads(monitor("token", "list", "--json").out)
    assert row["holder"] == users(monitor)["tu"]["id"]


def test_a_teacher_is_tied_to_who_they_are_in_a_cohort(monitor: Command, cohort: str) -> None:
    done = monitor("user", "add", "w", "--role", "teacher", "--cohort", cohort, "--person", f"{cohort}=w01")
    assert done.code == 0
    assert users(monitor)["w"]["persons"] == {cohort: "w01"}
    assert f"{cohort} (w01)" in monitor("user", "list").out
    refused = monitor(
        "user", "add", "t", "--role", "teacher", "--cohort", cohort, "--person", f"{cohort}=t01"
    )
    assert (refused.code, "no teacher t01" in refused.err) == (2, True)
