#pragma once

#include <cohort/schema/detail/member.hpp>
#include <cohort/schema/node.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace cohort::schema::detail {

/// What members may be there besides those described.
enum class strangers : std::uint8_t { refused, passed_over };

/// A rule about an object as a whole.
struct object_rule {
    std::string message;
    std::string pointer;
    std::function<bool(const void*)> holds;
};

/// A member that says which alternative of a union an object is. Empty name: none.
struct tag {
    std::string_view name;
    std::string_view value;
};

/// Where texts come from: appends all values of one name.
using words_source =
    std::function<void(const std::string& name, std::vector<std::string_view>& into)>;

/// The description of a struct without its type. Changed only while one object<T> has it.
struct shape {
    static constexpr std::size_t members_max = 128;

    std::string name;
    std::string about;
    std::vector<std::shared_ptr<const member>> members;
    std::vector<object_rule> rules;
    strangers others = strangers::refused;

    /// Throws std::logic_error if its name is there, or there are too many.
    void add(std::shared_ptr<const member> one);

    [[nodiscard]] bool read(reader& in, void* into, std::string_view tag_name) const;
    [[nodiscard]] bool read_words(reader& in, const words_source& from, void* into) const;
    void write(std::string& out, const void* from, const tag& which) const;
    /// `fresh`: an object as its initialisers leave it.
    [[nodiscard]] boost::json::object describe(describer& by, const void* fresh,
                                               const tag& which) const;
    [[nodiscard]] bool takes_words() const noexcept;
    /// Its index; SIZE_MAX if there is no such member.
    [[nodiscard]] std::size_t find(std::string_view wanted) const noexcept;

private:
    [[nodiscard]] static bool read_member(reader& in, const member& one, void* into);
    /// The members after the first `in_order`, which were the first of the description.
    [[nodiscard]] bool read_rest(reader& in, void* into, std::string_view tag_name,
                                 std::size_t in_order) const;
    [[nodiscard]] bool check_rules(reader& in, const void* object) const;
    [[nodiscard]] bool complain_absent(reader& in, const member& one) const;
};

/// Throws std::logic_error if what a fresh object has in a member does not fit its description.
void check_default(const member& one, void* fresh);

/// Throws std::logic_error unless `name` can be one in a document: letters, digits, ".", "-", "_".
void check_name(std::string_view name);

}  // namespace cohort::schema::detail
