#include "lazygap/store/store.h"

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "fuzz/target.h"
#include "lazygap/store/integrity.h"
#include "lazygap/store/json.h"

namespace {

namespace fs = std::filesystem;

/// A folder in memory where there is one: every input becomes a file.
const fs::path& folder() {
  static const fs::path path = [] {
    const fs::path parent = fs::exists("/dev/shm") ? fs::path("/dev/shm") : fs::temp_directory_path();
    std::string pattern = (parent / "lazygap-fuzz-XXXXXX").string();
    static fs::path made = ::mkdtemp(pattern.data());
    std::atexit([] { fs::remove_all(made); });
    return made;
  }();
  return path;
}

}  // namespace

/// A store: read, checked, and written.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace lazygap;
  using store::Store;
  const fs::path file = folder() / "results.sqlite";
  fs::remove(folder() / "results.sqlite-journal");
  std::ofstream(file, std::ios::binary) << fuzz::text_of(data, size);
  bool is_store = size == 0;  // an empty file becomes one
  fuzz::accept_or_refuse([&] {
    const Store store = Store::open_read_only(file);
    is_store = true;
    if (const auto result = store.find("key")) static_cast<void>(store::to_json(*result).dump());
    static_cast<void>(store.checkpoint("other"));
  });
  if (!is_store) return 0;  // whatever opens it says the same, and this is the slow part
  fuzz::accept_or_refuse([&] { static_cast<void>(store::check(file)); });
  fuzz::accept_or_refuse([&] {
    Store store = Store::open(file);
    store::Result result;
    result.key = "new";
    result.risk = 0.25;
    store.save(result);
    store.save_checkpoint("other", {});
    fuzz::require(store.find("new")->risk == 0.25);
  });
  return 0;
}
