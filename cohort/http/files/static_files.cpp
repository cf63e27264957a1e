#include <cohort/http/files/static_files.hpp>

#include <cohort/async/offload.hpp>
#include <cohort/http/date.hpp>
#include <cohort/http/files/detail/file_answer.hpp>
#include <cohort/http/files/detail/file_lookup.hpp>
#include <cohort/http/grammar.hpp>
#include <cohort/http/problem.hpp>
#include <cohort/observe/log.hpp>

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <utility>

namespace cohort::http {

using detail::found_file;
using detail::sought_file;

struct static_files::room {
    std::string folder;
    static_options options;
    file_cache cache;
    bool complained = false;  // of a trouble that is not over: not again for each request
};

namespace {

/// The path below the folder that a request names: the last parameter of its pattern.
std::string path_of(const request& of)
{
    if (of.route() == nullptr || of.route()->parameters().empty())
        throw std::logic_error{"static files need a pattern that ends with {path...}"};
    return of.path<std::string>(of.route()->parameters().back());
}

/// "app-3f9c2d1e.js", "app.3f9c2d1e.js".
bool has_fingerprint(std::string_view path) noexcept
{
    path.remove_prefix(path.rfind('/') + 1);
    const std::size_t dot = path.rfind('.');
    if (dot == std::string_view::npos)
        return false;
    const std::string_view stem = path.substr(0, dot);
    const std::size_t begin = stem.find_last_of(".-");
    if (begin == std::string_view::npos || begin == 0)
        return false;
    const std::string_view print = stem.substr(begin + 1);
    return print.size() >= 8 && std::ranges::all_of(print, [](char c) { return is(octet_hex, c); });
}

/// The lines of a list, as one (RFC 9110, 5.3).
std::string joined(const std::vector<std::string_view>& lines)
{
    std::string all;
    for (const std::string_view line : lines)
        all.append(all.empty() ? "" : ", ").append(line);
    return all;
}

/// Nothing: no file can have that path.
std::optional<sought_file> sought_by(const request& of, const std::string& folder,
                                     const static_options& options)
{
    sought_file wanted{.folder = folder,
                       .path = path_of(of),
                       .index = options.index,
                       .links = options.symlinks,
                       .memory_max = options.small_bytes_max};
    wanted.names_folder = wanted.path.empty() || wanted.path.ends_with('/');
    if (wanted.path.ends_with('/'))
        wanted.path.pop_back();
    const auto rule = options.dotfiles == dotfiles::served ? detail::hidden_names::allowed
                                                           : detail::hidden_names::refused;
    if (!wanted.path.empty() && !detail::is_plain_path(wanted.path, rule))
        return std::nullopt;
    if (wanted.path.empty() && path_of(of) == "/")
        return std::nullopt;
    const bool compressed = options.precompressed == precompressed::beside;
    if (compressed && of.header("Accept-Encoding"))
        wanted.codings = detail::choose_codings(joined(of.headers("Accept-Encoding")));
    return wanted;
}

/// What a file is kept under: who takes other codings may get another file.
std::string key_of(const sought_file& wanted)
{
    std::string key;
    for (const coding each : wanted.codings.all())
        key += static_cast<char>('0' + std::to_underlying(each));
    key += wanted.names_folder ? '/' : ' ';
    return key += wanted.path;
}

response redirect_to_folder(const request& of)
{
    std::string to{of.path()};
    to += '/';
    if (!of.query().empty())
        to.append("?").append(of.query());
    return redirect(to, 301);
}

response answer_without_file(const request& of, const found_file& found, bool& complained)
{
    switch (found.what) {
        case found_file::kind::folder:
            return redirect_to_folder(of);
        case found_file::kind::forbidden:
            return problem(403);
        case found_file::kind::broken:
            if (!std::exchange(complained, true))
                log::warn({{"reason", found.why}},
                          "a file could not be sent; clients are told to come again until one can");
            return problem(503).header("Retry-After", "1");
        default:
            return problem(404);
    }
}

}  // namespace

/// Answers requests for the files of a room.
class static_answer {
public:
    using room_pointer = std::shared_ptr<static_files::room>;

    static awaitable<response> answer(room_pointer in, request& of)
    {
        const auto wanted = sought_by(of, in->folder, in->options);
        if (!wanted)
            co_return problem(404);
        const std::string key = key_of(*wanted);
        if (const auto* const kept = in->cache.find(key);
            kept != nullptr && now() - kept->looked < in->options.trusted_for)
        {
            in->cache.count_hit();
            co_return present(*in, of, kept->what);
        }
        found_file found = co_await look(*in, *wanted, key);
        if (found.what != found_file::kind::file)
            co_return answer_without_file(of, found, in->complained);
        in->complained = false;
        co_return present(*in, of, found.is);
    }

    static awaitable<> resume(room_pointer in, request& of, resume_point from, body_writer& out)
    {
        auto wanted = sought_by(of, in->folder, in->options);
        if (!wanted)
            throw failure{fault(errc::bad_value, "go on with a file that nobody can ask for")};
        const auto work = [&wanted] { return detail::look_up(*wanted); };
        found_file found = co_await offload(work);
        if (found.what != found_file::kind::file || !settled(*in, of, found.is.mark))
            throw failure{fault(errc::bad_value, "go on with a file that changed lately")};
        co_await detail::resume_file_answer(of, std::move(found.is), from, out);
    }

private:
    /// Looks on the disk, through the cache: what it has and what is unchanged is not read again.
    static awaitable<found_file> look(static_files::room& in, sought_file wanted, std::string key)
    {
        detail::representation kept;
        if (const auto* const old = in.cache.find(key); old != nullptr) {
            kept = old->what;
            wanted.known = kept.mark;
        }
        const auto work = [&wanted] { return detail::look_up(wanted); };
        found_file found = co_await offload(work);
        if (found.what == found_file::kind::unchanged) {
            in.cache.confirm(key, now());
            found.what = found_file::kind::file;
            found.is = std::move(kept);
        } else if (found.what == found_file::kind::file && found.is.bytes) {
            in.cache.keep(std::move(key), found.is, now());
        } else {
            in.cache.forget(key);
        }
        co_return found;
    }

    static bool immutable(const static_files::room& in, const request& of)
    {
        return in.options.fingerprints == fingerprints::kept_for_ever &&
               has_fingerprint(path_of(of));
    }

    static bool settled(const static_files::room& in, const request& of,
                        const detail::file_mark& mark)
    {
        if (immutable(in, of))
            return true;
        // In whole seconds, as both clocks know them.
        const seconds today{parse_date(date_now()).value_or(0)};
        const nanoseconds changed{std::max(mark.changed_ns, mark.modified_ns)};
        return today - std::chrono::floor<seconds>(changed) >= in.options.settled_after;
    }

    static response present(const static_files::room& in, const request& of,
                            const detail::representation& what)
    {
        detail::file_terms terms{.cache_control = in.options.cache_control};
        if (immutable(in, of))
            terms.cache_control = "public, max-age=31536000, immutable";
        if (in.options.precompressed == precompressed::beside)
            terms.varies = detail::file_terms::vary::by_coding;
        return detail::file_answer(of, what, terms);
    }
};

static_files::static_files(std::string folder, static_options options)
    : room_{std::make_shared<room>(std::move(folder), options, file_cache{options.cache_bytes_max})}
{}

handler static_files::answer() const
{
    return [in = room_](request& of) { return static_answer::answer(in, of); };
}

resume_handler static_files::resume() const
{
    return [in = room_](request& of, resume_point from, body_writer& out) {
        return static_answer::resume(in, of, from, out);
    };
}

void static_files::serve(routes& at, std::string_view pattern, std::source_location where) const
{
    at.get(pattern, answer(), {.body = body_use::unread, .resume = resume()}, where);
}

const file_cache::counters& static_files::counters() const noexcept
{
    return room_->cache.counted();
}

}  // namespace cohort::http
