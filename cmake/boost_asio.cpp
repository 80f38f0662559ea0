// SPDX-License-Identifier: MIT
// Asio compiled once, so that the files that use it do not each compile it.
#include <boost/asio/impl/src.hpp>
