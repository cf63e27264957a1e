#include <cohort/primary/estate.hpp>

#include <cohort/base/try.hpp>
#include <cohort/process/descriptors.hpp>

#include <algorithm>
#include <utility>

namespace cohort::primary {

result<estate> estate::create()
{
    COHORT_TRY(auto book, board::ledger::create());
    board::segment::plan plan;
    plan.slots = board::slots_max;
    COHORT_TRY(auto board, board::segment::create(plan));
    COHORT_TRY(const auto open, process::open_descriptors());
    COHORT_TRY(book.set_pristine(open));
    return estate{std::move(book), std::move(board)};
}

result<std::vector<int>> estate::left_open() const
{
    COHORT_TRY(auto open, process::open_descriptors());
    const auto pristine = book.pristine();
    std::erase_if(open, [&](int each) { return std::ranges::binary_search(pristine, each); });
    return open;
}

}  // namespace cohort::primary
