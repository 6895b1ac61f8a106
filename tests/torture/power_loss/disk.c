/* Notes what a process does to the files of one folder, counts its syncs, and makes them slow.
 *
 * LD_PRELOAD this with DISK_FOLDER=/some/folder and any of
 *   DISK_RECORD=file    every write, sync, cut, unlink and rename goes there, in order
 *   DISK_SYNC_MS=5      each sync takes so much longer
 * A record: kind, length of the name, offset, length (packed, native), the name, then the bytes.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define FILES 4096
#define NAME 96
#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static char names[FILES][NAME];
static const char *folder;
static size_t folder_length;
static int record = -1;
static long syncs, slow_ns;

__attribute__((constructor)) static void begin(void) {
    const char *to = getenv("DISK_RECORD"), *slow = getenv("DISK_SYNC_MS");
    folder = getenv("DISK_FOLDER");
    folder_length = folder ? strlen(folder) : 0;
    if (to)
        record = syscall(SYS_openat, AT_FDCWD, to, O_CREAT | O_APPEND | O_WRONLY, 0600);
    if (slow)
        slow_ns = (long)(atof(slow) * 1e6);
}

/* How many syncs of the folder's files there were. */
long disk_syncs(void) { return __sync_fetch_and_add(&syncs, 0); }

static void note(char kind, const char *name, int64_t offset, const void *data, int64_t length) {
    struct __attribute__((packed)) {
        char kind;
        uint8_t name;
        int64_t offset, length;
    } head = {kind, (uint8_t)strlen(name), offset, length};
    struct iovec parts[3] = {
        {&head, sizeof head}, {(void *)name, head.name}, {(void *)data, data ? length : 0}};
    if (record >= 0)
        syscall(SYS_writev, record, parts, data ? 3 : 2);
}

static const char *ours(const char *path) {
    return folder && !strncmp(path, folder, folder_length) && path[folder_length] == '/'
               ? path + folder_length + 1
               : NULL;
}

static const char *name_of(int fd) {
    return fd >= 0 && fd < FILES && names[fd][0] ? names[fd] : NULL;
}

static int opened(int fd, const char *path) {
    const char *name = ours(path);
    if (fd >= 0 && fd < FILES) {
        names[fd][0] = 0;
        if (name)
            strncpy(names[fd], name, NAME - 1);
    }
    return fd;
}

static int mode_of(int flags, va_list rest) {
    return flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, int) : 0;
}

int open(const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    int mode = mode_of(flags, rest);
    va_end(rest);
    return opened(REAL(open)(path, flags, mode), path);
}

int open64(const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    int mode = mode_of(flags, rest);
    va_end(rest);
    return opened(REAL(open64)(path, flags, mode), path);
}

int close(int fd) {
    if (fd >= 0 && fd < FILES)
        names[fd][0] = 0;
    return REAL(close)(fd);
}

static ssize_t wrote(int fd, const void *data, ssize_t length, off_t offset) {
    const char *name = name_of(fd);
    if (length > 0 && name)
        note('W', name, offset, data, length);
    return length;
}

ssize_t pwrite64(int fd, const void *data, size_t length, off64_t offset) {
    return wrote(fd, data, REAL(pwrite64)(fd, data, length, offset), offset);
}

ssize_t pwrite(int fd, const void *data, size_t length, off_t offset) {
    return wrote(fd, data, REAL(pwrite)(fd, data, length, offset), offset);
}

ssize_t write(int fd, const void *data, size_t length) {
    off_t offset = name_of(fd) ? lseek(fd, 0, SEEK_CUR) : 0;
    return wrote(fd, data, REAL(write)(fd, data, length), offset);
}

static int cut(int fd, int failed, off_t length) {
    const char *name = name_of(fd);
    if (!failed && name)
        note('T', name, length, NULL, 0);
    return failed;
}

int ftruncate(int fd, off_t length) { return cut(fd, REAL(ftruncate)(fd, length), length); }
int ftruncate64(int fd, off64_t length) { return cut(fd, REAL(ftruncate64)(fd, length), length); }

static int synced(int fd, int (*real)(int)) {
    struct timespec slow = {slow_ns / 1000000000, slow_ns % 1000000000};
    const char *name = name_of(fd);
    int failed = real(fd);
    if (!name)
        return failed;
    __sync_add_and_fetch(&syncs, 1);
    if (slow_ns)
        nanosleep(&slow, NULL);
    if (!failed)
        note('S', name, 0, NULL, 0);
    return failed;
}

int fsync(int fd) { return synced(fd, REAL(fsync)); }
int fdatasync(int fd) { return synced(fd, REAL(fdatasync)); }

int unlink(const char *path) {
    int failed = REAL(unlink)(path);
    if (!failed && ours(path))
        note('U', ours(path), 0, NULL, 0);
    return failed;
}

int rename(const char *from, const char *to) {
    int failed = REAL(rename)(from, to);
    if (!failed && ours(from) && ours(to))
        note('R', ours(from), 0, ours(to), strlen(ours(to)));
    return failed;
}
