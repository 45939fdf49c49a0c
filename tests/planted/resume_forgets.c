/* A bug for tests to find: put in the place of mqtt_inflight_resume by the linker (see the Makefile), it makes devices forget to send again what was
 * not acknowledged when their connection broke. */
#include "mqtt/mqtt_inflight.h"

void __wrap_mqtt_inflight_resume(struct mqtt_session *s);

void __wrap_mqtt_inflight_resume(struct mqtt_session *s) {
    (void)s;
}
