# SPDX-License-Identifier: MIT
"""Tests that filter packets run in a network of their own: a loopback that nobody else sees."""
import os
import subprocess
import sys

import pytest

INSIDE = "DPROXY_OWN_NETWORK"
ENTER = """set -e
ip link set lo up
nft add table inet filter
nft add chain inet filter in '{ type filter hook input priority 0; }'
nft add chain inet filter out '{ type filter hook output priority 0; }'
exec "$@"
"""

inside_only = pytest.mark.skipif(INSIDE not in os.environ, reason="runs in a network of its own")
outside_only = pytest.mark.skipif(INSIDE in os.environ, reason="makes the network that the others run in")


def run_inside(file, directory):
    """All tests of the file that are marked inside_only; what pytest said of them."""
    command = ["unshare", "--user", "--map-root-user", "--net", "sh", "-c", ENTER, "sh", sys.executable, "-m", "pytest",
               "-p", "no:cacheprovider", "-q", "-s", "--tb=short", f"--basetemp={directory}", file]
    done = subprocess.run(command, env={**os.environ, INSIDE: "1"}, capture_output=True, text=True, check=False)
    print(done.stdout)
    assert done.returncode == 0 and "passed" in done.stdout, done.stdout + done.stderr


def add_rule(chain, *words):
    """chain: `in` or `out`. Its handle, for delete_rule()."""
    said = subprocess.run(["nft", "--echo", "--handle", "add", "rule", "inet", "filter", chain, *map(str, words)],
                          capture_output=True, text=True, check=True).stdout
    return chain, said.rsplit("handle ", 1)[1].strip()


def delete_rule(rule):
    chain, handle = rule
    subprocess.run(["nft", "delete", "rule", "inet", "filter", chain, "handle", handle], check=True)
