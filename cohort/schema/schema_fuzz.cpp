// Any bytes against a description with all there is: what fits is written as a text that fits, and
// is written the same again; what is refused has its reasons, and a bounded number of them.

#include <cohort/base/assert.hpp>
#include <cohort/schema/schema.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

using namespace cohort;

namespace {

enum class colour : std::uint8_t { red, blue };

struct leaf {
    double x = 0;
    std::optional<std::optional<std::int64_t>> n;
};
struct tree;
struct knot {
    std::vector<tree> ends;
};
struct tree {
    std::string name;
    std::uint64_t size = 0;
    colour in = colour::red;
    std::variant<leaf, std::string, bool> what;
    std::vector<tree> below;
    std::map<std::string, std::int8_t> marks;
    std::vector<std::string> times;
    std::variant<leaf, knot> tied;
};

const schema::object<tree>& tree_schema()
{
    static const auto leaf_schema = schema::object<leaf>("Leaf")
                                        .field("x", &leaf::x, schema::number().range(-1e9, 1e9))
                                        .field("n", &leaf::n);
    static const auto knot_schema = schema::object<knot>("Knot").defaulted(
        "ends", &knot::ends, schema::list(schema::later(tree_schema)));
    static const auto made =
        schema::object<tree>("Tree")
            .defaulted("name", &tree::name, schema::text().length(0, 9).pattern("^[^x]*$"))
            .defaulted("size", &tree::size)
            .defaulted("in", &tree::in,
                       schema::choice<colour>({{"red", colour::red}, {"blue", colour::blue}}))
            .defaulted("what", &tree::what,
                       schema::any_of(leaf_schema, schema::text().uri(), schema::boolean()))
            .defaulted("below", &tree::below, schema::list(schema::later(tree_schema)).length(0, 4))
            .defaulted("marks", &tree::marks)
            .defaulted("times", &tree::times, schema::list(schema::text().date_time()).unique())
            .defaulted("tied", &tree::tied,
                       schema::by("is").when("leaf", leaf_schema).when("knot", knot_schema))
            .allow_unknown();
    return made;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string text(data, data + size);
    const schema::object<tree>& what = tree_schema();
    const auto read = what.parse(text);
    if (!read) {
        const schema::mistakes& why = read.error();
        COHORT_ASSERT(!why.text().empty());
        COHORT_ASSERT(why.syntax.has_value() == why.all.empty());
        COHORT_ASSERT(why.all.size() <= schema::mistakes_max);
        COHORT_ASSERT(!why.syntax || (why.syntax->offset <= size && why.syntax->line >= 1));
        return 0;
    }
    const std::string written = what.write(*read);
    const auto again = what.parse(written);
    COHORT_ASSERT(again);
    COHORT_ASSERT(what.write(*again) == written);
    return 0;
}
