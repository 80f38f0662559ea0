# SPDX-License-Identifier: MIT
"""Where settings come from, which wins, and what is said about wrong ones."""
import pytest
from harness import wire
from harness.client import ask
from harness.ports import can_bind, free_port
from harness.program import main_file, run
from harness.prox_directory import route
from harness.upstream import Upstream

KUBERNETES = {
    "DPROXY_SERVICE_HOST": "10.96.0.10", "DPROXY_SERVICE_PORT": "53", "DPROXY_SERVICE_PORT_DNS_TCP": "53",
    "DPROXY_PORT": "udp://10.96.0.10:53", "DPROXY_PORT_53_UDP": "udp://10.96.0.10:53",
    "DPROXY_PORT_53_UDP_PROTO": "udp", "DPROXY_PORT_53_UDP_PORT": "53", "DPROXY_PORT_53_UDP_ADDR": "10.96.0.10",
    "DPROXY_METRICS_SERVICE_HOST": "10.96.0.11",
    "DPROXY_METRICS_SERVICE_PORT": "8080", "DPROXY_METRICS_PORT": "tcp://10.96.0.11:8080",
    "DPROXY_METRICS_PORT_8080_TCP_ADDR": "10.96.0.11",
}


def started_with(world, marker=1, **keys):
    """A program that answers on the port of `keys["port"]`."""
    return world.proxy(route("*", world.upstream(marker)), listen=None, **keys)


def answers_on(port):
    reply = ask("udp", "127.0.0.1", port, wire.query("x.test"), patience=5)
    return reply is not None and wire.marker_of(reply) == 1


def test_the_later_source_wins(world):
    file, environment, flag, last = (free_port() for _ in range(4))
    started_with(world, port=file)
    assert answers_on(file)
    started_with(world, port=file, environment={"DPROXY_PORT": str(environment)})
    assert answers_on(environment)
    started_with(world, port=file, environment={"DPROXY_PORT": str(environment)},
                 arguments=["--port", flag, f"--port={last}"])
    assert answers_on(last) and not answers_on(flag)


def test_what_kubernetes_injects_for_services_is_ignored(world):
    port = free_port()
    started_with(world, port=port, environment=KUBERNETES)
    assert answers_on(port)


def test_a_verb_and_serve_read_the_same(world):
    assert run("check", "--upstreamlocation", world.routes(), environment=KUBERNETES).returncode == 0
    port = free_port()
    proxy = world.proxy(route("*", world.upstream(1)), listen=None, port=port)
    assert proxy.stop() == 0
    proxy.command.insert(1, "serve")
    proxy.start()
    assert answers_on(port)


def test_the_main_file_may_be_named_by_the_environment(world):
    port = free_port()
    proxy = world.proxy(route("*", world.upstream(1)), listen=None, port=port)
    assert proxy.stop() == 0
    proxy.command, proxy.environment = proxy.command[:1], {**proxy.environment, "DPROXY_CONFIG": str(proxy.main_file)}
    proxy.start()
    assert answers_on(port)


@pytest.mark.parametrize("name", ["DPROXY_LOGLEVEL", "DPROXY_TCP_IDLE"])
def test_a_wrong_environment_variable_is_named(name):
    done = run(environment={name: "nonsense"})
    assert done.returncode == 2 and name in done.stderr and len(done.stderr.strip().splitlines()) == 1


def test_an_unknown_environment_variable_is_an_error_with_the_nearest_key():
    done = run(environment={"DPROXY_LOGLEVL": "info"})
    assert done.returncode == 2 and "DPROXY_LOGLEVL" in done.stderr and "loglevel" in done.stderr.lower()


WRONG = [("port", "70000", "65535"), ("port", "-1", "port"), ("workers", "many", "auto"), ("loglevel", "loud", "debug"),
         ("logformat", "xml", "json"), ("drain", "5", "drain"), ("tcp_idle", "0s", "tcp_idle"),
         ("ratelimit", "x", "ratelimit"), ("listen", "1.2.3", "1.2.3"), ("allow", "10.0.0.0/40", "10.0.0.0/40"),
         ("masterupstream", "1.2.3.4:99999", "99999"),
         ("norouteanswer", "no", "refused"), ("admin", "here:there:8080", "admin"), ("strict", "maybe", "strict"),
         ("max_inflight", "0", "max_inflight"), ("upstreamextension", "prox/", "prox/")]


@pytest.mark.parametrize("key, value, word", WRONG, ids=[f"{key}={value}" for key, value, _ in WRONG])
@pytest.mark.parametrize("source", ["file", "environment", "flag"])
def test_a_wrong_value_is_status_2_and_one_line_that_names_it(tmp_path, key, value, word, source):
    file = tmp_path / "main.conf"
    file.write_text(main_file({key: value} if source == "file" else {}))
    done = run("--config", file, *([f"--{key}={value}"] if source == "flag" else []),
               environment={f"DPROXY_{key.upper()}": value} if source == "environment" else {})
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert key.lower() in done.stderr.lower() and word.lower() in done.stderr.lower(), done.stderr
    if source == "file":
        assert "main.conf:2" in done.stderr


@pytest.mark.parametrize("text, line, word", [
    ("[dproxy]\nloglvel = info\n", 2, "loglevel"), ("[dproxy]\nport = 5353\nport = 5354\n", 3, "port"),
    ("[dprox]\nport = 1\n", 1, "dproxy"), ("port = 53\n", 1, "port"), ("[dproxy]\nport\n", 2, "port")])
def test_a_wrong_main_file(tmp_path, text, line, word):
    file = tmp_path / "main.conf"
    file.write_text(text)
    done = run("--config", file)
    assert done.returncode == 2 and f"main.conf:{line}" in done.stderr and word in done.stderr


def test_a_main_file_that_is_missing(tmp_path):
    done = run("--config", tmp_path / "nothing.conf")
    assert done.returncode == 2 and "nothing.conf" in done.stderr and len(done.stderr.strip().splitlines()) == 1


def test_the_main_file_of_the_go_program_works_unchanged(world):
    one, two, port = world.upstream(1), world.upstream(2), free_port()
    proxy = world.proxy(wait=False)
    assert proxy.stop() in (0, -15, 2)
    (proxy.directory / "upstream").mkdir()
    (proxy.directory / "upstream" / "cryo.network.prox").write_text(
        f"[*.cryo.network]\n\taddress\t\t= 127.0.0.1\n\tport\t\t= {two.port}\n")
    proxy.main_file.write_text(
        f'[dproxy]\n\tloglevel\t\t= "cluster"\n\tport\t\t\t= {port}\n\tupstreamlocation\t= "upstream/"\n'
        f'\tupstreamextension\t= ".prox"\n\tusemasterupstream\t= true\n\tmasterupstream\t\t= "{one}"\n\n'
        '[redis]\n\thost\t\t\t= "localhost:6379"\n\tpassword\t\t= ""\n')
    proxy.main_file = proxy.main_file.rename(proxy.directory / "config.gcfg")
    proxy.command = [proxy.command[0], "--config", str(proxy.main_file), "--admin", f"127.0.0.1:{proxy.admin_port}",
                     "--drain", "0s"]
    proxy.start()
    assert wire.marker_of(ask("udp", "127.0.0.1", port, wire.query("a.cryo.network"))) == 2
    assert wire.marker_of(ask("udp", "127.0.0.1", port, wire.query("cryo.network"))) == 1
    proxy.until_logged("redis")
    assert proxy.log().count("redis") == 1


def test_the_master_upstream_of_the_system(world, transport, resolv_conf):
    address = "127.0.0.53"
    if not can_bind(2, 2, address, 53) or not can_bind(2, 1, address, 53):
        pytest.skip("port 53 cannot be bound here")
    system = Upstream(5, host=address, port=53)
    world.at_end(system.close)
    proxy = world.proxy(usemasterupstream="true", masterupstream="system",
                        wrapper=resolv_conf(f"search x.test\nnameserver {address}\noptions ndots:5\n"))
    assert proxy.marker("x.test", transport) == 5


def test_the_system_without_a_nameserver_other_than_dproxy_is_a_start_up_error(world, resolv_conf):
    """Anything else would be a loop."""
    proxy = world.proxy(wait=False, listen="127.0.0.1:53", usemasterupstream="true", masterupstream="system",
                        wrapper=resolv_conf("nameserver 127.0.0.1\n"))
    proxy.expected_status = 2
    assert proxy.wait_over() == 2
    assert len(proxy.errors().strip().splitlines()) == 1 and "resolv.conf" in proxy.errors()


def test_usemasterupstream_without_a_master_upstream_is_a_start_up_error(world):
    done = run("--usemasterupstream", "true", "--upstreamlocation", world.routes())
    assert done.returncode == 2 and "masterupstream" in done.stderr
