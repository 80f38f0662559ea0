// SPDX-License-Identifier: MIT
#include "net/keyed_hash.hpp"

#include <sys/random.h>

#include <cerrno>
#include <cstdlib>

namespace dproxy::net {

namespace {

KeyedHash draw() {
    KeyedHash::Key key;
    // So few bytes come whole or not at all (getrandom(2)).
    while (::getrandom(key.data(), sizeof key, 0) != static_cast<ssize_t>(sizeof key)) {
        if (errno != EINTR) std::abort();  // a kernel without getrandom: serving with a guessable key would be worse
    }
    return KeyedHash(key);
}

}  // namespace

const KeyedHash& process_hash() {
    static const KeyedHash hash = draw();
    return hash;
}

}  // namespace dproxy::net
