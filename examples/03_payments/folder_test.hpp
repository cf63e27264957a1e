#pragma once

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>

/// A folder of a test's own, gone with it. A resource.
struct folder {
    folder()
    {
        std::string made = (std::filesystem::temp_directory_path() / "payments-XXXXXX").string();
        if (::mkdtemp(made.data()) == nullptr)
            throw std::runtime_error{"mkdtemp"};
        path = made;
    }
    ~folder() { std::filesystem::remove_all(path); }
    [[nodiscard]] std::string database() const { return (path / "payments.db").string(); }
    std::filesystem::path path;
};
