// SPDX-License-Identifier: MIT
// Files that tls_ keys name: found, read, held and kept together with their route files.
#include "catch.hpp"
#include "route_files/text_store.hpp"
#include "store_fixture.hpp"
#include "trusting_encryption.hpp"

using namespace dproxy;
using namespace dproxy::test;

namespace {

std::string encrypted(const std::string& header, const std::string& authorities) {
    return "[" + header + "]\naddress = 127.0.0.1\nprotocol = tls\ntls_ca = " + authorities + "\n";
}

struct TlsFixture : StoreFixture {
    TlsFixture() {
        write_file(file("a.prox"), encrypted("a.test", "ca.pem"));
        write_file(file("ca.pem"), "first");
    }
    config::RouteStore encrypting() {
        config::RouteStoreOptions options = this->options();
        options.prox.capabilities.encryption = &trusting_encryption;
        return config::RouteStore(std::move(options));
    }
    static std::string authorities_of(const ReloadResult& result) {
        return std::string(result.state->table->settings(0).tls.authorities.view());
    }
};

}  // namespace

TEST_CASE_METHOD(TlsFixture, "a file of authorities is read with the route that names it") {
    auto routes = encrypting();
    const auto loaded = reload(routes);
    CHECK(loaded.state->success);
    REQUIRE(loaded.state->routes == 1);
    CHECK(authorities_of(loaded) == "first");
    CHECK(loaded.state->files.front().texts == Strings{shown("ca.pem")});
    CHECK_FALSE(reload(routes).state_changed);
}

TEST_CASE_METHOD(TlsFixture, "a file of authorities that changes alone reloads the sections that name it") {
    auto routes = encrypting();
    const auto loaded = reload(routes);
    write_file(file("ca.pem"), "second");
    const auto changed = reload(routes, {.touched = {shown("ca.pem")}});
    CHECK(changed.table_changed);
    CHECK(authorities_of(changed) == "second");
    CHECK(changed.changes.changed.named == Strings{"a.test"});
    CHECK(loaded.state->hash != changed.state->hash);
    CHECK_FALSE(reload(routes, {.everything = true}).state_changed);
}

TEST_CASE_METHOD(TlsFixture, "a file of authorities that is no good is a fault, and the last good one stays") {
    auto routes = encrypting();
    reload(routes);
    write_file(file("ca.pem"), "bad");
    const auto bad = reload(routes, {.touched = {shown("ca.pem")}});
    CHECK_FALSE(bad.table_changed);
    CHECK(authorities_of(bad) == "first");
    CHECK(texts(bad.state->faults) == Strings{shown("a.prox") + ":4: `tls_ca`: ca.pem: no certificates"});
    std::filesystem::remove(file("ca.pem"));
    const auto gone = reload(routes, {.touched = {shown("ca.pem")}});
    CHECK(authorities_of(gone) == "first");
    CHECK(texts(gone.state->faults) == Strings{shown("a.prox") + ":4: `tls_ca`: `ca.pem` is not there"});
    write_file(file("ca.pem"), "third");
    const auto good = reload(routes, {.touched = {shown("ca.pem")}});
    CHECK(good.state->success);
    CHECK(authorities_of(good) == "third");
}

TEST_CASE_METHOD(TlsFixture, "a link that leads out of the directory is not followed for a key") {
    write_file(top / "secret", "of another");
    std::filesystem::remove(file("ca.pem"));
    std::filesystem::create_symlink(top / "secret", file("ca.pem"));
    auto routes = encrypting();
    const auto loaded = reload(routes);
    CHECK(loaded.state->routes == 0);
    CHECK(texts(loaded.state->faults) ==
          Strings{shown("a.prox") + ":4: `tls_ca`: `ca.pem` is a link that leads out of the directory"});
}

TEST_CASE_METHOD(TlsFixture, "a file that is being written is read when it is whole") {
    auto routes = encrypting();
    reload(routes);
    write_file(file("ca.pem"), "half");
    const auto held = reload(routes, {.touched = {shown("ca.pem")}, .open = {shown("ca.pem")}});
    CHECK(authorities_of(held) == "first");
    CHECK(held.look_again);
    write_file(file("ca.pem"), "whole");
    CHECK(authorities_of(reload(routes, {.touched = {shown("ca.pem")}})) == "whole");
}
