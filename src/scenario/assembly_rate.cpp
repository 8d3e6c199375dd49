// The rate of a stream: a number, or a curve over time.
#include <fmt/format.h>

#include "regatta/base/errors.hpp"
#include "scenario/assembly.hpp"
#include "scenario/decode.hpp"
#include "scenario/rate_file.hpp"

namespace regatta::scenario {
namespace {

using workload::RateCurve;

std::vector<RateCurve::Point> points_of(const Reading& reading, const std::string& key) {
    std::vector<RateCurve::Point> points;
    for (const auto& [at, rate_per_s] : reading.values.rate_points(key))
        points.push_back({.at = at, .rate_per_s = rate_per_s});
    return points;
}

RateCurve::Daily day_of(const Reading& reading) {
    return {.mean_per_s = reading.values.real("mean"),
            .peak_per_s = reading.values.real("peak"),
            .period = reading.values.duration("period"),
            .peak_at = reading.values.duration("peak_at")};
}

std::vector<RateCurve::Spike> spikes_of(const std::vector<Reading>& list) {
    std::vector<RateCurve::Spike> spikes;
    for (const Reading& spike : list) {
        const SimTime at = spike.values.duration("at");
        spikes.push_back(
            {.from = at, .until = at + spike.values.duration("for"), .factor = spike.values.real("factor")});
    }
    return spikes;
}

}  // namespace

/// Which of the exclusive ways to give a rate was taken; empty after telling that it was none or several.
std::string Assembly::form_of_rate(const Reading& rate) {
    static const std::vector<std::string> kForms = {"constant", "steps", "ramp", "daily", "file"};
    std::vector<std::string> given;
    for (const std::string& form : kForms)
        if (rate.has(form) || rate.maps.count(form) > 0) given.push_back(form);
    if (given.size() == 1) return given.front();
    problems_.add(rate.place, rate.path,
                  fmt::format("expected one of: {}; found {}", join(kForms), given.empty() ? "none" : join(given)));
    return "";
}

void Assembly::assemble_rate(Reading& rate, Stream& stream) {
    if (!rate.is_sound) return;
    const std::string form = form_of_rate(rate);
    if (form.empty()) return;
    const std::vector<Reading>& spikes = rate.lists["spikes"];
    if (form == "constant") stream.rate_per_s = rate.values.real(form);
    if (form == "constant" && spikes.empty()) return;
    const Reading& spot = form == "daily" ? rate.maps.at(form) : rate;
    try {
        if (form == "constant") stream.curve = RateCurve::of_steps({{SimTime(), stream.rate_per_s}});
        if (form == "steps") stream.curve = RateCurve::of_steps(points_of(rate, form));
        if (form == "ramp") stream.curve = RateCurve::of_ramp(points_of(rate, form));
        if (form == "daily") stream.curve = RateCurve::of_day(day_of(spot));
    } catch (const InputError& error) {
        for (const std::string& problem : error.problems()) {
            // "peak: ..." is about a field, "[2]: ..." about a point, and anything else about the whole.
            const std::size_t colon = problem.find(": ");
            const std::string field = form == "daily" && colon != std::string::npos ? problem.substr(0, colon) : form;
            const bool is_point = problem.front() == '[';
            problems_.add(spot.place_of(field), spot.path_of(field) + (is_point ? problem.substr(0, colon) : ""),
                          field != form || is_point ? problem.substr(colon + 2) : problem);
        }
        return;
    }
    if (form == "file") stream.curve = read_rate_file(rate);
    if (!stream.curve) return;
    stream.curve->add_spikes(spikes_of(spikes));
    stream.rate_per_s = stream.curve->mean_per_s(scenario_.duration);
}

std::optional<RateCurve> Assembly::read_rate_file(Reading& rate) {
    const auto path = file_of(rate, rate.path_of("file"));
    if (!path) return std::nullopt;
    return rate_curve_of_file(files_.open(*path).text, problems_.add_source(*path), problems_);
}

}  // namespace regatta::scenario
