/* muster keys new: one key pair, for who is enrolled later or gets new keys. */
#include <stdio.h>
#include <string.h>

#include "agents/ctl/option.h"
#include "common/core/words.h"
#include "common/crypto/keyfile.h"

enum { PATH_MAX_BYTES = 4096 };

static int write_pair(const char *stem, const struct secret_keys *keys, struct err *err)
{
    char secret[PATH_MAX_BYTES];
    char public[PATH_MAX_BYTES];
    struct public_keys shown = keys_public(keys);

    if (strlen(stem) + sizeof ".key" > sizeof secret) {
        return err_set(err, ERR_USAGE, "%.40s...: the path is too long", stem);
    }
    (void)snprintf(secret, sizeof secret, "%s.key", stem);
    (void)snprintf(public, sizeof public, "%s.pub", stem);
    int rc = keyfile_write_secret(secret, keys, err);
    rc = rc ? rc : keyfile_write_public(public, &shown, err);
    if (rc == 0) {
        printf("%s is secret and stays with its owner; %s is to be enrolled\n", secret, public);
    }
    return rc;
}

int ctl_keys_new(int argc, char **argv)
{
    const char *name = NULL;
    const struct option options[] = {
        {"name", OPTION_TEXT, &name, "NAME", "REGION/AGENCY/AGENT, or an operator's name"},
        {NULL, OPTION_FLAG, NULL, NULL, NULL}};
    const struct page page = {
        .usage = "muster keys new FILE --name NAME",
        .summary =
            "Makes one pair of keys, FILE.key and FILE.pub, for an agent or operator who is to be enrolled\n"
            "(muster agent enrol), or who gets new keys. A file that is there is never replaced.",
        .options = options,
        .examples =
            "  muster keys new station-9 --name 370102/fire-rescue/station-9\n"
            "  muster agent enrol 370102/fire-rescue/station-9 --key station-9.pub --rights receipt,units\n",
        .arguments_min = 1,
        .arguments_max = 1};
    struct arguments arguments;
    struct secret_keys keys;
    struct err err = {0};
    int exit_code;

    if (!option_read(&page, argc, argv, &arguments, &exit_code)) {
        return exit_code;
    }
    if (name == NULL || (!name_is_agent(name) && (name[0] == '\0' || strchr(name, '/') != NULL))) {
        return ctl_fail_text(ERR_USAGE, "--name: REGION/AGENCY/AGENT or an operator's name is wanted");
    }
    keys_generate(name, rng_system(), &keys);
    int rc = keys.name[0] == '\0' ? err_set(&err, ERR_USAGE, "--name %s: no such name can be", name)
                                  : write_pair(arguments.at[0], &keys, &err);
    keys_wipe(&keys);
    if (rc != 0) {
        err.code = rc;
        return ctl_fail(&err);
    }
    return ctl_end_output();
}
