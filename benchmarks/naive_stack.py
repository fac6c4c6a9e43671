"""An ordinary stack: FastAPI, pydantic, SQLAlchemy async; a model and a row an event, a commit a request.

In: the deliveries that our service takes. Out: 202 once they are committed. Never: rules, a chain, the bytes
as they were signed: it does far less than we do. It runs in an environment of its own.
"""

import asyncio
import base64
import hashlib
import hmac
import os
import time
from datetime import datetime
from typing import Any

from fastapi import FastAPI, HTTPException, Request
from pydantic import BaseModel, TypeAdapter
from sqlalchemy import JSON, BigInteger, Column, MetaData, Table, Text, event
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import create_async_engine

KEY = base64.b64decode(os.environ["BENCH_SECRET"].removeprefix("whsec_"))
engine = create_async_engine("sqlite+aiosqlite:///" + os.environ["BENCH_DATABASE"])


@event.listens_for(engine.sync_engine, "connect")
def _settings(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.close()


metadata = MetaData()
table = Table(
    "event",
    metadata,
    Column("source", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("type", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("received", BigInteger, nullable=False),
    Column("data", JSON, nullable=False),
    sqlite_with_rowid=False,
)


class Told(BaseModel):
    specversion: str
    id: str
    source: str
    type: str
    time: datetime
    data: dict[str, Any]


one, many = TypeAdapter(Told), TypeAdapter(list[Told])
app = FastAPI()
writing = asyncio.Lock()
made = False


@app.post("/v1/ingest/{source}", status_code=202)
async def ingest(source: str, request: Request) -> dict[str, int]:
    global made
    body, head = await request.body(), request.headers
    content = f"{head['webhook-id']}.{head['webhook-timestamp']}.".encode() + body
    signature = base64.b64encode(hmac.new(KEY, content, hashlib.sha256).digest()).decode()
    if not hmac.compare_digest("v1," + signature, head["webhook-signature"]):
        raise HTTPException(401)
    told = many.validate_json(body) if body[:1] == b"[" else [one.validate_json(body)]
    received = int(time.time() * 1000)
    rows = [
        {
            "source": source,
            "id": item.id,
            "type": item.type,
            "at": int(item.time.timestamp() * 1000),
            "received": received,
            "data": item.data,
        }
        for item in told
    ]
    async with writing:  # one writer at a time: SQLite would answer "locked" otherwise
        if not made:
            async with engine.begin() as database:
                await database.run_sync(metadata.create_all)
            made = True
        async with engine.begin() as database:
            await database.execute(insert(table).on_conflict_do_nothing(), rows)
    return {"accepted": len(rows)}
