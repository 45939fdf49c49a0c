#include "report/evidence_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/check.h"
#include "harness.h"
#include "report/sample.h"
#include "report/temporary.h"
#include "transport/capture.h"

static struct sample sample;
static struct temporary t;
static struct log_writer *writer;
static struct evidence_files *files;
static int directory;
static unsigned shard;

static void begin(void) {
    sample_make(&sample);
    static const struct profile profile = {.mqtt = {.version = MQTT_5_0}};
    for (unsigned g = 0; g < SAMPLE_GROUPS; g++)
        sample.groups[g].profile = &profile;
    t = temporary_make();
    directory = open(t.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    writer = log_writer_new(-1, NULL);
    files = evidence_files_new(&sample.plan, shard, directory, writer);
    CHECK(directory >= 0 && writer != NULL && files != NULL);
    evidence_files_event(files, &(struct run_event){.kind = RUN_STARTED, .unix_ns = 1795336200 * SPAN_S});
}

static void finish(void) {
    CU_ASSERT_EQUAL(log_writer_close(writer), 0);
    evidence_files_free(files);
}

static void end(void) {
    close(directory);
    temporary_remove(&t);
    sample_free(&sample);
}

static struct evidence_record record(uint32_t device, unsigned flags, uint32_t size) {
    return (struct evidence_record){.at = 1500 * SPAN_MS,
                                    .trouble_at = 1500 * SPAN_MS,
                                    .device = device,
                                    .group = sample.plan.group_of[device],
                                    .dissector = "mqtt",
                                    .size = size,
                                    .original = size,
                                    .outcome = OP_REFUSED,
                                    .failed = 1,
                                    .flags = (uint8_t)flags};
}

static void put(const struct evidence_record *r) {
    static const uint8_t bytes[1 << 18] = {0x20, 0x02, 0x00, 0x05};
    evidence_files_event(files, &(struct run_event){.kind = RUN_EVIDENCE, .evidence = r, .evidence_data = bytes});
}

static void add(uint32_t device, unsigned flags, uint32_t size) {
    struct evidence_record r = record(device, flags, size);
    put(&r);
}

static struct capture_read look(const char *name, void (*visit)(void *context, const struct capture_packet *p),
                                void *context) {
    size_t size = 0;
    char *data = temporary_read(&t, name, &size);
    struct capture_read r = {.trouble = "no such file"};
    if (data != NULL)
        r = capture_read(bytes_of(data, size), visit, context);
    free(data);
    return r;
}

static void check_first(void *context, const struct capture_packet *p) {
    unsigned *count = context;
    if ((*count)++ > 0)
        return;
    CU_ASSERT_EQUAL(p->unix_ns, 1795336200 * SPAN_S + 1500 * SPAN_MS);
    CU_ASSERT_TRUE(p->sent);
    CU_ASSERT_EQUAL(p->data.size, 4);
    CU_ASSERT_PTR_NOT_NULL(strstr(p->comment, "device: "));
}

static void a_device_has_a_file_and_the_others_share_one(void) {
    begin();
    char first[EVIDENCE_FILES_PATH_MAX], second[EVIDENCE_FILES_PATH_MAX];
    evidence_files_path(&sample.plan, 0, first, sizeof first);
    evidence_files_path(&sample.plan, 1, second, sizeof second);
    add(0, EVIDENCE_SENT, 4);
    add(1, EVIDENCE_SENT, 4);
    add(0, EVIDENCE_BLAMED, 4);
    add(2, EVIDENCE_ALONE | EVIDENCE_BLAMED, 4);
    add(3, EVIDENCE_ALONE | EVIDENCE_BLAMED, 4);
    finish();
    unsigned count = 0;
    struct capture_read r = look(first, check_first, &count);
    CU_ASSERT_EQUAL(r.packets, 2);
    CU_ASSERT_PTR_NULL(r.trouble);
    CU_ASSERT_EQUAL(look(second, NULL, NULL).packets, 1);
    CU_ASSERT_EQUAL(look("evidence/others.pcapng", NULL, NULL).packets, 2);
    end();
}

static void of_a_shard_the_file_of_the_others_has_its_number(void) {
    shard = 2;
    begin();
    add(2, EVIDENCE_ALONE | EVIDENCE_BLAMED, 4);
    finish();
    CU_ASSERT_EQUAL(look("evidence/others-shard2.pcapng", NULL, NULL).packets, 1);
    end();
    shard = 0;
}

static void nothing_wrong_leaves_no_directory(void) {
    begin();
    add(0, EVIDENCE_EMPTY, 0);
    finish();
    CU_ASSERT_FALSE(temporary_has(&t, "evidence"));
    end();
}

static void findings_learn_where_their_packets_are(void) {
    begin();
    const char *path;
    uint64_t frame;
    add(0, EVIDENCE_SENT, 4);
    add(0, EVIDENCE_BLAMED, 4);
    add(5, EVIDENCE_ALONE | EVIDENCE_BLAMED, 4);
    CU_ASSERT_TRUE(evidence_files_find(files, 0, 1500 * SPAN_MS, &path, &frame));
    char expected[EVIDENCE_FILES_PATH_MAX];
    CU_ASSERT_STRING_EQUAL(path, evidence_files_path(&sample.plan, 0, expected, sizeof expected));
    CU_ASSERT_EQUAL(frame, 2);
    CU_ASSERT_TRUE(evidence_files_find(files, 5, 1500 * SPAN_MS, &path, &frame));
    CU_ASSERT_STRING_EQUAL(path, "evidence/others.pcapng");
    CU_ASSERT_EQUAL(frame, 1);
    CU_ASSERT_FALSE(evidence_files_find(files, 0, 1501 * SPAN_MS, &path, &frame));
    CU_ASSERT_FALSE(evidence_files_find(files, 1, 1500 * SPAN_MS, &path, &frame));
    CU_ASSERT_FALSE(evidence_files_find(NULL, 0, 0, &path, &frame));
    CU_ASSERT_EQUAL(evidence_files_second(files), 0);
    CU_ASSERT_FALSE(evidence_files_find(files, 0, 1500 * SPAN_MS, &path, &frame));
    /* what went wrong without a packet points at the last one that went out */
    struct evidence_record later = record(0, EVIDENCE_EMPTY, 0);
    later.trouble_at = 9 * SPAN_S;
    put(&later);
    CU_ASSERT_TRUE(evidence_files_find(files, 0, 9 * SPAN_S, &path, &frame));
    CU_ASSERT_EQUAL(frame, 2);
    finish();
    end();
}

static void names_of_files_are_plain(void) {
    struct fleet fleets[] = {{"a/../b c", 0, 5}, {".hidden", 5, 5}, {"plain-1.x_y", 10, 5}};
    struct plan plan = {.fleets = fleets, .fleet_count = 3, .device_count = 15};
    char path[EVIDENCE_FILES_PATH_MAX];
    CU_ASSERT_STRING_EQUAL(evidence_files_path(&plan, 3, path, sizeof path), "evidence/a_.._b_c-3-d3.pcapng");
    CU_ASSERT_STRING_EQUAL(evidence_files_path(&plan, 5, path, sizeof path), "evidence/_hidden-0-d5.pcapng");
    CU_ASSERT_STRING_EQUAL(evidence_files_path(&plan, 14, path, sizeof path), "evidence/plain-1.x_y-4.pcapng");
    char name[400];
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    fleets[0].name = name;
    evidence_files_path(&plan, 4, path, sizeof path);
    CU_ASSERT(strlen(path) < 140);
    CU_ASSERT_STRING_EQUAL(path + strlen(path) - 10, "-d4.pcapng");
}

/* What is said on stderr belongs to these tests, not to the reader of their output. */
static int silence(void) {
    int kept = dup(STDERR_FILENO), null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    dup2(null, STDERR_FILENO);
    close(null);
    return kept;
}

static void speak(int kept) {
    dup2(kept, STDERR_FILENO);
    close(kept);
}

/* Waits for the writer, so that it is the cap that decides and not the queue. */
static void add_slowly(uint32_t device, unsigned flags, uint32_t size) {
    for (int tries = 0; tries < 10000; tries++) {
        add(device, flags, size);
        if (evidence_files_second(files) == 0)
            return;
        usleep(200);
    }
}

static void the_cap_holds_and_its_last_parts_are_for_what_went_wrong(void) {
    enum { SIZE = 200 << 10, STREAMED = EVIDENCE_FILES_STREAM_MAX / SIZE - 2 };
    begin();
    int kept = silence();
    for (unsigned i = 0; i < STREAMED; i++)
        add_slowly(0, EVIDENCE_STREAMED, SIZE);
    uint64_t left_out = 0;
    for (unsigned i = 0; i < 5; i++) {
        add(0, EVIDENCE_STREAMED, SIZE);
        usleep(2000);
        left_out += evidence_files_second(files);
    }
    CU_ASSERT(left_out >= 3);
    const char *path;
    uint64_t frame;
    for (unsigned i = 0; i < 120; i++) {
        struct evidence_record wrong = record(1, EVIDENCE_BLAMED, SIZE);
        wrong.violated = i >= 60;
        put(&wrong);
        if (i == 0 || i == 60)
            CU_ASSERT_TRUE(evidence_files_find(files, 1, 1500 * SPAN_MS, &path, &frame));
        usleep(2000);
        left_out += evidence_files_second(files);
        if (i == 59 || i == 119)
            CU_ASSERT(left_out >= i / 3);
    }
    CU_ASSERT_FALSE(evidence_files_find(files, 1, 1500 * SPAN_MS, &path, &frame));
    speak(kept);
    finish();
    char first[EVIDENCE_FILES_PATH_MAX], second[EVIDENCE_FILES_PATH_MAX], full[300];
    off_t bytes = 0;
    struct stat st;
    const char *names[] = {evidence_files_path(&sample.plan, 0, first, sizeof first),
                           evidence_files_path(&sample.plan, 1, second, sizeof second)};
    for (int i = 0; i < 2; i++) {
        CU_ASSERT_EQUAL(stat(temporary_path(&t, names[i], full, sizeof full), &st), 0);
        bytes += st.st_size;
        CU_ASSERT_PTR_NULL(look(names[i], NULL, NULL).trouble);
    }
    CU_ASSERT(bytes <= EVIDENCE_FILES_BYTES_MAX && bytes > EVIDENCE_FILES_FAILURES_MAX);
    end();
}

static void a_directory_that_cannot_be_written_costs_no_verdict(void) {
    begin();
    char path[300];
    close(open(temporary_path(&t, "evidence", path, sizeof path), O_WRONLY | O_CREAT, 0600)); /* in its place: a file */
    int kept = silence();
    for (int i = 0; i < 5; i++)
        add(0, EVIDENCE_BLAMED, 4);
    while (log_writer_evidence_dropped(writer) < 5)
        usleep(100);
    CU_ASSERT_EQUAL(log_writer_dropped(writer), 0);
    finish();
    speak(kept);
    end();
}

static void what_workers_left_out_is_counted(void) {
    begin();
    evidence_files_event(files, &(struct run_event){.kind = RUN_EVIDENCE, .omitted = 7});
    CU_ASSERT_EQUAL(evidence_files_second(files), 7);
    CU_ASSERT_EQUAL(evidence_files_second(files), 0);
    finish();
    end();
}

HARNESS_MAIN("evidence_files", HARNESS_CASE(a_device_has_a_file_and_the_others_share_one),
             HARNESS_CASE(of_a_shard_the_file_of_the_others_has_its_number),
             HARNESS_CASE(nothing_wrong_leaves_no_directory), HARNESS_CASE(findings_learn_where_their_packets_are),
             HARNESS_CASE(names_of_files_are_plain),
             HARNESS_CASE(the_cap_holds_and_its_last_parts_are_for_what_went_wrong),
             HARNESS_CASE(a_directory_that_cannot_be_written_costs_no_verdict),
             HARNESS_CASE(what_workers_left_out_is_counted))
