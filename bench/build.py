# SPDX-License-Identifier: MIT
"""What has to be there before anything is measured, and what is said of it."""
import platform
import subprocess
import time
from pathlib import Path

import rivals

HERE = Path(__file__).resolve().parent


def tools(directory, *names):
    for tool in names:
        libraries = ["-lssl", "-lcrypto", "-pthread"] if tool in ("tls", "openssl_alone") else []
        subprocess.run(["cc", "-O2", "-o", directory / tool, HERE / "tools" / f"{tool}.c", *libraries], check=True)


def program():
    root = HERE.parent
    subprocess.run([root / "scripts" / "setup", "bench"], check=True)
    subprocess.run(["cmake", "--preset", "release", "-DDPROXY_BUILD_TESTS=OFF"], cwd=root, check=True,
                   stdout=subprocess.DEVNULL)
    subprocess.run(["cmake", "--build", "--preset", "release", "--target", "dproxy"], cwd=root, check=True,
                   stdout=subprocess.DEVNULL)
    return root / "build" / "release" / "dproxy"


def versions():
    found = []
    for command in ([rivals.Dproxy.program, "--version"], [rivals.find("dnsdist"), "--version"],
                    [rivals.find("unbound"), "-V"], [rivals.Coredns.program, "-version"]):
        if command[0]:
            done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
            found.append((done.stdout + done.stderr).strip().splitlines()[0])
    return "; ".join(found)


def processor():
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def circumstances():
    return f"{processor()}, Linux {platform.release()}, {time.strftime('%Y-%m-%d')}; {versions()}"
