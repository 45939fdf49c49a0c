#include "backend/broker_tree.h"

#include <stdio.h>
#include <string.h>

#include "base/draw.h"
#include "harness.h"
#include "mqtt/mqtt_topic.h"

static struct pool *pool;
static struct broker_tree tree;
static struct broker_subscription *const hung =
    (struct broker_subscription *)(void *)&tree; /* any pointer that is not NULL */

static void begin(void) {
    pool = pool_new(256 << 20);
    CU_ASSERT_EQUAL_FATAL(broker_tree_init(&tree, pool), 0);
}

static void end(void) {
    broker_tree_free(&tree);
    CU_ASSERT_EQUAL(pool_in_use(pool), 0);
    pool_free(pool);
}

static struct broker_node *put(const char *path) {
    struct broker_node *n = broker_tree_make(&tree, bytes_of_text(path));
    CU_ASSERT_PTR_NOT_NULL_FATAL(n);
    n->first = hung;
    return n;
}

/* Writes the path of a node so that it ends at `end`; returns its start. */
static char *path_of(const struct broker_node *n, char *end) {
    for (; n->parent != NULL; n = n->parent) {
        end -= n->size;
        memcpy(end, n->level, n->size);
        if (n->parent->parent != NULL)
            *--end = '/';
    }
    return end;
}

static bool found(struct broker_node *(*next)(struct broker_tree_walk *), struct broker_tree_walk w,
                  const char *wanted) {
    char all[1024] = "", path[256] = "";
    for (struct broker_node *n; (n = next(&w)) != NULL;) {
        if (n->first == NULL)
            continue;
        strcat(strcat(all, path_of(n, path + sizeof path - 1)), " ");
    }
    if (strcmp(all, wanted) != 0)
        printf("wanted \"%s\"\ngot    \"%s\"\n", wanted, all);
    return strcmp(all, wanted) == 0;
}

#define MATCHING(topic, wanted)                                                                                        \
    CU_ASSERT_TRUE(found(broker_tree_next_matching, broker_tree_matching(&tree, bytes_of_text(topic)), wanted))
#define MATCHED(filter, wanted)                                                                                        \
    CU_ASSERT_TRUE(found(broker_tree_next_matched, broker_tree_matched(&tree, bytes_of_text(filter)), wanted))

static void filters_that_match_a_topic_are_found(void) {
    begin();
    static const char *const filters[] = {"a/b", "a/+", "+/b", "a/#", "#", "+", "+/+", "a/b/#", "b", "$SYS/#", "+/b/c"};
    for (size_t i = 0; i < sizeof filters / sizeof filters[0]; i++)
        put(filters[i]);
    MATCHING("a/b", "# a/# a/b a/b/# a/+ +/b +/+ ");
    MATCHING("a", "# a/# + ");
    MATCHING("b", "# b + ");
    MATCHING("x/b/c", "# +/b/c ");
    MATCHING("$SYS/x", "$SYS/# ");
    MATCHING("/b", "# +/b +/+ ");
    end();
}

static void names_that_a_filter_matches_are_found(void) {
    begin();
    static const char *const names[] = {"a", "a/b", "a/b/c", "a/c", "b/b", "$SYS/x", "b"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        put(names[i]);
    MATCHED("#", "a a/b a/b/c a/c b b/b ");
    MATCHED("a/#", "a a/b a/b/c a/c ");
    MATCHED("+/b", "a/b b/b ");
    MATCHED("+", "a b ");
    MATCHED("a/+", "a/b a/c ");
    MATCHED("+/+/#", "a/b a/b/c a/c b/b ");
    MATCHED("$SYS/#", "$SYS/x ");
    MATCHED("$SYS/+", "$SYS/x ");
    MATCHED("+/x", "");
    MATCHED("a/b", "a/b ");
    MATCHED("a/x/#", "");
    end();
}

/* Every pair of generated names and filters: the walks agree with mqtt_topic_matches. */
static void walks_agree_with_the_matcher(void) {
    static const char *const levels[] = {"", "a", "b", "$x"};
    static const char *const wild[] = {"", "a", "b", "+", "$x"};
    char names[340][16], filters[800][16];
    size_t name_count = 0, filter_count = 0;
    for (unsigned n = 1; n <= 3; n++)
        for (unsigned code = 0; code < (n == 1 ? 4 : n == 2 ? 16 : 64); code++) {
            snprintf(names[name_count], 16, "%s%s%s%s%s", levels[code % 4], n > 1 ? "/" : "",
                     n > 1 ? levels[code / 4 % 4] : "", n > 2 ? "/" : "", n > 2 ? levels[code / 16] : "");
            name_count += names[name_count][0] != '\0';
        }
    for (unsigned n = 1; n <= 3; n++)
        for (unsigned code = 0; code < (n == 1 ? 5 : n == 2 ? 25 : 125); code++)
            for (int hash = 0; hash < 2; hash++) {
                snprintf(filters[filter_count], 16, "%s%s%s%s%s%s", wild[code % 5], n > 1 ? "/" : "",
                         n > 1 ? wild[code / 5 % 5] : "", n > 2 ? "/" : "", n > 2 ? wild[code / 25] : "",
                         hash ? "/#" : "");
                filter_count += filters[filter_count][0] != '\0';
            }
    unsigned wrong = 0;
    begin();
    for (size_t i = 0; i < filter_count; i++)
        put(filters[i]);
    for (size_t i = 0; i < name_count; i++) {
        unsigned walked = 0, matched = 0;
        struct broker_tree_walk w = broker_tree_matching(&tree, bytes_of_text(names[i]));
        for (struct broker_node *n; (n = broker_tree_next_matching(&w)) != NULL;)
            walked += n->first != NULL;
        for (size_t k = 0; k < filter_count; k++)
            matched += mqtt_topic_matches(bytes_of_text(filters[k]), bytes_of_text(names[i]));
        wrong += walked != matched;
    }
    end();
    begin();
    for (size_t i = 0; i < name_count; i++)
        put(names[i]);
    for (size_t k = 0; k < filter_count; k++) {
        unsigned walked = 0, matched = 0;
        struct broker_tree_walk w = broker_tree_matched(&tree, bytes_of_text(filters[k]));
        for (struct broker_node *n; (n = broker_tree_next_matched(&w)) != NULL;)
            walked += n->first != NULL;
        for (size_t i = 0; i < name_count; i++)
            matched += mqtt_topic_matches(bytes_of_text(filters[k]), bytes_of_text(names[i]));
        wrong += walked != matched;
    }
    end();
    CU_ASSERT_EQUAL(wrong, 0);
}

static void pruning_keeps_what_others_need(void) {
    begin();
    struct broker_node *deep = put("a/b/c/d"), *middle = put("a/b");
    size_t before = pool_in_use(pool);
    struct broker_node *other = put("a/b/x");
    other->first = NULL;
    broker_tree_prune(&tree, other);
    CU_ASSERT_EQUAL(pool_in_use(pool), before);
    deep->first = NULL;
    broker_tree_prune(&tree, deep);
    CU_ASSERT_PTR_NULL(broker_tree_find(&tree, bytes_of_text("a/b/c")));
    CU_ASSERT_PTR_EQUAL(broker_tree_find(&tree, bytes_of_text("a/b")), middle);
    middle->first = NULL;
    broker_tree_prune(&tree, middle);
    CU_ASSERT_PTR_NULL(tree.root->first_child);
    MATCHING("a/b", "");
    end();
}

static void wildcards_are_forgotten_with_their_last_filter(void) {
    begin();
    struct broker_node *plus = put("a/+"), *hash = put("a/#");
    plus->first = hash->first = NULL;
    broker_tree_prune(&tree, plus);
    broker_tree_prune(&tree, hash);
    MATCHING("a/b", "");
    put("a/+");
    MATCHING("a/b", "a/+ ");
    end();
}

static void sixty_five_thousand_levels_need_no_stack(void) {
    static char slashes[65536], wild[65536];
    memset(slashes, '/', 65535);
    for (size_t i = 0; i < 65535; i++)
        wild[i] = i % 2 == 0 ? '+' : '/';
    begin();
    put(slashes);
    put(wild);
    put("#");
    struct broker_tree_walk w = broker_tree_matching(&tree, bytes_of_text(slashes));
    unsigned count = 0;
    for (struct broker_node *n; (n = broker_tree_next_matching(&w)) != NULL;)
        count += n->first != NULL;
    CU_ASSERT_EQUAL(count, 2); /* the equal one and #; the other has half as many levels */
    w = broker_tree_matched(&tree, bytes_of_text(wild));
    count = 0;
    for (struct broker_node *n; (n = broker_tree_next_matched(&w)) != NULL;)
        count += n->first != NULL;
    CU_ASSERT_EQUAL(count, 1); /* itself, taken as a name */
    end();
}

static void an_exhausted_pool_leaves_nothing_behind(void) {
    pool = pool_new(256 << 10);
    CU_ASSERT_EQUAL_FATAL(broker_tree_init(&tree, pool), 0);
    size_t before = pool_in_use(pool);
    static char path[60000];
    memset(path, '/', sizeof path - 1);
    CU_ASSERT_PTR_NULL(broker_tree_make(&tree, bytes_of_text(path)));
    CU_ASSERT_PTR_NULL(tree.root->first_child);
    CU_ASSERT_TRUE(pool_in_use(pool) <= before + (128 << 10)); /* the buckets may have grown */
    end();
}

HARNESS_MAIN("broker_tree", HARNESS_CASE(filters_that_match_a_topic_are_found),
             HARNESS_CASE(names_that_a_filter_matches_are_found), HARNESS_CASE(walks_agree_with_the_matcher),
             HARNESS_CASE(pruning_keeps_what_others_need), HARNESS_CASE(wildcards_are_forgotten_with_their_last_filter),
             HARNESS_CASE(sixty_five_thousand_levels_need_no_stack),
             HARNESS_CASE(an_exhausted_pool_leaves_nothing_behind))
