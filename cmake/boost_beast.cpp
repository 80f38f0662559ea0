// SPDX-License-Identifier: MIT
// Beast compiled once, so that the files that use it do not each compile it.
#include <boost/beast/src.hpp>
