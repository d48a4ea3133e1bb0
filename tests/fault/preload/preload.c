#include "tests/fault/preload/preload.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum { STALL_STEP_MS = 10, COPY_BYTES = 65536 };

/* The C library's own, beneath the names that are taken here. */
void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t n);
void *__libc_memalign(size_t alignment, size_t n);

/* There is one process and one plan: a preloaded library has nobody to be handed a context by. */
static struct faults *plan;

__attribute__((constructor)) static void find_plan(void)
{
    const char *path = getenv("MUSTER_FAULTS");
    int fd = path != NULL ? open(path, O_RDWR | O_CLOEXEC) : -1;
    void *p = MAP_FAILED;

    if (fd >= 0) {
        p = mmap(NULL, sizeof *plan, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        (void)close(fd);
    }
    if (p == MAP_FAILED) {
        static const char text[] = "muster-faults: MUSTER_FAULTS names no plan\n";
        (void)syscall(SYS_write, STDERR_FILENO, text, sizeof text - 1);
        _exit(70);
    }
    plan = p;
}

/* --- rules ---------------------------------------------------------------------------------------------- */

static void name_of_file(int fd, char name[PATH_MAX])
{
    char link[64];

    (void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, name, PATH_MAX - 1);
    name[n > 0 ? n : 0] = '\0';
}

static bool is_file(int fd, const char *wanted)
{
    char path[PATH_MAX];

    name_of_file(fd, path);
    const char *slash = strrchr(path, '/');
    return slash != NULL && (wanted[0] == '\0' || strcmp(slash + 1, wanted) == 0);
}

static bool is_peer(int fd, const char *wanted)
{
    struct sockaddr_in address = {0};
    socklen_t n = sizeof address;
    char port[16];

    if (wanted[0] == '\0') {
        return true;
    }
    if (getpeername(fd, (struct sockaddr *)&address, &n) != 0 || address.sin_family != AF_INET) {
        return false;
    }
    (void)snprintf(port, sizeof port, "%u", (unsigned)ntohs(address.sin_port));
    return strcmp(port, wanted) == 0;
}

static bool is_meant(const struct fault *rule, int fd)
{
    uint32_t call = rule->call;

    switch (call) {
    case FAULT_MALLOC:
        return true;
    case FAULT_SEND:
        return is_peer(fd, rule->name);
    default:
        return is_file(fd, rule->name);
    }
}

/* The rule by which this call fares; NULL: as ever. */
static struct fault *find(enum fault_call call, int fd)
{
    struct fault *found = NULL;
    int saved = errno;

    for (int i = 0; plan != NULL && i < FAULTS_MAX && found == NULL; i++) {
        struct fault *rule = &plan->rules[i];
        bool ready = rule->after == 0 || plan->rules[rule->after - 1].fired > 0;
        if (rule->call != call || !ready || !is_meant(rule, fd)) {
            continue;
        }
        uint32_t n = atomic_fetch_add(&rule->seen, 1) + 1;
        if (n >= rule->first && n - rule->first < rule->count) {
            atomic_fetch_add(&rule->fired, 1);
            found = rule;
        }
    }
    errno = saved;
    return found;
}

static void end(void)
{
    (void)syscall(SYS_kill, getpid(), SIGKILL);
    for (;;) {
        (void)pause();
    }
}

static void stall(const struct fault *rule)
{
    struct timespec step = {.tv_nsec = STALL_STEP_MS * 1000000L};

    for (int32_t waited = 0; waited < rule->arg && rule->call != FAULT_OFF; waited += STALL_STEP_MS) {
        (void)nanosleep(&step, NULL);
    }
}

/* Before the call; true: it is not to be made. */
static bool before(const struct fault *rule)
{
    if (rule == NULL) {
        return false;
    }
    if (rule->action == FAULT_KILL_BEFORE) {
        end();
    } else if (rule->action == FAULT_STALL) {
        stall(rule);
    } else if (rule->action == FAULT_ERRNO) {
        errno = rule->arg;
        return true;
    }
    return false;
}

static void after(const struct fault *rule)
{
    if (rule != NULL && rule->action == FAULT_KILL_AFTER) {
        end();
    }
}

/* --- files ---------------------------------------------------------------------------------------------- */

static ssize_t put(int fd, const void *p, size_t n, off_t at, bool at_given)
{
    return at_given ? syscall(SYS_pwrite64, fd, p, n, at) : syscall(SYS_write, fd, p, n);
}

static ssize_t write_with_faults(int fd, const void *p, size_t n, off_t at, bool at_given)
{
    const struct fault *rule = find(FAULT_WRITE, fd);

    if (before(rule)) {
        return -1;
    }
    if (rule != NULL && rule->action == FAULT_TEAR) {
        (void)put(fd, p, n / 2, at, at_given);
        end();
    }
    ssize_t done = put(fd, p, n, at, at_given);
    after(rule);
    return done;
}

ssize_t write(int fd, const void *p, size_t n)
{
    return write_with_faults(fd, p, n, 0, false);
}

ssize_t pwrite(int fd, const void *p, size_t n, off_t at)
{
    return write_with_faults(fd, p, n, at, true);
}

ssize_t pwrite64(int fd, const void *p, size_t n, off64_t at)
{
    return write_with_faults(fd, p, n, at, true);
}

/* What a power cut leaves of the file, as strictly as a disk may take it: what was synced. */
static void keep_durable(int fd)
{
    static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    static char piece[COPY_BYTES];
    char path[PATH_MAX];
    char name[PATH_MAX + 16];
    struct stat st;
    ssize_t n = 1;

    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        return;
    }
    name_of_file(fd, path);
    pthread_mutex_lock(&mutex);
    (void)snprintf(name, sizeof name, "%s.durable.new", path);
    int copy = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    int from = open(path, O_RDONLY | O_CLOEXEC);
    while (copy >= 0 && from >= 0 && (n = read(from, piece, sizeof piece)) > 0) {
        if (syscall(SYS_write, copy, piece, (size_t)n) != n) {
            abort();
        }
    }
    (void)close(from);
    if (copy < 0 || from < 0 || n < 0 || close(copy) != 0) {
        abort(); /* a test must not go on with half a copy */
    }
    char wanted[PATH_MAX + 16];
    (void)snprintf(wanted, sizeof wanted, "%s.durable", path);
    (void)rename(name, wanted);
    pthread_mutex_unlock(&mutex);
}

static int sync_with_faults(int fd, long number)
{
    const struct fault *rule = find(FAULT_SYNC, fd);

    if (before(rule)) {
        return -1;
    }
    if (rule != NULL && rule->action == FAULT_LIE) {
        return 0;
    }
    int result = (int)syscall(number, fd);
    if (result == 0 && plan != NULL && plan->power != 0) {
        keep_durable(fd);
    }
    after(rule);
    return result;
}

int fsync(int fd)
{
    return sync_with_faults(fd, SYS_fsync);
}

int fdatasync(int fd)
{
    return sync_with_faults(fd, SYS_fdatasync);
}

/* --- sockets -------------------------------------------------------------------------------------------- */

ssize_t send(int fd, const void *p, size_t n, int flags)
{
    const struct fault *rule = find(FAULT_SEND, fd);

    if (before(rule)) {
        return -1;
    }
    ssize_t done = syscall(SYS_sendto, fd, p, n, flags, NULL, 0);
    after(rule);
    return done;
}

/* --- memory --------------------------------------------------------------------------------------------- */

static bool refuse_memory(void)
{
    return before(find(FAULT_MALLOC, -1));
}

void *malloc(size_t n)
{
    return refuse_memory() ? NULL : __libc_malloc(n);
}

void *calloc(size_t n, size_t size)
{
    return refuse_memory() ? NULL : __libc_calloc(n, size);
}

void *realloc(void *p, size_t n)
{
    return refuse_memory() ? NULL : __libc_realloc(p, n);
}

int posix_memalign(void **ret, size_t alignment, size_t n)
{
    void *p = refuse_memory() ? NULL : __libc_memalign(alignment, n);

    if (p == NULL) {
        return ENOMEM;
    }
    *ret = p;
    return 0;
}

/* --- clocks --------------------------------------------------------------------------------------------- */

static struct timespec moved(struct timespec at, int64_t by_ms)
{
    int64_t ns = (int64_t)at.tv_nsec + by_ms % 1000 * 1000000;
    int64_t s = (int64_t)at.tv_sec + by_ms / 1000;

    if (ns < 0) {
        ns += 1000000000;
        s--;
    } else if (ns >= 1000000000) {
        ns -= 1000000000;
        s++;
    }
    return (struct timespec){.tv_sec = (time_t)s, .tv_nsec = (long)ns};
}

int clock_gettime(clockid_t clock, struct timespec *ret)
{
    int result = (int)syscall(SYS_clock_gettime, clock, ret);

    if (result == 0 && plan != NULL && clock == CLOCK_REALTIME) {
        *ret = moved(*ret, plan->utc_ms);
    } else if (result == 0 && plan != NULL && clock == CLOCK_BOOTTIME) {
        *ret = moved(*ret, plan->boot_ms);
    }
    return result;
}

/* The programs have timers on CLOCK_BOOTTIME alone. A timer that is set does not know of a jump that comes
 * later; the programs set it again with whatever happens, a beat at the latest. */
int timerfd_settime(int fd, int flags, const struct itimerspec *wanted, struct itimerspec *ret_old)
{
    struct itimerspec at = *wanted;
    bool is_set = at.it_value.tv_sec != 0 || at.it_value.tv_nsec != 0;

    if (plan != NULL && is_set && (flags & TFD_TIMER_ABSTIME) != 0) {
        at.it_value = moved(at.it_value, -plan->boot_ms);
        if (at.it_value.tv_sec < 0) {
            at.it_value = (struct timespec){.tv_nsec = 1};
        }
    }
    return (int)syscall(SYS_timerfd_settime, fd, flags, &at, ret_old);
}
