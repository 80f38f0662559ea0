# SPDX-License-Identifier: MIT
"""Writes the image's bill of materials (SPDX 2.3, JSON) and the licences of what it names.

Nothing is listed by hand. What was compiled in is read from the build: the headers that Ninja recorded for each
object, and the files in the linker's map. Debian's package database says which package each file is of. A package
whose licence is not known below stops the build.
"""

import argparse
import datetime
import hashlib
import json
import lzma
import os
import pathlib
import re
import subprocess
import sys

# By Debian's source package, without the version that is part of some names.
LICENCES = {
    "boost": "BSL-1.0",
    "ca-certificates": "MPL-2.0",
    "fmtlib": "MIT",
    "fstrm": "MIT",
    "gcc": "GPL-3.0-or-later WITH GCC-exception-3.1",
    "glibc": "LGPL-2.1-or-later",
    "libinih": "BSD-3-Clause",
    "linux": "GPL-2.0-only WITH Linux-syscall-note",
    "nghttp": "MIT",
    "openssl": "Apache-2.0",
    "prometheus-cpp": "MIT",
    "spdlog": "MIT",
}
# Cross compilers carry copies of these packages, built from the same sources under other names.
CROSS_PACKAGE = re.compile(r"^(libc6-dev|linux-libc-dev|libgcc-(\d+)-dev|libstdc\+\+-(\d+)-dev)-\w+-cross$")
CROSS_VERSION = re.compile(r"cross\d+(\.\d+)*$")
HEADER_LINE = re.compile(r"^ {4}(.*)$")
MAP_LINE = re.compile(r"^(?:LOAD )?(/[^\s()]+)(?:\([^)]*\))?$")
LONG_COPYRIGHT = 256 * 1024
COMMON_LICENCE = re.compile(r"/usr/share/common-licenses/([\w.-]*\w)")


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def headers(build):
    """Every file that an object of this build was compiled from, less those of tests."""
    found, of_tests = set(), False
    for line in output("ninja", "-C", str(build), "-t", "deps").splitlines():
        header = HEADER_LINE.match(line)
        if header and not of_tests:
            found.add(os.path.join(os.path.realpath(build), header.group(1)))
        elif line and not header:
            of_tests = line.startswith("tests/")
    return found


def linked(map_file):
    """Every object, and every archive that gave one, of the linker's map."""
    found = set()
    for line in map_file.read_text(errors="replace").splitlines():
        match = MAP_LINE.match(line.strip())
        # An archive is named with a member where it gave one, and by LOAD where it was only looked at.
        unused = line.startswith("LOAD ") and line.rstrip().endswith(".a")
        if match and not unused and os.path.isfile(match.group(1)):
            found.add(match.group(1))
    return found


def within(path, folder):
    return path == folder or path.startswith(f"{folder}/")


def packages_of(files):
    """The names (with architecture, as dpkg has them) of the packages that the files are of."""
    owners = {}
    real = {os.path.realpath(path) for path in files}
    asked = sorted(real | {path.removeprefix("/usr") for path in real if path.startswith("/usr/lib")})
    done = subprocess.run(["dpkg-query", "--search", *asked], capture_output=True, text=True, check=False)
    for line in done.stdout.splitlines():
        names, _, path = line.rpartition(": ")
        owners[os.path.realpath(path)] = names.split(", ")[0]
    unknown = sorted(real - set(owners))
    if unknown:
        sys.exit(f"sbom: of no package: {', '.join(unknown[:5])}")
    return set(owners.values())


def component(package):
    """Source name, Debian version and binary package of what a package brings into the image."""
    binary, version, source, source_version = output(
        "dpkg-query", "--show", "--showformat", "${Package}\n${Version}\n${source:Package}\n${source:Version}",
        package).split("\n")
    cross = CROSS_PACKAGE.match(binary)
    if cross:
        compiler = cross.group(2) or cross.group(3)
        source = f"gcc-{compiler}" if compiler else {"libc6-dev": "glibc", "linux-libc-dev": "linux"}[cross.group(1)]
        source_version = CROSS_VERSION.sub("", version)
    return source, source_version, binary


def licence(source):
    name = re.sub(r"-?\d[\d.]*$", "", source)
    if name not in LICENCES:
        sys.exit(f"sbom: the licence of {source} is not known to deploy/image/sbom.py")
    return LICENCES[name]


def copyright_text(package):
    """Debian's copyright file of a package; out of the package itself where the base image was relieved of it."""
    path = pathlib.Path("/usr/share/doc", package, "copyright")
    while not path.exists():
        folder = pathlib.Path("/var/tmp/copyright", package)
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(["apt-get", "download", "-q", "-o", "APT::Sandbox::User=root", package], cwd=folder, check=True,
                       stdout=sys.stderr)
        subprocess.run(["dpkg-deb", "--extract", str(next(folder.glob("*.deb"))), str(folder)], check=True)
        kept = folder / "usr/share/doc" / package
        if kept.is_symlink():  # to that of another package
            package = os.readlink(kept).rstrip("/").rsplit("/", 1)[-1]
            kept = pathlib.Path("/usr/share/doc", package)
        path = kept / "copyright"
    return without_long_list(path.read_text(errors="replace"))


def without_long_list(text):
    """Boost's file lists its sources by the thousand. The licences themselves stand in paragraphs of their own."""
    if len(text) < LONG_COPYRIGHT:
        return text
    return "\n\n".join(paragraph for paragraph in re.split(r"\n\s*\n", text) if not paragraph.startswith("Files:"))


def write_licences(into, texts):
    """Compressed: nobody reads them inside."""
    named = set().union(*(COMMON_LICENCE.findall(text) for text in texts.values()))
    paths = {pathlib.Path("/usr/share/common-licenses", name).resolve() for name in named}
    texts = texts | {path.name: path.read_text(errors="replace") for path in paths if path.is_file()}
    into.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (into / f"{name}.xz").write_bytes(lzma.compress(text.encode()))


def spdx_id(name):
    return "SPDXRef-" + re.sub(r"[^A-Za-z0-9.-]", "-", name)


def described(source, version, binaries):
    epochless = version.split(":", 1)[-1]
    return {
        "SPDXID": spdx_id(source),
        "name": source,
        "versionInfo": version,
        "supplier": "Organization: Debian",
        "downloadLocation": "NOASSERTION",
        "filesAnalyzed": False,
        "licenseConcluded": licence(source),
        "licenseDeclared": licence(source),
        "copyrightText": "NOASSERTION",
        "comment": f"upstream version {epochless.rsplit('-', 1)[0]}; from Debian's {', '.join(sorted(binaries))}",
        "externalRefs": [{
            "referenceCategory": "PACKAGE-MANAGER",
            "referenceType": "purl",
            "referenceLocator": f"pkg:deb/debian/{source}@{version}?arch=source".replace("+", "%2B"),
        }],
    }


def own_package(arguments):
    return {
        "SPDXID": "SPDXRef-dproxy",
        "name": "dproxy",
        "versionInfo": arguments.version,
        "downloadLocation": "NOASSERTION",
        "filesAnalyzed": False,
        "primaryPackagePurpose": "APPLICATION",
        "licenseConcluded": "MIT",
        "licenseDeclared": "MIT",
        "copyrightText": "NOASSERTION",
    }


def document(arguments, components):
    program = arguments.program.read_bytes()
    digest = hashlib.sha256(program).hexdigest()
    created = datetime.datetime.fromtimestamp(int(os.environ.get("SOURCE_DATE_EPOCH", "0")), datetime.timezone.utc)
    relations = [("SPDXRef-DOCUMENT", "DESCRIBES", "SPDXRef-dproxy"),
                 ("SPDXRef-dproxy", "CONTAINS", "SPDXRef-program")]
    relations += [("SPDXRef-dproxy", "CONTAINS" if source in arguments.also else "STATIC_LINK", spdx_id(source))
                  for source in sorted(components)]
    return {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": f"dproxy-{arguments.version}-{arguments.architecture}",
        "documentNamespace": f"https://spdx.org/spdxdocs/dproxy-{arguments.version}-{arguments.architecture}-{digest}",
        "creationInfo": {"created": created.strftime("%Y-%m-%dT%H:%M:%SZ"), "creators": ["Tool: dproxy-sbom"]},
        "packages": [own_package(arguments),
                     *(described(source, *components[source]) for source in sorted(components))],
        "files": [{
            "SPDXID": "SPDXRef-program",
            "fileName": "./usr/bin/dproxy",
            "checksums": [{"algorithm": "SHA1", "checksumValue": hashlib.sha1(program).hexdigest()},
                          {"algorithm": "SHA256", "checksumValue": digest}],
            "licenseConcluded": "NOASSERTION",
            "copyrightText": "NOASSERTION",
        }],
        "relationships": [{"spdxElementId": one, "relationshipType": kind, "relatedSpdxElement": other}
                          for one, kind, other in relations],
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, required=True, help="build folder of the program")
    parser.add_argument("--program", type=pathlib.Path, required=True, help="the program as it is shipped")
    parser.add_argument("--version", required=True)
    parser.add_argument("--architecture", required=True)
    parser.add_argument("--prometheus", default="/usr/src/prometheus-cpp", help="its source folder")
    parser.add_argument("--also", action="append", default=[], help="a package of which files are in the image")
    parser.add_argument("--into", type=pathlib.Path, required=True, help="folder to write to")
    arguments = parser.parse_args()

    own = os.getcwd()
    files = headers(arguments.build) | linked(arguments.build / "dproxy.map")
    files = {path for path in files if not within(path, own) and not within(path, str(arguments.build.resolve()))}
    compiled_in = {path for path in files if within(path, arguments.prometheus)}
    components = {}
    for package in sorted(packages_of(files - compiled_in) | set(arguments.also)):
        source, version, binary = component(package)
        components.setdefault(source, (version, set()))[1].add(binary)
    texts = {source: copyright_text(sorted(binaries)[0]) for source, (_, binaries) in components.items()}
    if compiled_in:
        prometheus = pathlib.Path(arguments.prometheus)
        components["prometheus-cpp"] = ((prometheus / "debian-version").read_text().strip(), {"source archive"})
        texts["prometheus-cpp"] = (prometheus / "LICENSE").read_text()
    bill = document(arguments, components)
    write_licences(arguments.into / "licences", texts)
    (arguments.into / "dproxy.spdx.json").write_text(json.dumps(bill, indent=1) + "\n")
    print(f"sbom: {', '.join(sorted(components))}")


if __name__ == "__main__":
    main()
