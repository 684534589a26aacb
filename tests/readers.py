"""Reads a run directory with every Parquet reader of Python that is installed.

Called by the test `pythons_readers_agree` with the directory of its small outcome; says what
it skips, and fails when a reader sees something else than was written.
"""

import importlib
import json
import sys
from pathlib import Path


def with_polars(polars, path):
    return polars.read_parquet(path).to_dicts()


def with_pyarrow(_, path):
    return importlib.import_module("pyarrow.parquet").read_table(path).to_pylist()


def with_duckdb(duckdb, path):
    cursor = duckdb.sql(f"select * from read_parquet('{path}')")
    return [dict(zip(cursor.columns, row)) for row in cursor.fetchall()]


def with_pandas(pandas, path):
    frame = pandas.read_parquet(path).astype(object)
    return frame.where(frame.notna(), None).to_dict("records")


READERS = {"pandas": with_pandas, "polars": with_polars, "pyarrow": with_pyarrow, "duckdb": with_duckdb}


def pick(rows, **key):
    found = [row for row in rows if all(row[name] == value for name, value in key.items())]
    assert len(found) == 1, (key, found)
    return found[0]


def check(read, run):
    manifest = json.loads((run / "manifest.json").read_text())
    tables = {}
    for entry in manifest["files"]:
        name = entry["name"]
        if name.endswith(".parquet"):
            tables[name[: -len(".parquet")]] = read(str(run / name))
            assert len(tables[name[: -len(".parquet")]]) == entry["rows"], name

    row = pick(tables["rounds"], fleet="hive", round=2)
    assert row["panel_skill"] == 2.375 and row["bytes_up"] == 1 << 40, row
    assert row["train_loss"] is None, row
    row = pick(tables["skills"], fleet="hive", round=1, skill="s1")
    assert row["panel_level"] == 0.625 and row["adoption"] == 0.5, row
    row = pick(tables["panel"], fleet="hive", round=1, agent=7)
    assert row["job_level"] == 0.75 and row["unpractised_level"] is None, row
    row = pick(tables["levels"], fleet="pooled", round=1, agent=9, skill="s1")
    assert row["level"] == 1.25 and row["practised"] == 4, row
    row = pick(tables["spread"], fleet="hive", skill="s1")
    assert row["t50"] == 1.0 and row["t90"] is None and row["bass_q"] is None, row
    assert row["logistic"] == "too few points" and row["found"] == 1, row
    row = pick(tables["inequality"], fleet="hive", round=1)
    assert row["gini_practice"] == 0.0 and row["covered_by_half"] == 1.0, row
    row = pick(tables["continual"], fleet="hive", agent=7)
    assert row["accuracy"] == 0.75 and row["backward"] is None, row
    row = pick(tables["levels"], fleet="hive", round=1, agent=7, skill="s1")
    assert row["level"] is None, row


def main():
    run = Path(sys.argv[1])
    for name, read in READERS.items():
        try:
            module = importlib.import_module(name)
        except ImportError:
            print(f"skipped: {name} is not installed")
            continue
        check(lambda path: read(module, path), run)
        print(f"{name} {module.__version__} reads the run")


if __name__ == "__main__":
    main()
