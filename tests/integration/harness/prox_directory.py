# SPDX-License-Identifier: MIT
"""Directories of routes: a plain one, and one that is written as the kubelet writes a mounted ConfigMap."""
import os
import shutil
from pathlib import Path


def route(patterns, /, *upstreams, **keys):
    """The text of one section. Probes are off, so that an upstream sees the test's own queries only."""
    lines = [f"[{patterns}]"]
    if upstreams:
        lines.append("    address = " + ", ".join(str(upstream) for upstream in upstreams))
    if "answer" not in keys:
        keys = {"health": "off", **keys}
    lines += [f"    {key} = {value}" for key, value in keys.items()]
    return "\n".join(lines) + "\n"


class PlainDirectory:
    def __init__(self, path):
        self.path = Path(path)
        self.path.mkdir(parents=True, exist_ok=True)

    def __str__(self):
        return str(self.path)

    def write(self, file, text):
        """In place, as `cp` and `>` do."""
        (self.path / file).parent.mkdir(parents=True, exist_ok=True)
        (self.path / file).write_text(text)

    def replace(self, file, text):
        """As careful editors save: written beside it, then renamed."""
        beside = self.path / f".{file}.swp~"
        beside.write_text(text)
        beside.rename(self.path / file)

    def remove(self, file):
        (self.path / file).unlink()


class ConfigMapDirectory:
    """`NAME -> ..data/NAME`, `..data -> ..DATE`, swapped by a rename. `links_first` is the order of older kubelets."""

    def __init__(self, path, files, links_first=False):
        self.path = Path(path)
        self.path.mkdir(parents=True, exist_ok=True)
        self.links_first = links_first
        self.generation = 0
        self.update(files)

    def __str__(self):
        return str(self.path)

    def update(self, files):
        data = self.path / "..data"
        before = os.readlink(data) if data.is_symlink() else None
        self.generation += 1
        fresh = f"..2026_08_21_10_00_{self.generation:02d}.{self.generation * 7919}"
        (self.path / fresh).mkdir()
        for file, text in files.items():
            (self.path / fresh / file).write_text(text)
        (self.path / "..data_tmp").symlink_to(fresh)
        if self.links_first:
            self._mend_links(files)
        os.rename(self.path / "..data_tmp", data)
        if not self.links_first:
            self._mend_links(files)
        for link in self._links() - set(files):
            (self.path / link).unlink()
        if before:
            shutil.rmtree(self.path / before)

    def _links(self):
        return {entry.name for entry in self.path.iterdir() if entry.is_symlink() and not entry.name.startswith("..")}

    def _mend_links(self, files):
        for file in set(files) - self._links():
            (self.path / file).symlink_to(f"..data/{file}")
