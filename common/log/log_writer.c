#include "common/log/log_writer.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

enum { HEAD_DELAY_MS = 1000 };

/* First in, first out. */
struct queue {
    struct log_request *first;
    struct log_request **end;
};

struct log_writer {
    struct log_store *store; /* the thread's alone while it runs */
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t wake;  /* on CLOCK_MONOTONIC */
    int fd;               /* readable while done is not empty */
    struct queue appends; /* these five under the mutex; a commit is what everybody waits for ... */
    struct queue reads;   /* ... and what is read behind it is the newer for it */
    struct queue done;
    bool stopping;
    bool stopped;
    _Atomic uint64_t doing; /* 0: idle */
    uint64_t begun;         /* the thread's: requests and head writes so far */
    bool tidy;              /* the thread's: nothing was appended since the store was told that it is idle */
    bool head_due;          /* the thread's: a commit is not in the slots yet */
    struct timespec head_at;
};

static void queue_init(struct queue *queue)
{
    queue->first = NULL;
    queue->end = &queue->first;
}

static void queue_push(struct queue *queue, struct log_request *request)
{
    request->next = NULL;
    *queue->end = request;
    queue->end = &request->next;
}

static struct log_request *queue_pop(struct queue *queue)
{
    struct log_request *request = queue->first;
    if (request != NULL) {
        queue->first = request->next;
        if (queue->first == NULL)
            queue->end = &queue->first;
        request->next = NULL;
    }
    return request;
}

/* Under the mutex, so that the descriptor says what the queue says. */
static void push_done(struct log_writer *writer, struct log_request *request)
{
    bool was_empty = writer->done.first == NULL;
    queue_push(&writer->done, request);
    /* Can fail only at a count of 2^64 - 2. */
    if (was_empty)
        (void)eventfd_write(writer->fd, 1);
}

static void set_busy(struct log_writer *writer, bool busy)
{
    atomic_store(&writer->doing, busy ? ++writer->begun : 0);
}

static bool head_is_late(const struct log_writer *writer)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec > writer->head_at.tv_sec ||
           (now.tv_sec == writer->head_at.tv_sec && now.tv_nsec >= writer->head_at.tv_nsec);
}

static void mark_head(struct log_writer *writer)
{
    if (writer->head_due)
        return;
    writer->head_due = true;
    clock_gettime(CLOCK_MONOTONIC, &writer->head_at);
    writer->head_at.tv_sec += HEAD_DELAY_MS / 1000;
}

/* A failure is the store's to remember: after a bad one its next append says so, and a full disk comes
 * back at the next commit. The same in tidy_up(). */
static void sync_head(struct log_writer *writer)
{
    set_busy(writer, true);
    (void)log_sync_head(writer->store, NULL);
    writer->head_due = false;
    set_busy(writer, false);
}

static void tidy_up(struct log_writer *writer)
{
    set_busy(writer, true);
    log_idle(writer->store);
    writer->tidy = true;
    set_busy(writer, false);
}

static void serve(struct log_writer *writer, struct log_request *request)
{
    set_busy(writer, true);
    request->err = (struct err){0};
    if (request->is_append) {
        request->result = log_append(writer->store, request->expected_seq, request->entries,
                                     request->entries_n, &request->err);
        writer->tidy = false;
        if (request->result == 0)
            mark_head(writer);
    } else {
        request->result =
            log_read(writer->store, &request->query, &request->arena, &request->answer, &request->err);
    }
    set_busy(writer, false);
}

enum task {
    TASK_SERVE,
    TASK_SYNC_HEAD,
    TASK_TIDY_UP, /* nobody waits */
    TASK_STOP     /* and nothing is left to do */
};

/* What is to be done next, and for TASK_SERVE the request. */
static enum task next_task(struct log_writer *writer, struct log_request **ret_request)
{
    enum task task;
    pthread_mutex_lock(&writer->mutex);
    for (;;) {
        if (writer->head_due && head_is_late(writer)) {
            task = TASK_SYNC_HEAD;
            break;
        }
        *ret_request = queue_pop(&writer->appends);
        if (*ret_request == NULL)
            *ret_request = queue_pop(&writer->reads);
        if (*ret_request != NULL) {
            task = TASK_SERVE;
            break;
        }
        if (writer->stopping) {
            task = TASK_STOP;
            break;
        }
        if (!writer->tidy) {
            task = TASK_TIDY_UP;
            break;
        }
        if (writer->head_due)
            pthread_cond_timedwait(&writer->wake, &writer->mutex, &writer->head_at);
        else
            pthread_cond_wait(&writer->wake, &writer->mutex);
    }
    pthread_mutex_unlock(&writer->mutex);
    return task;
}

static void *run(void *ctx)
{
    struct log_writer *writer = ctx;
    struct log_request *request;
    enum task task;
    while ((task = next_task(writer, &request)) != TASK_STOP) {
        if (task == TASK_SYNC_HEAD) {
            sync_head(writer);
        } else if (task == TASK_TIDY_UP) {
            tidy_up(writer);
        } else {
            serve(writer, request);
            pthread_mutex_lock(&writer->mutex);
            push_done(writer, request);
            pthread_mutex_unlock(&writer->mutex);
        }
    }
    sync_head(writer);
    return NULL;
}

/* Signals are the loop's. */
static int start_thread(struct log_writer *writer)
{
    sigset_t all, old;
    sigfillset(&all);
    int rc = pthread_sigmask(SIG_SETMASK, &all, &old);
    if (rc != 0)
        return rc;
    rc = pthread_create(&writer->thread, NULL, run, writer);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return rc;
}

static int init_condition(pthread_cond_t *condition)
{
    pthread_condattr_t attributes;
    int rc = pthread_condattr_init(&attributes);
    if (rc != 0)
        return rc;
    rc = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    if (rc == 0)
        rc = pthread_cond_init(condition, &attributes);
    pthread_condattr_destroy(&attributes);
    return rc;
}

int log_writer_start(struct log_store *store, struct log_writer **ret, struct err *err)
{
    int rc = ENOMEM;
    struct log_writer *writer = calloc(1, sizeof(*writer));
    if (writer == NULL)
        goto failed;
    writer->store = store;
    writer->tidy = true;
    queue_init(&writer->appends);
    queue_init(&writer->reads);
    queue_init(&writer->done);
    writer->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    rc = errno;
    if (writer->fd < 0)
        goto free_writer;
    rc = pthread_mutex_init(&writer->mutex, NULL);
    if (rc != 0)
        goto close_fd;
    rc = init_condition(&writer->wake);
    if (rc != 0)
        goto destroy_mutex;
    rc = start_thread(writer);
    if (rc != 0)
        goto destroy_condition;
    *ret = writer;
    return 0;

destroy_condition:
    pthread_cond_destroy(&writer->wake);
destroy_mutex:
    pthread_mutex_destroy(&writer->mutex);
close_fd:
    close(writer->fd);
free_writer:
    free(writer);
failed:
    return err_set(err, ERR_OS, "cannot start the log's writer: %s", strerror(rc));
}

static void submit(void *ctx, struct log_request *request)
{
    struct log_writer *writer = ctx;
    pthread_mutex_lock(&writer->mutex);
    if (writer->stopping) {
        request->result = err_set(&request->err, ERR_UNAVAILABLE, "the log is being closed");
        push_done(writer, request);
    } else {
        queue_push(request->is_append ? &writer->appends : &writer->reads, request);
        pthread_cond_signal(&writer->wake);
    }
    pthread_mutex_unlock(&writer->mutex);
}

struct log_port log_writer_port(struct log_writer *writer)
{
    return (struct log_port){.ctx = writer, .submit = submit};
}

int log_writer_fd(const struct log_writer *writer)
{
    return writer->fd;
}

struct log_request *log_writer_done(struct log_writer *writer)
{
    eventfd_t count;
    pthread_mutex_lock(&writer->mutex);
    struct log_request *request = queue_pop(&writer->done);
    if (request != NULL && writer->done.first == NULL)
        (void)eventfd_read(writer->fd, &count);
    pthread_mutex_unlock(&writer->mutex);
    return request;
}

uint64_t log_writer_doing(const struct log_writer *writer)
{
    return atomic_load(&writer->doing);
}

void log_writer_stop(struct log_writer *writer)
{
    if (writer == NULL || writer->stopped)
        return;
    pthread_mutex_lock(&writer->mutex);
    writer->stopping = true;
    pthread_cond_signal(&writer->wake);
    pthread_mutex_unlock(&writer->mutex);
    pthread_join(writer->thread, NULL);
    log_close(writer->store);
    writer->store = NULL;
    writer->stopped = true;
}

void log_writer_free(struct log_writer *writer)
{
    if (writer == NULL)
        return;
    log_writer_stop(writer);
    pthread_cond_destroy(&writer->wake);
    pthread_mutex_destroy(&writer->mutex);
    close(writer->fd);
    free(writer);
}
