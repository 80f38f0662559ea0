# SPDX-License-Identifier: MIT
"""`dproxy import`: what other servers are configured with becomes a route file that the program takes."""
import re
import subprocess
from pathlib import Path

import pytest
from harness import wire
from harness.certificates import Certificates
from harness.program import BINARY, ROOT, run

SEEDS = ROOT / "tests" / "fuzz" / "seeds" / "import"
FILES = ["Corefile", "dnsmasq.conf", "unbound.conf", "named.conf"]

# Every line of these has a counterpart.
WHOLE = {
    "Corefile": "a.test:53 {\n    errors\n    forward . 127.0.0.1:5301\n}\n",
    "dnsmasq.conf": "no-resolv\nserver=/a.test/127.0.0.1#5301\n",
    "unbound.conf": "forward-zone:\n\tname: \"a.test\"\n\tforward-addr: 127.0.0.1@5301\n",
    "named.conf": "zone \"a.test\" { type forward; forward only; forwarders { 127.0.0.1 port 5301; }; };\n",
}


def imported(path, *arguments):
    done = run("import", path, *arguments)
    assert done.returncode in (0, 1), done.stderr
    assert (done.returncode == 1) == bool(done.stderr)
    return done


@pytest.mark.parametrize("name", FILES)
def test_the_result_is_accepted_by_check(world, name):
    done = imported(SEEDS / name)
    authority = Certificates(world.directory / "certificates").authority
    checked = run("check", world.routes({"imported.prox": done.stdout, "ca.pem": authority.read_text()}))
    assert (checked.returncode, checked.stderr) == (0, ""), checked.stdout
    assert not checked.stdout.startswith("0 routes")
    for line in done.stderr.splitlines():
        assert line.startswith(f"{SEEDS / name}:"), line


@pytest.mark.parametrize("name", FILES)
def test_what_is_carried_over_whole_ends_with_0(world, name):
    (world.directory / name).write_text(WHOLE[name])
    done = imported(world.directory / name)
    assert (done.returncode, done.stderr) == (0, "")
    listed = run("routes", world.routes({"imported.prox": done.stdout})).stdout
    assert [line.split()[:2] for line in listed.splitlines()[:2]] == [
        ["a.test", "127.0.0.1:5301"], ["*.a.test", "127.0.0.1:5301"]]


@pytest.mark.parametrize("name", FILES)
def test_a_language_can_be_named(world, name):
    language = {"Corefile": "corefile", "named.conf": "bind"}.get(name, name.removesuffix(".conf"))
    (world.directory / "x").write_text(WHOLE[name])
    assert imported(world.directory / "x", "--from", language).returncode == 0


LANGUAGES = {"corefile": "corefile", "dnsmasq": "dnsmasq", "unbound": "unbound", "named": "bind"}
EXAMPLES = re.findall(r"```(corefile|dnsmasq|unbound|named)\n(.*?)```\n\n```prox\n(.*?)```",
                      (ROOT / "docs" / "import.md").read_text(), re.DOTALL)


@pytest.mark.parametrize("language, text, expected", EXAMPLES, ids=[example[0] for example in EXAMPLES])
def test_the_document_shows_what_comes_out(world, language, text, expected):
    assert len(EXAMPLES) == len(LANGUAGES)
    (world.directory / "x").write_text(text)
    done = imported(world.directory / "x", "--from", LANGUAGES[language])
    assert done.stdout.partition("\n\n")[2] == expected


def test_standard_input():
    done = subprocess.run([BINARY, "import", "--from", "corefile", "-"], input=WHOLE["Corefile"], capture_output=True,
                          text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "") and "[.a.test]\n" in done.stdout


@pytest.mark.parametrize("line, language", [("address=/tracker{}.ads.test/", "dnsmasq"),
                                            ('local-zone: "tracker{}.ads.test" always_nxdomain', "unbound")])
def test_a_long_block_list_becomes_a_list(world, line, language):
    server = world.upstream(1)
    config = Path(world.directory, "block.conf")
    lines = [line.format(number) for number in range(60_000)]
    lines += ["no-resolv", f"server=127.0.0.1#{server.port}"] if language == "dnsmasq" else [
        "forward-zone:", '\tname: "."', f"\tforward-addr: 127.0.0.1@{server.port}"]
    config.write_text("\n".join(lines if language == "dnsmasq" else ["server:", *lines]) + "\n")
    routes = world.routes()
    done = imported(config, "--from", language, "--to", routes.path / "block.prox")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert sorted(path.name for path in routes.path.iterdir()) == ["block-1.txt", "block.prox"]
    proxy = world.proxy(routes)
    for number in (0, 1, 59_999):
        assert proxy.ask("udp", f"x.tracker{number}.ads.test")[3] & 15 == 3
    assert proxy.marker("tracker60000.ads.test") == 1


def test_an_imported_file_routes(world):
    here, there = world.upstream(1), world.upstream(2)
    config = Path(world.directory, "dnsmasq.conf")
    config.write_text(f"no-resolv\nserver=/a.test/127.0.0.1#{here.port}\nserver=127.0.0.1#{there.port}\n"
                      "address=/ads.test/\n")
    proxy = world.proxy(imported(config).stdout)
    assert proxy.marker("www.a.test") == 1 and proxy.marker("b.test") == 2
    assert proxy.ask("udp", "x.ads.test")[3] & 15 == 3


def test_an_address_answers_for_its_type_alone(world):
    """As dnsmasq does since 2.86: other types go where they would go without it."""
    server = world.upstream(1)
    config = Path(world.directory, "dnsmasq.conf")
    config.write_text(f"no-resolv\nserver=127.0.0.1#{server.port}\naddress=/dev.test/192.0.2.99\n")
    proxy = world.proxy(imported(config).stdout)
    assert proxy.marker("www.dev.test") == 99 and not server.received
    assert proxy.ask("udp", wire.query("www.dev.test", wire.AAAA)) and server.received


def test_the_views_of_a_named_conf(world):
    inside, outside = world.upstream(1), world.upstream(2)
    config = Path(world.directory, "named.conf")
    forward = "zone corp {{ type forward; forward only; forwarders {{ 127.0.0.1 port {}; }}; }};"
    config.write_text("view inside { match-clients { 127.0.0.2; }; " + forward.format(inside.port) + " };\n"
                      "view outside { " + forward.format(outside.port) + " };\n")
    proxy = world.proxy(imported(config).stdout)
    assert proxy.marker("www.corp") == 2
    assert wire.marker_of(proxy.ask("udp", wire.query("www.corp"), source="127.0.0.2")) == 1


@pytest.mark.parametrize("arguments", [("import",), ("import", "a", "b"), ("import", "/nowhere/at/all"),
                                       ("import", "x", "--from", "powerdns"), ("import", "x", "--from"),
                                       ("import", "/dev/null")])
def test_wrong_usage_is_status_2_and_one_line(arguments):
    done = run(*arguments)
    assert done.returncode == 2 and len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert done.stdout == ""
