# SPDX-License-Identifier: MIT
"""How a table is printed, and what comes after it."""


def table(title, heads, rows):
    print(f"\n### {title}\n\n| {' | '.join(heads)} |\n|{'---|' * len(heads)}")
    for row in rows:
        print(f"| {' | '.join(row)} |")


def stop(programs):
    for program in programs:
        program.stop()
