// A main() for fuzz targets that does not fuzz: it feeds each file of the folders named, so that
// every compiler and every sanitizer sees what libFuzzer once found.

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <span>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

void replay(const std::string& bytes)
{
    // A copy of exactly this size lets AddressSanitizer see a read one byte past the end.
    const std::basic_string<std::uint8_t> input(bytes.begin(), bytes.end());
    LLVMFuzzerTestOneInput(input.data(), input.size());
}

std::size_t replay_folder(const std::filesystem::path& folder)
{
    std::size_t files = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator{folder}) {
        if (!entry.is_regular_file())
            continue;
        std::ifstream file{entry.path(), std::ios::binary};
        replay({std::istreambuf_iterator<char>{file}, {}});
        ++files;
    }
    return files;
}

}  // namespace

int main(int argc, char** argv)
{
    std::size_t files = 0;
    for (const char* folder : std::span{argv, static_cast<std::size_t>(argc)}.subspan(1)) {
        if (std::filesystem::is_directory(folder))
            files += replay_folder(folder);
    }
    replay("");
    std::printf("%zu inputs\n", files);
    return 0;
}
