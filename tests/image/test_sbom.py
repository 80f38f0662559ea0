# SPDX-License-Identifier: MIT
"""The image's bill of materials is valid SPDX 2.3, and true."""

import hashlib
import json
import lzma
import re
import subprocess

import pytest

import engine

FOLDER = "/usr/share/doc/dproxy"
# What a static dproxy is made of. A new dependency belongs here and into LICENCES of deploy/image/sbom.py.
LINKED = {"boost", "fmtlib", "fstrm", "gcc", "glibc", "libinih", "linux", "nghttp", "openssl", "prometheus-cpp",
          "spdlog"}
CONTAINED = {"ca-certificates"}
SPDX_ID = re.compile(r"SPDXRef-[A-Za-z0-9.\-]+")


@pytest.fixture(scope="module")
def bill(files):
    return json.loads(files[f"{FOLDER}/dproxy.spdx.json"][1])


def unversioned(name):
    """Debian's source packages boost1.83, gcc-14: boost, gcc."""
    return re.sub(r"-?\d[\d.]*$", "", name)


def test_it_has_what_the_schema_requires(bill):
    assert bill["spdxVersion"] == "SPDX-2.3"
    assert bill["dataLicense"] == "CC0-1.0"
    assert bill["SPDXID"] == "SPDXRef-DOCUMENT"
    assert bill["name"]
    assert re.fullmatch(r"https://[^#\s]+", bill["documentNamespace"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", bill["creationInfo"]["created"])
    assert all(re.match(r"(Tool|Person|Organization): \S", made) for made in bill["creationInfo"]["creators"])
    for package in bill["packages"]:
        assert SPDX_ID.fullmatch(package["SPDXID"])
        assert package["name"] and package["versionInfo"] and package["downloadLocation"]
        assert package["filesAnalyzed"] is False
    for file in bill["files"]:
        assert SPDX_ID.fullmatch(file["SPDXID"])
        assert file["fileName"].startswith("./")
        assert "SHA1" in {checksum["algorithm"] for checksum in file["checksums"]}


def test_its_names_are_unique_and_its_relations_lead_somewhere(bill):
    names = [one["SPDXID"] for one in bill["packages"] + bill["files"]] + [bill["SPDXID"]]
    assert len(names) == len(set(names))
    for relation in bill["relationships"]:
        assert relation["spdxElementId"] in names
        assert relation["relatedSpdxElement"] in names
        assert re.fullmatch(r"[A-Z_]+", relation["relationshipType"])
    related = {relation["relatedSpdxElement"] for relation in bill["relationships"]}
    assert related == set(names) - {bill["SPDXID"]}


def test_it_is_of_this_program(bill, program, version):
    contents = program.read_bytes()
    sums = {checksum["algorithm"]: checksum["checksumValue"] for checksum in bill["files"][0]["checksums"]}
    assert sums["SHA256"] == hashlib.sha256(contents).hexdigest()
    assert sums["SHA1"] == hashlib.sha1(contents).hexdigest()
    own = next(package for package in bill["packages"] if package["name"] == "dproxy")
    assert own["versionInfo"] == version


def test_it_names_everything_that_is_linked(bill):
    by_kind = {}
    for relation in bill["relationships"]:
        by_kind.setdefault(relation["relationshipType"], set()).add(relation["relatedSpdxElement"])
    linked = {unversioned(name.removeprefix("SPDXRef-")) for name in by_kind["STATIC_LINK"]}
    assert linked == LINKED
    assert {name.removeprefix("SPDXRef-") for name in by_kind["CONTAINS"]} == CONTAINED | {"program"}


def test_versions_are_those_of_the_program(bill, program):
    """What the program itself betrays of its parts."""
    version = {unversioned(package["name"]): package["versionInfo"] for package in bill["packages"]}
    contents = program.read_bytes()
    libc = re.search(rb"GNU C Library \(Debian GLIBC ([^)]+)\)", contents)
    if libc:
        assert version["glibc"] == libc.group(1).decode()
    beast = re.search(rb"Boost\.Beast/(\d+)", contents)
    assert libc or beast or version["glibc"]


def test_licences_are_there(bill, files):
    for package in bill["packages"]:
        if package["name"] != "dproxy":
            text = lzma.decompress(files[f"{FOLDER}/licences/{package['name']}.xz"][1])
            assert len(text) > 500, package["name"]
            assert package["licenseDeclared"] != "NOASSERTION"
    boost = next(package["name"] for package in bill["packages"] if package["name"].startswith("boost"))
    assert b"Boost Software License - Version 1.0" in lzma.decompress(files[f"{FOLDER}/licences/{boost}.xz"][1])
    texts = {path.rsplit("/", 1)[1] for path in files if path.startswith(f"{FOLDER}/licences/")}
    assert {"GPL-2.xz", "GPL-3.xz", "LGPL-2.1.xz"} <= texts


PLANTED = """
mkdir -p /tmp/build /tmp/into && cd /tmp/build
printf 'LOAD %s\\n' "$1" >dproxy.map
printf 'rule none\\n command = true\\n' >build.ninja
exec python3 /usr/src/dproxy/deploy/image/sbom.py --build . --program /bin/true --version 1 --architecture none \\
    --into /tmp/into
"""


@pytest.fixture(scope="module")
def build_stage():
    name = "dproxy-build:test"
    subprocess.run([engine.ROOT / "scripts/image", name, "--target", "build"], check=True, capture_output=True)
    return name


@pytest.mark.parametrize("file, status, said", [
    ("/usr/lib/x86_64-linux-gnu/crt1.o", 0, "sbom: glibc"),
    ("/usr/bin/perl", 1, "the licence of perl is not known"),
    ("/etc/hostname", 1, "of no package: /etc/hostname"),
])
def test_what_is_not_known_stops_the_build(build_stage, file, status, said):
    done = subprocess.run(["docker", "run", "--rm", build_stage, "bash", "-euc", PLANTED, "planted", file],
                          capture_output=True, text=True, check=False, timeout=engine.BOUND)
    assert done.returncode == status, done.stdout + done.stderr
    assert said in done.stdout + done.stderr
