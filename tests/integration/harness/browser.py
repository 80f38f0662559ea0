# SPDX-License-Identifier: MIT
"""Chromium, driven over a pipe by its DevTools protocol: what a page looks like, and what it asks for."""
import json
import os
import select
import shutil
import subprocess
import time

PATIENCE = 120
IS_HERE = shutil.which("chromium") is not None


class Browser:
    """One page at a time. It reads from file descriptor 3 and writes to 4, messages that end with a zero byte."""

    def __init__(self, directory):
        to_browser, self.to = os.pipe()
        self.coming, from_browser = os.pipe()
        # Whatever number they have here, they are 3 and 4 there.
        command = f"exec chromium \"$@\" 3<&{to_browser} 4>&{from_browser}"
        options = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                   "--disable-background-networking", "--hide-scrollbars", "--remote-debugging-pipe",
                   f"--user-data-dir={directory}/profile", "about:blank"]
        self.errors = open(f"{directory}/chromium.log", "ab")
        self.process = subprocess.Popen(["bash", "-c", command, "chromium", *options], stdin=subprocess.DEVNULL,
                                        stdout=self.errors, stderr=self.errors, pass_fds=(to_browser, from_browser),
                                        env={**os.environ, "HOME": str(directory)})
        os.close(to_browser)
        os.close(from_browser)
        self.unread, self.events, self.number, self.session = b"", [], 0, None
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Log", "Runtime"):
            self.call(f"{domain}.enable")

    def close(self):
        self.process.kill()
        self.process.wait()
        os.close(self.to)
        os.close(self.coming)
        self.errors.close()

    def call(self, method, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.to, json.dumps(message).encode() + b"\0")
        answer = self.next(lambda said: said.get("id") == self.number)
        assert "error" not in answer, f"{method}: {answer['error']}"
        return answer["result"]

    def next(self, is_wanted):
        """The next message of the browser that is wanted; events before it are kept."""
        end = time.monotonic() + PATIENCE
        while True:
            while b"\0" in self.unread:
                said, self.unread = self.unread.split(b"\0", 1)
                said = json.loads(said)
                if "method" in said:
                    self.events.append(said)
                if is_wanted(said):
                    return said
            ready, _, _ = select.select([self.coming], [], [], max(0, end - time.monotonic()))
            assert ready, "Chromium said nothing more"
            read = os.read(self.coming, 1 << 20)
            assert read, "Chromium ended"
            self.unread += read

    def open(self, url, width=1280, height=900, scheme="light"):
        """Waits until the page is there."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        self.events.clear()
        self.call("Page.navigate", url=url)
        if not self.events_of("Page.loadEventFired"):
            self.next(lambda said: said.get("method") == "Page.loadEventFired")

    def evaluate(self, expression):
        done = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in done, done
        return done["result"].get("value")

    def press(self, key):
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=key,
                      windowsVirtualKeyCode={"Tab": 9, "Enter": 13}[key], text="\r" if key == "Enter" else "")

    def write(self, text):
        self.call("Input.insertText", text=text)

    def events_of(self, method):
        return [event["params"] for event in self.events if event["method"] == method]
