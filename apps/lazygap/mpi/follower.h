#pragma once

namespace lazygap::app::mpi {

/// Every rank but 0: answers the groups of questions that rank 0 sends, until it sends the end. The exit
/// code.
[[nodiscard]] int follow();

}  // namespace lazygap::app::mpi
