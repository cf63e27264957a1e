#include <cohort/observe/thrown.hpp>

#include <cohort/base/clock.hpp>
#include <cohort/observe/detail/error_object.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdlib>
#include <iterator>
#include <string_view>
#include <typeinfo>
#include <utility>

#include <cxxabi.h>
#include <dlfcn.h>
#include <pthread.h>
#include <unwind.h>

namespace cohort::log {

namespace {

constexpr auto relaxed = std::memory_order_relaxed;
constexpr std::size_t name_bytes_max = 120;

/// Where one exception was made. `stamp` is odd while it is being written.
struct origin {
    std::atomic<std::uint32_t> stamp;
    std::atomic<std::uint32_t> depth;
    std::atomic<const void*> object;
    std::atomic<const std::type_info*> type;
    std::array<std::atomic<std::uintptr_t>, thrown_calls_max> calls;
};

/// By a hash of the address, which no two exceptions have at a time: who comes later counts.
constexpr unsigned origins_bits = 7;
constinit std::array<origin, 1U << origins_bits> origins{};

origin& origin_of(const void* object) noexcept
{
    // Fibonacci's: the allocator gives near addresses to those that live at a time.
    const auto number = reinterpret_cast<std::uintptr_t>(object) >> 4U;
    return origins[(number * 0x9e37'79b9'7f4a'7c15ULL) >> (64U - origins_bits)];
}

/// thrown_calls_begin_at(); 0: nobody said.
[[gnu::tls_model("initial-exec")]] thread_local std::uintptr_t beginning = 0;

/// Where a thread's stack lies. Nothing is known until it has been looked up, or if it cannot be.
struct stack_bounds {
    std::uintptr_t low = 0;
    std::uintptr_t high = 0;
    bool looked_up = false;

    [[nodiscard]] bool hold(std::uintptr_t address) const noexcept
    {
        return low < address && address <= high;
    }
};

/// Of the calling thread. A copy that it makes of the process goes on, on the same stack.
const stack_bounds& own_stack() noexcept
{
    [[gnu::tls_model("initial-exec")]] thread_local stack_bounds ours;
    if (std::exchange(ours.looked_up, true))
        return ours;
    pthread_attr_t now_so;
    if (::pthread_getattr_np(::pthread_self(), &now_so) != 0)
        return ours;
    void* low = nullptr;
    std::size_t bytes = 0;
    if (::pthread_attr_getstack(&now_so, &low, &bytes) == 0) {
        ours.low = reinterpret_cast<std::uintptr_t>(low);
        ours.high = ours.low + bytes;
    }
    ::pthread_attr_destroy(&now_so);
    return ours;
}

struct walk {
    origin* to;
    const void* hook;  // the return address of ours: what is further in is not the program's
    const stack_bounds* within;
    std::uintptr_t frame = 0;  // the newest one's
    bool begun = false;
    bool in_own_life = false;
    std::uint32_t depth = 0;
};

_Unwind_Reason_Code take_step(_Unwind_Context* at, void* of) noexcept
{
    walk& mine = *static_cast<walk*>(of);
    // A throw goes to its handler and no further; we do, and must not trust what is there.
    const std::uintptr_t frame = _Unwind_GetCFA(at);
    if (!mine.within->hold(frame) || frame < std::exchange(mine.frame, frame))
        return _URC_END_OF_STACK;
    const auto address = static_cast<std::uintptr_t>(_Unwind_GetIP(at));
    mine.begun = mine.begun || address == reinterpret_cast<std::uintptr_t>(mine.hook);
    if (!mine.begun)
        return _URC_NO_REASON;
    if (address == 0 || mine.depth == thrown_calls_max)
        return _URC_END_OF_STACK;
    // Only a step over the beginning counts: what runs at exit is called from beyond it.
    const bool beyond = frame > beginning;
    if (beginning != 0 && beyond && mine.in_own_life)
        return _URC_END_OF_STACK;
    mine.in_own_life = !beyond;
    // A return address may belong to what follows the call; the call is what is wanted.
    mine.to->calls[mine.depth++].store(address - 1, relaxed);
    return _URC_NO_REASON;
}

/// Not for ever more: a program that throws to say no must not pay for it.
bool may_look() noexcept
{
    struct rate {
        std::int64_t second = -1;
        unsigned taken = 0;
    };
    [[gnu::tls_model("initial-exec")]] thread_local rate ours;
    const auto now = std::chrono::floor<seconds>(now_coarse().time_since_epoch()).count();
    if (std::exchange(ours.second, now) != now)
        ours.taken = 0;
    return ours.taken++ < thrown_a_second_max;
}

void remember(const void* object, const std::type_info* type, const void* hook) noexcept
{
    origin& to = origin_of(object);
    std::uint32_t before = to.stamp.load(relaxed);
    // Another thread is in it: one of the two has no stack.
    if (before % 2 != 0 ||
        !to.stamp.compare_exchange_strong(before, before + 1, std::memory_order_acq_rel))
        return;
    std::atomic_thread_fence(std::memory_order_release);
    walk mine{.to = &to, .hook = hook, .within = &own_stack()};
    // Fibers have stacks of their own, and whatever they like at the bottom: these are not walked.
    if (mine.within->hold(reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0))) &&
        may_look())
        _Unwind_Backtrace(take_step, &mine);
    to.depth.store(mine.depth, relaxed);
    to.type.store(type, relaxed);
    to.object.store(object, relaxed);
    to.stamp.store(before + 2, std::memory_order_release);
}

/// The throw itself is no call of the program's.
bool is_throw(std::uintptr_t call) noexcept
{
    Dl_info known{};
    return ::dladdr(reinterpret_cast<void*>(call), &known) != 0 && known.dli_sname != nullptr &&
           std::string_view{known.dli_sname} == "__cxa_throw";
}

std::vector<std::uintptr_t> find(const void* object, const std::type_info& type)
{
    const origin& from = origin_of(object);
    const std::uint32_t before = from.stamp.load(std::memory_order_acquire);
    const std::type_info* const its = from.type.load(relaxed);
    if (before % 2 != 0 || from.object.load(relaxed) != object || its == nullptr || *its != type)
        return {};
    std::vector<std::uintptr_t> calls(
        std::min<std::size_t>(from.depth.load(relaxed), thrown_calls_max));
    for (std::size_t i = 0; i < calls.size(); ++i)
        calls[i] = from.calls[i].load(relaxed);
    std::atomic_thread_fence(std::memory_order_acquire);
    if (from.stamp.load(relaxed) != before)
        return {};
    if (!calls.empty() && is_throw(calls.front()))
        calls.erase(calls.begin());
    return calls;
}

using function = abi::__cxa_refcounted_exception* (*)(void*, std::type_info*, void (*)(void*));

constinit std::atomic<function> library_function{nullptr};
constinit std::atomic<bool> wanted{true};

/// What libstdc++'s own is. nullptr: it is not beside us, but in us. No static's guard: the loader
/// has a lock, and who loads a library may throw while another thread is in here.
function find_function() noexcept
{
    if (const function known = library_function.load(relaxed))
        return known;
    const auto found =
        reinterpret_cast<function>(::dlsym(RTLD_NEXT, "__cxa_init_primary_exception"));
    library_function.store(found, relaxed);
    return found;
}

/// Before there are threads, mostly; constructors that throw may come before.
[[gnu::constructor]] void prepare() noexcept
{
    const char* const said = std::getenv(thrown_stacks_variable);
    wanted.store(said == nullptr || std::string_view{said} != "0", relaxed);
    static_cast<void>(find_function());
    static_cast<void>(own_stack());
}

}  // namespace

}  // namespace cohort::log

// Weak: a program that has a hook of its own keeps it, and so does a library that is linked in.
extern "C" [[gnu::weak, gnu::visibility("default")]] abi::__cxa_refcounted_exception*
abi::__cxa_init_primary_exception(void* object, std::type_info* tinfo, void (*dest)(void*)) noexcept
{
    if (cohort::log::wanted.load(std::memory_order_relaxed))
        cohort::log::remember(object, tinfo, __builtin_return_address(0));
    const auto next = cohort::log::find_function();
    if (next == nullptr)
        std::terminate();
    return next(object, tinfo, dest);
}

namespace cohort::log {

void thrown_calls_begin_at(const void* frame) noexcept
{
    beginning = reinterpret_cast<std::uintptr_t>(frame);
}

bool knows_what_is_thrown() noexcept
{
    static const bool knows = !calls_of(std::make_exception_ptr(0)).empty();
    return knows;
}

std::vector<std::uintptr_t> calls_of(const std::exception_ptr& thrown)
{
    // libstdc++'s exception_ptr is a pointer to the object.
    static_assert(sizeof thrown == sizeof(void*));
    if (!thrown)
        return {};
    return find(*reinterpret_cast<void* const*>(&thrown), *thrown.__cxa_exception_type());
}

std::vector<std::uintptr_t> calls_of(const std::exception& thrown)
{
    return find(dynamic_cast<const void*>(&thrown), typeid(thrown));
}

std::string words_of_calls(std::span<const std::uintptr_t> calls)
{
    std::string text;
    for (const std::uintptr_t call : calls) {
        if (!text.empty())
            text += '\n';
        Dl_info known{};
        if (::dladdr(reinterpret_cast<void*>(call), &known) == 0 || known.dli_fname == nullptr) {
            fmt::format_to(std::back_inserter(text), "{:#x}", call);
            continue;
        }
        fmt::format_to(std::back_inserter(text), "{}(+{:#x})", known.dli_fname,
                       call - reinterpret_cast<std::uintptr_t>(known.dli_fbase));
        if (known.dli_sname == nullptr)
            continue;
        const std::string name = detail::readable_name(known.dli_sname);
        text.append(" ").append(name, 0, name_bytes_max);
        if (name.size() > name_bytes_max)
            text += "…";
    }
    return text;
}

}  // namespace cohort::log
