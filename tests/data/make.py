"""Writes the federated data set of the tests in every form of Python's Parquet writers.

    python3 tests/data/make.py FOLDER

`polars.parquet` is what stands here as `federated.parquet`. With HIVESIM_PYTHON_DATA=FOLDER
the test `all_of_pythons_forms_are_one_data_set` compares all of them.
"""

import sys
from pathlib import Path

import pandas
import polars
import pyarrow
import pyarrow.parquet

ROWS = range(60)
# Six agents in turn, from the last to the first; in every turn another one's row is a test.
AGENTS = [5 - i % 6 for i in ROWS]
NAMES = [f"clinic-{agent}" for agent in AGENTS]
SPLITS = ["test" if i % 6 == i // 6 % 6 else "train" for i in ROWS]
LABELS = [i % 4 for i in ROWS]
FEATURES = [[float(i), i / 2, float(-i)] for i in ROWS]


def main():
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    columns = {"agent": NAMES, "split": SPLITS, "label": LABELS, "features": FEATURES}
    frame = polars.DataFrame(columns)
    frame.write_parquet(folder / "polars.parquet")
    for compression in ["uncompressed", "snappy", "zstd"]:
        frame.write_parquet(folder / f"polars-{compression}.parquet", compression=compression)
    narrow = frame.with_columns(
        polars.col("agent").cast(polars.Categorical),
        polars.col("split").cast(polars.Enum(["train", "test"])),
        polars.col("label").cast(polars.UInt8),
        polars.col("features").cast(polars.Array(polars.Float32, 3)),
        polars.lit("more").alias("other"),
    )
    narrow.write_parquet(folder / "polars-narrow.parquet", row_group_size=7)
    frame.with_columns(agent=polars.Series(AGENTS, dtype=polars.UInt64)).write_parquet(
        folder / "polars-integer.parquet", use_pyarrow=False, data_page_size=64
    )

    pandas.DataFrame(columns).to_parquet(folder / "pandas.parquet")
    pandas.DataFrame(columns | {"agent": AGENTS}).astype({"agent": "int16"}).to_parquet(
        folder / "pandas-integer.parquet"
    )
    pandas.DataFrame(columns).astype({"agent": "category"}).to_parquet(
        folder / "pandas-category.parquet"
    )

    table = pyarrow.table(columns)
    for version in ["1.0", "2.4", "2.6"]:
        for page in ["1.0", "2.0"]:
            pyarrow.parquet.write_table(
                table,
                folder / f"pyarrow-{version}-{page}.parquet",
                version=version,
                data_page_version=page,
                compression="zstd",
            )
    pyarrow.parquet.write_table(
        table,
        folder / "pyarrow-plain.parquet",
        use_dictionary=False,
        compression="none",
        use_compliant_nested_type=False,
        row_group_size=11,
    )
    pyarrow.parquet.write_table(
        table,
        folder / "pyarrow-lengths.parquet",
        use_dictionary=False,
        compression="snappy",
        column_encoding={
            "agent": "DELTA_LENGTH_BYTE_ARRAY",
            "split": "DELTA_LENGTH_BYTE_ARRAY",
            "label": "DELTA_BINARY_PACKED",
        },
    )
    lists = {
        "fixed": pyarrow.list_(pyarrow.float64(), 3),
        "large": pyarrow.large_list(pyarrow.float32()),
    }
    for name, kind in lists.items():
        features = pyarrow.array(FEATURES, type=kind)
        changed = table.set_column(3, "features", features)
        pyarrow.parquet.write_table(changed, folder / f"pyarrow-{name}.parquet")


if __name__ == "__main__":
    main()
