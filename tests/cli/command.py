"""Runs a command as a person would, within this process."""

from typing import NamedTuple

import pytest

from monitor.__main__ import main


class Done(NamedTuple):
    code: int
    out: str
    err: str


class Command:
    def __init__(self, capsys: pytest.CaptureFixture[str], data: str) -> None:
        self._capsys = capsys
        self.data = data

    def __call__(self, *arguments: object, data: bool = True) -> Done:
        given = [str(argument) for argument in arguments]
        if data:
            given += ["--data", self.data]
        code = main(given)
        out, err = self._capsys.readouterr()
        return Done(code, out, err)
