# SPDX-License-Identifier: MIT
"""Waiting for something to become true. Deadlines are generous: a test fails by them, never passes by them."""
import time

PATIENCE = 60.0  # seconds until a wait is a failure


def wait_until(condition, what, patience=PATIENCE, pause=0.01):
    """Calls condition() until it returns something true, and returns that; `what` is said when it never does."""
    end = time.monotonic() + patience
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > end:
            said = what() if callable(what) else what
            raise AssertionError(f"within {patience} s there was never {said}")
        time.sleep(pause)
