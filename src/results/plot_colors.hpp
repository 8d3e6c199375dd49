#pragma once

#include <array>

#include "results/plot_canvas.hpp"

namespace regatta::results {

inline constexpr PlotColor kPlotBlack = {0.13, 0.13, 0.13};
inline constexpr PlotColor kPlotGrey = {0.45, 0.45, 0.45};
// Told apart by all eyes. Source: Okabe, Ito, "Color Universal Design", 2008; without its black and its yellow, and
// with a brown and a grey.
inline constexpr std::array<PlotColor, 8> kPlotColors = {{{0.00, 0.45, 0.70},
                                                          {0.84, 0.37, 0.00},
                                                          {0.00, 0.62, 0.45},
                                                          {0.80, 0.47, 0.65},
                                                          {0.34, 0.71, 0.91},
                                                          {0.90, 0.62, 0.00},
                                                          {0.55, 0.34, 0.29},
                                                          {0.40, 0.40, 0.40}}};

}  // namespace regatta::results
