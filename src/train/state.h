#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "lazygap/core/error.h"
#include "lazygap/core/matrix.h"
#include "lazygap/network/nt_basis.h"

/// A run's state as bytes, for Hooks::save and Hooks::resume. Every number is kept exactly, in the byte order
/// of the machine; a state is not meant to travel.
namespace lazygap::train {

class StateWriter {
 public:
  template <class T>
  requires std::is_trivially_copyable_v<T>
  void put(const T& value) { append(&value, sizeof value); }
  void put(const std::string& text) {
    put(text.size());
    append(text.data(), text.size());
  }
  void put(const std::vector<double>& numbers) {
    put(numbers.size());
    append(numbers.data(), numbers.size() * sizeof(double));
  }
  void put(const Matrix& matrix) {
    append(matrix.data(), static_cast<std::size_t>(matrix.size()) * sizeof(double));
  }
  /// The basis is part of the state of NT: another processor or BLAS would compute it with other signs.
  void put(const NtBasis& basis) {
    put(basis.U);
    append(basis.l.data(), static_cast<std::size_t>(basis.l.size()) * sizeof(double));
  }

  [[nodiscard]] std::span<const std::byte> bytes() const { return bytes_; }

 private:
  void append(const void* data, std::size_t size) {
    const auto* first = static_cast<const std::byte*>(data);
    bytes_.insert(bytes_.end(), first, first + size);
  }
  std::vector<std::byte> bytes_;
};

class StateReader {
 public:
  explicit StateReader(std::span<const std::byte> bytes) : bytes_(bytes) {}

  template <class T>
  requires std::is_trivially_copyable_v<T>
  void get(T& value) { std::memcpy(&value, take(sizeof value), sizeof value); }
  void get(std::string& text) {
    std::size_t size = 0;
    get(size);
    const auto* first = reinterpret_cast<const char*>(take(size));
    text.assign(first, first + size);
  }
  void get(std::vector<double>& numbers) {
    std::size_t count = 0;
    get(count);
    if (count > bytes_.size() / sizeof(double)) throw UsageError(kTooShort);
    numbers.resize(count);
    std::copy_n(take(count * sizeof(double)), count * sizeof(double),
                reinterpret_cast<std::byte*>(numbers.data()));
  }
  /// `matrix` has the size that was written.
  void get(Matrix& matrix) {
    const std::size_t size = static_cast<std::size_t>(matrix.size()) * sizeof(double);
    // Not memcpy: an empty matrix has no address.
    std::copy_n(take(size), size, reinterpret_cast<std::byte*>(matrix.data()));
  }
  void get(NtBasis& basis) {
    get(basis.U);
    const std::size_t size = static_cast<std::size_t>(basis.l.size()) * sizeof(double);
    std::memcpy(basis.l.data(), take(size), size);
  }
  [[nodiscard]] bool at_end() const { return bytes_.empty(); }

 private:
  const std::byte* take(std::size_t size) {
    if (size > bytes_.size()) throw UsageError(kTooShort);
    const std::byte* first = bytes_.data();
    bytes_ = bytes_.subspan(size);
    return first;
  }
  static constexpr auto kTooShort = "Hooks::resume: the saved state is too short";
  std::span<const std::byte> bytes_;
};

}  // namespace lazygap::train
