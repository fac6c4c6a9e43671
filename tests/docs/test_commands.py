"""docs/wire.md, section 5, has the options of the commands as the code has them."""

import argparse
import re
from collections.abc import Iterator

import pytest

from monitor.__main__ import parser
from tests.docs.fences import section

TEXT = section("wire.md", 5)
EXPLAINED_ELSEWHERE = {
    "recount": section("wire.md", 3),
    "simulate": "--help",
    "demo": "--help",
    "bench": "--help",
}
"""Commands whose options stand in another place than section 5; `--help`: in their own help alone."""
EVERYWHERE = {"--data", "--database", "--json", "--help"}
"""What the lines below the table say of many commands at once."""


def leaves(made: argparse.ArgumentParser, name: str = "") -> Iterator[tuple[str, set[str]]]:
    """Each command that can be given, and its long options."""
    under = [action for action in made._actions if isinstance(action, argparse._SubParsersAction)]
    for action in under:
        for word, one in action.choices.items():
            yield from leaves(one, f"{name} {word}".strip())
    if not under:
        yield (
            name,
            {option for action in made._actions for option in action.option_strings if option[1] == "-"},
        )


COMMANDS = dict(leaves(parser()))


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_of_a_command_is_listed(command: str) -> None:
    text = EXPLAINED_ELSEWHERE.get(command)
    if text == "--help":
        return
    rows = [line for line in TEXT.splitlines() if line.startswith("| `") and command in line.split(" | ")[0]]
    told = text or "\n".join(rows)

    assert rows
    assert sorted(COMMANDS[command] - EVERYWHERE - set(re.findall(r"--[a-z-]+", told))) == []


def test_every_option_that_is_listed_is_there() -> None:
    known = set().union(*COMMANDS.values())

    assert sorted(set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", TEXT)) - known) == []


def test_the_commands_with_json_are_those_that_are_named() -> None:
    line = re.split(r"^- ", TEXT, flags=re.M)
    (told,) = [one for one in line if one.startswith("`--json` where")]
    named = told.partition("want it: ")[2].partition(". One JSON")[0]

    assert sorted(re.findall(r"`([a-z ]+)`", named.replace("\n", " ").replace("  ", " "))) == sorted(
        command for command, options in COMMANDS.items() if "--json" in options
    )
