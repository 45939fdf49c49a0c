#include "report/plot.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/check.h"
#include "base/err.h"

enum { CHUNK = 1 << 16, SAID_MAX = 120 };

static int64_t now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* The script as a file that has no name: gnuplot reads it at its own pace, and we never wait for it with a full pipe. */
static int script_file(const struct text *script) {
    int fd = memfd_create("script", MFD_CLOEXEC);
    for (size_t at = 0; fd >= 0 && at < script->size;) {
        ssize_t n = write(fd, script->data + at, script->size - at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            close(fd);
            return -1;
        }
        at += (size_t)n;
    }
    if (fd >= 0)
        lseek(fd, 0, SEEK_SET);
    return fd;
}

/* Starts gnuplot with these as its stdin, stdout and stderr. 0 or an errno. */
static int start(int in, int out, int err, pid_t *pid) {
    char path[4096] = "PATH=/usr/local/bin:/usr/bin:/bin";
    if (getenv("PATH") != NULL)
        snprintf(path, sizeof path, "PATH=%s", getenv("PATH"));
    char *environment[] = {path, "LC_ALL=C.UTF-8", "HOME=/nonexistent", NULL};
    char *arguments[] = {"gnuplot", "--default-settings", NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none;
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, err, STDERR_FILENO);
    posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
    /* a process group of its own: a Ctrl-C that ends a run must not end its plots */
    sigemptyset(&none);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
    int error = posix_spawnp(pid, "gnuplot", &actions, &attributes, arguments, environment);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

/* One read of whatever is there; false at the end. */
static bool take(int fd, struct text *into) {
    char chunk[CHUNK];
    ssize_t n = read(fd, chunk, sizeof chunk);
    if (n > 0)
        text_append_n(into, chunk, (size_t)n);
    return n > 0 || (n < 0 && errno == EINTR);
}

/* Reads both pipes until gnuplot closes them. */
static int collect(int out, int err, struct text *svg, struct text *said) {
    struct pollfd fds[2] = {{.fd = out, .events = POLLIN}, {.fd = err, .events = POLLIN}};
    int64_t deadline = now_ms() + PLOT_TIMEOUT_MS;
    while (fds[0].fd >= 0 || fds[1].fd >= 0) {
        int64_t left = deadline - now_ms();
        int ready = poll(fds, 2, left > 0 ? (int)left : 0);
        if (ready < 0 && errno == EINTR)
            continue;
        if (ready <= 0)
            return ready == 0 ? ERR_AGAIN : ERR_IO;
        for (int i = 0; i < 2; i++)
            if (fds[i].revents != 0 && !take(fds[i].fd, i == 0 ? svg : said))
                fds[i].fd = -1;
        if (svg->size > PLOT_SVG_MAX || said->size > PLOT_SVG_MAX)
            return ERR_TOO_BIG;
    }
    return 0;
}

static int finish(pid_t pid, int error, const struct text *said, char *why) {
    int status = 0;
    if (error != 0)
        kill(pid, SIGKILL);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    if (error == ERR_AGAIN)
        snprintf(why, PLOT_WHY_MAX, "gnuplot took longer than %d s", PLOT_TIMEOUT_MS / 1000);
    else if (error != 0)
        snprintf(why, PLOT_WHY_MAX, "gnuplot wrote more than a plot takes");
    else if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        struct text safe = {0};
        text_append_safe(&safe, text_get(said), said->size, SAID_MAX);
        snprintf(why, PLOT_WHY_MAX, "gnuplot failed: %s", text_get(&safe));
        text_free(&safe);
        error = ERR_IO;
    }
    return error;
}

static void close_open(int fd) {
    if (fd >= 0)
        close(fd);
}

int plot_run(const struct text *script, struct text *svg, char *why) {
    int out[2] = {-1, -1}, err[2] = {-1, -1};
    int in = script_file(script);
    size_t before = svg->size;
    pid_t pid = 0;
    int error = ERR_IO, spawned = EIO;
    struct text said = {0};
    if (in >= 0 && pipe2(out, O_CLOEXEC) == 0 && pipe2(err, O_CLOEXEC) == 0)
        spawned = start(in, out[1], err[1], &pid);
    close_open(in);
    close_open(out[1]);
    close_open(err[1]);
    if (spawned == 0)
        error = finish(pid, collect(out[0], err[0], svg, &said), &said, why);
    else if (spawned == ENOENT)
        error = ERR_NOT_FOUND;
    if (error == ERR_NOT_FOUND)
        snprintf(why, PLOT_WHY_MAX, "gnuplot is not installed (Debian: apt install gnuplot-nox)");
    else if (spawned != 0)
        snprintf(why, PLOT_WHY_MAX, "cannot start gnuplot: %s", strerror(spawned));
    close_open(out[0]);
    close_open(err[0]);
    text_free(&said);
    if (error != 0)
        svg->size = before;
    return error;
}

/* --- SVG for a page --------------------------------------------------------------------------------------------------- */

/* What stands at `s`, if it begins with `start`, up to and with `end`; NULL otherwise or when the end is missing. */
static const char *after(const char *s, const char *start, const char *end) {
    if (!text_has_prefix(s, start))
        return NULL;
    const char *found = strstr(s + strlen(start), end);
    return found != NULL ? found + strlen(end) : NULL;
}

/* "rgb(  0, 114, 178)" as "#0072b2"; returns what follows, or NULL. */
static const char *color(const char *s, struct text *out) {
    unsigned r, g, b;
    int length = 0;
    if (sscanf(s, "rgb(%3u,%3u,%3u)%n", &r, &g, &b, &length) != 3 || length == 0)
        return NULL;
    text_printf(out, "#%02x%02x%02x", r & 0xff, g & 0xff, b & 0xff);
    return s + length;
}

/* What rewrite() looks for begins with one of these. */
static const char beginnings[] = "< hur";

/* Rewrites what begins at `s`; returns what follows, or NULL when it is to be copied. */
static const char *rewrite(const char *s, const char *prefix, struct text *out) {
    static const char *const references[] = {" id=\"", " id='", "href=\"#", "href='#", "url(#"};
    static const struct {
        const char *start, *end;
    } dropped[] = {{"<!--", "-->"}, {"<title>", "</title>"}, {"<desc>", "</desc>"}};
    const char *next;
    for (size_t i = 0; i < sizeof dropped / sizeof dropped[0]; i++)
        if ((next = after(s, dropped[i].start, dropped[i].end)) != NULL)
            return next;
    for (size_t i = 0; i < sizeof references / sizeof references[0]; i++)
        if (text_has_prefix(s, references[i])) {
            text_append(out, references[i]);
            text_append(out, prefix);
            return s + strlen(references[i]);
        }
    return *s == 'r' ? color(s, out) : NULL;
}

int plot_inline(struct text *out, const char *svg, const char *prefix, const char *title, const char *description) {
    const char *at = strstr(svg, "<svg"), *end = at != NULL ? strstr(at, "</svg>") : NULL;
    const char *head = at != NULL ? strchr(at, '>') : NULL;
    const char *box = at != NULL ? strstr(at, "viewBox=\"") : NULL;
    if (end == NULL || box == NULL || box > head)
        return ERR_MALFORMED;
    const char *box_end = strchr(box + sizeof "viewBox=\"" - 1, '"');
    text_printf(out,
                "<svg xmlns=\"http://www.w3.org/2000/svg\" xmlns:xlink=\"http://www.w3.org/1999/xlink\" role=\"img\" "
                "aria-label=\"%s %s\" %.*s\">\n<title>%s</title>\n<desc>%s</desc>\n",
                title, description, (int)(box_end - box), box, title, description);
    for (at = head + 1; at < end;) {
        const char *next = rewrite(at, prefix, out);
        if (next == NULL) {
            next = at + 1 + strcspn(at + 1, beginnings); /* at most `end`, which begins with one, too */
            text_append_n(out, at, (size_t)(next - at));
        }
        at = next;
    }
    text_append(out, "</svg>\n");
    return 0;
}
