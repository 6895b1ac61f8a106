/* Kills its process at a chosen fsync: before it, or after it has come back.
 *
 * LD_PRELOAD this with SYNC_KILL_AT=n (from 1) and SYNC_KILL_WHEN=before|after. Only syncs of files
 * whose path holds SYNC_KILL_FILE count, so that a log does not.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static long count = 0;

static int ours(int fd) {
    const char *part = getenv("SYNC_KILL_FILE");
    char link[64], path[4096];
    ssize_t length;
    if (!part)
        return 1;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    length = readlink(link, path, sizeof path - 1);
    if (length < 0)
        return 0;
    path[length] = 0;
    return strstr(path, part) != NULL;
}

static int synced(int fd, const char *name) {
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
    const char *at = getenv("SYNC_KILL_AT"), *when = getenv("SYNC_KILL_WHEN");
    int result, now = 0;
    if (at && ours(fd))
        now = __sync_add_and_fetch(&count, 1) == atol(at);
    if (now && when && !strcmp(when, "before"))
        kill(getpid(), SIGKILL);
    result = real(fd);
    if (now)
        kill(getpid(), SIGKILL);
    return result;
}

int fsync(int fd) { return synced(fd, "fsync"); }
int fdatasync(int fd) { return synced(fd, "fdatasync"); }
