# SPDX-License-Identifier: MIT
"""Which folder may include which: what its library links in CMake, where the compiler sees no other folder. And which
third-party headers. The same table stands in ARCHITECTURE.md."""

import re

from project import quoted, section, table

# Folder of src: third-party headers that it may include. All headers of a folder may be included within it;
# main.cpp, at the top of src, may include everything.
THIRD_PARTY_OF = {
    "net": (), "dns": (), "cache": (), "http": ("asio",), "http2": ("nghttp2",), "routing": (),
    "telemetry": ("prometheus", "spdlog"), "query_log": (), "dnstap": (), "trace": (),
    "io": ("asio", "fstrm"),
    "ini": ("inih",), "settings": (), "route_files": (), "import": (), "reports": ("json",),
    "queries": (), "publication": (), "clients": ("asio",), "upstreams": ("asio",),
    "probing": ("asio",), "hosts": ("asio",), "relay": ("asio",), "admin": ("asio", "json"), "cli": ("asio", "json"),
    "server": ("asio", "json"), "tls": ("openssl",), "certificates": (),
}

FOLDER = re.compile(r"dproxy_folder\(\s*(\w+)(.*?)\)", re.DOTALL)
USES = re.compile(r"\bUSES\b(.*?)(?:\bPACKAGES\b|\bSOURCES\b|$)", re.DOTALL)


def linked_folders(project):
    """Of each folder of src, those that its library links."""
    found = {}
    for path in project.files:
        if not re.fullmatch(r"src/\w+/CMakeLists.txt", path):
            continue
        for name, words in FOLDER.findall(project.text(path)):
            uses = USES.search(words)
            found[name] = tuple(uses.group(1).split()) if uses else ()
    return found


def layers_of(project):
    """Folder of src: (folders it may include, third-party headers it may include)."""
    return {name: (folders, THIRD_PARTY_OF.get(name, ())) for name, folders in linked_folders(project).items()}


# Names of third parties, and how their headers begin.
THIRD_PARTIES = {
    "asio": ("boost/asio", "boost/beast", "boost/system"),
    "json": ("boost/json",),
    "nghttp2": ("nghttp2/",),
    "fstrm": ("fstrm.h", "fstrm/"),
    "inih": ("ini.h", "INIReader.h"),
    "openssl": ("openssl/",),
    "prometheus": ("prometheus/",),
    "spdlog": ("spdlog/", "fmt/"),
}

# Headers that would be slow or binding for everyone who includes a header that includes them.
ONLY_IN_CPP = ("spdlog",)

# Folders that are told the time and given bytes: no clock, no descriptor.
PURE_FOLDERS = ("net", "dns", "cache", "http", "http2", "routing", "query_log", "dnstap", "trace")
IMPURE = re.compile(
    r"_clock::now\(|\btime\(nullptr\)|\bgettimeofday\(|\bclock_gettime\("
    r"|#include <(?:sys/socket|sys/stat|sys/epoll|unistd|fcntl|poll|fstream|thread|mutex|filesystem)(?:\.h)?>"
)

INCLUDE = re.compile(r'^\s*#\s*include\s+(?:"([^"]+)"|<([^>]+)>)')
SYSTEM_FOLDERS = ("sys/", "net/", "netinet/", "arpa/", "linux/", "bits/")


def includes(project, path):
    """(line number, own header or None, system header or None)."""
    for number, line in enumerate(project.lines(path), 1):
        found = INCLUDE.match(line)
        if found:
            yield number, found.group(1), found.group(2)


def third_party(header):
    for name, beginnings in THIRD_PARTIES.items():
        if header.startswith(beginnings):
            return name
    is_standard = "/" not in header or header.startswith(SYSTEM_FOLDERS)
    return None if is_standard else "unknown"


def include_faults(project, layers=None):
    layers = layers_of(project) if layers is None else layers
    faults = []
    for path in project.sources("src"):
        parts = path.split("/")
        if len(parts) == 2:
            continue
        folder = parts[1]
        if folder not in layers:
            faults.append(f"{path}: folder src/{folder} is not in the table of ARCHITECTURE.md")
            continue
        for number, own, system in includes(project, path):
            fault = own_fault(folder, own, layers) if own else third_party_fault(folder, path, system, layers)
            if fault:
                faults.append(f"{path}:{number}: {fault}")
    return faults


def own_fault(folder, header, layers):
    target = header.split("/")[0]
    allowed = layers[folder][0]
    if "/" not in header:
        return f'"{header}": headers are named from src/, as "{folder}/{header}"'
    if target == folder or target in allowed:
        return None
    return f'"{header}": {folder} may include {", ".join(allowed) or "no other folder"}'


def third_party_fault(folder, path, header, layers):
    name = third_party(header)
    if name is None:
        return None
    allowed = layers[folder][1]
    if name not in allowed:
        return f"<{header}>: {folder} may use {', '.join(allowed) or 'the standard library only'}"
    if name in ONLY_IN_CPP and path.endswith(".hpp"):
        return f"<{header}>: only in a .cpp, never in a header"
    return None


def unused_links(project):
    """A folder that is linked and never included: a permission that nobody needs."""
    used = {}
    for path in project.sources("src"):
        for _, own, _ in includes(project, path):
            if own:
                used.setdefault(path.split("/")[1], set()).add(own.split("/")[0])
    return [f"src/{name}/CMakeLists.txt: {folder} is linked, and nothing of it is included"
            for name, folders in linked_folders(project).items()
            for folder in folders if folder not in used.get(name, ())]


def purity_faults(project):
    faults = []
    for path in project.sources("src"):
        if path.split("/")[1] not in PURE_FOLDERS:
            continue
        for number, line in enumerate(project.lines(path), 1):
            found = IMPURE.search(line.split("//")[0])
            if found:
                faults.append(f"{path}:{number}: {found.group(0)}: bytes and time points are given to this folder")
    return faults


def documented_layers(architecture):
    """The table of ARCHITECTURE.md in the form of layers_of()."""
    layers = {}
    for row in table(section(architecture, "Folders")):
        folder, _, includes_cell, third_cell = row
        names = quoted(folder)
        if names and not names[0].startswith("src/"):
            third = tuple(re.findall(r"\w+", third_cell.lower()))
            layers[names[0]] = (tuple(quoted(includes_cell)), third)
    return layers
