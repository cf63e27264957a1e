#pragma once

#include <cohort/base/utf8.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace cohort::http {

/// A message of a topic, as all subscribers of this process share it. A value: copies are cheap,
/// and refer to the same text.
class posted {
public:
    posted(std::uint64_t id, std::string topic, std::string text)
        : kept_{std::make_shared<const contents>(id, std::move(topic), std::move(text))}
    {}

    /// Its place in the order of all messages of the cohort; those of later ones are greater.
    [[nodiscard]] std::uint64_t id() const noexcept { return kept_->id; }
    [[nodiscard]] const std::string& topic() const noexcept { return kept_->topic; }
    [[nodiscard]] const std::string& text() const noexcept { return kept_->text; }
    /// The text, for whoever keeps it for longer than this.
    [[nodiscard]] std::shared_ptr<const std::string> shared_text() const noexcept
    {
        return {kept_, &kept_->text};
    }
    [[nodiscard]] bool is_utf8() const noexcept { return kept_->is_utf8; }
    /// Bytes that it weighs in a queue.
    [[nodiscard]] std::size_t weight() const noexcept
    {
        return kept_->text.size() + kept_->topic.size() + sizeof(contents);
    }

private:
    struct contents {
        contents(std::uint64_t i, std::string where, std::string what) noexcept
            : id{i}, topic{std::move(where)}, text{std::move(what)}, is_utf8{cohort::is_utf8(text)}
        {}
        std::uint64_t id;
        std::string topic;
        std::string text;
        bool is_utf8;  // known once, for however many
    };

    std::shared_ptr<const contents> kept_;
};

}  // namespace cohort::http
