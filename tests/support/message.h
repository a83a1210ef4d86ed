#pragma once

#include <string>

#include "lazygap/core/error.h"

namespace lazygap::test {

/// The message of the Error that `call` throws, "no error" where it throws none.
template <class Error = UsageError, class Call>
std::string message(Call call) {
  try {
    (void)call();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace lazygap::test
