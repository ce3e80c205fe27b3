"""Copies of the warehouse in R2, and what is made of them when it's lost. scripts/backup.py and scripts/restore.py begin here.

The copies are made and read by the warehouse itself, as Parquet: no row passes through this machine.
"""
