/* fuzz_trial.c: any text as a file of rule tests, for a small set of rules. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "trials/rule_test.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(int truth)
{
    if (!truth)
        abort();
}

static void put(int fd, const void *bytes, size_t len)
{
    for (size_t done = 0; done < len;) {
        ssize_t n = write(fd, (const char *)bytes + done, len - done);
        expect(n > 0);
        done += (size_t)n;
    }
}

/* The rules, in memory, once. */
static int rules_open(void)
{
    static const char text[] =
        "rules:\n"
        "  - rule: freed\n    by: [country]\n    select:\n"
        "      r: {kind: release, within: 14d}\n"
        "    when: r.count > 0 && r.sum > 2\n    keep_for: 2d\n"
        "    severity: warning\n    title: \"{country} {r.sum}\"\n"
        "  - rule: silent\n    by: [source]\n    select:\n"
        "      f: {kind: feed, where: broken || silent_for > duration(\"72h\")}\n"
        "    when: f.count > 0\n    for: 1h\n    severity: info\n    title: \"{source}\"\n";
    int fd = memfd_create("rules", MFD_CLOEXEC);

    expect(fd >= 0);
    put(fd, text, sizeof text - 1);
    return fd;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int rules_fd = -1;
    rule_test_totals totals = {0};
    char head[64], path[64];

    if (rules_fd < 0) {
        rules_fd = rules_open();
        expect(freopen("/dev/null", "w", stdout) != NULL);
    }
    int fd = memfd_create("tests", MFD_CLOEXEC);
    expect(fd >= 0);
    put(fd, head, (size_t)snprintf(head, sizeof head, "rules: /proc/self/fd/%d\n", rules_fd));
    put(fd, data, size);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    rule_test_file(path, NULL, size % 2 == 0, &totals);
    close(fd);
    expect(totals.files == 1 && totals.broken <= 1 && totals.failed <= totals.tests);
    return 0;
}
