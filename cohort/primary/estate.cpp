#include <cohort/primary/estate.hpp>

#include <cohort/base/try.hpp>
#include <cohort/process/descriptors.hpp>
#include <cohort/process/origin.hpp>

#include <algorithm>
#include <string>
#include <utility>

namespace cohort::primary {

namespace {

constexpr std::string_view ledger_name = "ledger";
constexpr std::string_view board_name = "board";

result<unique_fd> named(const process::legacy& left, std::string_view name)
{
    const auto at = std::ranges::find(left.named, name, &process::named_descriptor::name);
    if (at == left.named.end())
        return failed(errc::malformed, "take over what the last program left, without its",
                      std::string{name});
    return unique_fd{at->number};
}

result<process::renewal> plan_renewal(const estate& of, estate::heir whom,
                                      const process::service_manager& manager)
{
    const board::ledger_upgrade& words = of.book.upgrade().value();
    const board::held_number binary = whom == estate::heir::next ? words.binary : words.before;
    COHORT_TRY(process::origin start, process::own_origin());
    process::renewal what;
    what.binary = binary.any() ? binary.number() : -1;
    what.path = std::move(start.path);
    what.args = std::move(start.args);
    what.folder = std::move(start.folder);
    what.more = manager.environment();
    for (const process::passed_descriptor& each : manager.passed()) {
        if (each.is_there())
            what.passed.push_back(each.number);
    }
    what.named = {{.name = std::string{ledger_name}, .number = of.book.fd().borrow()},
                  {.name = std::string{board_name}, .number = of.board.fd().borrow()}};
    COHORT_TRY(what.held, of.left_open());
    return what;
}

}  // namespace

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

result<estate> estate::take_over(const process::legacy& left)
{
    COHORT_TRY(auto shared, named(left, ledger_name));
    COHORT_TRY(auto rows, named(left, board_name));
    COHORT_TRY(auto book, board::ledger::attach(std::move(shared)));
    COHORT_TRY(auto board, board::segment::attach(std::move(rows)));
    COHORT_TRY(auto open, process::open_descriptors());
    std::erase_if(open, [&](int each) { return std::ranges::binary_search(left.held, each); });
    COHORT_TRY(book.set_pristine(open));
    // The root in this program has told of nobody's end so far.
    for (unsigned slot = 0; slot < board::slots_max; ++slot) {
        board::ledger_seat words = book.seat(slot).value();
        if (std::exchange(words.program.ends_before, 0) != 0)
            book.seat(slot).commit(words);
    }
    return estate{std::move(book), std::move(board)};
}

fault estate::renew(heir whom, const process::service_manager& manager) const
{
    auto plan = plan_renewal(*this, whom, manager);
    if (!plan)
        return std::move(plan).error();
    return process::renew(*plan);
}

void estate::upgrade_failed(std::string_view why) const
{
    board::ledger_upgrade words = book.upgrade().value();
    words.stage = board::upgrade_stage::failed;
    constexpr std::size_t room = sizeof words.reason.bytes;
    static_cast<void>(words.reason.set(why.substr(0, room)));
    book.upgrade().commit(words);
}

}  // namespace cohort::primary
