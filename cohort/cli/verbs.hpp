#pragma once
// The verbs, each in a file of its own in verbs/.

#include <cohort/cli/verb.hpp>

namespace cohort::cli::verbs {

extern const verb run, start, stop, restart;
extern const verb reload, rollback, plan, upgrade;
extern const verb scale, drain, resume, reopen;
extern const verb list, show, top, open, logs, log_level, why, dump, events;
extern const verb check, signal, send;
extern const verb save, startup, init;
extern const verb completion, help, version;

/// What a verb does, and its flags.
void explain(const verb& which, console& out);

}  // namespace cohort::cli::verbs
