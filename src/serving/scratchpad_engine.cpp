#include "serving/scratchpad_engine.hpp"

#include <algorithm>

namespace regatta::serving {
namespace {

/// Part of the blocks that a request may be the first to take from.
constexpr double kWatermark = 0.95;

std::int64_t blocks_of_prompt(const ScratchpadRequest& request) {
    return (request.prompt_tokens + ScratchpadEngine::kBlockTokens - 1) / ScratchpadEngine::kBlockTokens;
}

}  // namespace

/// One that holds blocks needs a free one, whether or not it will take it; one that holds none, all of its prompt's
/// below the watermark.
bool ScratchpadEngine::has_room(const ScratchpadRequest& request) const {
    if (request.blocks > 0) return max_blocks_ - used_blocks_ >= 1;
    return kWatermark * static_cast<double>(max_blocks_) - static_cast<double>(used_blocks_) >=
           static_cast<double>(blocks_of_prompt(request));
}

void ScratchpadEngine::allocate(ScratchpadRequest& request) {
    std::int64_t more = 0;
    if (request.blocks == 0)
        more = blocks_of_prompt(request);
    else if (request.generated > request.blocks * kBlockTokens)  // the prompt is not counted
        more = 1;
    request.blocks += more;
    used_blocks_ += more;
}

void ScratchpadEngine::release(ScratchpadRequest& request) {
    used_blocks_ -= request.blocks;
    request.blocks = 0;
}

ScratchpadIteration ScratchpadEngine::step(double now_s) {
    participants_.clear();
    finished_.clear();
    ScratchpadIteration done;
    if (!waiting_.empty()) {
        const auto fits =
            std::find_if(waiting_.begin(), waiting_.end(), [this](const auto* request) { return has_room(*request); });
        // Where none fits, what runs is not decoded either.
        if (fits != waiting_.end()) done = prefill(static_cast<std::size_t>(fits - waiting_.begin()), now_s);
    } else if (!running_.empty()) {
        done = decode(now_s);
    }
    is_stuck_ = done.kind == ScratchpadIteration::Kind::None;
    done.asked_s = now_s;
    done.blocks_after = used_blocks_;
    done.tokens_after = cached_tokens_;
    done.participants = participants_;
    done.finished = finished_;
    return done;
}

ScratchpadIteration ScratchpadEngine::prefill(std::size_t place, double now_s) {
    ScratchpadRequest& request = *waiting_[place];
    waiting_.erase(waiting_.begin() + static_cast<std::ptrdiff_t>(place));
    running_.push_back(&request);
    participants_.push_back(&request);
    allocate(request);
    ScratchpadIteration done{.kind = ScratchpadIteration::Kind::Prefill, .start_s = std::max(now_s, request.arrival_s)};
    done.end_s = done.start_s + times_->prefill_s(request.prompt_tokens);
    done.used_blocks = used_blocks_;
    done.priced_tokens = request.prompt_tokens;
    request.start_s = done.start_s;
    request.prefill_end_s = done.end_s;
    cached_tokens_ += request.prompt_tokens;
    done.cached_tokens = cached_tokens_;
    // An answer of one token counts as complete here, and is decoded all the same, with blocks taken anew.
    if (request.output_tokens == 1) release(request);
    return done;
}

ScratchpadIteration ScratchpadEngine::decode(double now_s) {
    const auto sequences = static_cast<std::int64_t>(running_.size());
    std::int64_t longest = 0;
    ScratchpadIteration done{.kind = ScratchpadIteration::Kind::Decode, .start_s = now_s};
    for (ScratchpadRequest* request : running_) {
        if (!has_room(*request)) continue;
        allocate(*request);
        participants_.push_back(request);
        longest = std::max(longest, request->prompt_tokens + request->generated);
        done.start_s = std::max(done.start_s, request->arrival_s);
    }
    if (participants_.empty()) return {};  // that simulator dies of it
    done.used_blocks = used_blocks_;
    done.priced_tokens = longest;
    done.priced_sequences = sequences;
    // Those that were left out count all the same.
    done.end_s = times_->decode_s(longest, sequences) + done.start_s;
    cached_tokens_ += static_cast<std::int64_t>(participants_.size());
    done.cached_tokens = cached_tokens_;
    for (ScratchpadRequest* request : participants_) {
        ++request->generated;
        if (request->generated < request->output_tokens) continue;
        request->end_s = done.end_s;
        release(*request);
        cached_tokens_ -= request->prompt_tokens + request->generated;
        finished_.push_back(request);
    }
    const auto is_finished = [](const ScratchpadRequest* request) {
        return request->generated >= request->output_tokens;
    };
    if (!finished_.empty()) std::erase_if(running_, is_finished);
    return done;
}

std::vector<ScratchpadRequest*> ScratchpadEngine::give_up() {
    std::vector<ScratchpadRequest*> left = std::move(running_);
    left.insert(left.end(), waiting_.begin(), waiting_.end());
    running_.clear();
    waiting_.clear();
    used_blocks_ = cached_tokens_ = 0;
    is_stuck_ = false;
    return left;
}

}  // namespace regatta::serving
