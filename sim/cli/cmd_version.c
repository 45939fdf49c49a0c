#include <stdio.h>

#include "base/json_write.h"
#include "base/version.h"
#include "cli/cmd.h"
#include "fleet/run.h"

#ifdef __clang__
#define COMPILER "clang " __clang_version__
#else
#define COMPILER "gcc " __VERSION__
#endif

int cmd_version(const struct options *o) {
    if (!o->json) {
        printf("muster %s\ncompiled by %s\nwith libcurl, libev, libfyaml, libmicrohttpd, mbedTLS, Paho MQTT C, zlib\n",
               VERSION_TEXT, COMPILER);
        return EXIT_PASS;
    }
    struct text out = {0};
    struct json_write w = json_write_to(&out, 2);
    json_write_open_object(&w);
    json_write_member_string(&w, "muster", VERSION_TEXT);
    json_write_member_string(&w, "compiler", COMPILER);
    json_write_close_object(&w);
    printf("%s\n", text_get(&out));
    text_free(&out);
    return EXIT_PASS;
}
