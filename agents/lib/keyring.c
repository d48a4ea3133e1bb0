#include "agents/lib/keyring.h"

#include <stdlib.h>
#include <string.h>

struct entry {
    char *name;
    struct public_key key;
    uint64_t from_seq;
    uint64_t to_seq; /* 0: still holds */
    bool admin;
};

struct keyring {
    char region[REGION_CODE_MAX + 1];
    struct public_key root;
    struct public_key broker;
    bool founded;
    uint64_t taken_seq;
    struct batch_proof proof;
    struct entry *entries;
    size_t n;
    size_t capacity;
    struct keyring_recovery *recoveries; /* by epoch, rising */
    size_t recoveries_n;
};

struct keyring *keyring_new(const char *region, const struct public_key *root)
{
    struct keyring *keyring = calloc(1, sizeof *keyring);
    size_t n = strlen(region);

    if (!keyring || n >= sizeof keyring->region) {
        free(keyring);
        return NULL;
    }
    memcpy(keyring->region, region, n + 1);
    keyring->root = *root;
    return keyring;
}

void keyring_free(struct keyring *keyring)
{
    if (!keyring) {
        return;
    }
    for (size_t i = 0; i < keyring->n; i++) {
        free(keyring->entries[i].name);
    }
    free(keyring->entries);
    for (size_t i = 0; i < keyring->recoveries_n; i++) {
        free(keyring->recoveries[i].reason);
    }
    free(keyring->recoveries);
    free(keyring);
}

uint64_t keyring_taken(const struct keyring *keyring)
{
    return keyring->taken_seq;
}

const struct public_key *keyring_broker(const struct keyring *keyring)
{
    return keyring->founded ? &keyring->broker : NULL;
}

const struct keyring_recovery *keyring_recovery(const struct keyring *keyring, uint64_t epoch)
{
    for (size_t i = 0; i < keyring->recoveries_n; i++) {
        if (keyring->recoveries[i].epoch == epoch) {
            return &keyring->recoveries[i];
        }
    }
    return NULL;
}

uint64_t keyring_epoch(const struct keyring *keyring)
{
    return keyring->recoveries_n > 0 ? keyring->recoveries[keyring->recoveries_n - 1].epoch + 1 : 1;
}

static const struct entry *find(const struct keyring *keyring, const char *name, uint64_t seq)
{
    for (size_t i = keyring->n; i-- > 0;) {
        const struct entry *entry = &keyring->entries[i];

        if (entry->from_seq < seq && (entry->to_seq == 0 || entry->to_seq >= seq) &&
            !strcmp(entry->name, name)) {
            return entry;
        }
    }
    return NULL;
}

/* Who has to have signed, and whether that is a member with "admin" (or the root). */
static const struct public_key *author_key(const struct keyring *keyring, uint64_t seq,
                                           const struct command *command, const char **ret_name,
                                           bool *ret_admin)
{
    const struct entry *entry;

    *ret_admin = false;
    if (command_is_brokers_own(command->kind)) {
        *ret_name = "the broker";
        return keyring_broker(keyring);
    }
    if (command->agent[0] == '\0' && command->operator[0] == '\0') {
        *ret_name = "the region's root";
        *ret_admin = true;
        return &keyring->root;
    }
    *ret_name = command->operator[0] != '\0' ? command->operator: command->agent;
    entry = find(keyring, *ret_name, seq);
    if (!entry) {
        return NULL;
    }
    *ret_admin = entry->admin;
    return &entry->key;
}

static int verify(struct keyring *keyring, uint64_t seq, const struct record *record,
                  const struct command *command, bool *ret_admin, struct err *err)
{
    const struct signed_command *said = &record->signed_command;
    const struct public_key *key;
    const char *name;
    struct hash root;

    key = author_key(keyring, seq, command, &name, ret_admin);
    if (!key) {
        return err_set(err, ERR_PERMISSION, "record %llu: no key of %s is enrolled", (unsigned long long)seq,
                       name);
    }
    if (!signed_holds(&keyring->proof, key, said, &root)) {
        return err_set(err, ERR_PERMISSION, "record %llu: the signature of %s does not hold",
                       (unsigned long long)seq, name);
    }
    if (strcmp(command->region, keyring->region) != 0) {
        return err_set(err, ERR_PERMISSION, "record %llu: signed for region %s", (unsigned long long)seq,
                       command->region);
    }
    return 0;
}

int keyring_verify(struct keyring *keyring, uint64_t seq, const struct record *record,
                   const struct command *command, struct err *err)
{
    bool admin;

    return verify(keyring, seq, record, command, &admin, err);
}

static void end_entry(struct keyring *keyring, const char *name, uint64_t seq)
{
    for (size_t i = 0; i < keyring->n; i++) {
        if (keyring->entries[i].to_seq == 0 && !strcmp(keyring->entries[i].name, name)) {
            keyring->entries[i].to_seq = seq;
        }
    }
}

static int add_entry(struct keyring *keyring, const struct enrol *enrol, uint64_t seq, struct err *err)
{
    struct entry *entry;

    end_entry(keyring, enrol->name, seq);
    if (keyring->n == keyring->capacity) {
        size_t capacity = keyring->capacity ? 2 * keyring->capacity : 64;
        struct entry *entries;

        if (keyring->n >= KEYRING_MAX) {
            return err_set(err, ERR_TOO_BIG, "more than %d enrolments in the region", KEYRING_MAX);
        }
        entries = reallocarray(keyring->entries, capacity, sizeof *entries);
        if (!entries) {
            return ERR_NO_MEMORY;
        }
        keyring->entries = entries;
        keyring->capacity = capacity;
    }
    entry = &keyring->entries[keyring->n];
    *entry = (struct entry){
        .name = strdup(enrol->name), .from_seq = seq, .admin = words_have(enrol->rights, "admin")};
    if (!entry->name) {
        return ERR_NO_MEMORY;
    }
    memcpy(entry->key.b, enrol->sign_key, sizeof entry->key.b);
    keyring->n++;
    return 0;
}

static int add_recovery(struct keyring *keyring, const struct command *command, struct err *err)
{
    const struct recover *said = &command->recover;
    struct keyring_recovery *recoveries;

    if (keyring->recoveries_n >= KEYRING_RECOVERIES_MAX) {
        return err_set(err, ERR_TOO_BIG, "more than %d recoveries of the log", KEYRING_RECOVERIES_MAX);
    }
    recoveries = reallocarray(keyring->recoveries, keyring->recoveries_n + 1, sizeof *recoveries);
    if (!recoveries) {
        return ERR_NO_MEMORY;
    }
    keyring->recoveries = recoveries;
    recoveries[keyring->recoveries_n] = (struct keyring_recovery){.epoch = said->epoch,
                                                                  .seq = said->seq,
                                                                  .at_ms = command->issued_at_ms,
                                                                  .reason = strdup(said->reason)};
    if (!recoveries[keyring->recoveries_n].reason) {
        return ERR_NO_MEMORY;
    }
    keyring->recoveries_n++;
    return 0;
}

static int apply(struct keyring *keyring, uint64_t seq, const struct event *event,
                 const struct command *command, bool admin, struct err *err)
{
    bool by_root = command->agent[0] == '\0' && command->operator[0] == '\0';

    switch (event->kind) {
    case EVENT_REGION_FOUNDED:
        if (!by_root || keyring->founded ||
            memcmp(event->region_founded.root_key, keyring->root.b, sizeof keyring->root.b) != 0) {
            break;
        }
        memcpy(keyring->broker.b, event->region_founded.broker_sign_key, sizeof keyring->broker.b);
        keyring->founded = true;
        return 0;
    case EVENT_AGENT_ENROLLED:
    case EVENT_OPERATOR_ENROLLED:
        if (!admin) {
            break;
        }
        return add_entry(keyring, &event->enrolled, seq, err);
    case EVENT_REVOKED:
        if (!admin) {
            break;
        }
        end_entry(keyring, event->revoked.name, seq);
        return 0;
    case EVENT_RECOVERED:
        if (command->kind != COMMAND_RECOVER || seq != command->recover.seq + 1 ||
            command->recover.epoch < keyring_epoch(keyring)) {
            break;
        }
        return add_recovery(keyring, command, err);
    default:
        return 0;
    }
    return err_set(err, ERR_PERMISSION, "record %llu: %s without the right to it", (unsigned long long)seq,
                   event_kind_name(event->kind));
}

int keyring_take(struct keyring *keyring, uint64_t seq, const struct record *record,
                 const struct command *command, struct err *err)
{
    bool admin;
    int rc;

    if (seq <= keyring->taken_seq || record->refusal != REFUSED_NOT) {
        return 0;
    }
    rc = verify(keyring, seq, record, command, &admin, err);
    for (size_t i = 0; i < record->events_n && !rc; i++) {
        rc = apply(keyring, seq, &record->events[i], command, admin, err);
    }
    if (!rc) {
        keyring->taken_seq = seq;
    }
    return rc;
}
