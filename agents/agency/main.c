/* muster-agent: the agent of one agency. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "agents/agency/agent.h"
#include "common/base/logging.h"
#include "muster/version.h"

static const char USAGE[] =
    "usage: muster-agent --config FILE [--check] [--json]\n"
    "\n"
    "Connects one agency to its region's broker: answers orders by the script of its profile, or, with\n"
    "`bridge: true`, speaks JSON lines on standard input and output with the agency's own system.\n"
    "\n"
    "  --config FILE   configuration (YAML)\n"
    "  --check         read and check everything, open nothing, start nothing\n"
    "  --json          one JSON object a line instead of text (a bridge always does)\n"
    "  --help          this text\n"
    "  --version       name and version\n"
    "\n"
    "It stops on SIGTERM and SIGINT, and goes on at the next start where it was. Exit codes are those of\n"
    "sysexits.h.\n";

static int fail(const struct err *err, int code)
{
    (void)fprintf(stderr, "muster-agent: %s\n", err->text[0] != '\0' ? err->text : err_string(code));
    return err_exit_code(code);
}

static int run(const char *path, bool check, bool json)
{
    struct config config;
    struct err err = {0};
    int rc = config_load(path, &config, &err);

    if (rc) {
        return fail(&err, rc);
    }
    if (config.profile.units_n == 0 && !config.profile.bridge) {
        (void)fprintf(stderr,
                      "muster-agent: %s: warning: no units and no bridge, so it has nobody to send; name a "
                      "profile (key `profile`), or give units or `bridge: true`\n",
                      path);
    }
    if (check) {
        (void)printf("%s: %s, %zu units, %s\n", path, config.agent.name, config.profile.units_n,
                     config.profile.bridge ? "bridged" : "scripted");
    } else {
        rc = agent_run(&config, json, &err);
    }
    config_free(&config);
    return rc ? fail(&err, rc) : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    static const struct option OPTIONS[] = {
        {"config", required_argument, NULL, 'c'}, {"check", no_argument, NULL, 'k'},
        {"json", no_argument, NULL, 'j'},         {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'V'},      {NULL, 0, NULL, 0},
    };
    const char *path = NULL;
    bool check = false, json = false;
    int option;

    while ((option = getopt_long(argc, argv, "", OPTIONS, NULL)) != -1) {
        switch (option) {
        case 'c':
            path = optarg;
            break;
        case 'k':
            check = true;
            break;
        case 'j':
            json = true;
            break;
        case 'h':
            (void)fputs(USAGE, stdout);
            return EXIT_SUCCESS;
        case 'V':
            (void)puts("muster-agent " MUSTER_VERSION);
            return EXIT_SUCCESS;
        default:
            return err_exit_code(ERR_USAGE);
        }
    }
    if (!path || optind < argc) {
        (void)fprintf(stderr, "muster-agent: name one configuration with --config FILE; --help says more\n");
        return err_exit_code(ERR_USAGE);
    }
    logging_init("muster-agent", LOG_LEVEL_NOTICE);
    return run(path, check, json);
}
