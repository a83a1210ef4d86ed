#pragma once

namespace lazygap::app {

/// `lazygap doctor`: what this machine and this build of lazygap consist of, and what makes them slow.
int doctor(bool json);

}  // namespace lazygap::app
