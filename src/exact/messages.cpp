#include "exact/messages.h"

#include <fmt/format.h>

namespace lazygap::exact {

std::string moments_message(double error) {
  constexpr double kWorthAWord = 1e-10;
  return error > kWorthAWord ? fmt::format("kernel accurate to {:.1e} of its diagonal", error) : "";
}

void add_sentence(std::string& message, const std::string& sentence) {
  if (!message.empty() && !sentence.empty()) message += "; ";
  message += sentence;
}

std::string dropped_message(Index rank, Index N) {
  return fmt::format("{} of {} features left out, which depend on the others up to 1e-6", N - rank, N);
}

void add_outcome(Answer& answer, const ConjugateGradientSolution& solution) {
  answer.status = solution.converged ? Status::ok : Status::not_converged;
  answer.diagnostics.iterations = solution.iterations;
  answer.diagnostics.residual = solution.residual;
  if (!solution.converged && solution.iterations > 0)
    answer.message =
        fmt::format("conjugate gradients stopped after {} iterations at a relative residual of {:.1e}",
                    solution.iterations, solution.residual);
}

}  // namespace lazygap::exact
