#include "common/crypto/keyfile.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/text.h"

_Static_assert(CURVE_BYTES == crypto_scalarmult_BYTES, "Curve25519 public key");
_Static_assert(CURVE_BYTES == crypto_scalarmult_SCALARBYTES, "Curve25519 secret key");
_Static_assert((int)SIGN_SEED == (int)CURVE_BYTES, "both secrets are written with 64 digits");
_Static_assert((int)SIGN_PUBLIC == (int)CURVE_BYTES, "both public keys are written with 64 digits");

/* Header, name and two keys take at most 24 + 6 + 127 + 2 * 72 bytes with their newlines. */
enum { KEYFILE_MAX = 512, KEY_HEX = 2 * CURVE_BYTES + 1, OTHERS = 077 };

static const char secret_header[] = "muster secret key 1";
static const char public_header[] = "muster public key 1";

/* What both kinds of file hold: a name and two keys of 32 bytes. */
struct fields {
    char name[KEY_NAME_MAX];
    uint8_t sign[SIGN_SEED];
    uint8_t curve[CURVE_BYTES];
};

static bool name_is_good(const char *name)
{
    char escaped[KEY_NAME_MAX];
    size_t n = strnlen(name, KEY_NAME_MAX);

    if (n == 0 || n == KEY_NAME_MAX || name[0] == ' ' || name[n - 1] == ' ')
        return false;
    text_escape_into(escaped, sizeof escaped, name, n);
    return text_is_utf8(name, n) && strcmp(name, escaped) == 0;
}

void keys_generate(const char *name, const struct rng *rng, struct secret_keys *ret)
{
    memset(ret, 0, sizeof *ret);
    if (name_is_good(name))
        memcpy(ret->name, name, strlen(name));
    sign_key_generate(rng, &ret->sign);
    rng->fill(rng->ctx, ret->curve_secret, CURVE_BYTES);
    crypto_scalarmult_base(ret->curve_public, ret->curve_secret);
}

struct public_keys keys_public(const struct secret_keys *keys)
{
    struct public_keys public = {0};

    memcpy(public.name, keys->name, sizeof public.name);
    public.sign = keys->sign.public;
    memcpy(public.curve, keys->curve_public, CURVE_BYTES);
    return public;
}

void keys_wipe(struct secret_keys *keys)
{
    if (keys)
        sodium_memzero(keys, sizeof *keys);
}

static int write_all(int fd, const char *p, size_t n)
{
    while (n > 0) {
        ssize_t written = write(fd, p, n);

        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return -1;
        p += written;
        n -= (size_t)written;
    }
    return 0;
}

/* A new name is durable only when the folder is. */
static int sync_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *folder = !slash ? strdup(".") : slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
    int fd, result;

    if (!folder)
        return -1;
    fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    free(folder);
    if (fd < 0)
        return -1;
    result = fsync(fd);
    close(fd);
    return result;
}

static int write_file(const char *path, mode_t mode, const char *text, size_t n, struct err *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
    int code;

    if (fd < 0 && errno == EEXIST)
        return err_set(err, ERR_CANNOT_CREATE,
                       "%s: is already there; name another file or move this one away", path);
    if (fd < 0)
        return err_set(err, errno == ENOSPC ? ERR_DISK_FULL : ERR_CANNOT_CREATE, "%s: cannot create: %m",
                       path);
    if (write_all(fd, text, n) < 0 || fsync(fd) < 0 || sync_folder(path) < 0) {
        code = err_set(err, errno == ENOSPC || errno == EDQUOT ? ERR_DISK_FULL : ERR_IO,
                       "%s: cannot write: %m", path);
        close(fd);
        unlink(path);
        return code;
    }
    close(fd);
    return 0;
}

static int write_fields(const char *path, mode_t mode, const char *header, const struct fields *fields,
                        struct err *err)
{
    char text[KEYFILE_MAX], sign_hex[KEY_HEX], curve_hex[KEY_HEX];
    int n, code;

    if (!name_is_good(fields->name))
        return err_set(err, ERR_USAGE, "%s: a key's name has 1 to %d bytes and no control characters", path,
                       KEY_NAME_MAX - 1);
    n = snprintf(text, sizeof text, "%s\nname: %s\nsign: %s\ncurve: %s\n", header, fields->name,
                 hex_format(fields->sign, sizeof fields->sign, sign_hex),
                 hex_format(fields->curve, sizeof fields->curve, curve_hex));
    if (n > 0 && (size_t)n < sizeof text)
        code = write_file(path, mode, text, (size_t)n, err);
    else
        code = err_set(err, ERR_SOFTWARE, "%s: key file does not fit its buffer", path);
    sodium_memzero(text, sizeof text);
    sodium_memzero(sign_hex, sizeof sign_hex);
    sodium_memzero(curve_hex, sizeof curve_hex);
    return code;
}

int keyfile_write_secret(const char *path, const struct secret_keys *keys, struct err *err)
{
    struct fields fields;
    int code;

    memcpy(fields.name, keys->name, sizeof fields.name);
    memcpy(fields.sign, keys->sign.seed, sizeof fields.sign);
    memcpy(fields.curve, keys->curve_secret, sizeof fields.curve);
    code = write_fields(path, 0600, secret_header, &fields, err);
    sodium_memzero(&fields, sizeof fields);
    return code;
}

int keyfile_write_public(const char *path, const struct public_keys *keys, struct err *err)
{
    struct fields fields;

    memcpy(fields.name, keys->name, sizeof fields.name);
    memcpy(fields.sign, keys->sign.b, sizeof fields.sign);
    memcpy(fields.curve, keys->curve, sizeof fields.curve);
    return write_fields(path, 0644, public_header, &fields, err);
}

/* Opens for reading and checks what lies there, on the descriptor. */
static int open_checked(const char *path, bool secret, int *ret_fd, struct err *err)
{
    /* O_NONBLOCK: a FIFO must not hold the program up before it is refused. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat st;
    int code = 0;

    if (fd < 0)
        return err_set(err,
                       errno == ENOENT || errno == ENOTDIR ? ERR_NO_INPUT
                       : errno == EACCES                   ? ERR_PERMISSION
                                                           : ERR_IO,
                       "%s: cannot open the key file: %m", path);
    if (fstat(fd, &st) < 0)
        code = err_set(err, ERR_IO, "%s: cannot read the key file: %m", path);
    else if (!S_ISREG(st.st_mode))
        code = err_set(err, ERR_CONFIG, "%s: not a regular file; name a key file", path);
    else if (secret && (st.st_mode & OTHERS))
        code = err_set(err, ERR_PERMISSION,
                       "%s: others than its owner may read this secret key (mode %04o); run: chmod 600 %s",
                       path, (unsigned)(st.st_mode & 07777), path);
    if (code) {
        close(fd);
        return code;
    }
    *ret_fd = fd;
    return 0;
}

/* The whole file, NUL-terminated, without a NUL in it. */
static int read_text(const char *path, bool secret, char text[KEYFILE_MAX + 1], struct err *err)
{
    size_t n = 0;
    ssize_t got;
    int fd = -1, code = open_checked(path, secret, &fd, err);

    if (code)
        return code;
    while (n <= KEYFILE_MAX) {
        got = read(fd, text + n, KEYFILE_MAX + 1 - n);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        n += (size_t)got;
    }
    if (n <= KEYFILE_MAX && got < 0)
        code = err_set(err, ERR_IO, "%s: cannot read the key file: %m", path);
    close(fd);
    if (code)
        return code;
    if (n > KEYFILE_MAX)
        return err_set(err, ERR_CONFIG, "%s: longer than a key file can be (%d bytes)", path, KEYFILE_MAX);
    text[n] = '\0';
    if (strlen(text) == n)
        return 0;
    code = 1;
    for (const char *p = text; *p; p++)
        code += *p == '\n';
    return err_set(err, ERR_CONFIG, "%s:%d: NUL byte in a key file; restore it from its backup", path, code);
}

/* Cuts the next line out of *at; NULL when there is none that ends. */
static char *next_line(char **at)
{
    char *line = *at, *end = strchr(line, '\n');

    if (!end)
        return NULL;
    *end = '\0';
    *at = end + 1;
    return line;
}

/* The value after "key: ", or NULL. */
static const char *value_of(const char *line, const char *key)
{
    size_t n = strlen(key);

    return line && strncmp(line, key, n) == 0 && strncmp(line + n, ": ", 2) == 0 ? line + n + 2 : NULL;
}

static int parse_fields(const char *path, bool secret, char *text, struct fields *ret, struct err *err)
{
    const char *header = secret ? secret_header : public_header;
    const char *other = secret ? public_header : secret_header;
    const char *line = next_line(&text), *value;

    if (line && strcmp(line, other) == 0)
        return err_set(err, ERR_CONFIG, "%s:1: this is a %s key; name the %s key's file", path,
                       secret ? "public" : "secret", secret ? "secret" : "public");
    if (!line || strcmp(line, header) != 0)
        return err_set(err, ERR_CONFIG, "%s:1: not a key file; its first line must be \"%s\"", path, header);
    value = value_of(next_line(&text), "name");
    if (!value || !name_is_good(value))
        return err_set(err, ERR_CONFIG, "%s:2: expected \"name: \" and a name of 1 to %d bytes", path,
                       KEY_NAME_MAX - 1);
    snprintf(ret->name, sizeof ret->name, "%s", value);
    value = value_of(next_line(&text), "sign");
    if (!value || hex_parse(value, ret->sign, sizeof ret->sign) != 0)
        return err_set(err, ERR_CONFIG, "%s:3: expected \"sign: \" and 64 hexadecimal digits", path);
    value = value_of(next_line(&text), "curve");
    if (!value || hex_parse(value, ret->curve, sizeof ret->curve) != 0)
        return err_set(err, ERR_CONFIG, "%s:4: expected \"curve: \" and 64 hexadecimal digits", path);
    if (*text)
        return err_set(err, ERR_CONFIG, "%s:5: more lines than a key file has; remove them", path);
    return 0;
}

static int read_fields(const char *path, bool secret, struct fields *ret, struct err *err)
{
    char text[KEYFILE_MAX + 1];
    int code = read_text(path, secret, text, err);

    memset(ret, 0, sizeof *ret);
    if (!code)
        code = parse_fields(path, secret, text, ret, err);
    sodium_memzero(text, sizeof text);
    if (code)
        sodium_memzero(ret, sizeof *ret);
    return code;
}

int keyfile_read_secret(const char *path, struct secret_keys *ret, struct err *err)
{
    struct fields fields;
    int code = read_fields(path, true, &fields, err);

    if (code)
        return code;
    memset(ret, 0, sizeof *ret);
    memcpy(ret->name, fields.name, sizeof ret->name);
    sign_key_from_seed(fields.sign, &ret->sign);
    memcpy(ret->curve_secret, fields.curve, CURVE_BYTES);
    crypto_scalarmult_base(ret->curve_public, ret->curve_secret);
    sodium_memzero(&fields, sizeof fields);
    return 0;
}

int keyfile_read_public(const char *path, struct public_keys *ret, struct err *err)
{
    struct fields fields;
    int code = read_fields(path, false, &fields, err);

    if (code)
        return code;
    memset(ret, 0, sizeof *ret);
    memcpy(ret->name, fields.name, sizeof ret->name);
    memcpy(ret->sign.b, fields.sign, SIGN_PUBLIC);
    memcpy(ret->curve, fields.curve, CURVE_BYTES);
    return 0;
}
