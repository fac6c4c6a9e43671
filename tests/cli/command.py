"""Runs a command as a person would, within this process."""

from pathlib import Path
from typing import NamedTuple

import pytest

from monitor.__main__ import main
from monitor.store.folder import Folder


class Done(NamedTuple):
    code: int
    out: str
    err: str


class Command:
    def __init__(self, capsys: pytest.CaptureFixture[str], data: str, database: str | None = None) -> None:
        self._capsys = capsys
        self.data = data
        self.database = database
        """A URL that the environment names."""

    @property
    def folder(self) -> Folder:
        """Where everything is kept."""
        return Folder(Path(self.data), self.database)

    def __call__(self, *arguments: object, data: bool = True) -> Done:
        given = [str(argument) for argument in arguments]
        if data:
            given += ["--data", self.data]
        code = main(given)
        out, err = self._capsys.readouterr()
        return Done(code, out, err)
