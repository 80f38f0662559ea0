# SPDX-License-Identifier: MIT
"""The verbs that read files or ask a running instance: what they print, and their exit status."""
import json

import pytest
from harness.ports import free_port
from harness.program import main_file, run
from harness.prox_directory import route

GOOD = {"a.prox": route(".example.com", "127.0.0.1:5301") + route("www.example.com", "127.0.0.1:5302", protocol="tcp"),
        "b.prox": route("*.b.example.com", "[::1]:5303", "127.0.0.1:5304") + route("none.test", answer="nxdomain")}


@pytest.fixture
def routes(world):
    return world.routes(GOOD)


def check_json(*arguments):
    done = run("check", *arguments, "--format", "json")
    return done.returncode, json.loads(done.stdout)


def test_check_finds_nothing_in_good_files(routes):
    done = run("check", routes)
    assert (done.returncode, done.stderr) == (0, "")
    status, told = check_json(routes)
    files = told.pop("files")
    assert (status, told) == (0, {"valid": True, "routes": 4, "errors": 0, "warnings": 0, "faults": []})
    assert [file["file"].rsplit("/", 1)[1] for file in files] == ["a.prox", "b.prox"]
    assert all(file["valid"] and file["routes"] == 2 and file["hash"] == file["hash_in_force"] for file in files)


FAULTS = [
    ("[a.test]\naddress = 127.0.0.1\nprot = 53\n", 3, ("prot", "port")),
    ("[a.test]\naddress = 127.0.0.1\ntimeout = 4\n", 3, ("timeout", "4")),
    ("[a.test]\naddress = 127.0.0.1\nattempts = 9\n", 3, ("attempts", "9")),
    ("[a.test]\naddress = 127.0.0.1\naddress = 127.0.0.2\n", 3, ("address", "twice")),
    ("[a.test]\nport = 53\n", 1, ("address",)),
    ("[a.test]\naddress = 127.0.0.1:99999\n", 2, ("99999",)),
    ("[a.test]\naddress = 127.0.0.1\nport = 0\n", 3, ("port",)),
    ("[a.test]\nanswer = perhaps\n", 2, ("perhaps", "refused")),
    ("[a..test]\naddress = 127.0.0.1\n", 1, ("a..test",)),
    ("[*.*.test]\naddress = 127.0.0.1\n", 1, ("*",)),
    ("[ä.test]\naddress = 127.0.0.1\n", 1, ("xn--",)),
    ("[]\naddress = 127.0.0.1\n", 1, ()),
    ("[a.test]\naddress\n", 2, ("address",)),
    ("[a.test]\naddress = 127.0.0.1\nallow = 10.0.0.0/33\n", 3, ("10.0.0.0/33",)),
    ("[a.test]\naddress = 127.0.0.1\nprotocol = sctp\n", 3, ("sctp", "udp")),
    ("[a.test]\naddress = 192.0.2.1\n[A.test.]\naddress = 192.0.2.2\n", 3, ("a.test", "1")),
]


@pytest.mark.parametrize("text, line, words", FAULTS, ids=[repr(text) for text, _, _ in FAULTS])
def test_check_names_each_fault_with_its_place(world, text, line, words):
    directory = world.routes({"bad.prox": text})
    done = run("check", directory)
    assert done.returncode == 1
    said = done.stdout + done.stderr
    assert any(f"bad.prox:{line}: " in told and all(word.lower() in told.lower() for word in words)
               for told in said.splitlines()), said
    status, told = check_json(directory)
    assert status == 1 and told["valid"] is False and told["errors"] == len(told["faults"]) >= 1
    assert told["faults"][0]["line"] == line and told["faults"][0]["file"].endswith("bad.prox")


KEYS_TO_COME = ["protocol = https"]


@pytest.mark.parametrize("key", KEYS_TO_COME)
def test_a_key_is_either_obeyed_or_refused(world, key):
    """What is not built is never accepted silently."""
    done = run("check", world.routes({"a.prox": f"[a.test]\naddress = 127.0.0.1\n{key}\n"}))
    assert done.returncode in (0, 1)
    if done.returncode == 1:
        assert "a.prox:3: " in done.stdout and key.split()[0] in done.stdout


@pytest.mark.parametrize("key", ["health = off", "fallback_on = none", "policy = first"])
def test_values_that_ask_for_nothing_are_accepted(world, key):
    assert run("check", world.routes({"a.prox": f"[a.test]\naddress = 127.0.0.1\n{key}\n"})).returncode == 0


def test_check_tells_the_faults_of_all_files_and_of_the_main_file(world):
    first = world.routes({"a.prox": "[a.test]\n", "b.prox": "[b.test]\n"}, "one")
    second = world.routes({"c.prox": "[c\n"}, "two")
    main = world.directory / "main.conf"
    main.write_text(main_file({"upstreamlocation": f"{first}, {second}", "loglevel": "loud"}))
    done = run("check", "--config", main)
    assert done.returncode == 1
    for place in ("a.prox:1: ", "b.prox:1: ", "c.prox:1: ", "main.conf:3: "):
        assert place in done.stdout + done.stderr


def test_check_of_a_directory_that_is_missing(tmp_path):
    done = run("check", tmp_path / "nothing")
    assert done.returncode in (0, 1) and "nothing" in done.stdout + done.stderr


def test_routes_are_printed_most_specific_first(routes):
    done = run("routes", routes)
    assert done.returncode == 0
    patterns = [line.split()[0] for line in done.stdout.splitlines() if line.strip()]
    assert patterns == ["www.example.com", "example.com", "none.test", "*.b.example.com", "*.example.com", "(none)"]
    assert "127.0.0.1:5304" in done.stdout and "a.prox:1" in done.stdout
    listed = json.loads(run("routes", routes, "--format", "json").stdout)
    assert [entry["pattern"] for entry in listed["routes"]] == patterns[:-1]


@pytest.mark.parametrize("name, pattern, upstream", [
    ("www.example.com", "www.example.com", "127.0.0.1:5302"), ("WWW.Example.com.", "www.example.com", "127.0.0.1:5302"),
    ("example.com", "example.com", "127.0.0.1:5301"), ("x.b.example.com", "*.b.example.com", "[::1]:5303"),
    ("b.example.com", "*.example.com", "127.0.0.1:5301"), ("other.test", None, "REFUSED"), (".", None, "REFUSED"),
    ("none.test", "none.test", "NXDOMAIN")])
def test_explain_names_route_place_upstreams_and_what_lost(routes, name, pattern, upstream):
    done = run("explain", name, "A", "--upstreamlocation", routes)
    assert done.returncode == 0 and upstream in done.stdout
    told = json.loads(run("explain", name, "--upstreamlocation", routes, "--format", "json").stdout)
    assert told.get("pattern") == pattern
    if pattern:
        assert pattern in done.stdout and f"{told['file']}:{told['line']}" in done.stdout
    if pattern == "www.example.com":
        assert "*.example.com" in [loser["pattern"] for loser in told["lost"]] and "*.example.com" in done.stdout


def test_explain_says_that_ds_goes_with_its_name(routes):
    assert run("explain", "www.example.com", "DS", "--upstreamlocation", routes).returncode == 0


@pytest.mark.parametrize("arguments", [("explain",), ("explain", "a..b"), ("explain", "a.test", "NONSENSE"),
                                       ("explain", "x" * 64 + ".test"), ("explain", "a", "A", "extra"), ("nonsense",),
                                       ("--nonsense", "1"), ("check", "--format", "yaml"), ("ask",), ("--port",),
                                       ("routes", "--admin", "not a url"), ("healthcheck", "ftp://x"), ("chekc",)])
def test_wrong_usage_is_status_2_and_one_line(arguments):
    done = run(*arguments)
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr


def test_a_verb_that_is_nearly_right_is_suggested():
    assert "check" in run("chekc").stderr
    assert "loglevel" in run("--loglvel", "info").stderr


@pytest.mark.parametrize("flag", ["--help", "--version"])
def test_help_and_version(flag):
    done = run(flag)
    assert (done.returncode, done.stderr) == (0, "") and done.stdout.startswith("dproxy")
    if flag == "--help":
        for word in ("check", "explain", "routes", "diff", "import", "healthcheck", "ask", "upstreamlocation",
                     "tcp_idle"):
            assert word in done.stdout


@pytest.fixture(scope="module")
def running(shared_world):
    return shared_world.proxy(GOOD)


@pytest.mark.parametrize("verb", [("explain", "www.example.com", "A"), ("routes",)])
@pytest.mark.parametrize("form", ["text", "json"])
def test_a_running_instance_says_the_same(running, verb, form):
    files = [] if verb[0] == "routes" else ["--upstreamlocation"]
    offline = run(*verb, *files, running.settings["upstreamlocation"], "--format", form)
    online = run(*verb, "--admin", f"http://127.0.0.1:{running.admin_port}", "--format", form)
    assert online.returncode == offline.returncode == 0
    read = json.loads if form == "json" else str
    assert read(online.stdout) == read(offline.stdout)


def test_an_instance_that_does_not_run():
    for verb in (("explain", "a.test"), ("routes",)):
        done = run(*verb, "--admin", f"http://127.0.0.1:{free_port()}")
        assert done.returncode == 1 and len(done.stderr.strip().splitlines()) == 1


def test_healthcheck_of_a_running_instance(running):
    assert run("healthcheck", f"http://127.0.0.1:{running.admin_port}").returncode == 0
    assert run("healthcheck", f"http://127.0.0.1:{running.admin_port}/readyz").returncode == 0
    assert run("healthcheck", "--config", running.main_file).returncode == 0
    assert run("healthcheck", environment={"DPROXY_CONFIG": str(running.main_file)}).returncode == 0


def test_healthcheck_of_none():
    done = run("healthcheck", f"http://127.0.0.1:{free_port()}")
    assert done.returncode == 1 and len(done.stderr.strip().splitlines()) == 1


def test_check_accepts_the_main_file_of_the_running_instance(running):
    assert run("check", "--config", running.main_file).returncode == 0
