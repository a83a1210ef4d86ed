#include "lazygap/plan/plan.h"

#include <algorithm>

#include "lazygap/route/route.h"

namespace lazygap::plan {

bool Axis::has(const Key& key) const { return std::find(keys.begin(), keys.end(), &key) != keys.end(); }

bool Plan::asks(Method method) const {
  return std::find(methods.begin(), methods.end(), method) != methods.end();
}

std::size_t Plan::points() const {
  std::size_t product = 1;
  for (const Axis& axis : axes) product *= axis.points.size();
  return product;
}

std::size_t Plan::place_on(std::size_t axis, std::size_t point) const {
  for (std::size_t later = axes.size(); later-- > axis + 1;) point /= axes[later].points.size();
  return point % axes[axis].points.size();
}

Question Plan::at(Method method, Regime regime, std::size_t point) const {
  Question question = base;
  question.method = method;
  question.network.regime = regime;
  for (std::size_t i = axes.size(); i-- > 0;) {
    const Axis& axis = axes[i];
    const std::vector<Value>& values = axis.points[point % axis.points.size()];
    point /= axis.points.size();
    for (std::size_t k = 0; k < axis.keys.size(); ++k) question::set(question, *axis.keys[k], values[k]);
  }
  question::complete(question);
  return question;
}

const Axis* Plan::axis_of(const Key& key) const {
  for (const Axis& axis : axes)
    if (axis.has(key)) return &axis;
  return nullptr;
}

Index Plan::draws_of(Method method, Regime regime) const {
  const route::Route& route = route::route_of(method);
  if (!route.repeats(regime)) return 1;
  const auto own = own_draws.find(route.draws_as);
  return own == own_draws.end() ? draws : own->second;
}

}  // namespace lazygap::plan
