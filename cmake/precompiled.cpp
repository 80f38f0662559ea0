// SPDX-License-Identifier: MIT
// CMake compiles headers for a target, and a target has a source: see precompiled.cmake.
