#include "schedule/expected.h"

#include <algorithm>
#include <iterator>

#include "lazygap/schedule/best.h"
#include "schedule/tasks.h"

namespace lazygap::schedule {

std::vector<Cell> expected_following_cells(const Plan& plan, const store::Store& store) {
  std::vector<Cell> cells;
  for (const Method method : plan.methods) {
    const route::Route& route = route::route_of(method);
    if (!follows_training(plan, method)) continue;
    for (const Regime regime : plan.regimes)
      for (std::size_t point = 0; route.applies(regime) && point < plan.points(); ++point) {
        std::vector<Cell> known = following_cells_at(plan, store, method, regime, point);
        const Question question = plan.at(method, regime, point);
        if (known.empty() && !route.refuses(question, *plan.instances->of(question)))
          for (Index draw = 0; draw < plan.draws_of(method, regime); ++draw)
            known.push_back({.method = method,
                             .regime = regime,
                             .point = point,
                             .draw = draw,
                             .step_size = step_sizes(plan, question).front()});
        std::move(known.begin(), known.end(), std::back_inserter(cells));
      }
  }
  return cells;
}

}  // namespace lazygap::schedule
