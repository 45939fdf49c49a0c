#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "scenario/value.h"

static size_t name_size(const char *text) {
    size_t size = 0;
    while ((text[size] >= 'a' && text[size] <= 'z') || (size > 0 && (text[size] == '_')))
        size++;
    return size;
}

bool value_call_begins(const char *text) {
    size_t size = name_size(text);
    return size > 0 && text[size] == '(';
}

static int refuse(char *why, const char *sentence, const char *text) {
    snprintf(why, VALUE_WHY_MAX, sentence, text);
    return ERR_MALFORMED;
}

/* key=value, else value; blanks around either do not count. */
static struct value_argument argument_of(const char *at, size_t size) {
    struct value_argument a = {NULL, 0, at, size};
    size_t key = 0;
    while (key < size && ((at[key] >= 'a' && at[key] <= 'z') || at[key] == '_' || at[key] == '.' ||
                          (at[key] >= '0' && at[key] <= '9')))
        key++;
    size_t equals = key;
    while (equals < size && at[equals] == ' ')
        equals++;
    if (key > 0 && equals < size && at[equals] == '=') {
        a.key = at;
        a.key_size = key;
        a.text = at + equals + 1;
        a.size = size - equals - 1;
    }
    while (a.size > 0 && a.text[0] == ' ') {
        a.text++;
        a.size--;
    }
    while (a.size > 0 && a.text[a.size - 1] == ' ')
        a.size--;
    return a;
}

int value_call(const char *text, struct value_call *out, char *why) {
    struct value_call call = {.name = text, .name_size = name_size(text)};
    if (!value_call_begins(text))
        return refuse(why, "'%.60s' is not a function", text);
    const char *at = text + call.name_size + 1;
    bool empty = at[strspn(at, " ")] == ')';
    if (empty)
        at += strspn(at, " ");
    while (!empty) {
        while (*at == ' ')
            at++;
        size_t size = strcspn(at, ",()");
        if (at[size] == '\0')
            return refuse(why, "'%.60s' has no closing ')'", text);
        if (at[size] == '(')
            return refuse(why, "'%.60s' has a '(' too many", text);
        if (call.count == VALUE_ARGUMENTS_MAX)
            return refuse(why, "'%.60s' has too many arguments", text);
        call.arguments[call.count] = argument_of(at, size);
        if (call.arguments[call.count++].size == 0)
            return refuse(why, "'%.60s' has an empty argument", text);
        at += size;
        if (*at == ')')
            break;
        at++;
    }
    if (at[1 + strspn(at + 1, " ")] != '\0')
        return refuse(why, "'%.60s' goes on after its ')'", text);
    *out = call;
    return 0;
}
