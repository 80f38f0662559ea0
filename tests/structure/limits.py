# SPDX-License-Identifier: MIT
"""The table of limits in docs/operations.md has a row for each limit of the sources."""

import re

from project import section, table

DECLARED = re.compile(r"^\s*(?:inline |static )*constexpr [\w:<>]+ ((?:max|most|longest)_\w+)\b", re.MULTILINE)
FOLDERS = ("src/admin/", "src/cache/", "src/clients/", "src/dnstap/", "src/hosts/", "src/http/", "src/http2/",
           "src/import/",
           "src/ini/", "src/io/", "src/probing/", "src/publication/", "src/queries/", "src/query_log/", "src/relay/",
           "src/reports/", "src/route_files/", "src/routing/", "src/server/", "src/settings/", "src/telemetry/",
           "src/tls/", "src/trace/", "src/upstreams/")

# Where all that is declared is a limit, whatever its name.
LIMITS_ONLY = re.compile(r"^inline constexpr [\w:]+ (\w+)\b", re.MULTILINE)
FILES_OF_LIMITS = ("src/cache/limits.hpp", "src/query_log/limits.hpp", "src/dnstap/limits.hpp", "src/trace/limits.hpp",
                   "src/http/limits.hpp", "src/http2/limits.hpp")

# What the row of each begins with, or has in it. A setting's own bounds stand in docs/configuration.md.
ROWS = {
    # the queries' way
    "max_sockets": "UDP sockets to one upstream", "max_unexpected_replies": "life of a UDP socket to an upstream",
    "max_streams": "TCP connections to one upstream", "max_waiting_for_stream": "TCP connections to one upstream",
    "max_client_streams": "the same with `proxy_protocol`", "max_transfers": "zone transfers at one time",
    "longest_risk_gap_ns": "time until a query is risked", "max_candidates": "upstreams of a route with those",
    "most_at_once": "hedged queries that a route can save up", "most_limited": "client networks that are limited",
    "max_targets_per_route": "upstreams of a route as written", "max_attempts": "upstreams of a route as written",
    "max_answer_addresses": "addresses of an `answer`",
    "max_sections_of_a_pattern": "sections that a pattern stands in",
    "max_views": "pairs of a client network and sections",
    # health, loops, host names
    "max_under_way": "probes under way", "max_probes_under_way": "probes under way",
    "max_probes_a_look": "probes under way", "max_turns_told": "lines in the log about upstreams that go up",
    "max_changes_told": "lines in the log about upstreams that go up", "max_new_patterns": "new patterns asked about",
    "max_expected": "new patterns asked about", "max_suspicions": "suspicions of loops",
    "max_cleared": "suspicions of loops", "max_marks": "loops that are known",
    "max_passes": "loops that are known", "max_loop_reports": "loop probes that",
    "max_upstreams_asked": "loop probes under way", "max_open_probes": "loop probes under way",
    "longest_gap_ns": "time until a pattern is asked again", "max_host_names": "host names of all routes",
    "max_lookups_under_way": "host names asked for at a time", "max_question_ns": "host names asked for at a time",
    "max_addresses_per_host": "addresses of a host name", "max_ttl_ns": "time after which a host name",
    "longest_retry_ns": "time after which a host name", "max_search_domains": "nameservers, `search` domains",
    "max_resolver_nameservers": "nameservers, `search` domains",
    "max_resolv_conf_bytes": "nameservers, `search` domains",
    "max_resolver_ndots": "nameservers, `search` domains", "max_resolver_timeout": "nameservers, `search` domains",
    "max_resolver_attempts": "nameservers, `search` domains",
    # reading routes
    "max_list_file_size": "bytes of a [list]", "max_list_line_bytes": "bytes of a [list]",
    "max_name_beside_length": "bytes of a [list]", "max_listed_patterns": "patterns of all lists of a route file",
    "max_faults_per_list": "broken lines of a list", "max_broken_lines": "broken lines of a list",
    "max_tries_of_a_list": "sections that are left out because of one list",
    "max_route_file_size": "bytes of a route file", "max_ini_line_bytes": "bytes of a route file",
    "max_ini_file_bytes": "bytes of a route file", "max_ini_key_length": "bytes of a route file",
    "max_ini_faults": "faults told of one route file", "max_faults_per_file": "faults told of one route file",
    "max_listed_faults": "faults told of one route file", "max_refused_names": "names in a directory",
    "max_named_labels": "sections named in the log", "max_excerpt_length": "bytes of a line that a fault quotes",
    "max_shown_line_bytes": "bytes of a line that a fault quotes",
    "max_hold": "time for which a file that is being written", "max_folder_tries": "tries to read a directory",
    "max_file_tries": "tries to read a directory", "max_reading_threads": "threads that read routes",
    "max_owner_pairs": "pairs of `owners`",
    "max_watches": "links to files elsewhere", "max_links_followed": "links to files elsewhere",
    "max_linked_files": "links to files elsewhere", "max_touched_names": "names of changed files",
    "max_own_upstream_warnings": "lines in the log about upstreams that are dproxy", "max_left_out_told":
    "lines in the log about upstreams that are dproxy",
    "max_markdown_rows": "rows and bytes of `dproxy diff", "max_markdown_bytes": "rows and bytes of `dproxy diff",
    # import
    "max_import_bytes": "bytes of a file that `dproxy import`", "max_left_out": "lines that `dproxy import`",
    "max_views": "views of a named.conf", "max_zone_views": "views of a named.conf",
    "max_acl_elements": "views of a named.conf",
    "max_block_depth": "blocks within blocks", "max_depth": "blocks within blocks",
    "max_corefile_words": "words of a Corefile", "max_snippet_imports": "words of a Corefile",
    "max_block_comparisons": "words of a Corefile",
    # TLS
    "max_pins": "bytes of a file of certificates", "max_opened_ahead": "encrypted connections to upstreams that are",
    "max_pem_bytes": "bytes of a file of certificates", "max_chain": "bytes of a file of certificates",
    "max_peer_chain_bytes": "certificates that the other side", "max_tickets": "tickets of TLS kept",
    "max_peer_chain_depth": "certificates that the other side",
    "max_messages_without_data": "messages of a TLS connection that are not data",
    "most_handshakes": "TLS handshakes under way", "most_handshakes_of_client": "TLS handshakes under way",
    "longest_handshake_ns": "TLS handshakes under way",
    "most_headers_awaited": "connections whose PROXY header",
    "longest_header_wait_ns": "connections whose PROXY header",
    # HTTP
    "longest_proxy_idle_ns": "the same of a connection of [a trusted proxy]",
    "header_bytes": "a request over HTTP", "field_overhead": "a request over HTTP",
    "target_bytes": "a request over HTTP", "body_bytes": "a request over HTTP",
    "forwarded_hops": "hops of `Forwarded`", "pipelined_bytes": "HTTP/1.1: bytes sent ahead",
    "unfetched_bytes": "HTTP/1.1: bytes sent ahead", "concurrent_streams": "HTTP/2: streams of a connection",
    "endless_header_bytes": "HTTP/2: bytes of a head", "packed_header_bytes": "HTTP/2: bytes of a head",
    "continuation_frames": "HTTP/2: bytes of a head", "header_table_bytes": "HTTP/2: table of fields",
    "stream_window": "HTTP/2: table of fields", "unfinished_body_bytes": "HTTP/2: bytes of bodies",
    "unsent_answer_bytes": "HTTP/2: bytes of bodies", "reset_allowance": "HTTP/2: streams reset",
    "settings_allowance": "HTTP/2: frames of SETTINGS", "ping_allowance": "HTTP/2: frames of SETTINGS",
    "priority_allowance": "HTTP/2: frames of SETTINGS", "window_update_allowance": "HTTP/2: frames of SETTINGS",
    "empty_data_allowance": "HTTP/2: frames of SETTINGS", "unknown_allowance": "HTTP/2: frames of SETTINGS",
    "unsent_acknowledgements": "HTTP/2: acknowledgements", "settings_parameters": "HTTP/2: acknowledgements",
    "max_unheard": "how often one is asked again that the server did not look at",
    # kept answers
    "part_of_one_answer": "one kept answer", "max_kept_records": "one kept answer",
    "most_moved_for_one": "kept answers that are moved", "max_hits": "askings of a kept answer",
    "max_prefetch": "askings of a kept answer", "most_blocks_kept": "memory for large answers",
    # pages, metrics, log
    "max_files_found": "files that `/files?file=` finds",
    "most_pasts": "routes, and upstreams, with a [history]", "most_history_bytes":
    "routes, and upstreams, with a [history]", "most_slots_watched": "routes, and upstreams, with a [history]",
    "max_status_items": "items of a list in `/status`", "max_page_rows": "rows of a table on the page for people",
    "max_reloads_told": "reloads on the page", "max_label_bytes_told": "reloads on the page",
    "max_routes_charted": "rows of a table on the page for people",
    "max_routes_in_a_slice": "rows of a table on the page for people",
    "max_page_upstreams": "rows of a table on the page for people", "max_file_series": "route files with a series",
    "max_waiting_lines": "lines of the log that wait", "max_line_length": "lines of the log that wait",
    "ring_bytes": "records of the [query log]", "max_route_bytes": "records of the [query log]",
    "max_line_bytes": "records of the [query log]",
    "tap_ring_bytes": "messages that wait for a [dnstap]", "longest_reader_stall": "messages that wait for a [dnstap]",
    "longest_reader_end": "messages that wait for a [dnstap]",
    "step_ring_bytes": "steps of a [trace]", "step_text_bytes": "steps of a [trace]",
    "traced_queries": "steps of a [trace]", "trace_time": "steps of a [trace]",
    "max_accepts_per_turn": "connections turned away", "most_probes": "open files",
}
# The form of messages and names, the bounds of settings, steps of a computation: nothing that a limit costs.
NO_ROW = {
    "longest_domain", "max_labels", "most_doublings", "most_doubt", "max_compared_length", "max_port", "max_limit",
    "max_listen_addresses", "max_upstream_locations", "max_workers", "max_drain", "max_rate_limit", "max_tcp_idle",
    "max_certificate_files", "max_https_path_bytes", "max_ticket_key_files",
    "max_tcp_connections", "max_tcp_queries", "max_tcp_inflight", "max_buffered", "max_process_inflight",
    "max_metrics_labels", "max_route_timeout", "max_route_inflight", "max_answer_ttl", "max_admin_hosts",
    "max_name_length", "longest_name", "max_kept", "max_stale_after", "max_credit", "max_rings", "most_parts",
    "most_units", "max_subnet_bytes", "max_record_bytes", "part_of_newcomers", "askings_to_stay", "bytes_for_a_place",
    "bytes_for_two_ghosts", "longest_history",
    "max_cookie_secrets", "max_socket_path",
    "max_reads_before_report", "max_repetitions", "max_draws", "most_batches", "most_batches_at_end",
    "most_descriptors", "max_field_bytes", "max_title_bytes", "most_of_a_cell",
}


def declared_limits(project):
    """(file, constant) of each."""
    return [(path, name) for path in project.sources("src") if path.startswith(FOLDERS)
            for name in (LIMITS_ONLY if path in FILES_OF_LIMITS else DECLARED).findall(project.text(path))]


def undocumented_limit_faults(project):
    return [f"{path}: {name}: no row of the table of limits is known for it: tests/structure/limits.py"
            for path, name in declared_limits(project) if name not in ROWS and name not in NO_ROW]


def limit_row_faults(project):
    rows = " ".join(row[0] + "\n" for row in table(section(project.text("docs/operations.md"), "Limits")))
    declared = {name for _, name in declared_limits(project)}
    faults = [f"docs/operations.md: the table of limits has no row '{row}' for {name}"
              for name, row in ROWS.items() if row not in rows]
    return faults + [f"tests/structure/limits.py: {name} is no limit of the sources"
                     for name in sorted({*ROWS, *NO_ROW} - declared)]
