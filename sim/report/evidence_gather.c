#include "report/evidence_gather.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "report/evidence_files.h"

static const char directory_name[] = EVIDENCE_FILES_DIRECTORY, ending[] = ".pcapng";

static bool is_evidence(int from, const char *name) {
    size_t size = strlen(name);
    struct stat st;
    return size > sizeof ending - 1 && strcmp(name + size - (sizeof ending - 1), ending) == 0 &&
           fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode);
}

static int copy_bytes(int in, int out) {
    char buffer[1 << 16];
    ssize_t n;
    while ((n = read(in, buffer, sizeof buffer)) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return ERR_IO;
        for (ssize_t done = 0, more; done < n; done += more) {
            more = write(out, buffer + done, (size_t)(n - done));
            if (more < 0 && errno != EINTR)
                return ERR_IO;
            more = more < 0 ? 0 : more;
        }
    }
    return 0;
}

static int copy(int from, int to, const char *name) {
    int in = openat(from, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    int out = in < 0 ? -1 : openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
    int status = out < 0 ? ERR_IO : copy_bytes(in, out);
    int kept = errno;
    if (out >= 0)
        close(out);
    if (in >= 0)
        close(in);
    errno = kept;
    return status;
}

static int bring(int from, int to, const char *name) {
    if (linkat(from, name, to, name, 0) == 0 || errno == EEXIST)
        return 0;
    return copy(from, to, name);
}

int evidence_gather(const char *run_directory, int to) {
    char path[PATH_MAX];
    if ((size_t)snprintf(path, sizeof path, "%s/%s", run_directory, directory_name) >= sizeof path)
        return 0;
    DIR *from = opendir(path);
    if (from == NULL)
        return 0;
    int target = -1, status = 0;
    const struct dirent *entry;
    while (status == 0 && (entry = readdir(from)) != NULL) {
        if (!is_evidence(dirfd(from), entry->d_name))
            continue;
        if (target < 0 && (mkdirat(to, directory_name, 0777) == 0 || errno == EEXIST))
            target = openat(to, directory_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        status = target < 0 ? ERR_IO : bring(dirfd(from), target, entry->d_name);
    }
    int kept = errno;
    if (target >= 0)
        close(target);
    closedir(from);
    errno = kept;
    return status;
}
