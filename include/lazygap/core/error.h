#pragma once

#include <stdexcept>
#include <string>

namespace lazygap {

/// The request cannot be carried out as written: a command line, a plan key or an argument is impossible.
/// The program exits with 2. The message is one sentence: where, what was given, what is accepted.
class UsageError : public std::invalid_argument {
 public:
  using std::invalid_argument::invalid_argument;
};

/// A file, folder or store cannot be read or written. The program exits with 4.
class FileError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace lazygap
