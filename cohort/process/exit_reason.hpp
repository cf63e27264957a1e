#pragma once

#include <fmt/format.h>

#include <csignal>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

namespace cohort::process {

/// What ended a process besides its own call or the signal.
enum class blame { none, memory, unknown };

/// Did a dying process leave a core file?
enum class core { absent, dumped };

/// "SIGSEGV" for 11; "SIGRTMIN+3" for real-time signals; "signal 99" for anything else.
[[nodiscard]] inline std::string signal_name(int number)
{
    if (const char* short_name = ::sigabbrev_np(number))
        return fmt::format("SIG{}", short_name);
    if (number >= SIGRTMIN && number <= SIGRTMAX)
        return fmt::format("SIGRTMIN+{}", number - SIGRTMIN);
    return fmt::format("signal {}", number);
}

/// How a process ended. A value.
class exit_reason {
public:
    /// It called exit or returned from main.
    [[nodiscard]] static exit_reason exited(int code) noexcept
    {
        return {code, 0, core::absent, blame::none};
    }

    /// A signal ended it. `why` is blame::memory if the kernel says that it killed for memory.
    [[nodiscard]] static exit_reason signalled(int number, core left = core::absent,
                                               blame why = blame::none) noexcept
    {
        return {0, number, left, why};
    }

    /// It is gone, and somebody else took the answer.
    [[nodiscard]] static exit_reason unknown() noexcept
    {
        return {0, 0, core::absent, blame::unknown};
    }

    /// The exit code, if it left by itself.
    [[nodiscard]] std::optional<int> code() const noexcept
    {
        if (signal_ != 0 || blame_ == blame::unknown)
            return std::nullopt;
        return code_;
    }

    /// The signal, if one ended it.
    [[nodiscard]] std::optional<int> signal() const noexcept
    {
        if (signal_ == 0)
            return std::nullopt;
        return signal_;
    }

    [[nodiscard]] bool dumped() const noexcept { return core_ == core::dumped; }
    [[nodiscard]] bool for_memory() const noexcept { return blame_ == blame::memory; }
    [[nodiscard]] bool success() const noexcept { return code() == 0; }

    /// For people: "exit code 42", "signal 11 (SIGSEGV), core dumped",
    /// "signal 9 (SIGKILL), killed by the kernel for memory (OOM)". Never parse it.
    [[nodiscard]] std::string words() const
    {
        if (blame_ == blame::unknown)
            return "gone, reason unknown";
        if (signal_ == 0)
            return fmt::format("exit code {}", code_);
        std::string text = fmt::format("signal {} ({})", signal_, signal_name(signal_));
        if (for_memory())
            text += ", killed by the kernel for memory (OOM)";
        if (dumped())
            text += ", core dumped";
        return text;
    }

    friend bool operator==(const exit_reason&, const exit_reason&) noexcept = default;

private:
    exit_reason(int code, int signal, core left, blame why) noexcept
        : code_{code}, signal_{signal}, core_{left}, blame_{why}
    {}

    int code_;
    int signal_;
    core core_;
    blame blame_;
};

}  // namespace cohort::process
