/* pattern.cc: see pattern.h. No exception leaves this file. */
#include "pattern.h"

#include <cerrno>
#include <cstdio>
#include <new>
#include <re2/re2.h>

/* Of one pattern, its cache of states included: there may be a hundred thousand of them. */
#define PATTERN_BYTES_MAX (256 << 10)
#define INSTRUCTIONS_PER_STEP 128

struct pattern {
    re2::RE2 re;

    pattern(re2::StringPiece text, const re2::RE2::Options &options) : re(text, options)
    {
    }
};

/* Where in the pattern stands what RE2 says is wrong with it. */
static size_t problem_offset(const re2::RE2 &re)
{
    size_t at = re.error_arg().empty() ? std::string::npos : re.pattern().find(re.error_arg());

    return at == std::string::npos ? 0 : at;
}

static void problem_tell(const re2::RE2 &re, struct pattern_problem *problem)
{
    problem->offset_bytes = problem_offset(re);
    snprintf(problem->text, sizeof(problem->text), "at offset %zu: %.120s", problem->offset_bytes, re.error().c_str());
}

int pattern_new(const char *text, size_t len, struct pattern **ret_pattern, struct pattern_problem *ret_problem)
{
    try {
        re2::RE2::Options options;
        options.set_log_errors(false);
        options.set_max_mem(PATTERN_BYTES_MAX);
        pattern *made = new pattern(re2::StringPiece(text, len), options);
        if (made->re.ok()) {
            *ret_pattern = made;
            return 0;
        }
        problem_tell(made->re, ret_problem);
        delete made;
        return -EINVAL;
    } catch (const std::exception &) {
        return -ENOMEM;
    }
}

void pattern_leave(void *p)
{
    delete static_cast<struct pattern *>(p);
}

int pattern_matches(const struct pattern *p, const char *text, size_t len)
{
    try {
        return re2::RE2::PartialMatch(re2::StringPiece(text, len), p->re);
    } catch (const std::exception &) {
        return -ENOMEM;
    }
}

uint64_t pattern_cost_steps(const struct pattern *p, size_t len)
{
    return 1 + (uint64_t)(len + 1) * (uint64_t)p->re.ProgramSize() / INSTRUCTIONS_PER_STEP;
}
