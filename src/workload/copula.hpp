#pragma once

namespace regatta::workload {

/// A uniform number that goes with `leading` as closely as `correlation` (-1 to 1) says, made of the independent
/// uniform number `own`: the Gaussian copula. With z = quantile of the standard normal distribution, the result is
/// normal(correlation z(leading) + sqrt(1 - correlation^2) z(own)). Whatever is drawn by it keeps its distribution; the
/// rank correlation (Spearman's) of two continuous variates is 6 / pi asin(correlation / 2).
/// Source: Nelsen, "An Introduction to Copulas", 2nd ed., 2006, section 2.3; Kruskal, "Ordinal measures of
/// association", J. Am. Stat. Assoc. 53, 1958, p. 827.
[[nodiscard]] double correlated(double leading, double own, double correlation);

}  // namespace regatta::workload
