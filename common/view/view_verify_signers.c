/* Who signed, and whether they might. */
#include <string.h>

#include "common/view/view_verify_private.h"

static bool is_good(struct view_verifier *verifier, const uint8_t key[KEY_BYTES], struct hash root,
                    const struct signature *signature)
{
    struct public_key public;

    memcpy(public.b, key, sizeof public.b);
    if (verifier->has_proven && hash_equal(root, verifier->proven_root) &&
        memcmp(public.b, verifier->proven_key.b, sizeof public.b) == 0 &&
        memcmp(signature->b, verifier->proven.b, sizeof signature->b) == 0) {
        verifier->report.signatures++;
        return true;
    }
    if (!sign_verify_root(&public, signature, root)) {
        return false;
    }
    verifier->report.signatures++;
    verifier->proven_key = public;
    verifier->proven_root = root;
    verifier->proven = *signature;
    verifier->has_proven = true;
    return true;
}

/* The key that an agent or operator spoke with at this moment; NULL and a finding when there was none. */
static const uint8_t *key_of(struct view_verifier *verifier, uint64_t seq, const char *name, bool is_operator)
{
    const struct member *member = region_member(state_region(view_state(verifier->view)), name);

    if (member != NULL && !member->revoked && member->is_operator == is_operator) {
        return member->sign_key;
    }
    if (verifier->enrolment_redacted && member == NULL) {
        verifier->report.unchecked++;
    } else {
        view_verify_find(verifier, seq, "%s was not enrolled as %s then", name[0] != '\0' ? name : "\"\"",
                         is_operator ? "an operator" : "an agent");
    }
    return NULL;
}

/* Sets who speaks, and gives the key that must have signed. */
static const uint8_t *author_key(struct view_verifier *verifier, uint64_t seq, struct command *command)
{
    const struct region *region = state_region(view_state(verifier->view));
    bool founding = command->kind == COMMAND_FOUND_REGION && region->code[0] == '\0';

    if (command_is_brokers_own(command->kind)) {
        command->signer = SIGNER_BROKER;
        return region->broker_sign_key;
    }
    if (command->agent[0] == '\0' && command->operator[0] == '\0') {
        command->signer = SIGNER_ROOT;
        return founding ? command->found_region.root_key : region->root_key;
    }
    if (command->operator[0] != '\0') { /* the agent only carries it */
        command->signer = SIGNER_OPERATOR;
        return key_of(verifier, seq, command->operator, true);
    }
    command->signer = SIGNER_AGENT;
    return key_of(verifier, seq, command->agent, false);
}

/* Whoever gave the order may have another key by now, or none: then this cannot tell. */
static void check_said(struct view_verifier *verifier, uint64_t seq, const struct said_again *said,
                       const struct reissue_order *reissue)
{
    const struct command *command = &said->command;
    const struct order *order = view_find_order(verifier->view, reissue->said_order, NULL);
    const char *name = command->operator[0] != '\0' ? command->operator: command->agent;
    const struct member *member = region_member(state_region(view_state(verifier->view)), name);
    struct hash root;

    if (order != NULL &&
        (strcmp(order->issuer, command->agent) != 0 || strcmp(order->operator, command->operator) != 0)) {
        view_verify_find(verifier, seq, "what it says again was not said by who gave the order");
    } else if (said->signed_command.signatures_n == 0 || !signed_root(&said->signed_command, &root)) {
        view_verify_find(verifier, seq, "nobody signed what it says again");
    } else if (member == NULL ||
               !is_good(verifier, member->sign_key, root, &said->signed_command.signatures[0].signature)) {
        verifier->report.unchecked++;
    }
}

void view_verify_said_again(struct view_verifier *verifier, uint64_t seq, const struct command *command)
{
    const struct reissue_order *reissue = &command->reissue_order;
    struct said_again said;
    struct err err;

    if (command->kind != COMMAND_REISSUE_ORDER || reissue->said.n == 0) {
        return;
    }
    int result = wire_decode_said_again(reissue, &verifier->arena, &said, &err);
    if (result == ERR_PROTOCOL) {
        view_verify_find(verifier, seq, "what it says again cannot be read: %s", err.text);
    } else if (result == 0) {
        check_said(verifier, seq, &said, reissue);
    }
}

void view_verify_signatures(struct view_verifier *verifier, uint64_t seq,
                            const struct signed_command *signed_command, struct command *command)
{
    struct hash root;

    command->cosigner = "";
    const uint8_t *key = author_key(verifier, seq, command);
    if (!signed_root(signed_command, &root)) {
        view_verify_find(verifier, seq, "the batch that the command was signed in does not fit its path");
        return;
    }
    if (signed_command->signatures_n == 0) {
        view_verify_find(verifier, seq, "nobody signed");
        return;
    }
    if (key != NULL && !is_good(verifier, key, root, &signed_command->signatures[0].signature)) {
        view_verify_find(verifier, seq, "the signature is not that of %s",
             command->signer == SIGNER_ROOT       ? "the region's root"
             : command->signer == SIGNER_BROKER   ? "the broker"
             : command->signer == SIGNER_OPERATOR ? command->operator
                                                  : command->agent);
    }
    for (size_t i = 1; i < signed_command->signatures_n; i++) {
        const struct wire_signature *second = &signed_command->signatures[i];
        key = key_of(verifier, seq, second->signer, true);
        if (key != NULL && !is_good(verifier, key, root, &second->signature)) {
            view_verify_find(verifier, seq, "the second signature is not that of %s", second->signer);
        }
        command->cosigner = second->signer;
    }
}
