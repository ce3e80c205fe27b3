"""The warehouse, by its Postgres endpoint: MotherDuck's or the local warehouse's. Only reads."""

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass

import certifi
import psycopg

from .settings import Refused, WarehouseAddress

#: How often a statement is tried when the connection is lost. Reads may be repeated.
TRIES = 5

#: Rows that are taken from the connection at a time.
ROWS_AT_ONCE = 5_000

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


@dataclass(frozen=True)
class Commit:
    """The newest commit of an object."""

    etag: str
    commit_seq: int
    rows: int
    rejected: int


class Warehouse:
    def __init__(self, settings: WarehouseAddress):
        self._settings = settings
        self._connection: psycopg.Connection | None = None

    def query(self, sql: str) -> list[tuple]:
        """All rows of a statement. Numbers come as numbers only where the statement casts them."""
        for attempt in range(1, TRIES + 1):
            try:
                return self._connect().execute(sql, prepare=False).fetchall()
            except psycopg.OperationalError as error:
                self.close()
                if attempt == TRIES:
                    raise Refused(f"warehouse at {self._settings.address}: {error}") from error
                time.sleep(2**attempt / 4)
            except psycopg.Error as error:
                raise Refused(f"warehouse at {self._settings.address}: {error}\n{sql}") from error
        raise AssertionError("unreachable")

    def stream(self, sql: str) -> Iterator[list[tuple]]:
        """The rows of a statement in pieces, as they arrive."""
        try:
            with self._connect().cursor() as cursor:
                piece: list[tuple] = []
                for row in cursor.stream(sql, size=1_000):
                    piece.append(row)
                    if len(piece) == ROWS_AT_ONCE:
                        yield piece
                        piece = []
                if piece:
                    yield piece
        except psycopg.Error as error:
            self.close()
            raise Refused(f"warehouse at {self._settings.address}: {error}\n{sql}") from error

    def commits(self, bucket: str, prefix: str) -> dict[str, Commit]:
        """The newest commit of each object whose key begins so."""
        rows = self.query(
            "SELECT key, arg_max(etag, commit_seq), CAST(max(commit_seq) AS BIGINT), CAST(arg_max(row_count, commit_seq) AS BIGINT), "
            "CAST(arg_max(rejected_count, commit_seq) AS BIGINT) "
            f"FROM commits WHERE kind = 'load' AND bucket = {literal(bucket)} AND starts_with(key, {literal(prefix)}) GROUP BY key"
        )
        return {key: Commit(*rest) for key, *rest in rows}

    def quarantine(self, bucket: str, prefix: str) -> dict[tuple[str, str], str]:
        """Why objects whose key begins so are in quarantine, by key and etag."""
        rows = self.query(
            "SELECT key, etag, coalesce(reason, '') FROM quarantine "
            f"WHERE bucket = {literal(bucket)} AND starts_with(key, {literal(prefix)})"
        )
        return {(key, etag): reason for key, etag, reason in rows}

    def close(self) -> None:
        if self._connection:
            self._connection.close()
            self._connection = None

    def _connect(self) -> psycopg.Connection:
        if self._connection is None or self._connection.closed:
            host, port = self._settings.address.rsplit(":", 1)
            encrypted = {} if host in LOOPBACK else {"sslmode": "verify-full", "sslrootcert": os.environ.get("PGSSLROOTCERT") or certifi.where()}
            self._connection = psycopg.connect(
                host=host.strip("[]"), port=port, dbname=self._settings.database, user="living-schema", password=self._settings.token,
                # Every statement by itself: the endpoint knows no transactions. Nothing is prepared: each is asked once.
                autocommit=True, prepare_threshold=None, connect_timeout=20, **encrypted,
            )  # fmt: skip
        return self._connection


def literal(text: str) -> str:
    """A text as SQL. The endpoint wants each parameter cast, and knows the types of none."""
    return "'" + text.replace("'", "''") + "'"
