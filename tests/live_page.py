"""Drives the live page in headless Chromium, over the browser's debugging pipe: loads it, lets it stream,
moves its slider, pauses, steps, changes strategy and faults, stops the run, starts the next. Nothing may
reach the console, and every control has to have a name for those who do not see it."""

import base64
import json
import os
import pathlib
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
PATIENCE = 30
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run", "--remote-debugging-pipe")


class Browser:
    """A browser with one page, spoken to in the DevTools protocol."""

    def __init__(self, name, size):
        self.profile = tempfile.TemporaryDirectory()
        said, self.ear = os.pipe()[::-1]
        self.mouth, heard = os.pipe()[::-1]

        def wire():
            # the browser reads from 3 and writes to 4
            ends = os.dup(heard), os.dup(said)
            for end, number in zip(ends, (3, 4)):
                os.dup2(end, number)

        command = [name, *FLAGS, f"--user-data-dir={self.profile.name}", f"--window-size={size}", "about:blank"]
        self.process = subprocess.Popen(command, preexec_fn=wire, close_fds=False, stderr=subprocess.DEVNULL)
        os.close(said)
        os.close(heard)
        self.count, self.rest, self.complaints, self.session = 0, b"", [], None
        targets = self.call("Target.getTargets")["targetInfos"]
        page = next(target for target in targets if target["type"] == "page")
        self.session = self.call("Target.attachToTarget", targetId=page["targetId"], flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Accessibility"):
            self.call(f"{domain}.enable")
        # as if its window were in front
        self.call("Emulation.setFocusEmulationEnabled", enabled=True)

    def read(self):
        while b"\0" not in self.rest:
            got = os.read(self.ear, 1 << 16)
            if not got:
                raise EOFError("the browser is gone")
            self.rest += got
        message, self.rest = self.rest.split(b"\0", 1)
        return json.loads(message)

    def call(self, method, **params):
        self.count += 1
        message = {"id": self.count, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.mouth, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.read()
            if answer.get("id") == self.count:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]
            self.note(answer)

    def note(self, event):
        """Keeps what the page complains of."""
        kind, said = event.get("method"), event.get("params", {})
        if kind == "Runtime.exceptionThrown":
            self.complaints.append(json.dumps(said["exceptionDetails"])[:500])
        elif kind == "Runtime.consoleAPICalled" and said["type"] in ("error", "warning"):
            self.complaints.append(" ".join(str(word.get("value")) for word in said["args"]))
        elif kind == "Log.entryAdded" and said["entry"]["level"] in ("error", "warning"):
            self.complaints.append(f"{said['entry']['text']} {said['entry'].get('url', '')}")

    def js(self, code):
        result = self.call("Runtime.evaluate", expression=code, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in result:
            raise RuntimeError(f"{code}: {result['exceptionDetails']}")
        return result["result"].get("value")

    def key(self, key):
        number = {"Tab": 9, "ArrowRight": 39}.get(key, 0)
        down = {"type": "keyDown", "text": key} if len(key) == 1 else {"type": "rawKeyDown"}
        for kind in (down, {"type": "keyUp"}):
            self.call("Input.dispatchKeyEvent", key=key, code=key, windowsVirtualKeyCode=number, **kind)

    def until(self, what, code):
        begun = time.monotonic()
        while not self.js(code):
            if time.monotonic() - begun > PATIENCE:
                raise AssertionError(f"waited for {what}: {code}")
            time.sleep(0.05)

    def shot(self, path):
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"]))

    def close(self):
        try:
            self.session = None
            self.call("Browser.close")
        except (EOFError, OSError):
            pass
        self.process.wait(PATIENCE)
        self.profile.cleanup()


class Served:
    """A command that serves a page."""

    def __init__(self, *command):
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
        self.url = next(line.split()[-1] for line in self.process.stderr if line.startswith("live page: "))

    def close(self):
        self.process.kill()
        self.process.wait()


ROUND = "hive.live.of(hive.live.state?.fleet?.last, 'round')"
# Pixels that are neither grey nor clear.
COLOURED = """((canvas) => {
  const copy = Object.assign(document.createElement("canvas"), { width: canvas.width, height: canvas.height });
  const pen = copy.getContext("2d", { willReadFrequently: true });
  pen.drawImage(canvas, 0, 0);
  const { data } = pen.getImageData(0, 0, copy.width, copy.height);
  let n = 0;
  for (let i = 0; i < data.length; i += 4) if (data[i + 3] > 200 && Math.max(data[i], data[i + 1], data[i + 2]) - Math.min(data[i], data[i + 1], data[i + 2]) > 30) n += 1;
  return n;
})"""


def click(page, id):
    page.js(f"document.getElementById('{id}').click()")


def choose(page, id, value):
    page.js(f"(() => {{ const s = document.getElementById('{id}'); s.value = {json.dumps(value)}; s.dispatchEvent(new Event('change', {{ bubbles: true }})); }})()")


def streams(page):
    page.until("frames", "hive.live.frames > 3")
    before, begun = page.js("hive.live.frames"), time.monotonic()
    time.sleep(3)
    rate = (page.js("hive.live.frames") - before) / (time.monotonic() - begun)
    assert rate > 5, f"{rate:.1f} frames a second"
    assert page.js(f"{COLOURED}(document.getElementById('fleet'))") > 1000, "the fleet is drawn"
    for chart in ("fig-level", "fig-merge", "fig-pace", "fig-adoption"):
        page.js(f"document.getElementById('{chart}').scrollIntoView()")
        page.until(f"{chart} to be drawn", f"{COLOURED}(document.querySelector('#{chart} canvas')) > 50")
    page.js("scrollTo(0, 0)")
    return f"{rate:.1f} frames a second"


def skills(page):
    picture = page.js("document.getElementById('fleet').toDataURL()")
    choose(page, "skill", "2")
    page.until("the skill", "document.getElementById('fleet-title').textContent === 'Who knows s2'")
    page.until("its row", "document.querySelector('#skills tr[aria-current=true] button')?.textContent === 's2'")
    page.until("another picture", f"document.getElementById('fleet').toDataURL() !== {json.dumps(picture)}")
    page.key("n")
    page.until("the next skill", "document.getElementById('fleet-title').textContent === 'Who knows s3'")
    page.js("document.querySelector('#skills tbody tr button').click()")
    page.until("a row's skill", "document.getElementById('fleet-title').textContent === 'Who knows s0'")


def stands(page):
    page.until("the run to stand", f"(async () => {{ const r = {ROUND}; await new Promise((d) => setTimeout(d, 400)); return r === {ROUND} && hive.live.state.paused; }})()")
    return page.js(ROUND)


def pauses(page):
    click(page, "pause")
    at = stands(page)
    assert page.js("document.getElementById('pause').textContent") == "Go on"
    page.key("j")
    page.until("a step", f"{ROUND} === {at + 1}")
    click(page, "step")
    page.until("another", f"{ROUND} === {at + 2}")
    assert stands(page) == at + 2
    page.until("its levels", f"hive.live.levels.round === {at + 2}")


def slides(page):
    page.js("(() => { const s = document.getElementById('pace'); s.value = 3; s.dispatchEvent(new Event('input')); s.dispatchEvent(new Event('change')); })()")
    page.until("the pace", "hive.live.state.pace === 2")
    assert page.js("document.getElementById('pace-label').textContent") == "2 a second"
    page.key("+")
    page.until("a faster pace", "hive.live.state.pace === 5")
    at = page.js(ROUND)
    page.key("k")
    page.until("it to go on", f"!hive.live.state.paused && {ROUND} > {at}")
    page.js("(() => { const s = document.getElementById('pace'); s.value = 10; s.dispatchEvent(new Event('change')); })()")
    page.until("no pace", "hive.live.state.pace === null")


def changes(page):
    choose(page, "strategy", "trimmed-mean")
    field = "document.querySelector('#strategy-fields input')"
    page.js(f"{field}.value = 'wrong'; document.getElementById('form-strategy').requestSubmit()")
    page.until("a refusal", "!document.getElementById('strategy-problem').hidden")
    said = page.js("document.getElementById('strategy-problem').textContent")
    assert "distiller.combine" in said and "wrong" in said, said
    page.js(f"{field}.value = '0.2'; document.getElementById('form-strategy').requestSubmit()")
    page.until("the change", "document.querySelectorAll('#changes li').length === 1")
    page.until("the strategy's name", "document.getElementById('facts').textContent.includes('trimmed-mean')")
    page.js("(() => { const s = document.getElementById('fault'); s.value = 'faults.loss'; s.dispatchEvent(new Event('change')); document.querySelector('#fault-fields input').value = '0.3'; document.getElementById('form-fault').requestSubmit(); })()")
    page.until("the fault", "document.querySelectorAll('#changes li').length === 2")
    page.until("learnings that are lost", "hive.live.of(hive.live.state.fleet.last, 'dropped') > 0")
    choose(page, "fault", "attack sign-flip")
    page.js("document.querySelector('#fault-fields input[data-key=\"attack.share\"]').value = '0.1'; document.getElementById('form-fault').requestSubmit()")
    page.until("the attack", "document.querySelectorAll('#changes li').length === 3")


def named(page):
    """Every control has a name."""
    roles = {"button", "slider", "combobox", "textbox", "checkbox", "link", "image", "progressbar", "status"}
    nodes = page.call("Accessibility.getFullAXTree")["nodes"]
    controls = [node for node in nodes if not node.get("ignored") and node.get("role", {}).get("value") in roles]
    bare = [node["role"]["value"] for node in controls if not node.get("name", {}).get("value") and node["role"]["value"] != "status"]
    assert not bare, f"without a name: {bare}"
    # where the page begins for who does not use a mouse
    page.js("document.querySelector('.skip').focus()")
    reached = set()
    for _ in range(14):
        page.key("Tab")
        reached.add(page.js("document.activeElement.id"))
    missing = {"pause", "step", "pace", "skill", "halt", "fleet"} - reached
    assert not missing, f"not reached by the keyboard: {missing}"
    page.js("document.getElementById('fleet').focus()")
    page.key("ArrowRight")
    page.until("an agent in words", "document.getElementById('fleet-tip').textContent.startsWith('Agent')")
    return f"{len(controls)} controls have names"


def themes(page):
    for _ in range(3):
        click(page, "theme")
        time.sleep(0.2)


def stops(page):
    click(page, "halt")
    click(page, "halt")
    page.until("the end", "document.getElementById('banner').textContent.includes('stopped')")
    page.until("the report", "fetch(document.querySelector('#banner a').href).then((a) => a.ok)")
    page.until("the run in the list", "document.querySelectorAll('#runs tbody tr').length > 0")


def starts(page):
    page.until("scenarios", "document.getElementById('start-scenario').options.length > 1")
    page.js("document.getElementById('start-rounds').value = '0'; document.getElementById('start-sets').value = 'world.skils=3'; document.getElementById('form-start').requestSubmit()")
    page.until("what is wrong, where it is", "document.querySelector('#start-rounds ~ .problem').textContent.includes('from 1') && document.querySelector('#start-sets ~ .problem').textContent.includes('skills')")


def begins(page):
    choose(page, "start-scenario", "first-hive.toml")
    page.js("document.getElementById('start-rounds').value = '40'; document.getElementById('start-sets').value = ''; document.getElementById('form-start').requestSubmit()")
    page.until("the end of the run", "document.getElementById('banner').textContent.includes('The run is over')")
    page.until("it in the list", "document.querySelector('#runs tbody th')?.textContent === 'first-hive-1'")


def check(browser, hivesim, shot):
    """Whether the live page does all that it should."""
    fine = True
    with tempfile.TemporaryDirectory() as folder:
        run = [hivesim, "run", ROOT / "scenarios/first-hive.toml", "--set", "rounds=100000", "--out", f"{folder}/runs/live"]
        served = [
            ([*run, "--serve", "127.0.0.1:0"], (streams, skills, pauses, slides, changes, named, themes, stops)),
            ([hivesim, "serve", "--addr", "127.0.0.1:0", "--runs", f"{folder}/runs", "--scenarios", ROOT / "scenarios"], (starts, begins)),
        ]
        for command, steps in served:
            server, page = Served(*command), Browser(browser, "1200,1500")
            try:
                page.call("Page.navigate", url=server.url)
                page.until("the page", "typeof hive === 'object' && hive.live !== undefined")
                for step in steps:
                    try:
                        print(f"fine: {step.__name__} {step(page) or ''}".rstrip())
                    except (AssertionError, RuntimeError) as wrong:
                        fine = False
                        print(f"FAILED: {step.__name__}: {wrong}")
                    if shot and step is changes:
                        page.js("scrollTo(0, 0)")
                        choose(page, "skill", "9")
                        time.sleep(1)
                        page.shot(shot)
                for complaint in page.complaints + page.js("hive.errors"):
                    # what is refused is told on the page, and by the browser too
                    if "422" not in complaint:
                        fine = False
                        print(f"FAILED: the console: {complaint}")
            finally:
                page.close()
                server.close()
    return fine
