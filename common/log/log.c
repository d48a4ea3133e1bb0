#include "common/log/log.h"

int log_append(struct log_store *store, uint64_t expected_seq, struct log_entry *entries, size_t n,
               struct err *err)
{
    int code = store->ops->append(store, expected_seq, entries, n, err);
    if (code != 0) {
        for (size_t i = 0; i < n; i++)
            entries[i].record.header.seq = 0;
    }
    return code;
}

int log_read(struct log_store *store, const struct log_query *query, struct arena *arena,
             struct log_answer *ret, struct err *err)
{
    return store->ops->read(store, query, arena, ret, err);
}

struct log_head log_get_head(struct log_store *store)
{
    return store->ops->head(store);
}

int log_sync_head(struct log_store *store, struct err *err)
{
    return store->ops->sync_head(store, err);
}

void log_idle(struct log_store *store)
{
    store->ops->idle(store);
}

void log_close(struct log_store *store)
{
    if (store != NULL)
        store->ops->close(store);
}
