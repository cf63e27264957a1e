#pragma once
// The keys that fill more than one member of the settings, or not always one. Closed to other
// rooms.

#include <cohort/config/catalogue.hpp>
#include <cohort/config/detail/entry.hpp>

#include <string>

namespace cohort::config::detail {

// Each has the form of a kind (detail/kinds).

/// "100ms..30s".
struct backoff_pair {
    static constexpr shape form = shape::text;
    static void read(const entry& v, settings& s);
    static std::string literal(const settings& s);
};

/// "5 in 30s", "never".
struct give_up_pair {
    static constexpr shape form = shape::text;
    static void read(const entry& v, settings& s);
    static std::string literal(const settings& s);
};

/// A duration, or "auto".
struct drain_words {
    static constexpr shape form = shape::text_or_number;
    static void read(const entry& v, settings& s);
    static std::string literal(const settings& s);
};

/// An address, or "off".
struct address_or_off {
    static constexpr shape form = shape::text_or_number;
    static void read(const entry& v, settings& s);
    static std::string literal(const settings& s);
};

/// {LOG = "info", DB_PASSWORD = {file = "/run/secrets/db"}}. Adds to what is there, and overrules
/// it name by name.
struct variables {
    static constexpr shape form = shape::table;
    static void read(const entry& v, settings& s);
    static std::string literal(const settings& s);
};

}  // namespace cohort::config::detail
