#include <cohort/process/detail/seccomp_filter.hpp>

#include <cohort/process/detail/seccomp_calls.hpp>

#include <fcntl.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/socket.h>

#include <linux/audit.h>
#include <linux/seccomp.h>

#include <cerrno>
#include <cstddef>
#include <initializer_list>
#include <span>

namespace cohort::process::detail {

namespace {

#if defined(__x86_64__)
constexpr std::uint32_t own_architecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr std::uint32_t own_architecture = AUDIT_ARCH_AARCH64;
#elif defined(__riscv)
constexpr std::uint32_t own_architecture = AUDIT_ARCH_RISCV64;
#else
#error "write down the audit number of this architecture"
#endif

constexpr std::uint32_t allow = SECCOMP_RET_ALLOW;
constexpr std::uint32_t refuse = SECCOMP_RET_ERRNO | EPERM;
constexpr std::uint32_t unknown = SECCOMP_RET_ERRNO | ENOSYS;

// CLONE_NEWTIME is not among them: in clone(2) its bit belongs to the exit signal.
constexpr std::uint32_t namespaces = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC |
                                     CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;
constexpr std::uint32_t time_namespace = 0x80;

/// Puts instructions together. After every block the accumulator holds the number of the call.
class filter_text {
public:
    void begin()
    {
        load(offsetof(seccomp_data, arch));
        // Another entry to the kernel (int 0x80) has other numbers: none of them is let in.
        unless_equal(own_architecture, 1);
        give(unknown);
        load_number();
#if defined(__x86_64__)
        // The x32 calls, which nobody uses.
        constexpr std::uint32_t x32_bit = 0x4000'0000;
        text_.push_back(BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, x32_bit, 0, 1));
        give(unknown);
#endif
    }

    void rule(long call, std::uint32_t verdict)
    {
        if_number(call, 1);
        give(verdict);
    }

    void rules(std::span<const long> calls, std::uint32_t verdict)
    {
        for (const long call : calls)
            rule(call, verdict);
    }

    /// The verdict falls if one of `values` is what is left of the argument under the mask.
    struct condition {
        unsigned argument = 0;
        std::uint32_t mask = 0xffff'ffff;
        std::vector<std::uint32_t> values;
    };
    void rule_if(long call, const condition& when, std::uint32_t then, std::uint32_t otherwise)
    {
        std::vector<sock_filter> inner;
        inner.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset_of(when.argument)));
        inner.push_back(BPF_STMT(BPF_ALU | BPF_AND | BPF_K, when.mask));
        for (const std::uint32_t value : when.values) {
            inner.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1));
            inner.push_back(BPF_STMT(BPF_RET | BPF_K, then));
        }
        inner.push_back(BPF_STMT(BPF_RET | BPF_K, otherwise));
        if_number(call, static_cast<std::uint8_t>(inner.size()));
        text_.insert(text_.end(), inner.begin(), inner.end());
    }

    void from_number_on(long call, std::uint32_t verdict)
    {
        text_.push_back(
            BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, static_cast<std::uint32_t>(call), 0, 1));
        give(verdict);
    }

    [[nodiscard]] std::vector<sock_filter> end(std::uint32_t verdict) &&
    {
        give(verdict);
        return std::move(text_);
    }

private:
    /// The half that counts: every argument that is looked at is an int to the kernel, or has all
    /// its flags there.
    static std::uint32_t offset_of(unsigned argument)
    {
        return static_cast<std::uint32_t>(offsetof(seccomp_data, args) +
                                          argument * sizeof(std::uint64_t));
    }
    void load(std::uint32_t offset) { text_.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset)); }
    void load_number() { load(offsetof(seccomp_data, nr)); }
    void give(std::uint32_t verdict) { text_.push_back(BPF_STMT(BPF_RET | BPF_K, verdict)); }
    void unless_equal(std::uint32_t value, std::uint8_t skipped)
    {
        text_.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, skipped, 0));
    }
    void if_number(long call, std::uint8_t skipped)
    {
        text_.push_back(
            BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(call), 0, skipped));
    }

    std::vector<sock_filter> text_;
};

/// Keys typed into another process's terminal: the oldest way out.
void forbid_typing(filter_text& text)
{
    constexpr std::uint32_t tioclinux = 0x541c;
    text.rule_if(SYS_ioctl, {.argument = 1, .values = {TIOCSTI, tioclinux}}, refuse, allow);
}

std::vector<sock_filter> make_server()
{
    filter_text text;
    text.begin();
    text.rules(machine_calls, refuse);
    // Its flags lie where no filter can look; without it the C library takes clone(2).
    text.rule(SYS_clone3, unknown);
    text.rule_if(SYS_clone, {.mask = namespaces, .values = {0}}, allow, refuse);
    text.rule_if(SYS_unshare, {.mask = namespaces | time_namespace, .values = {0}}, allow, refuse);
    text.rule_if(SYS_personality, {.values = {PER_LINUX, 0xffff'ffff}}, allow, refuse);
    text.rule_if(SYS_socket, {.values = {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK}}, allow, refuse);
    forbid_typing(text);
    return std::move(text).end(allow);
}

/// What no strict sandbox is without.
void allow_computing(filter_text& text)
{
    text.rules(strict_calls, allow);
    text.rule(SYS_clone3, unknown);
    text.rule(SYS_openat2, unknown);
    // Threads, and nothing else.
    text.rule_if(SYS_clone, {.mask = namespaces | CLONE_THREAD, .values = {CLONE_THREAD}}, allow,
                 refuse);
    // The limits of this process, by its own name: 0.
    text.rule_if(SYS_prlimit64, {.values = {0}}, allow, refuse);
    forbid_typing(text);
}

std::vector<sock_filter> end_strict(filter_text text)
{
    text.rules(machine_calls, refuse);
    text.from_number_on(first_unknown_call, unknown);
    return std::move(text).end(refuse);
}

std::vector<sock_filter> make_strict(bool execs)
{
    filter_text text;
    text.begin();
    allow_computing(text);
    text.rule_if(SYS_socket, {.values = {AF_UNIX, AF_INET, AF_INET6}}, allow, refuse);
    text.rule_if(SYS_socketpair, {.values = {AF_UNIX}}, allow, refuse);
    // Opened for reading and cut to nothing: before ABI 3 landlock does not look at that.
    constexpr std::uint32_t how = O_ACCMODE | O_TRUNC;
    text.rule_if(SYS_openat, {.argument = 2, .mask = how, .values = {O_TRUNC}}, refuse, allow);
#if defined(__x86_64__)
    text.rule_if(SYS_open, {.argument = 1, .mask = how, .values = {O_TRUNC}}, refuse, allow);
#endif
    // Which file, landlock says: by its path, or by the descriptor that a generation keeps of it.
    if (execs) {
        text.rule(SYS_execve, allow);
        text.rule(SYS_execveat, allow);
    }
    return end_strict(std::move(text));
}

std::vector<sock_filter> make_onlooker()
{
    filter_text text;
    text.begin();
    text.rules(changing_calls, refuse);
    allow_computing(text);
    // No Unix sockets: behind their paths are those who do root's bidding.
    text.rule_if(SYS_socket, {.values = {AF_INET, AF_INET6}}, allow, refuse);
    constexpr std::uint32_t how = O_ACCMODE | O_CREAT | O_TRUNC;
    text.rule_if(SYS_openat, {.argument = 2, .mask = how, .values = {O_RDONLY}}, allow, refuse);
#if defined(__x86_64__)
    text.rule_if(SYS_open, {.argument = 1, .mask = how, .values = {O_RDONLY}}, allow, refuse);
#endif
    return end_strict(std::move(text));
}

}  // namespace

std::vector<sock_filter> make_seccomp_filter(cage which)
{
    switch (which) {
        case cage::server:
            return make_server();
        case cage::strict:
            return make_strict(false);
        case cage::strict_but_execs:
            return make_strict(true);
        case cage::onlooker:
            return make_onlooker();
    }
    return make_strict(false);
}

}  // namespace cohort::process::detail
