/* Every release's golden log (tests/golden/VERSION, made by make.py there) replays to what was recorded when
 * it was made: the state, bit by bit, and nothing is wrong with the log by today's rules either. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <dirent.h>

#include "common/view/view_verify.h"

#define GOLDEN "tests/golden"

enum { PATH_BYTES = 512, LINE_BYTES = 256 };

/* What the file `expected` says of a key. */
static void expected(const char *folder, const char *key, char ret[LINE_BYTES])
{
    char path[PATH_BYTES], line[LINE_BYTES];
    size_t n = strlen(key);
    FILE *file;

    (void)snprintf(path, sizeof path, "%s/expected", folder);
    file = fopen(path, "r");
    if (file == NULL) {
        fail_msg("%s cannot be read", path);
        return;
    }
    ret[0] = '\0';
    while (ret[0] == '\0' && fgets(line, sizeof line, file) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        if (strncmp(line, key, n) == 0 && line[n] == ' ') {
            (void)snprintf(ret, LINE_BYTES, "%s", line + n + 1);
        }
    }
    (void)fclose(file);
    if (ret[0] == '\0') {
        fail_msg("%s has no %s", path, key);
    }
}

static void expect_number(const char *folder, const char *key, uint64_t number)
{
    char text[LINE_BYTES], found[32];

    expected(folder, key, text);
    (void)snprintf(found, sizeof found, "%llu", (unsigned long long)number);
    if (strcmp(text, found) != 0) {
        fail_msg("%s: %s is %s, recorded is %s", folder, key, found, text);
    }
}

static void expect_bytes(const char *folder, const char *key, const uint8_t *bytes, size_t n)
{
    char text[LINE_BYTES], found[2 * HASH_BYTES + 1];

    expected(folder, key, text);
    if (strcmp(text, hex_format(bytes, n, found)) != 0) {
        fail_msg("%s: %s is %s, recorded is %s", folder, key, found, text);
    }
}

static void replays(const char *folder)
{
    struct view_report report;
    struct log_reader *reader;
    struct err err;

    if (log_reader_open(folder, &reader, &err) < 0 || view_verify(reader, NULL, NULL, &report, &err) < 0) {
        fail_msg("%s: %s", folder, err.text);
        return;
    }
    log_reader_close(reader);
    if (report.bad > 0) {
        fail_msg("%s: seq %llu: %s", folder, (unsigned long long)report.findings[0].seq,
                 report.findings[0].text);
    }
    assert_true(report.compared);
    assert_false(report.marked);
    assert_true(report.slots_present);
    expect_number(folder, "records", report.records);
    expect_number(folder, "refused", report.refused);
    expect_number(folder, "head_seq", report.head.seq);
    expect_bytes(folder, "head_hash", report.head.hash.b, HASH_BYTES);
    expect_bytes(folder, "root_key", report.root_key, KEY_BYTES);
    expect_bytes(folder, "state_hash", report.state_hash.b, HASH_BYTES);
}

static void every_golden_log_replays(void **state)
{
    DIR *dir = opendir(GOLDEN);
    const struct dirent *entry;
    unsigned n = 0;

    (void)state;
    assert_non_null(dir);
    while ((entry = readdir(dir)) != NULL) {
        char folder[PATH_BYTES], path[PATH_BYTES + 16];
        (void)snprintf(folder, sizeof folder, GOLDEN "/%s", entry->d_name);
        (void)snprintf(path, sizeof path, "%s/expected", folder);
        FILE *file = entry->d_name[0] != '.' ? fopen(path, "r") : NULL;
        if (file != NULL) {
            (void)fclose(file);
            replays(folder);
            n++;
        }
    }
    closedir(dir);
    assert_true(n > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_golden_log_replays)};

    if (crypto_init() != 0) {
        return 1;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
