#include <cohort/observe/detail/error_object.hpp>

#include <cohort/base/decimal.hpp>
#include <cohort/base/utf8.hpp>
#include <cohort/observe/json_text.hpp>
#include <cohort/observe/thrown.hpp>
#include <cohort/observe/traced.hpp>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <string_view>
#include <typeinfo>

#include <cxxabi.h>

namespace cohort::log::detail {

namespace {

constexpr std::size_t causes_max = 8;
/// Names of types and of members; a cause with less room than that is left out.
constexpr std::size_t least_bytes = 96;
constexpr std::size_t type_bytes_max = 200;

/// May it be caught as a std::exception? That is asked of its type, since what cannot be caught by
/// name must not be thrown here.
bool is_exception(const std::exception_ptr& thrown) noexcept
{
    void* object = nullptr;
    return typeid(std::exception).__do_catch(thrown.__cxa_exception_type(), &object, 1);
}

void append_text(std::string& out, std::string_view name, std::string_view text, std::size_t most)
{
    out += name;
    observe::append_json_string(out, text, most);
}

void append_type(std::string& out, const std::type_info& type, std::size_t most)
{
    append_text(out, R"({"type":)", readable_name(type.name()), std::min(most, type_bytes_max));
}

void append_stack(std::string& out, const std::string& stack, std::size_t most)
{
    if (!stack.empty())
        append_text(out, R"(,"stack":)", stack, most);
}

void append_chain(std::string& out, const std::exception& thrown, std::size_t bytes_max,
                  std::size_t depth);

void append_chain(std::string& out, const std::exception_ptr& thrown, std::size_t bytes_max,
                  std::size_t depth)
{
    if (!is_exception(thrown)) {
        append_type(out, *thrown.__cxa_exception_type(), bytes_max / 2);
        append_stack(out, words_of_calls(calls_of(thrown)), bytes_max / 2);
        out += '}';
        return;
    }
    try {
        std::rethrow_exception(thrown);
    } catch (const std::exception& found) {
        append_chain(out, found, bytes_max, depth);
    }
}

std::string stack_of(const std::exception& thrown)
{
    const auto* const mark = dynamic_cast<const trace_mark*>(&thrown);
    return mark != nullptr ? mark->stack() : words_of_calls(calls_of(thrown));
}

/// Messages, stack and causes have a third each of what there is.
void append_chain(std::string& out, const std::exception& thrown, std::size_t bytes_max,
                  std::size_t depth)
{
    const std::size_t end = out.size() + std::max(bytes_max, least_bytes);
    const auto left = [&] { return end - std::min(end, out.size()); };
    append_type(out, typeid(thrown), left() / 2);
    append_text(out, R"(,"message":)", thrown.what(), left() / 3);
    append_stack(out, stack_of(thrown), left() / 2);
    const auto* const nested = dynamic_cast<const std::nested_exception*>(&thrown);
    if (nested != nullptr && nested->nested_ptr() && depth < causes_max && left() > 2 * least_bytes)
    {
        out += R"(,"cause":)";
        append_chain(out, nested->nested_ptr(), left() - 2, depth + 1);
    }
    out += '}';
}

/// One error, in lines; `end`: out is not to be longer.
void append_head_lines(std::string& out, std::string_view words, std::string_view stack,
                       std::size_t end)
{
    const std::size_t begin = out.size();
    out.append("\n    ").append(printable(words));
    while (!stack.empty()) {
        const std::string_view call = stack.substr(0, stack.find('\n'));
        stack.remove_prefix(std::min(call.size() + 1, stack.size()));
        if (out.size() + call.size() > end)
            break;
        out.append("\n        at ").append(printable(call));
    }
    if (out.size() > end)
        out.resize(begin);
}

void append_chain_lines(std::string& out, const std::exception_ptr& thrown, std::size_t end,
                        std::size_t depth);

void append_chain_lines(std::string& out, const std::exception& thrown, std::size_t end,
                        std::size_t depth)
{
    const std::string words = std::string{depth == 0 ? "" : "caused by "} +
                              readable_name(typeid(thrown).name()) + ": " + thrown.what();
    append_head_lines(out, words, stack_of(thrown), end);
    const auto* const nested = dynamic_cast<const std::nested_exception*>(&thrown);
    if (nested != nullptr && nested->nested_ptr() && depth < causes_max)
        append_chain_lines(out, nested->nested_ptr(), end, depth + 1);
}

void append_chain_lines(std::string& out, const std::exception_ptr& thrown, std::size_t end,
                        std::size_t depth)
{
    if (!is_exception(thrown)) {
        const std::string words = std::string{depth == 0 ? "" : "caused by "} +
                                  readable_name(thrown.__cxa_exception_type()->name());
        return append_head_lines(out, words, words_of_calls(calls_of(thrown)), end);
    }
    try {
        std::rethrow_exception(thrown);
    } catch (const std::exception& found) {
        append_chain_lines(out, found, end, depth);
    }
}

}  // namespace

void append_error_lines(std::string& out, const std::exception& thrown, std::size_t bytes_max)
{
    append_chain_lines(out, thrown, out.size() + bytes_max, 0);
}

void append_error_lines(std::string& out, const std::exception_ptr& thrown, std::size_t bytes_max)
{
    if (thrown)
        append_chain_lines(out, thrown, out.size() + bytes_max, 0);
}

std::string readable_name(const char* mangled)
{
    int status = 0;
    const std::unique_ptr<char, decltype(&std::free)> name{
        abi::__cxa_demangle(mangled, nullptr, nullptr, &status), &std::free};
    return status == 0 && name ? std::string{name.get()} : std::string{mangled};
}

void append_error(std::string& out, const std::exception& thrown, std::size_t bytes_max)
{
    append_chain(out, thrown, bytes_max, 0);
}

void append_error(std::string& out, const std::exception_ptr& thrown, std::size_t bytes_max)
{
    if (thrown)
        append_chain(out, thrown, bytes_max, 0);
    else
        out += "null";
}

void append_error(std::string& out, const fault& why, std::size_t bytes_max)
{
    out += R"({"type":"cohort::fault")";
    append_text(out, R"(,"message":)", why.text(), bytes_max - std::min(bytes_max, least_bytes));
    out += R"(,"code":)";
    out += decimal{why.why().value()}.view();
    append_text(out, R"(,"category":)", why.why().category().name(), type_bytes_max);
    out += '}';
}

}  // namespace cohort::log::detail
