#pragma once

#include <cohort/http/detail/branch.hpp>
#include <cohort/http/detail/pattern.hpp>
#include <cohort/http/request.hpp>
#include <cohort/http/route.hpp>
#include <cohort/http/router.hpp>

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace cohort::http::detail {

/// What a frozen router looks up in: a map of the paths without parameters, and a tree of segments
/// for the others. A resource; never changed once built, never moved.
class route_table {
public:
    using chain = std::vector<std::shared_ptr<const middleware>>;

    /// All routes of `root`. `mistakes` receives what is wrong with them, one line each; the table
    /// is of no use then.
    route_table(const branch& root, std::shared_ptr<const error_observer> observer,
                std::vector<std::string>& mistakes);
    route_table(const route_table&) = delete;
    route_table& operator=(const route_table&) = delete;

    [[nodiscard]] plan find(request& of) const;
    [[nodiscard]] std::vector<const route*> all() const;

private:
    static constexpr std::uint32_t none = 0;  // the root is nobody's child
    using method_set = std::uint32_t;         // bit 1 << method

    /// What one pattern offers.
    struct endpoint {
        std::array<const route*, methods_count> by_method{};
        const route* any = nullptr;
        const route* options = nullptr;      // automatic
        const route* not_allowed = nullptr;  // automatic

        [[nodiscard]] const route* find(method verb) const noexcept;
        [[nodiscard]] method_set methods() const noexcept;
    };

    /// One segment of the tree.
    struct node {
        std::vector<std::pair<std::string, std::uint32_t>> texts;  // sorted
        std::uint32_t parameter = none;
        endpoint* here = nullptr;
        endpoint* rest = nullptr;
    };

    struct search;

    /// What the branches around a route put around it.
    struct surroundings {
        chain middleware;
        std::vector<const route_check*> checks;
    };

    void add_branch(const branch& at, const std::string& prefix, const surroundings& outer,
                    std::vector<std::string>& mistakes);
    void add_route(const registration& from, const std::string& pattern, const surroundings& around,
                   std::vector<std::string>& mistakes);
    endpoint& endpoint_of(const std::vector<pattern_segment>& segments);
    std::uint32_t child(std::uint32_t of, const pattern_segment& segment);
    void complete(endpoint& at, const route& first, const chain& around);
    const route* make_automatic(const chain& around, std::string pattern, std::string name,
                                handler answer);

    [[nodiscard]] const route* walk(search& of, const node& at, std::string_view rest) const;
    [[nodiscard]] static const route* arrive(search& at, const endpoint* offered);
    [[nodiscard]] std::uint32_t text_child(const node& of, std::string_view text) const;
    [[nodiscard]] const route* miss(const search& after, method verb) const noexcept;
    [[nodiscard]] std::string allow_for(const request& of) const;

    std::shared_ptr<const error_observer> observer_;
    std::deque<route> routes_;  // registered; a deque, for their addresses
    std::deque<route> automatic_;
    std::deque<endpoint> endpoints_;
    std::vector<node> nodes_;
    std::unordered_map<std::string_view, const endpoint*> plain_;  // keys live in routes_
    const route* not_found_ = nullptr;
    const route* refused_path_ = nullptr;
    const route* not_implemented_ = nullptr;
    const route* whole_server_ = nullptr;  // OPTIONS *
};

}  // namespace cohort::http::detail
