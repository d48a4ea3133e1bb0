/* musterd: the broker of one region. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "broker/broker.h"
#include "broker/rebuild.h"
#include "common/base/logging.h"
#include "common/base/text.h"
#include "muster/version.h"

static const char usage[] =
    "usage: musterd --config FILE [--check | --rebuild | --recover REASON]\n"
    "\n"
    "The broker of one region: takes reports and orders, keeps them, and tells who is to know.\n"
    "\n"
    "  --config FILE   configuration (YAML); docs/operations.md has every key\n"
    "  --check         read and check everything, open nothing, start nothing\n"
    "  --rebuild       no broker: make anew, from the log's records, what is kept beside them (what\n"
    "                  waits for whom, above all), where it is damaged or, in a copy, not there yet;\n"
    "                  say what differed\n"
    "  --recover REASON  a person's word, once: the newer log is gone for good, go on from this older one;\n"
    "                  docs/operations.md, \"Fenced\", says what that means\n"
    "  --debug         say more on standard error\n"
    "  --help          this text\n"
    "  --version       name and version\n"
    "\n"
    "It stops on SIGTERM and SIGINT. Exit codes are those of sysexits.h.\n";

enum { REASON_MAX = 512 };

static bool reason_is_good(const char *reason)
{
    size_t n = strlen(reason);

    return strspn(reason, " \t\r\n") < n && n <= REASON_MAX && text_is_utf8(reason, n);
}

static int fail(const struct err *err)
{
    (void)fprintf(stderr, "musterd: %s\n", err->text);
    return err_exit_code(err->code);
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'},  {"check", no_argument, NULL, 'k'},
        {"recover", required_argument, NULL, 'R'}, {"rebuild", no_argument, NULL, 'r'},
        {"debug", no_argument, NULL, 'd'},         {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'V'},       {NULL, 0, NULL, 0}};
    const char *path = NULL, *recover = NULL;
    bool check = false, rebuild = false;
    enum log_level level = LOG_LEVEL_NOTICE;
    struct config config;
    struct err err = {0};
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case 'c':
            path = optarg;
            break;
        case 'k':
            check = true;
            break;
        case 'r':
            rebuild = true;
            break;
        case 'R':
            recover = optarg;
            break;
        case 'd':
            level = LOG_LEVEL_DEBUG;
            break;
        case 'h':
            (void)fputs(usage, stdout);
            return EXIT_SUCCESS;
        case 'V':
            (void)puts("musterd " MUSTER_VERSION);
            return EXIT_SUCCESS;
        default:
            return err_exit_code(ERR_USAGE);
        }
    }
    if (path == NULL || optind < argc) {
        (void)fputs("musterd: name a configuration: musterd --config FILE (see musterd --help)\n", stderr);
        return err_exit_code(ERR_USAGE);
    }
    if (check + rebuild + (recover != NULL) > 1) {
        (void)fputs("musterd: give one of --check, --rebuild and --recover\n", stderr);
        return err_exit_code(ERR_USAGE);
    }
    if (recover != NULL && !reason_is_good(recover)) {
        (void)fputs(
            "musterd: --recover wants a reason in plain words, at most 512 bytes of UTF-8: why is the "
            "newer log gone?\n",
            stderr);
        return err_exit_code(ERR_USAGE);
    }
    logging_init("musterd", level);
    if (crypto_init() < 0) {
        (void)fputs("musterd: libsodium cannot start\n", stderr);
        return err_exit_code(ERR_SOFTWARE);
    }
    if (config_load(path, &config, &err) < 0) {
        return fail(&err);
    }
    int result = 0;
    if (check) {
        (void)printf("%s: fine: region %s\n", path, config.region);
    } else if (rebuild) {
        result = rebuild_run(&config, &err);
    } else {
        config.recover = recover;
        result = broker_run(&config, &err);
    }
    config_free(&config);
    return result < 0 ? fail(&err) : EXIT_SUCCESS;
}
