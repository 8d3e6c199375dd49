#pragma once

#include <string>
#include <vector>

#include "regatta/llm/model.hpp"
#include "scenario/document.hpp"

namespace regatta::scenario {

/// Whether the document is the config.json of a model on Hugging Face, and not a file in the form of the catalogue.
[[nodiscard]] bool is_hugging_face_config(const Node& document);

/// What people would call the model whose config lies at `path`: the directory of a config.json, else the file itself.
[[nodiscard]] std::string hugging_face_name(const std::string& path);

/// The architecture that a config.json describes, named `name`. What cannot be read, and architectures that are not
/// modelled, are told with the key; then the answer is not whole.
[[nodiscard]] llm::Model read_hugging_face(const Node& document, const std::string& name, const std::string& path,
                                           Problems& problems);

/// Every `model_type` that can be read.
[[nodiscard]] std::vector<std::string> hugging_face_types();

}  // namespace regatta::scenario
