#!/usr/bin/env python3
"""Reads a run's tables and draws skill and adoption over its rounds into a picture.

    pip install polars matplotlib
    hivesim run scenarios/first-hive.toml --out runs/first-hive-1
    python3 docs/read-results.py runs/first-hive-1 first-hive.png

An example to begin with: docs/measures.md says what every table and column holds.
"""

import json
import sys
from pathlib import Path

import matplotlib
import polars as pl

matplotlib.use("Agg")
import matplotlib.pyplot as plt

# Measures of the hive, and of the bounds beside it the first.
SKILL = {"panel_skill": "own job", "unpractised_skill": "never practised", "core_skill": "core alone"}
# The most frequent skills, whose adoption has a line of its own.
NAMED = 6


def curve(axis, frame, y, **style):
    """A line over rounds; nulls, which stand for what was not measured, are left out."""
    frame = frame.select("round", y).drop_nulls()
    if not frame.is_empty():
        axis.plot(frame["round"], frame[y], **style)


def draw_skill(axis, rounds):
    for column, name in SKILL.items():
        curve(axis, rounds.filter(pl.col("fleet") == "hive"), column, label=f"hive, {name}")
    for bound in sorted(set(rounds["fleet"]) - {"hive"}):
        frame = rounds.filter(pl.col("fleet") == bound)
        curve(axis, frame, "panel_skill", label=f"{bound}, own job", linestyle="--")
    axis.set(title="Skill", xlabel="round", ylabel="level (0 chance, 1 oracle)")


def draw_adoption(axis, rounds, skills):
    hive = pl.col("fleet") == "hive"
    first = skills.filter(hive, pl.col("round") == pl.col("round").min())
    for name in first.sort("frequency", descending=True)["skill"].head(NAMED):
        curve(axis, skills.filter(hive, pl.col("skill") == name), "adoption", label=name, alpha=0.7)
    curve(axis, rounds.filter(hive), "adoption", label="all skills", color="black", linewidth=2)
    axis.set(title="Adoption", xlabel="round", ylabel="share of the panel", ylim=(-0.02, 1.02))


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    run = Path(sys.argv[1])
    picture = Path(sys.argv[2]) if len(sys.argv) == 3 else run.with_suffix(".png")
    # the manifest comes last: where it is, all other files are whole
    manifest = json.loads((run / "manifest.json").read_text())
    rounds = pl.read_parquet(run / "rounds.parquet")
    skills = pl.read_parquet(run / "skills.parquet")

    figure, axes = plt.subplots(1, 2, figsize=(11, 4.2), layout="constrained")
    draw_skill(axes[0], rounds)
    draw_adoption(axes[1], rounds, skills)
    for axis in axes:
        axis.grid(alpha=0.3)
        if axis.lines:
            axis.legend(fontsize="small")
    figure.suptitle(f"{manifest['scenario']['name']}, seed {manifest['scenario']['seed']}")
    figure.savefig(picture, dpi=120)

    columns = ["fleet", "round", *SKILL, "adoption"]
    print(rounds.filter(pl.col("round") == pl.col("round").max()).select(columns))
    print(f"{picture}: result {manifest['result_hash']}")


if __name__ == "__main__":
    main()
