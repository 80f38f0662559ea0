# SPDX-License-Identifier: MIT
"""The text format of Prometheus, read into numbers."""
import re

LINE = re.compile(r'^([a-zA-Z_:][\w:]*)(?:\{(.*)\})?\s+(\S+)(?:\s+-?\d+)?$')
LABEL = re.compile(r'([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"')


class Metrics:
    def __init__(self, text):
        self.text = text
        self.samples = []
        self.types = dict(re.findall(r"^# TYPE (\S+) (\S+)", text, re.M))
        for line in text.splitlines():
            if line and not line.startswith("#"):
                found = LINE.match(line)
                assert found, f"not a line of the text format: {line!r}"
                labels = {key: re.sub(r"\\(.)", lambda c: {"n": "\n"}.get(c[1], c[1]), value)
                          for key, value in LABEL.findall(found[2] or "")}
                self.samples.append((found[1], labels, float(found[3])))

    def matching(self, name, **labels):
        """Values of all series of that name which have these labels."""
        return [value for found, has, value in self.samples
                if found == name and all(has.get(key) == str(wanted) for key, wanted in labels.items())]

    def sum(self, name, **labels):
        return sum(self.matching(name, **labels))

    def one(self, name, **labels):
        values = self.matching(name, **labels)
        assert len(values) == 1, f"{len(values)} series of {name}{labels}:\n" + "\n".join(
            line for line in self.text.splitlines() if line.startswith(name))
        return values[0]

    def label_values(self, name, label):
        return {has[label] for found, has, _ in self.samples if found == name and label in has}

    def names(self):
        return {name for name, _, _ in self.samples}
