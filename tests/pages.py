#!/usr/bin/env python3
"""Opens pages in headless Chromium and lets each check itself: no console errors, every chart drawn,
every slider moving something.

    tests/pages.py PAGE.html...          exit code 1 where a page fails
    tests/pages.py --docs RUNS           makes the screenshots of docs/ from runs (docs/reports.md)
    tests/pages.py --broken PAGE.html    breaks copies of a page, each of which must fail
    tests/pages.py --live HIVESIM        drives the live page of a command that was built
                                         (--shot FILE keeps a picture of it)

A page opened with #selfcheck in its address moves its sliders and leaves its verdict in the root
element's data-selfcheck (src/report/assets/selfcheck.js); Chromium prints the page as it then is. The
live page has a server at its other end: tests/live_page.py talks to the browser while it is open.
"""

import argparse
import html
import json
import live_page
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run",
    "--enable-logging=stderr", "--v=0", "--window-size=1200,1400",
)


def browser():
    for name in NAMES:
        if path := shutil.which(name):
            return path
    sys.exit(f"no browser: none of {', '.join(NAMES)} is installed (Debian: apt-get install chromium)")


def open_page(page, *flags, hash=""):
    """Runs the browser on a page, with a profile of its own that is thrown away."""
    with tempfile.TemporaryDirectory() as profile:
        address = page.resolve().as_uri() + hash
        command = [browser(), *FLAGS, f"--user-data-dir={profile}", *flags, address]
        return subprocess.run(command, capture_output=True, text=True, timeout=300)


def verdict(page):
    """What the page says of itself, and what the console said of it."""
    done = open_page(page, "--virtual-time-budget=120000", "--dump-dom", hash="#selfcheck")
    console = re.findall(r'CONSOLE[^"]*"(.*)", source:', done.stderr)
    found = re.search(r'<html[^>]*\bdata-selfcheck="([^"]*)"', done.stdout)
    if found is None:
        return {"ok": False, "errors": console or ["no verdict: the page's scripts did not run"]}
    said = json.loads(html.unescape(found.group(1)))
    said["errors"] += [line for line in console if line not in said["errors"]]
    said["ok"] = said["ok"] and not said["errors"]
    return said


def judge(page):
    said = verdict(page)
    charts, sliders = said.get("charts", {}), said.get("sliders", {})
    moved = ", ".join(f"{name} moves {len(ids)}" for name, ids in sliders.items()) or "no slider"
    word = "fine" if said["ok"] else "FAILED"
    print(f"{word}: {page}: {len(charts)} charts, {moved}, {said.get('selects', 0)} choices tried")
    for key, text in (("errors", "error"), ("empty", "nothing drawn"), ("stuck", "moves nothing")):
        for what in said.get(key, []):
            print(f"  {text}: {what}")
    return said["ok"]


# What is broken, and how.
BREAKS = {
    "a script that throws": ("quantiles: hive.spread.quantiles, heat", "quantiles: hive.spread.nothing, heat"),
    "a heat map without data": ("type: \"heatmap\", data: cells, progressive: 0,\n            itemStyle", "type: \"heatmap\", data: [], progressive: 0,\n            itemStyle"),
    "lines without data": ("data: line.points.map(([r, v]) => [r, v]), showSymbol", "data: [], showSymbol"),
    "a map without data": ("data: map.ids.map((_, i)", "data: [].map((_, i)"),
    "a slider that nothing listens to": ("listeners.forEach((f) => f());\n    };\n    slider", "};\n    slider"),
    "a word to the console": ("const rounds = (line) =>", "console.error(\"broken\"); const rounds = (line) =>"),
    "a script that does not parse": ("hive.adoption = (() => {", "hive.adoption = ((( => {"),
    "a figure that nobody draws": ("lines: hive.charts.lines, leader", "lines: () => {}, leader"),
}

# The same of the pages of a sweep and of a battery, which have their figures in common.
SWEEP_BREAKS = {
    "a script that throws": ("const draw = { rows, levels, heat, scatter };", "const draw = { rows: hive.nothing.rows, levels, heat, scatter };"),
    "rows without data": ("const dots = figure.rows.map(", "const dots = figure.rows.slice(0, 0).map("),
    "levels without data": ("const shown = figure.series.map(", "const shown = [].map("),
    "a heat map without data": ("type: \"heatmap\", data: cells", "type: \"heatmap\", data: []"),
    "a figure that nobody draws": ("const draw = { rows, levels,", "const draw = { rows, levels: () => {},"),
}


def break_copies(page):
    """Whether every broken copy of a page fails."""
    text, held = page.read_text(), True
    breaks = SWEEP_BREAKS if "const levels = (figure)" in text else BREAKS
    with tempfile.TemporaryDirectory() as folder:
        for what, (whole, broken) in breaks.items():
            if whole not in text:
                print(f"cannot break the page by {what}: it has no {whole!r}")
                held = False
                continue
            copy = pathlib.Path(folder) / "broken.html"
            copy.write_text(text.replace(whole, broken, 1))
            failed = not verdict(copy)["ok"]
            print(f"{'fails as it should' if failed else 'PASSED'}: {what}")
            held = held and failed
    return held


# Screenshots of the documentation: page below the folder of runs, what of it, size.
SHOTS = {
    "report-map.png": ("scale-free/report.html", "only=fig-map&round=10&skill=s8", "1000,850"),
    "report-adoption.png": ("rumour/report.html", "only=fig-adoption", "1000,630"),
    "report-taught.png": ("tagged/report.html", "only=fig-taught&round=15", "1000,540"),
    "report-hives.png": ("podium/report.html", "only=fig-hives-skill&theme=dark", "1000,540"),
    "report-side-by-side.png": ("side-by-side.html", "", "1000,1100"),
    "report-sweep.png": ("sweep/report.html", "only=fig-core-cross-0-1", "1000,520"),
    "report-stress.png": ("stress/report.html", "only=fig-map", "1000,800"),
}


def document(runs):
    """Makes the screenshots of docs/."""
    docs = pathlib.Path(__file__).resolve().parent.parent / "docs"
    for name, (page, hash, size) in SHOTS.items():
        shot = docs / name
        flags = (f"--window-size={size}", "--virtual-time-budget=8000", f"--screenshot={shot}")
        open_page(runs / page, *flags, hash=f"#{hash}")
        print(f"{shot}: {shot.stat().st_size // 1000} kB")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("pages", nargs="*", type=pathlib.Path)
    parser.add_argument("--docs", type=pathlib.Path, help="folder of runs to make docs/*.png from")
    parser.add_argument("--broken", action="store_true", help="check that broken copies fail")
    parser.add_argument("--live", type=pathlib.Path, metavar="HIVESIM", help="the command whose live page is driven")
    parser.add_argument("--shot", type=pathlib.Path, help="where a picture of the live page goes")
    asked = parser.parse_args()
    if asked.live:
        sys.exit(0 if live_page.check(browser(), asked.live.resolve(), asked.shot) else 1)
    if asked.docs:
        return document(asked.docs)
    if not asked.pages:
        parser.error("name a page")
    for page in asked.pages:
        if not page.is_file():
            sys.exit(f"there is no page {page}")
    fine = all([judge(page) for page in asked.pages])
    if asked.broken:
        fine = all([break_copies(page) for page in asked.pages]) and fine
    sys.exit(0 if fine else 1)


main()
