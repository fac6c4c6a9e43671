"""The settings, each with its sentence: from the command line, else from the environment, else the default.

In: parsed arguments and the environment. Out: a `Config`. Never: opens a file, reads the clock.
"""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec


class UsageError(Exception):
    """A setting that can't be used: what, and what to do. Exit code 2."""


class Setting(msgspec.Struct, frozen=True):
    """One setting: its name in `Config`, its option, its variable, its default and what it means."""

    name: str
    option: str
    variable: str
    default: str | None
    sentence: str
    metavar: str


SETTINGS: Final = (
    Setting("data", "--data", "MONITOR_DATA", "monitor-data", "the folder that everything is kept in", "DIR"),
    Setting(
        "database",
        "--database",
        "MONITOR_DATABASE",
        None,
        "sqlite:///FILE, or postgresql://USER@HOST/NAME, where not in --data",
        "URL",
    ),
    Setting("host", "--host", "MONITOR_HOST", "127.0.0.1", "the address to listen on", "HOST"),
    Setting("port", "--port", "MONITOR_PORT", "8080", "the port to listen on; 0 takes a free one", "PORT"),
    Setting("public_url", "--public-url", "MONITOR_PUBLIC_URL", None, "the address people type", "URL"),
    Setting("tls_cert", "--tls-cert", "MONITOR_TLS_CERT", None, "certificate chain (PEM)", "FILE"),
    Setting("tls_key", "--tls-key", "MONITOR_TLS_KEY", None, "its private key (PEM)", "FILE"),
    Setting(
        "trusted_proxies",
        "--trusted-proxies",
        "MONITOR_TRUSTED_PROXIES",
        "",
        "networks whose X-Forwarded headers are believed, separated by commas",
        "CIDR,...",
    ),
)
"""Every setting there is."""

STORE: Final = ("data", "database")
"""The settings of every command that touches what is kept."""


class Config(msgspec.Struct, frozen=True):
    """What the service was told. Times and secrets are none of it."""

    data: Path
    database: Path | str | None = None
    host: str = "127.0.0.1"
    port: int = 8080
    public_url: str | None = None
    tls_cert: Path | None = None
    tls_key: Path | None = None
    trusted_proxies: tuple[str, ...] = ()


def add_options(parser: argparse.ArgumentParser, names: tuple[str, ...] = STORE) -> None:
    """Gives a command the options of these settings."""
    for setting in SETTINGS:
        if setting.name in names:
            default = f" (default {setting.default})" if setting.default else ""
            parser.add_argument(
                setting.option,
                dest=setting.name,
                metavar=setting.metavar,
                help=f"{setting.sentence}; else {setting.variable}{default}",
            )


def read(args: argparse.Namespace, environ: Mapping[str, str]) -> Config:
    """The settings that hold; UsageError where one can't be."""
    found: dict[str, Any] = {}
    for setting in SETTINGS:
        given = getattr(args, setting.name, None)
        value = given if given is not None else environ.get(setting.variable) or setting.default
        found[setting.name] = value
    port = str(found["port"])
    if not port.isascii() or not port.isdigit() or int(port) > 65_535:
        raise UsageError(f"--port {port}: a number from 0 to 65535")
    if (found["tls_cert"] is None) != (found["tls_key"] is None):
        raise UsageError("--tls-cert and --tls-key belong together: name both or neither")
    return Config(
        data=Path(found["data"]),
        database=_database(found["database"]),
        host=found["host"],
        port=int(port),
        public_url=found["public_url"],
        tls_cert=Path(found["tls_cert"]) if found["tls_cert"] else None,
        tls_key=Path(found["tls_key"]) if found["tls_key"] else None,
        trusted_proxies=tuple(part.strip() for part in found["trusted_proxies"].split(",") if part.strip()),
    )


def _database(url: str | None) -> Path | str | None:
    """The SQLite file that a URL names, or the URL of a PostgreSQL database."""
    if url is None:
        return None
    scheme, _, rest = url.partition("://")
    kind = scheme.partition("+")[0]
    if kind in ("postgresql", "postgres"):
        if not rest.partition("?")[0].partition("/")[2]:
            raise UsageError(
                "--database: name the database, as in postgresql://monitor@db.example.org/monitor"
            )
        return f"postgresql://{rest}"
    if kind != "sqlite":
        raise UsageError(
            f"--database {scheme}://...: sqlite:///FILE or postgresql://USER@HOST/DATABASE; leave the option "
            "away, and everything is kept in the folder that --data names"
        )
    name = rest.partition("?")[0].removeprefix("/")
    if not name:
        raise UsageError("--database: name a file, as in sqlite:////var/lib/monitor/monitor.sqlite")
    return Path(name)
