#include <cohort/primary/line_cutter.hpp>

#include <boost/json/stream_parser.hpp>
#include <boost/json/value.hpp>
#include <boost/system/error_code.hpp>

namespace cohort::primary {

bool is_json_object(std::string_view line)
{
    if (!line.starts_with('{') || !line.ends_with('}'))
        return false;
    boost::json::parse_options strict;
    strict.max_depth = 32;
    boost::json::stream_parser parser{{}, strict};
    boost::system::error_code wrong;
    parser.write(line.data(), line.size(), wrong);
    if (!wrong)
        parser.finish(wrong);
    return !wrong && parser.release().is_object();
}

}  // namespace cohort::primary
