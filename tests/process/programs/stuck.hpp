#pragma once
// What the programs do whose loop shall be stuck.

#include <unistd.h>

namespace scenario {

/// Computes for ever; the event loop never turns again. The flag is volatile, so that the compiler
/// believes in the loop.
[[gnu::noinline]] inline void compute_for_ever()
{
    volatile bool on = true;
    while (on) {
#if defined(__SANITIZE_THREAD__)
        // ThreadSanitizer keeps signals back until the next call that it knows; this one fails at
        // once and is no rest.
        static_cast<void>(::read(-1, nullptr, 0));
#endif
    }
}

}  // namespace scenario
