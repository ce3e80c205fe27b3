"""Runs statements on a PostgreSQL of the tests.

python tests/history/source.py CONNECTION make ROWS      makes the tables of source.sql
python tests/history/source.py CONNECTION run SQL        runs statements
"""

import sys
from pathlib import Path

import psycopg

connection, action, argument = sys.argv[1:]
statements = argument
if action == "make":
    statements = (Path(__file__).parent / "source.sql").read_text().replace(":rows", str(int(argument)))
with psycopg.connect(connection, autocommit=True) as database:
    database.execute(statements)
