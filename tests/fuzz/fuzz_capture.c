/* Evidence files as a crash or a stranger left them: the reader stays inside the bytes and says where it stopped; what it read can be
 * written, and is then the same. */
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "transport/capture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void same(void *context, const struct capture_packet *p) {
    const struct capture_packet *first = context;
    CHECK(p->unix_ns == first->unix_ns && p->sent == first->sent && bytes_equal(p->data, first->data));
    CHECK(strcmp(p->comment, first->comment) == 0 && strcmp(p->dissector, first->dissector) == 0);
    CHECK(p->original == first->original || p->original == p->data.size);
}

static void write_again(void *context, const struct capture_packet *p) {
    uint64_t *packets = context;
    ++*packets;
    if (p->data.size > CAPTURE_PACKET_MAX)
        return;
    size_t room = 256 + capture_packet_size(p);
    uint8_t *buffer = malloc(room);
    CHECK(buffer != NULL);
    struct bytes_writer w = bytes_writer_of(buffer, room);
    capture_section(&w, "fuzz", NULL);
    capture_packet(&w, p);
    CHECK(!w.failed);
    struct capture_packet copy = *p;
    struct capture_read r = capture_read(bytes_of(buffer, bytes_written(&w)), same, &copy);
    CHECK(r.trouble == NULL && r.packets == 1);
    free(buffer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    uint64_t packets = 0;
    struct capture_read r = capture_read(bytes_of(data, size), write_again, &packets);
    CHECK(r.packets == packets && r.whole <= size);
    CHECK((r.trouble == NULL) == (r.whole == size));
    return 0;
}
