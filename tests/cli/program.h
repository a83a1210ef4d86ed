#pragma once

#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

/// Runs the real program as a user would.
namespace lazygap::cli {

struct Answer {
  int code = -1;    ///< exit code
  std::string out;  ///< standard output
  std::string err;  ///< standard error
};

inline std::string read(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

/// A folder of its own, which is also the current folder of every run, and disappears afterwards.
class Workplace {
 public:
  Workplace() {
    std::string pattern = (std::filesystem::temp_directory_path() / "lazygap-cli-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) std::abort();
    folder_ = pattern;
  }
  ~Workplace() { std::filesystem::remove_all(folder_); }
  Workplace(const Workplace&) = delete;
  Workplace& operator=(const Workplace&) = delete;

  [[nodiscard]] std::filesystem::path operator/(const std::string& name) const { return folder_ / name; }
  [[nodiscard]] bool is_empty() const { return std::filesystem::is_empty(folder_); }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name, std::ios::binary) << text;
  }

  /// `arguments` in shell syntax, after the name of the program; `before`: settings such as "PATH=".
  [[nodiscard]] Answer run(const std::string& arguments, const std::string& before = "") const {
    // Captured outside the workplace, so that a test can see what the program itself has written there.
    const std::string out = folder_.string() + ".out", err = folder_.string() + ".err";
    const std::string command = "cd '" + folder_.string() + "' && (" + before + " '" LAZYGAP_PROGRAM "' " +
                                arguments + ") >'" + out + "' 2>'" + err + "'";
    const int status = std::system(command.c_str());
    Answer run{WIFEXITED(status) ? WEXITSTATUS(status) : -1, read(out), read(err)};
    std::filesystem::remove(out);
    std::filesystem::remove(err);
    return run;
  }

 private:
  std::filesystem::path folder_;
};

}  // namespace lazygap::cli
