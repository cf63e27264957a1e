#include "llhttp_drive.hpp"

#include <fmt/format.h>

#include <cstdio>

// What llhttp in strict mode makes of the catalogue: which cases it gets wrong, and how.

using namespace cohort::protocol;

namespace {

/// What a parser below a policy layer cannot be blamed for: limits, and what only the meaning of
/// fields decides.
bool is_parsers_business(const wire_case& one)
{
    return one.by == judge::parser && !one.section.ends_with("limits") && one.refused != 431 &&
           one.refused != 413 && one.refused != 417 && one.refused != 421;
}

bool same_requests(const outcome& seen, const wire_case& one)
{
    outcome wanted;
    wanted.served = one.served;
    outcome got;
    got.served = seen.served;
    return got == wanted;
}

}  // namespace

int main()
{
    int asked = 0;
    int let_through = 0;
    int refused = 0;
    int misread = 0;
    for (const wire_case& one : catalogue()) {
        if (!is_parsers_business(one))
            continue;
        ++asked;
        const outcome seen = drive_llhttp(one.bytes);
        const char* verdict = nullptr;
        if (one.refused != 0 && seen.refused == 0) {
            verdict = "lets through";
            ++let_through;
        } else if (one.refused == 0 && seen.refused != 0) {
            verdict = "refuses";
            ++refused;
        } else if (one.refused == 0 && !same_requests(seen, one)) {
            verdict = "misreads";
            ++misread;
        }
        if (verdict != nullptr)
            fmt::print("{:<13} {:<52} {} {}\n", verdict, one.name, one.rule, seen.rule);
    }
    fmt::print("{} cases: {} let through that must be refused, {} refused that are legal, "
               "{} read differently\n",
               asked, let_through, refused, misread);
    return 0;
}
