# SPDX-License-Identifier: MIT
"""What the image holds, and what it says of itself."""

import re

import engine
import hardened

MAX_BYTES = 12_000_000  # OpenSSL is more than half of it


def config():
    return engine.inspect(engine.IMAGE, "image")["Config"]


def test_it_is_small():
    size = engine.inspect(engine.IMAGE, "image")["Size"]
    print(f"{size} bytes")
    assert size < MAX_BYTES


def test_it_holds_the_program_and_no_other(files):
    executable = sorted(path for path, (member, _) in files.items() if member.isfile() and member.mode & 0o111)
    assert executable == ["/usr/bin/dproxy"]
    named = {path for path, (member, _) in files.items() if member.isfile()}
    assert {"/etc/dproxy/dproxy.conf", "/etc/ssl/certs/ca-certificates.crt", "/usr/share/doc/dproxy/LICENSE",
            "/usr/share/doc/dproxy/dproxy.spdx.json"} <= named
    elsewhere = {path for path in named if not path.startswith("/usr/share/doc/dproxy/")}
    assert elsewhere == {"/usr/bin/dproxy", "/etc/dproxy/dproxy.conf", "/etc/ssl/certs/ca-certificates.crt"}


def test_the_route_directory_is_there_and_empty(files):
    assert files["/etc/dproxy/routes"][0].isdir()
    assert not [path for path in files if path.startswith("/etc/dproxy/routes/")]


def test_everything_is_readable_and_belongs_to_root(files):
    for path, (member, _) in files.items():
        assert (member.uid, member.gid) == (0, 0), path
        assert member.mode & 0o022 == 0, path
        assert member.mode & (0o055 if member.isdir() else 0o044), path
        assert not member.mode & 0o7000, path


def test_times_are_those_of_the_source(files):
    assert len({member.mtime for path, (member, _) in files.items() if member.isfile()}) == 1


def test_the_certificates_are_a_bundle(files):
    assert files["/etc/ssl/certs/ca-certificates.crt"][1].count(b"BEGIN CERTIFICATE") > 100


def test_settings_of_the_image():
    found = config()
    assert found["User"] == "65532:65532"
    assert found["Entrypoint"] == ["/usr/bin/dproxy"]
    assert not found.get("Cmd")
    assert set(found["ExposedPorts"]) == {"1053/udp", "1053/tcp", "8080/tcp"}
    assert set(found["Env"]) == {"PATH=/usr/bin", "DPROXY_CONFIG=/etc/dproxy/dproxy.conf"}
    assert found["Healthcheck"]["Test"] == ["CMD", "/usr/bin/dproxy", "healthcheck"]
    assert not found.get("Volumes")


def test_labels(version):
    prefix = "org.opencontainers.image."
    labels = {name.removeprefix(prefix): value for name, value in config()["Labels"].items()}
    assert labels["version"] == version
    assert labels["licenses"] == "MIT"
    assert labels["title"] == "dproxy"
    assert re.fullmatch(r"[0-9a-f]{40}(-dirty)?", labels["revision"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", labels["created"])
    assert labels["created"] > "2000"
    assert labels["source"].startswith("https://") and labels["documentation"].startswith("https://")


def test_the_program_is_static_and_stripped(program):
    assert "INTERP" not in hardened.readelf(program, "--segments")
    assert "(NEEDED)" not in hardened.readelf(program, "--dynamic")
    assert ".symtab" not in hardened.readelf(program, "--sections")


def test_the_program_is_hardened(program):
    """Debian's libc.a has no note of IBT and SHSTK, so the program has none that all of it keeps to."""
    assert not hardened.layout_faults(program)
    assert not hardened.guard_faults(program)
    assert not hardened.landing_faults(program, least=1000)


def test_the_program_knows_no_path_of_its_builder(program):
    contents = program.read_bytes()
    assert b"/usr/src/dproxy" not in contents
    assert b"/var/tmp" not in contents
