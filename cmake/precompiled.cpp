// SPDX-License-Identifier: MIT
// A target is needed to compile precompiled.hpp for.
