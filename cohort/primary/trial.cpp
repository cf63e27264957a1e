#include <cohort/primary/trial.hpp>

#include <cohort/base/try.hpp>
#include <cohort/net/endpoint.hpp>
#include <cohort/net/listener.hpp>

#include <algorithm>
#include <utility>
#include <vector>

namespace cohort::primary {

namespace {

/// What it takes until all of them were tried. A resource.
struct tried {
    unique_fd socket;
    net::unix_socket_file file;
};

}  // namespace

result<> try_addresses(const config::settings& of)
{
    std::vector<net::endpoint> seen;
    std::vector<tried> all;
    for (const std::string& text : of.listen) {
        COHORT_TRY(auto where, net::endpoint::parse(text));
        const bool any_port = where.port() == 0 && (where.kind() == net::endpoint::family::tcp ||
                                                    where.kind() == net::endpoint::family::udp);
        if (!any_port && std::ranges::find(seen, where) != seen.end())
            return failed(errc::bad_value, "listen: twice on", where.text());
        seen.push_back(where);
        net::listen_options how;
        how.reuse_port = of.balance == config::policy::reuseport;
        if (any_port)
            continue;
        tried one;
        COHORT_TRY(one.socket, net::open_listener(where, how));
        if (where.kind() == net::endpoint::family::unix_path) {
            COHORT_TRY(one.file, net::unix_socket_file::of(where));
        }
        all.push_back(std::move(one));
    }
    return {};
}

}  // namespace cohort::primary
