#pragma once

#include <cohort/base/clock.hpp>
#include <cohort/http/files/beneath.hpp>
#include <cohort/http/files/file_cache.hpp>
#include <cohort/http/handler.hpp>
#include <cohort/http/resume_handler.hpp>
#include <cohort/http/router.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <source_location>
#include <string>
#include <string_view>

namespace cohort::http {

/// May files and folders be seen whose names begin with a dot (.git, .env)?
enum class dotfiles : std::uint8_t { refused, served };

/// beside: a client that takes br, zstd or gzip gets app.js.br, .zst or .gz, if there is one that
/// is not older.
enum class precompressed : std::uint8_t { ignored, beside };

/// kept_for_ever: names like app-3f9c2d1e.js or app.3f9c2d1e.js (8 and more hexadecimal digits)
/// mean the same bytes for ever, so that browsers need not ask again.
enum class fingerprints : std::uint8_t { ignored, kept_for_ever };

/// How a folder is served. A value.
struct static_options {
    /// What a folder is answered with; empty: 404.
    std::string index = "index.html";

    http::dotfiles dotfiles = http::dotfiles::refused;
    http::symlinks symlinks = http::symlinks::refused;
    http::precompressed precompressed = http::precompressed::beside;
    http::fingerprints fingerprints = http::fingerprints::ignored;

    /// "no-cache" means: keep it, and ask each time whether it changed.
    std::string cache_control = "no-cache";

    /// Files of this size and less are kept in memory, the last used ones, up to cache_bytes_max in
    /// each worker; longer ones are read piece by piece.
    std::size_t small_bytes_max = 64 * 1024;
    std::size_t cache_bytes_max = 16 * 1024 * 1024;

    /// So long a file in memory is taken for unchanged.
    nanoseconds trusted_for = seconds{1};

    /// An answer goes on after its worker's death only if its file has not changed for so long: the
    /// successor cannot know which state of it was being sent.
    nanoseconds settled_after = seconds{600};
};

/// A folder on the web: ranges, entity tags, compressed variants, and nothing outside of it. A
/// value; copies share their cache.
///
///     http::static_files{"public"}.serve(api, "/assets/{path...}");
///
/// Files are opened and read on compute lanes. A file that changes while it is sent cuts the
/// connection: no client gets a mixture. The folder is opened anew for each look, so that a
/// symbolic link in its place can be switched over.
class static_files {
public:
    explicit static_files(std::string folder, static_options options = {});

    /// Registers GET (and with it HEAD) at a pattern that ends with a {name...}. Answers continue
    /// after the death of their worker.
    void serve(routes& at, std::string_view pattern,
               std::source_location where = std::source_location::current()) const;

    /// The two halves of it, for routes with options of their own.
    [[nodiscard]] handler answer() const;
    [[nodiscard]] resume_handler resume() const;

    /// Since the start of this process. On its event loop.
    [[nodiscard]] const file_cache::counters& counters() const noexcept;

private:
    struct room;
    friend class static_answer;
    std::shared_ptr<room> room_;
};

}  // namespace cohort::http
