#!/usr/bin/env python3
"""Whether hivesim stays as small as it was: `tests/soak.py HIVESIM [--minutes 60]`.

A server of runs is asked for one run after another, of all engines, with viewers that come and go,
some of whom never read, and requests that make no sense; runs are paused, changed and stopped on the
way. Its resident memory is taken after each run: the second half of the time may not need more than the
second tenth did, by a twentieth and 8 MiB.
"""

import argparse
import json
import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

SCENARIO = """rounds = 60
[world]
skills = 8
companies = 6
[fleet]
agents = 120
tasks = 20
[measure]
panel = 40
probes = 16
[checkpoint]
rounds = 7
"""

# a run of each kind, in turn
KINDS = [
    ["engine.kind=tasks"],
    ["engine.kind=pool", "job_knowledge.personalisation=fedsim", "measure.bounds=[\"isolated\"]"],
    ["engine.kind=serial", "distiller.combine.kind=median", "attack.share=0.2"],
    ["engine.kind=tasks", "distiller.schedule.kind=buffered", "faults.delay=0.3", "rounds=200"],
    ["engine.kind=live", "distiller.schedule.kind=buffered", "rounds=400"],
    ["engine.kind=live", "distiller.schedule.kind=buffered", "engine.live.fabric=map-dashmap", "rounds=400"],
    ["engine.kind=pool", "distiller.topology=gossip", "rounds=30"],
]


def resident(pid):
    """Resident bytes of a process."""
    with open(f"/proc/{pid}/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


class Server:
    def __init__(self, hivesim, folder):
        with open(os.path.join(folder, "soak.toml"), "w") as file:
            file.write(SCENARIO)
        command = [hivesim, "serve", "--addr", "127.0.0.1:0", "--scenarios", folder, "--runs", os.path.join(folder, "runs")]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        line = self.process.stderr.readline()
        self.url = line.split("live page: ")[1].strip().rstrip("/")
        self.port = int(self.url.rsplit(":", 1)[1])
        # a pipe that nobody empties would hold the server up
        threading.Thread(target=self.process.stderr.read, daemon=True).start()

    def ask(self, path, body=None, raw=None):
        """An answer as JSON; none where it was refused."""
        data = raw if raw is not None else None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data=data)
        if data is not None:
            request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.loads(answer.read())
        except urllib.error.HTTPError as error:
            error.read()
            return None

    def view(self, reads):
        """A viewer, until it is closed."""
        viewer = socket.create_connection(("127.0.0.1", self.port))
        viewer.sendall(b"GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        if reads:
            viewer.settimeout(0.2)
            try:
                while viewer.recv(1 << 16):
                    pass
            except OSError:
                pass
        return viewer


def one_run(server, number, random):
    sets = KINDS[number % len(KINDS)] + [f"seed={1 + number % 5}"]
    if server.ask("/api/start", {"scenario": "soak.toml", "set": sets, "restart": True}) is None:
        sys.exit(f"run {number} was refused: {sets}")
    viewers = [server.view(reads=random.random() < 0.5) for _ in range(4)]
    while True:
        state = server.ask("/api/state")
        if state and state.get("phase") in ("over", "failed"):
            break
        what = random.random()
        if what < 0.1:
            server.ask("/api/pause", {})
            server.ask("/api/step", {})
            server.ask("/api/resume", {})
        elif what < 0.15:
            server.ask("/api/change", {"set": ["faults.loss=0.1"]})
        elif what < 0.2:
            server.ask("/api/change", raw=random.randbytes(random.randrange(4000)))
        elif what < 0.22:
            server.ask("/api/halt", {})
        elif what < 0.3:
            server.ask("/api/runs")
        time.sleep(0.05)
    for viewer in viewers:
        viewer.close()
    return state


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("hivesim")
    parser.add_argument("--minutes", type=float, default=60.0)
    args = parser.parse_args()
    chance = random.Random(1)
    with tempfile.TemporaryDirectory() as folder:
        server = Server(os.path.abspath(args.hivesim), folder)
        begun, sizes, number = time.monotonic(), [], 0
        try:
            while (passed := time.monotonic() - begun) < 60 * args.minutes:
                state = one_run(server, number, chance)
                # a halt may come before there is a world
                if state["phase"] == "failed" and not state["text"].startswith("interrupted"):
                    sys.exit(f"run {number} failed: {state['text']}")
                number += 1
                sizes.append(resident(server.process.pid))
                if number % 50 == 0:
                    print(f"{passed / 60:.1f} min, {number} runs, {sizes[-1] / 2**20:.1f} MiB", flush=True)
        finally:
            server.process.terminate()
            server.process.wait()
    def middle(start, end):
        return statistics.median(sizes[int(len(sizes) * start) : max(1, int(len(sizes) * end))])

    early, late = middle(0.1, 0.2), middle(0.5, 1.0)
    print(f"{number} runs in {args.minutes:g} min: {early / 2**20:.1f} MiB early, {late / 2**20:.1f} MiB late")
    if late > 1.05 * early + 8 * 2**20:
        sys.exit("it grew")


if __name__ == "__main__":
    main()
