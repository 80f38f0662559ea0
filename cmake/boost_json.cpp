// SPDX-License-Identifier: MIT
// Boost.JSON compiled once, so that the files that use it do not each compile it.
#include <boost/json/src.hpp>
