#include <functional>

#include "bindings.h"

#define LAZYGAP_JOIN(a, b) a##b
#define LAZYGAP_PREFIXED(prefix, name) LAZYGAP_JOIN(prefix, name)
#define LAZYGAP_BLAS(name) LAZYGAP_PREFIXED(LAZYGAP_BLAS_PREFIX, name)

extern "C" {
int LAZYGAP_BLAS(openblas_get_num_threads)();
void LAZYGAP_BLAS(openblas_set_num_threads)(int);
}

namespace lazygap::python {
namespace {

using std::chrono::milliseconds;
constexpr milliseconds kNap{50};         // between two looks at the signals
constexpr milliseconds kPatience{200};   // for work that was asked to stop

/// BLAS at one thread while any work runs. Where its library is also NumPy's, NumPy finds its threads again.
class OneBlasThread {
 public:
  OneBlasThread() {
    const std::lock_guard lock(mutex);
    if (users++ > 0) return;
    before = LAZYGAP_BLAS(openblas_get_num_threads)();
    if (before != 1) LAZYGAP_BLAS(openblas_set_num_threads)(1);
  }
  ~OneBlasThread() {
    const std::lock_guard lock(mutex);
    if (--users == 0 && before != 1) LAZYGAP_BLAS(openblas_set_num_threads)(before);
  }
  OneBlasThread(const OneBlasThread&) = delete;
  OneBlasThread& operator=(const OneBlasThread&) = delete;

 private:
  static inline std::mutex mutex;
  static inline int users = 0, before = 1;
};

/// Computations that still run although nobody waits for them. Never destroyed: they may outlive everything.
struct Abandoned {
  std::mutex mutex;
  std::condition_variable changed;
  int running = 0;
};
Abandoned* abandoned = new Abandoned;

}  // namespace

Control Work::control() {
  return {.progress = [this](double fraction) { set_fraction(fraction); },
          .stop = [this] { return is_stopped(); }};
}

void Work::set_fraction(double fraction) {
  const std::lock_guard lock(mutex_);
  fraction_ = fraction;
}

void Work::set_message(std::string message) {
  const std::lock_guard lock(mutex_);
  messages_.push_back(std::move(message));
}

bool Work::is_stopped() {
  const std::lock_guard lock(mutex_);
  return stop_;
}

void start(const std::shared_ptr<Work>& work, std::function<void()> body) {
  Abandoned* const here = abandoned;
  {
    const std::lock_guard lock(here->mutex);
    ++here->running;
  }
  std::thread([work, here, body = std::move(body)]() mutable {
    std::exception_ptr error;
    try {
      const OneBlasThread one;
      body();
    } catch (...) {
      error = std::current_exception();
    }
    body = nullptr;
    {
      const std::lock_guard lock(work->mutex_);
      work->done_ = true;
      work->error_ = error;
      work->changed_.notify_all();
    }
    const std::lock_guard lock(here->mutex);
    --here->running;
    here->changed.notify_all();
  }).detach();
}

void wait_for(const std::shared_ptr<Work>& work, const nb::object& progress) {
  const auto nap = [&](milliseconds time) {
    const nb::gil_scoped_release released;
    std::unique_lock lock(work->mutex_);
    return work->changed_.wait_for(lock, time, [&] { return work->done_; });
  };
  const auto tell = [&] {
    if (progress.is_none()) return;
    double fraction = 0;
    std::vector<std::string> messages;
    {
      const std::lock_guard lock(work->mutex_);
      fraction = work->fraction_;
      messages.swap(work->messages_);
    }
    progress(fraction, messages);
  };
  try {
    while (!nap(kNap)) {
      if (PyErr_CheckSignals() != 0) throw nb::python_error();
      tell();
    }
    if (!work->error_) tell();
  } catch (...) {
    {
      const std::lock_guard lock(work->mutex_);
      work->stop_ = true;
    }
    nap(kPatience);
    throw;
  }
  if (work->error_) std::rethrow_exception(work->error_);
}

void wait_for_abandoned() {
  const nb::gil_scoped_release released;
  std::unique_lock lock(abandoned->mutex);
  abandoned->changed.wait(lock, [] { return abandoned->running == 0; });
}

void forget_abandoned() { abandoned = new Abandoned; }

}  // namespace lazygap::python
