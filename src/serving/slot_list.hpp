#pragma once

#include <cstdint>
#include <vector>

namespace regatta::serving {

/// A doubly linked list of slot numbers: O(1) at both ends and in the middle, no allocation once grown.
/// Invariant: a number is in the list at most once.
class SlotList {
public:
    static constexpr std::uint32_t kNone = 0xffffffff;

    [[nodiscard]] bool is_empty() const { return head_ == kNone; }
    [[nodiscard]] std::int64_t size() const { return size_; }
    [[nodiscard]] std::uint32_t front() const { return head_; }
    [[nodiscard]] std::uint32_t back() const { return tail_; }
    /// The one after `slot`, or kNone.
    [[nodiscard]] std::uint32_t after(std::uint32_t slot) const { return links_[slot].next; }

    void push_back(std::uint32_t slot) {
        reach(slot);
        links_[slot] = {tail_, kNone};
        (tail_ == kNone ? head_ : links_[tail_].next) = slot;
        tail_ = slot;
        ++size_;
    }
    void push_front(std::uint32_t slot) {
        reach(slot);
        links_[slot] = {kNone, head_};
        (head_ == kNone ? tail_ : links_[head_].previous) = slot;
        head_ = slot;
        ++size_;
    }
    void remove(std::uint32_t slot) {
        const Link link = links_[slot];
        (link.previous == kNone ? head_ : links_[link.previous].next) = link.next;
        (link.next == kNone ? tail_ : links_[link.next].previous) = link.previous;
        --size_;
    }

    template <class Archive>
    void serialize(Archive& archive, unsigned /*version*/) {
        archive& links_& head_& tail_& size_;
    }

private:
    struct Link {
        std::uint32_t previous = kNone;
        std::uint32_t next = kNone;
        template <class Archive>
        void serialize(Archive& archive, unsigned /*version*/) {
            archive& previous& next;
        }
    };
    void reach(std::uint32_t slot) {
        if (slot >= links_.size()) links_.resize(slot + 1);
    }

    std::vector<Link> links_;
    std::uint32_t head_ = kNone;
    std::uint32_t tail_ = kNone;
    std::int64_t size_ = 0;
};

}  // namespace regatta::serving
