#pragma once

#include <string>
#include <vector>

namespace cohort::process::detail {

/// What execve(2) and its family want: pointers to the texts, and a null at the end. They are
/// char*, and never written to. Valid as long as `texts` is not changed.
inline std::vector<char*> pointers_to(const std::vector<std::string>& texts)
{
    std::vector<char*> list;
    list.reserve(texts.size() + 1);
    for (const std::string& text : texts)
        list.push_back(const_cast<char*>(text.c_str()));
    list.push_back(nullptr);
    return list;
}

}  // namespace cohort::process::detail
