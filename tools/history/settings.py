"""Options that the commands share, and what they mean. An option that isn't given comes from the environment."""

import argparse
import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from .start import ROOT


class Refused(Exception):
    """What can't be done as it was asked for. The text names the input and the rule; nothing was changed."""


@dataclass(frozen=True)
class R2:
    """R2's S3 interface."""

    endpoint: str
    key_id: str
    secret: str
    bucket: str


@dataclass(frozen=True)
class WarehouseAddress:
    """The warehouse's Postgres endpoint: MotherDuck's, or the local warehouse's."""

    address: str
    database: str
    token: str


@dataclass(frozen=True)
class Discovery:
    """Discovery's HTTP side."""

    url: str
    token: str


def add_r2(parser: argparse.ArgumentParser, bucket: str) -> None:
    group = parser.add_argument_group("R2 (keys are read from R2_ACCESS_KEY_ID and R2_SECRET_ACCESS_KEY)")
    group.add_argument(
        "--r2-endpoint", metavar="URL", default=os.environ.get("R2_ENDPOINT"),
        help="https://ACCOUNT_ID.r2.cloudflarestorage.com; default: R2_ENDPOINT",
    )
    group.add_argument("--bucket", default=bucket, help="default: %(default)s")


def add_warehouse(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("warehouse (the token is read from MOTHERDUCK_TOKEN; one that may only read is enough)")
    group.add_argument(
        "--warehouse", metavar="HOST:PORT", default=os.environ.get("WAREHOUSE_POSTGRES"),
        help="its Postgres endpoint, such as pg.us-east-1-aws.motherduck.com:5432; default: WAREHOUSE_POSTGRES",
    )
    group.add_argument(
        "--database", default=os.environ.get("WAREHOUSE_DATABASE", "living_schema"), help="default: WAREHOUSE_DATABASE, else living_schema"
    )


def add_discovery(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("discovery (its token is read from ADMIN_TOKEN)")
    group.add_argument(
        "--discovery", metavar="URL", default=os.environ.get("DISCOVERY_URL"),
        help="address of the Worker, which is asked for a run at the end; default: DISCOVERY_URL, else it's left to ingest's messages",
    )


def add_run(parser: argparse.ArgumentParser, state: str) -> None:
    group = parser.add_argument_group("the run")
    group.add_argument("--dry-run", action="store_true", help="say what would be done, and do nothing")
    group.add_argument("--again", action="store_true", help="begin anew, whatever was done before: what it landed is replaced")
    group.add_argument("--state", metavar="FOLDER", type=Path, help=f"where it's noted how far the run came; default: {state}")
    group.add_argument(
        "--commit-timeout", metavar="SECONDS", type=float, default=900,
        help="give up when nothing was committed for so long; default: %(default)s",
    )
    group.add_argument("--no-validation", action="store_true", help="don't hold the target against the source")
    group.add_argument("--git-sha", default=os.environ.get("GIT_SHA"), help="of this checkout; default: GIT_SHA, else git is asked")


def r2(options: argparse.Namespace) -> R2:
    return R2(
        endpoint=required(options.r2_endpoint, "--r2-endpoint or R2_ENDPOINT"),
        key_id=secret("R2_ACCESS_KEY_ID"),
        secret=secret("R2_SECRET_ACCESS_KEY"),
        bucket=options.bucket,
    )


def warehouse(options: argparse.Namespace) -> WarehouseAddress:
    address = required(options.warehouse, "--warehouse or WAREHOUSE_POSTGRES")
    if not re.fullmatch(r"[^\s:/]+:\d+", address):
        raise Refused(f"--warehouse {address!r}: it has to be HOST:PORT")
    return WarehouseAddress(address, options.database, secret("MOTHERDUCK_TOKEN"))


def discovery(options: argparse.Namespace) -> Discovery | None:
    return Discovery(options.discovery, secret("ADMIN_TOKEN")) if options.discovery else None


def git_sha(options: argparse.Namespace) -> str:
    if options.git_sha:
        return options.git_sha
    try:
        return subprocess.run(["git", "-C", ROOT, "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError) as error:
        raise Refused("the commit of this checkout can't be asked for: give --git-sha or GIT_SHA") from error


def required(value: str | None, name: str) -> str:
    if not value:
        raise Refused(f"{name} is needed")
    return value


def secret(name: str) -> str:
    """A secret comes from the environment only: options are seen by everybody on the machine."""
    return required(os.environ.get(name), f"the environment variable {name}")
