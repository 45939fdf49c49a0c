"""The rules of the house as data. docs/architecture.md says why they are as they are."""

import re

MAX_FUNCTION_LINES = 70
MAX_FILE_LINES = 700

# header (pattern): the only files under sim/ and tests/ that may include it (pattern)
THIRD_PARTY = [
    (r"ev\.h|ev\+\+\.h|libev/.*", r"sim/loop/loop_ev\.c"),
    (r"libfyaml\.h|libfyaml/.*", r"sim/scenario/load\.c"),
    (r"mbedtls/.*|psa/.*", r"sim/crypto/.*|sim/transport/transport_tls\w*\.[ch]"),
    (r"MQTTAsync\.h|MQTTClient\.h", r"sim/backend/observer_paho\.c"),
    (r"coap\d/.*", r"sim/backend/image_host_libcoap\.c"),
    (r"microhttpd\.h", r"sim/report/prometheus\.c"),
    (r"curl/.*", r"sim/backend/(hook|scrape)\.c"),
    (r"jansson\.h", r"sim/backend/hook\.c"),
    (r"CUnit/.*", r"tests/.*"),
]

# Functions of libm whose last digit differs between machines. Exact ones (sqrt, fabs, floor, fmod ...) are allowed.
INEXACT_LIBM = {
    name + suffix
    for name in (
        "acos acosh asin asinh atan atan2 atanh cbrt cos cosh erf erfc exp exp10 exp2 expm1 hypot j0 j1 jn lgamma "
        "lgamma_r log log10 log1p log2 pow sin sincos sinh tan tanh tgamma y0 y1 yn"
    ).split()
    for suffix in ("", "f", "l")
}

# Rooms whose results only people read: they may call INEXACT_LIBM.
ROOMS_WITHOUT_DECISIONS = {"report", "cli"}

# file of sim/ without .c: symbols that it exports although they do not begin with its stem
FOREIGN_NAMES = {
    "main": {"main"},
    # small tables of one header that other rooms read by their own names
    "metrics/cell": {"clock_names", "segments_find", "state_names", "tally_rows"},
    "metrics/step": {"close_reason_names"},
}

# file of sim/ without .c: variables that change, with the reason
MUTABLE = {
    "base/log": {"threshold", "written"},  # how much stderr says: set once, before any thread exists; lines so far: a counter
    "cli/interrupt": {"seen", "seen_at_ns"},  # a signal handler can reach nothing else
}

# sources of sim/ without a test of their own, with the reason
UNMIRRORED = {
    "sim/main.c",  # passes argv to cli/; the end-to-end tests run it
}

MACHINE_PATH = re.compile(r"(?<![\w.$}/-])/(?:work|root|home/\w+|Users/\w+|farm)(?:/|\b)")
UNFINISHED = re.compile(r"\b(?:TO" r"DO|FIX" r"ME|XX" r"X)\b")
