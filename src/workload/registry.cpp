#include "regatta/workload/registry.hpp"

#include "workload/arrivals.hpp"
#include "workload/lengths.hpp"
#include "workload/ycsb_zipf.hpp"
#include "workload/zipf.hpp"

namespace regatta::workload {

ArrivalRegistry built_in_arrival_processes() {
    return ArrivalRegistry({
        {"poisson", "independent users: exponential gaps", {}, make_poisson},
        {"gamma", "gamma-distributed gaps: burstier or more even than poisson", gamma_parameters(), make_gamma},
        {"constant", "equal gaps", {}, make_constant},
        {"truncated_poisson", "exponential gaps of which the long ones are cut short, as in Vidur",
         truncated_poisson_parameters(), make_truncated_poisson},
        {"all_at_once", "everything arrives at the first instant; needs a limit", {}, make_all_at_once},
    });
}

LengthRegistry built_in_length_distributions() {
    return LengthRegistry({
        {"fixed", "always the same length", fixed_parameters(), make_fixed},
        {"uniform", "every length between two bounds is equally likely", uniform_parameters(), make_uniform},
        {"exponential", "many short and few long ones, by their mean", exponential_parameters(), make_exponential},
        {"lognormal", "long right tail, by mean and coefficient of variation", lognormal_parameters(), make_lognormal},
        {"zipf", "a power law: a length's probability falls as a power of it", zipf_parameters(), make_zipf},
        {"ycsb_zipf", "a power law of the rank: the shortest length is the most frequent", ycsb_zipf_parameters(),
         make_ycsb_zipf},
        {"quantiles", "a measured distribution, by points of its inverse", quantiles_parameters(), make_quantiles},
    });
}

}  // namespace regatta::workload
