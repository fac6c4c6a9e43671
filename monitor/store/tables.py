"""The office's tables, as SQLAlchemy sees them. What makes and changes them are the revisions in migrations/.

In: nothing. Out: the metadata. Never: a connection. A test holds the two against each other.
"""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
)

metadata = MetaData()

FACTS = Table(
    "facts", metadata, Column("name", Text, primary_key=True), Column("value", Text, nullable=False)
)
"""What the office remembers of itself: which entry it has applied last, where the log ended, which
key encrypts."""

SOURCES = Table(
    "sources",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("camera", Text, nullable=False),
    Column("heartbeat_seconds", Integer),
    Column("may_sign_in", Boolean, nullable=False),
    Column("demo", Boolean, nullable=False),
    Column("added_at", BigInteger, nullable=False),
    Column("position", BigInteger, nullable=False),
)

SECRETS = Table(
    "secrets",
    metadata,
    Column("source", Text, primary_key=True),
    Column("n", Integer, primary_key=True, autoincrement=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("added_at", BigInteger, nullable=False),
    Column("ends_at", BigInteger),
)
"""Secrets and public keys of sources, encrypted; several of one source hold at once, until they end."""

TOKENS = Table(
    "tokens",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("cohorts", JSON(none_as_null=True)),
    Column("source", Text),
    Column("person", Text),
    Column("added_at", BigInteger, nullable=False),
    Column("revoked_at", BigInteger),
    Column("may_list", JSON, nullable=False, server_default="[]"),
    Column("position", BigInteger, nullable=False),
    Column("holder", Text),
)

TOKEN_HASHES = Table(
    "token_hashes",
    metadata,
    Column("token", Text, primary_key=True),
    Column("sha256", Text, nullable=False, unique=True),
)
"""The hex SHA-256 of a token; the token itself is nowhere."""

USERS = Table(
    "users",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("display", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("cohorts", JSON(none_as_null=True)),
    Column("persons", JSON, nullable=False),
    Column("may_list", JSON, nullable=False),
    Column("added_at", BigInteger, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    Column("disabled_at", BigInteger),
    Column("position", BigInteger, nullable=False),
)

PASSWORDS = Table(
    "passwords",
    metadata,
    Column("holder", Text, primary_key=True),
    Column("hash", Text, nullable=False),
    Column("set_at", BigInteger, nullable=False),
)
"""The argon2id hash of a user's password, its parameters with it."""

LINKS = Table(
    "links",
    metadata,
    Column("sha256", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("holder", Text),
    Column("made_at", BigInteger, nullable=False),
    Column("ends_at", BigInteger, nullable=False),
)
"""One-time links that were not used yet, by the hex SHA-256 of their secret; a used one is not there."""

SESSIONS = Table(
    "sessions",
    metadata,
    Column("id", Text, primary_key=True),
    Column("sha256", Text, nullable=False, unique=True),
    Column("holder", Text, nullable=False),
    Column("agent", Text, nullable=False),
    Column("begun_at", BigInteger, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
    Column("ends_at", BigInteger, nullable=False),
)
"""Who is signed in: the hex SHA-256 of what their cookie holds, a coarse browser name, and no address."""

COHORTS = Table(
    "cohorts",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text),
    Column("organizer", Text),
    Column("policy", Text, nullable=False),
    Column("sources", JSON, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("versions", Integer, nullable=False),
)

BINDINGS = Table(
    "bindings",
    metadata,
    Column("cohort", Text, primary_key=True),
    Column("account", Text, primary_key=True),
    Column("person", Text, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("dropped", BigInteger),
)

CORRECTIONS = Table(
    "corrections",
    metadata,
    Column("cohort", Text, primary_key=True),
    Column("n", Integer, primary_key=True, autoincrement=False),
    Column("person", Text, nullable=False),
    Column("session", Text, nullable=False),
    Column("period", Integer),
    Column("credit", Boolean, nullable=False),
    Column("reason", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("by_token", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("approved_by", Text),
    Column("approved_at", BigInteger),
    Column("approved_position", BigInteger),
    Column("rejected_by", Text),
    Column("rejected_at", BigInteger),
)

IDENTITIES = Table(
    "identities",
    metadata,
    Column("cohort", Text, primary_key=True),
    Column("person", Text, primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("look_up", LargeBinary, nullable=False),
    Index("identities_by_look_up", "look_up"),
)
"""ID numbers, encrypted; `look_up` is an HMAC, so that one can be found without decrypting any."""

READINGS = Table(
    "readings",
    metadata,
    Column("n", Integer, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("token", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("door", Text, nullable=False),
    Column("cohort", Text),
    Column("person", Text),
    Column("full", Boolean, nullable=False),
    Column("why", Text),
    Index("readings_by_cohort", "cohort", "at"),
)
"""Who read what about whom, and whether names were shown whole (PIPL 56)."""

CATALOGUE = Table(
    "catalogue",
    metadata,
    Column("source", Text, primary_key=True),
    Column("place", Text, primary_key=True),
    Column("shelf", BigInteger, primary_key=True, autoincrement=False),
    Column("day", Integer, primary_key=True, autoincrement=False),
    Column("positions", LargeBinary, nullable=False),
    Index("catalogue_by_day", "source", "day", "place", "shelf"),
)
"""Where deliveries are found again (`catalogue.py`): read again from the log whenever it is thrown away."""
