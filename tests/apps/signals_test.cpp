#include "signals.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <thread>

#include "apps/child.h"

namespace lazygap::app {
namespace {

using std::chrono::milliseconds;
using test::in_child;

/// Half a second more than what belongs to one request.
constexpr milliseconds kLater{2500};

TEST(Signals, AreARequestToStop) {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGXCPU}) {
    const auto child = in_child([signal](int) {
      const auto stop = stop_on_signals();
      if (stop() || signal_received() != 0) return 1;
      std::raise(signal);
      return stop() ? 128 + signal_received() : 2;
    });
    EXPECT_EQ(child.code, 128 + signal);
  }
}

TEST(Signals, TwoCloseTogetherAreOneRequest) {
  const auto child = in_child([](int) {
    const auto stop = stop_on_signals();
    std::raise(SIGTERM);
    std::raise(SIGTERM);
    std::this_thread::sleep_for(milliseconds(200));
    std::raise(SIGINT);
    // A second plan of the same command.
    const auto again = stop_on_signals();
    std::raise(SIGTERM);
    return stop() && again() ? 128 + signal_received() : 2;
  });
  EXPECT_EQ(child.code, 128 + SIGTERM);
}

TEST(Signals, ALaterOneEndsTheProgramAtOnce) {
  const auto child = in_child([](int) {
    const auto stop = stop_on_signals();
    std::raise(SIGTERM);
    std::this_thread::sleep_for(kLater);
    // The system repeats it until the work is saved.
    std::raise(SIGXCPU);
    if (!stop()) return 1;
    std::raise(SIGINT);
    return 2;
  });
  EXPECT_EQ(child.code, -SIGINT);
}

TEST(Signals, WhatWasIgnoredStaysIgnored) {
  const auto child = in_child([](int) {
    std::signal(SIGHUP, SIG_IGN);  // nohup
    const auto stop = stop_on_signals();
    std::raise(SIGHUP);
    return stop() ? 1 : 0;
  });
  EXPECT_EQ(child.code, 0);
}

}  // namespace
}  // namespace lazygap::app
