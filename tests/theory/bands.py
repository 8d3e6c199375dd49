"""Confidence bands of means from independent replications."""

import math


def student_t_quantile(probability, freedom):
    """Quantile of Student's t distribution, for probabilities above one half: the distribution function is integrated
    from its density (Abramowitz and Stegun, Handbook of Mathematical Functions, 26.7.1) by Simpson's rule, and inverted
    by bisection."""
    log_scale = math.lgamma((freedom + 1) / 2) - math.lgamma(freedom / 2) - math.log(freedom * math.pi) / 2

    def density(t):
        return math.exp(log_scale - (freedom + 1) / 2 * math.log1p(t * t / freedom))

    def distribution(t, intervals=2000):
        width = t / intervals
        inner = sum((4 if i % 2 else 2) * density(i * width) for i in range(1, intervals))
        return 0.5 + (density(0) + inner + density(t)) * width / 3

    low, high = 0.0, 1.0
    while distribution(high) < probability:
        high *= 2
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if distribution(middle) < probability else (low, middle)
    return high


class Band:
    """Two-sided confidence band of a mean. The replications' own means are independent and, being averages of many
    values each, nearly normal, so that (mean - truth) / (spread / sqrt(n)) follows Student's t with n - 1 degrees of
    freedom."""

    def __init__(self, values, confidence):
        count = len(values)
        self.mean = math.fsum(values) / count
        spread = math.sqrt(math.fsum((value - self.mean) ** 2 for value in values) / (count - 1))
        self.half_width = student_t_quantile((1 + confidence) / 2, count - 1) * spread / math.sqrt(count)

    def holds(self, truth):
        return abs(self.mean - truth) <= self.half_width
