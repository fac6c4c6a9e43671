"""The demo as people start it: one command, real sockets, real processes."""

import json
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

DEMO = [sys.executable, "-m", "monitor", "demo", "--port", "0"]


class Running:
    """A demo that runs, and what it printed."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        assert process.stdout is not None
        line = process.stdout.readline()
        self.told: dict[str, Any] = json.loads(line)

    def get(self, role: str, path: str) -> tuple[dict[str, str], Any]:
        asked = urllib.request.Request(
            self.told["url"] + path, headers={"Authorization": f"Bearer {self.told['tokens'][role]}"}
        )
        with urllib.request.urlopen(asked) as answer:
            return dict(answer.headers), json.load(answer)


@pytest.fixture(scope="module")
def demo(tmp_path_factory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("demo") / "data"
    process = subprocess.Popen(
        [*DEMO, "--json", "--trainees", "9", "--data", str(folder)], stdout=subprocess.PIPE
    )
    try:
        yield Running(process)
    finally:
        process.kill()
        process.communicate()


def test_every_event_of_the_past_was_taken(demo):
    assert demo.told["events"] > 10_000
    assert demo.told["lost"] == 0


@pytest.mark.parametrize("cohort", ["demo-bj-cnc", "demo-tz-icv"])
def test_every_answer_says_that_it_is_a_demo(demo, cohort):
    headers, attendance = demo.get("teacher", f"/v1/cohorts/{cohort}/attendance")

    assert headers["Monitor-Demo"] == "true"
    assert attendance["demo"] is True


@pytest.mark.parametrize("cohort", ["demo-bj-cnc", "demo-tz-icv"])
def test_rates_differ_and_a_period_is_going_on_now(demo, cohort):
    _, attendance = demo.get("teacher", f"/v1/cohorts/{cohort}/attendance")
    _, person = demo.get("teacher", f"/v1/cohorts/{cohort}/people/t01")
    verdicts = [period["verdict"] for period in person["periods"]]

    assert len({person["rate"] for person in attendance["people"]}) > 2
    assert verdicts.count("live") == 1
    assert "upcoming" in verdicts
    assert verdicts.count("credited") > 30


def test_what_is_behind_looks_as_if_the_service_had_run_all_the_time(demo):
    _, attendance = demo.get("teacher", "/v1/cohorts/demo-bj-cnc/attendance")
    codes = {finding["code"] for finding in attendance["findings"]}

    assert codes & {"late_event", "clock_off", "unknown_source", "unknown_room", "id_reused"} == set()


def test_a_trainee_sees_why_a_period_was_refused_down_to_the_delivery(demo):
    path = f"/v1/cohorts/demo-bj-cnc/people/{demo.told['trainee']}"
    _, person = demo.get("trainee", f"{path}?events={demo.told['period']}")
    session, index = demo.told["period"].split("/")
    period = next(p for p in person["periods"] if [p["session"], str(p["index"])] == [session, index])

    assert period["verdict"] == "refused"
    assert all({"event", "position", "hash"} <= set(event) for event in person["events"])


def test_a_correction_by_two_people_counts(demo):
    _, found = demo.get("clerk", "/v1/cohorts/demo-bj-cnc/corrections")

    assert [correction["state"] for correction in found["corrections"]] == ["approved"]
    assert found["corrections"][0]["by"] != found["corrections"][0]["approved_by"]


def test_every_token_opens_what_it_should(demo):
    for role in ("teacher", "clerk", "approver", "center", "auditor", "admin"):
        _, cohorts = demo.get(role, "/v1/cohorts")
        assert "demo-bj-cnc" in json.dumps(cohorts)
    with pytest.raises(urllib.error.HTTPError) as refused:
        demo.get("trainee", "/v1/cohorts/demo-bj-cnc/attendance")
    assert refused.value.code in (403, 404)
    refused.value.close()


@pytest.mark.parametrize(("role", "cohorts"), [("teacher", 2), ("admin", None)])
def test_a_link_signs_straight_in_once(demo, role, cohorts):
    address, _, secret = demo.told["sign_in"][role].partition("#")
    assert address == f"{demo.told['url']}/link"

    def use() -> tuple[str, dict[str, Any]]:
        asked = urllib.request.Request(
            f"{demo.told['url']}/v1/link/use",
            json.dumps({"secret": secret}).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(asked) as answer:
            return answer.headers["Set-Cookie"].partition(";")[0], json.load(answer)

    cookie, told = use()
    assert (told["user"]["role"], told["demo"]) == (role, True)
    assert told["user"]["cohorts"] is None if cohorts is None else len(told["user"]["cohorts"]) == cohorts
    asked = urllib.request.Request(f"{demo.told['url']}/v1/cohorts", headers={"Cookie": cookie})
    with urllib.request.urlopen(asked) as answer:
        assert len(json.load(answer)["cohorts"]) == 2
    with pytest.raises(urllib.error.HTTPError) as refused:
        use()
    assert refused.value.code == 404
    refused.value.close()


def test_ctrl_c_ends_it_cleanly_and_the_service_with_it(demo):
    """The last test of the module: it ends the demo."""
    demo.process.send_signal(signal.SIGINT)

    assert demo.process.wait(timeout=60) == 0
    with pytest.raises(urllib.error.URLError):
        demo.get("teacher", "/v1/cohorts")


def test_once_says_what_to_type_and_ends_and_keep_goes_on_where_it_ended(tmp_path):
    command = [*DEMO, "--once", "--trainees", "3", "--data", str(tmp_path / "demo")]
    first = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    second = subprocess.run([*command, "--keep", "--json"], capture_output=True, timeout=120, check=False)
    kept = json.loads(second.stdout)

    assert (first.returncode, first.stderr) == (second.returncode, second.stderr.decode()) == (0, "")
    for words in (
        "演示已就绪",
        "正在上课 now",
        "/docs",
        "/link#",
        "curl -s -H 'Authorization: Bearer mon_",
        "ws://127.0.0.1",
    ):
        assert words in first.stdout
    assert all(token in first.stdout for role, token in kept["tokens"].items() if role != "platform")
    assert kept["events"] < 1000  # those of the seconds between; the days behind are there already


def test_a_folder_of_somebody_else_is_refused(tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    done = subprocess.run(
        [*DEMO, "--once", "--data", str(tmp_path)], capture_output=True, text=True, timeout=60, check=False
    )

    assert done.returncode == 2
    assert "was not made by the demo" in done.stderr
    assert (tmp_path / "thesis.txt").exists()
