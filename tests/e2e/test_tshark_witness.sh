#!/bin/sh
# Every packet that the MQTT stack emits is decoded without complaint by tshark, whose dissector shares no code with us.
#
# quick
set -u
build=${BUILD:-build}
passed=0
failed=0

check() { # NAME COMMAND...
    name=$1
    shift
    if "$@"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAIL $name"
    fi
}

if ! command -v tshark >/dev/null; then
    echo "SKIP no tshark"
    echo "0 passed, 0 failed, 1 skipped"
    exit 0
fi
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
capture=$dir/emitted.pcap

dissect() { # tshark over the capture; what it says about running as root is of no interest
    tshark -n -r "$capture" "$@" 2>>"$dir/tshark.log"
}
none() { # FILTER: no frame matches it
    dissect -Y "$1" >"$dir/matches"
    [ ! -s "$dir/matches" ] || { head -n 5 "$dir/matches"; false; }
}
types_agree() { # every packet, in order, is seen as the type that was emitted
    dissect -Y mqtt -T fields -e mqtt.msgtype | tr ',' '\n' >"$dir/seen"
    cmp "$dir/emitted" "$dir/seen"
}
all_types() { # the emitted ones are worth looking at: all 15 types
    [ "$(sort -u "$dir/emitted" | wc -l)" -eq 15 ]
}
all_properties() { # tshark has met all 27 properties
    [ "$(dissect -Y mqtt -T fields -e mqtt.property_id | tr ',' '\n' | sort -u | grep -c .)" -eq 27 ]
}

check "mqtt_emit runs" "$build/tests/tools/mqtt_emit" "$capture" >"$dir/emitted"
check "tshark reads the capture" dissect -c 1 >/dev/null
check "nothing is malformed" none "_ws.malformed"
check "no expert has a warning or an error" none '_ws.expert.severity >= "Warning"'
check "all payload is MQTT" none "tcp.len > 0 && !mqtt"
check "no unknown property, version or alias, no illegal length" none \
    "mqtt.prop_unknown || mqtt.unknown_version || mqtt.unknown_topic_alias || mqtt.illegal_topic_length"
check "no reserved bit is set" none \
    "mqtt.conflag.reserved == 1 || mqtt.conack.flags.reserved == 1 || mqtt.subscription_options_reserved != 0"
check "every packet is seen as its type" types_agree
check "all 15 packet types were emitted" all_types
check "all 27 properties were emitted" all_properties

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
