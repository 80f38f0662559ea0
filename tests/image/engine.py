# SPDX-License-Identifier: MIT
"""The Docker Engine as the tests of the image drive it, by its command line."""

import contextlib
import io
import json
import os
import pathlib
import subprocess
import tarfile
import time

import dns.message
import dns.query

ROOT = pathlib.Path(__file__).resolve().parents[2]
IMAGE = os.environ.get("IMAGE", "dproxy:test")
BOUND = 60  # seconds, for what takes one or two; never a measure


def docker(*arguments, check=True):
    """Standard output of `docker ARGUMENTS`."""
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, check=False, timeout=600)
    if check and done.returncode:
        raise AssertionError(f"docker {' '.join(arguments)}: status {done.returncode}: {done.stdout}{done.stderr}")
    return done.stdout.strip()


def inspect(name, kind="container"):
    return json.loads(docker(kind, "inspect", name))[0]


def until(what, condition, bound=BOUND):
    """Waits until the condition gives something true, and gives it back."""
    end = time.monotonic() + bound
    while True:
        found = condition()
        if found:
            return found
        assert time.monotonic() < end, f"not within {bound} s: {what}"
        time.sleep(0.05)


class Container:
    """A dproxy in a container, as locked up as a cluster would have it, published on free ports of 127.0.0.1."""

    def __init__(self, *options, arguments=(), user=None):
        locked = ["--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"]
        ports = ("1053/udp", "1053/tcp", "8080/tcp")
        published = [word for port in ports for word in ("--publish", f"127.0.0.1::{port}")]
        as_user = ["--user", user] if user else []
        self.id = docker("run", "--detach", *locked, *published, *as_user, *options, IMAGE, *arguments)

    def port(self, of):
        return int(docker("port", self.id, of).splitlines()[0].rsplit(":", 1)[1])

    def health(self):
        return inspect(self.id)["State"]["Health"]["Status"]

    def until_healthy(self):
        until("healthy", lambda: self.health() == "healthy" or self.must_run())

    def must_run(self):
        assert inspect(self.id)["State"]["Running"], f"it ended: {self.log()}"
        return False

    def log(self):
        done = subprocess.run(["docker", "logs", self.id], capture_output=True, text=True, check=False)
        return done.stdout + done.stderr

    def run(self, *words):
        return docker("exec", self.id, "dproxy", *words)

    def remove(self):
        docker("rm", "--force", "--volumes", self.id)


@contextlib.contextmanager
def container(*options, **named):
    made = Container(*options, **named)
    try:
        yield made
    finally:
        made.remove()


def ask(port, name, rdtype="A", tcp=False, timeout=10):
    query = dns.message.make_query(name, rdtype, use_edns=0)
    send = dns.query.tcp if tcp else dns.query.udp
    return send(query, "127.0.0.1", port=port, timeout=timeout)


def layers(image):
    """(path, member, contents) of every file and folder in the layers of an image."""
    saved = subprocess.run(["docker", "save", image], capture_output=True, check=True, timeout=600).stdout
    found = []
    with tarfile.open(fileobj=io.BytesIO(saved)) as archive:
        manifest = json.load(archive.extractfile("manifest.json"))
        for layer in manifest[0]["Layers"]:
            with tarfile.open(fileobj=archive.extractfile(layer)) as inner:
                for member in inner:
                    contents = inner.extractfile(member).read() if member.isfile() else b""
                    found.append(("/" + member.name.strip("/").removeprefix("./"), member, contents))
    return found
