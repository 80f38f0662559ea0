# SPDX-License-Identifier: MIT
"""Who uses a name of the standard library, or of Asio, includes its header. Where headers are compiled once
(cmake/precompiled.cmake) no compiler misses one that is not included."""

import re

from layers import includes

NAMES = {
    "algorithm": "all_of any_of binary_search copy copy_if copy_n count_if equal_range fill find find_if find_if_not "
                 "for_each inplace_merge is_sorted lower_bound max_element merge min_element minmax_element mismatch "
                 "none_of nth_element partition remove remove_if replace reverse rotate search sort stable_sort "
                 "transform unique upper_bound",
    "array": "array",
    "atomic": "atomic atomic_bool atomic_ref",
    "charconv": "from_chars to_chars",
    "chrono": "chrono",
    "cstdint": "int8_t int16_t int32_t int64_t uint8_t uint16_t uint32_t uint64_t uintptr_t",
    "deque": "deque",
    "functional": "bind_front function invoke reference_wrapper",
    "map": "map multimap",
    "memory": "enable_shared_from_this make_shared make_unique shared_ptr unique_ptr weak_ptr",
    "mutex": "lock_guard mutex once_flag scoped_lock unique_lock",
    "optional": "nullopt optional",
    "random": "mt19937 mt19937_64 random_device uniform_int_distribution uniform_real_distribution",
    "set": "multiset set",
    "span": "span",
    "sstream": "istringstream ostringstream stringstream",
    "string": "getline string to_string",
    "string_view": "string_view",
    "system_error": "errc error_code generic_category make_error_code system_category system_error",
    "thread": "jthread this_thread thread",
    "unordered_map": "unordered_map",
    "utility": "exchange pair swap",
    "variant": "get_if holds_alternative monostate variant visit",
    "vector": "vector",
}
HEADER_OF = {name: header for header, names in NAMES.items() for name in names.split()}
# What stands in these headers by the standard's own word, too.
ALSO_IN = {"string": {"sstream", "string"}, "string_view": {"string"}, "pair": {"map", "unordered_map"},
           "swap": {"memory", "string", "string_view", "vector", "array", "optional", "deque", "map", "set"},
           "errc": {"charconv"}}
ASIO = {"async_write": "boost/asio/write.hpp", "post": "boost/asio/post.hpp",
        "steady_timer": "boost/asio/steady_timer.hpp", "ip::tcp": "boost/asio/ip/tcp.hpp"}
NAMED = re.compile(r"\bstd::(\w+)")
COMMENT = re.compile(r"//.*")


def missing_header_faults(project):
    system, own = {}, {}
    for path in project.sources("src"):
        found = list(includes(project, path))
        system[path] = {header for _, _, header in found if header}
        own[path] = {f"src/{header}" for _, header, _ in found if header}
    faults = []
    for path in system:
        seen = included(path, system, own)
        for number, line in enumerate(project.lines(path), 1):
            code = COMMENT.sub("", line)
            wanted = [(f"std::{name}", HEADER_OF[name], ALSO_IN.get(name, set()))
                      for name in NAMED.findall(code) if name in HEADER_OF]
            wanted += [(f"asio::{name}", header, set()) for name, header in ASIO.items()
                       if re.search(rf"\basio::{name}\b", code)]
            for name, header, others in wanted:
                if not (others | {header}) & seen:
                    faults.append(f"{path}:{number}: {name} without <{header}>")
                    seen.add(header)
    return faults


def included(path, system, own):
    """The headers of others that this file includes, or a file of ours that it includes does."""
    seen, files, waiting = set(), {path}, [path]
    while waiting:
        at = waiting.pop()
        seen |= system.get(at, set())
        for file in own.get(at, set()) - files:
            files.add(file)
            waiting.append(file)
    return seen
