/* UTF-8 as MQTT 5.0 section 1.5.4 and 3.1.1 section 1.5.3 want it. */
#ifndef MUSTER_BASE_UTF8_H
#define MUSTER_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Well-formed (RFC 3629: no surrogates, no overlong forms, ≤ U+10FFFF) and without U+0000. */
bool utf8_valid(const uint8_t *data, size_t size);
/* Length (1 to 4) of the well-formed sequence that data[0..size) begins with; 0 when it begins with none. U+0000 is
 * well-formed here. */
size_t utf8_sequence(const uint8_t *data, size_t size);
/* Is that well-formed sequence a C0 or C1 control or DEL, which a terminal may obey? */
bool utf8_is_control(const uint8_t *sequence, size_t length);

#endif
