#pragma once

#include <cstddef>
#include <vector>

namespace regatta::bench {

/// A plain heap of values with four children per node: what our queue is held against, and what anyone would write
/// first. No fusing of pop and push, no handles.
template <class Item, bool (*Before)(const Item&, const Item&)>
class FourAryHeap {
public:
    void reserve(std::size_t count) { items_.reserve(count); }
    [[nodiscard]] const Item& top() const { return items_.front(); }

    void push(const Item& item) {
        items_.push_back(item);
        std::size_t hole = items_.size() - 1;
        while (hole > 0) {
            const std::size_t parent = (hole - 1) / kChildren;
            if (!Before(item, items_[parent])) break;
            items_[hole] = items_[parent];
            hole = parent;
        }
        items_[hole] = item;
    }

    void pop() {
        const Item last = items_.back();
        items_.pop_back();
        const std::size_t size = items_.size();
        if (size == 0) return;
        std::size_t hole = 0;
        for (std::size_t child = 1; child < size; child = kChildren * hole + 1) {
            const std::size_t end = child + kChildren < size ? child + kChildren : size;
            std::size_t least = child;
            for (std::size_t other = child + 1; other < end; ++other)
                if (Before(items_[other], items_[least])) least = other;
            if (!Before(items_[least], last)) break;
            items_[hole] = items_[least];
            hole = least;
        }
        items_[hole] = last;
    }

private:
    static constexpr std::size_t kChildren = 4;
    std::vector<Item> items_;
};

}  // namespace regatta::bench
