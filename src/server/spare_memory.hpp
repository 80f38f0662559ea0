// SPDX-License-Identifier: MIT
// Memory that a large reload needed for a while goes back to the system.
#pragma once

namespace dproxy::server {

/// From now on large blocks (tables, texts of files) are mapped each by itself, and go back when they are freed. To be
/// called before other threads run.
void map_large_blocks();

/// Gives back what is free of the small blocks. Takes milliseconds after a reload of very many routes: for a thread
/// that answers nobody.
void give_back_spare_memory();

}  // namespace dproxy::server
