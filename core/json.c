#include "core/json.h"

#include "core/jsonw.h"
#include "core/utf8.h"

#include <cJSON.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double largest_exact = 9007199254740991.0; /* 2^53 - 1 */

/* struct json is cJSON under our name: one file knows the library. */
static const cJSON *node(const struct json *v)
{
    return (const cJSON *)(const void *)v;
}

static const struct json *wrap(const cJSON *v)
{
    return (const struct json *)(const void *)v;
}

/* --- memory: a document is one arena ---
 *
 * A node of cJSON is up to three allocations, and a batch of a hundred items
 * has thousands of nodes. They come and go together, so they are cut from few
 * chunks, the first of which begins with the root.
 */

/* What a text of this length mostly becomes. Under ASan each node has a chunk
 * of its own, so that its bounds are watched. */
static size_t chunk_bytes(size_t len)
{
#ifdef WS_ASAN
    (void)len;
    return 0;
#else
    return 1024 + len + len / 2;
#endif
}

struct chunk {
    struct chunk *next;
    size_t used, size; /* bytes after this head */
};

/* Of the document that this thread is parsing. */
static _Thread_local struct {
    struct chunk *first, **last;
    size_t chunk_bytes;
    bool no_memory;
} arena;

static void *arena_take(size_t bytes)
{
    struct chunk *c = *arena.last;
    void *taken;

    bytes = (bytes + _Alignof(cJSON) - 1) & ~(_Alignof(cJSON) - 1);
    if (!c || c->size - c->used < bytes) {
        size_t size = bytes > arena.chunk_bytes ? bytes : arena.chunk_bytes;

        if (c)
            arena.last = &c->next;
        *arena.last = c = malloc(sizeof *c + size);
        if (!c) {
            arena.no_memory = true;
            return NULL;
        }
        *c = (struct chunk){.size = size};
    }
    taken = (char *)(c + 1) + c->used;
    c->used += bytes;
    return taken;
}

static void arena_keep(void *taken)
{
    (void)taken; /* until the document ends */
}

static void arena_init(void)
{
    cJSON_Hooks hooks = {.malloc_fn = arena_take, .free_fn = arena_keep};

    cJSON_InitHooks(&hooks);
}

/* The document is where the first chunk begins. */
static struct json *arena_parse(const char *text, size_t len, const char **end)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    const cJSON *root;

    (void)pthread_once(&once, arena_init);
    arena.first = NULL;
    arena.last = &arena.first;
    arena.chunk_bytes = chunk_bytes(len);
    arena.no_memory = false;
    root = cJSON_ParseWithLengthOpts(text, len, end, 0);
    if (root)
        return (struct json *)(void *)root;
    json_free(arena.first ? (struct json *)(void *)(arena.first + 1) : NULL);
    return NULL;
}

void json_free(struct json *root)
{
    struct chunk *c = root ? (struct chunk *)(void *)root - 1 : NULL;

    while (c) {
        struct chunk *next = c->next;

        free(c);
        c = next;
    }
}

static void say(struct json_error *why, size_t offset, const char *message)
{
    if (!why)
        return;
    why->offset = offset;
    snprintf(why->message, sizeof why->message, "%s", message);
}

static enum err no_memory(struct json_error *why)
{
    say(why, 0, "out of memory");
    return WS_NOMEM;
}

/* cJSON ends texts at a NUL, so an escaped one would cut its text short. */
static const char *escaped_nul(const char *text, size_t len)
{
    const char *end = text + len;

    for (const char *at = text; at < end && (at = memchr(at, '\\', end - at));
         at += 2)
        if (end - at >= 6 && memcmp(at, "\\u0000", 6) == 0)
            return at;
    return NULL;
}

/* Where brackets outside texts stand too deep; only asked once it is known
 * that something is wrong: the parser bounds its own recursion. */
static size_t too_deep_at(const char *text, size_t len)
{
    size_t depth = 0;
    bool quoted = false;

    for (size_t i = 0; i < len; i++) {
        char c = text[i];

        if (quoted && c == '\\')
            i++;
        else if (c == '"')
            quoted = !quoted;
        else if (quoted)
            continue;
        else if ((c == '{' || c == '[') && ++depth > JSON_MAX_DEPTH)
            return i;
        else if ((c == '}' || c == ']') && depth > 0)
            depth--;
    }
    return len;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Most names differ in their first letter. */
static bool same_name(const char *a, const char *b)
{
    return *a == *b && strcmp(a, b) == 0;
}

static const char *twin_of_few(const cJSON *object)
{
    for (const cJSON *a = object->child; a; a = a->next)
        for (const cJSON *b = a->next; b; b = b->next)
            if (same_name(a->string, b->string))
                return a->string;
    return NULL;
}

/* The name of a member that stands twice; NULL if none does. Few members are
 * compared in pairs, many are sorted, so a wide object costs n log n. */
static enum err find_twin(const cJSON *object, const char **twin)
{
    enum { JSON_FEW = 24 };
    OWN_FREE const char **list = NULL;
    size_t n = 0, count = (size_t)cJSON_GetArraySize(object);

    *twin = count > JSON_FEW ? NULL : twin_of_few(object);
    if (count <= JSON_FEW)
        return WS_OK;
    list = calloc(count, sizeof *list);
    if (!list)
        return WS_NOMEM;
    for (const cJSON *m = object->child; m; m = m->next)
        list[n++] = m->string;
    qsort(list, n, sizeof *list, by_name);
    for (size_t i = 1; i < n; i++)
        if (strcmp(list[i - 1], list[i]) == 0)
            *twin = list[i];
    return WS_OK;
}

/* depth: of brackets, as too_deep_at() counts them. */
static enum err check_tree(const cJSON *v, size_t depth, struct json_error *why)
{
    const char *twin;
    char message[120];
    enum err e;

    if (cJSON_IsNumber(v) && !(fabs(v->valuedouble) <= largest_exact)) {
        say(why, 0, "a number is past 2^53 - 1: send it as a text");
        return WS_INVALID;
    }
    depth += cJSON_IsObject(v) || cJSON_IsArray(v);
    if (depth > JSON_MAX_DEPTH)
        return WS_INVALID; /* json_parse() says where */
    if (cJSON_IsObject(v)) {
        if (find_twin(v, &twin))
            return no_memory(why);
        if (twin) {
            snprintf(message, sizeof message, "the member \"%.60s\" is twice",
                     twin);
            say(why, 0, message);
            return WS_INVALID;
        }
    }
    for (const cJSON *c = v->child; c; c = c->next) {
        e = check_tree(c, depth, why);
        if (e)
            return e;
    }
    return WS_OK;
}

/* What the parser refused, or what is nested too deep. */
static enum err refuse_text(const char *text, size_t len, const char *end,
                            struct json_error *why)
{
    size_t deep = too_deep_at(text, len);

    if (deep < len)
        say(why, deep, "nested deeper than 32 levels");
    else
        say(why, end ? end - text : 0, "not JSON from here on");
    return WS_INVALID;
}

enum err json_parse(const char *text, size_t len, struct json **out,
                    struct json_error *why)
{
    OWN(json_free)
    struct json *root = NULL;
    const char *bad, *end = text;
    enum err e;

    *out = NULL;
    if (!utf8_valid(text, len)) {
        say(why, 0, "the text is not UTF-8");
        return WS_INVALID;
    }
    bad = escaped_nul(text, len);
    if (bad) {
        say(why, bad - text, "a text holds the character U+0000");
        return WS_INVALID;
    }
    root = arena_parse(text, len, &end);
    if (!root)
        return arena.no_memory ? no_memory(why)
                               : refuse_text(text, len, end, why);
    while (end < text + len && strchr(" \t\r\n", *end) && *end)
        end++;
    if (end != text + len) {
        say(why, end - text, "more bytes after the document");
        return WS_INVALID;
    }
    e = check_tree(node(root), 0, why);
    if (e == WS_INVALID && too_deep_at(text, len) < len)
        return refuse_text(text, len, NULL, why);
    if (e)
        return e;
    *out = TAKE(root);
    return WS_OK;
}

enum json_kind json_kind(const struct json *v)
{
    switch (node(v)->type & 0xff) {
    case cJSON_False:
    case cJSON_True:
        return JSON_BOOL;
    case cJSON_Number:
        return JSON_NUMBER;
    case cJSON_String:
        return JSON_TEXT;
    case cJSON_Array:
        return JSON_ARRAY;
    case cJSON_Object:
        return JSON_OBJECT;
    default:
        return JSON_NULL;
    }
}

const struct json *json_get(const struct json *object, const char *key)
{
    const cJSON *m = NULL;

    if (object && json_kind(object) == JSON_OBJECT)
        m = node(object)->child;
    while (m && !same_name(m->string, key))
        m = m->next;
    return wrap(m);
}

const struct json *json_first(const struct json *parent)
{
    return parent ? wrap(node(parent)->child) : NULL;
}

const struct json *json_next(const struct json *v)
{
    return wrap(node(v)->next);
}

const char *json_key(const struct json *member)
{
    return node(member)->string;
}

size_t json_count(const struct json *parent)
{
    return parent ? (size_t)cJSON_GetArraySize(node(parent)) : 0;
}

const char *json_text(const struct json *v, const char *fallback)
{
    return v && json_kind(v) == JSON_TEXT ? node(v)->valuestring : fallback;
}

double json_number(const struct json *v, double fallback)
{
    return v && json_kind(v) == JSON_NUMBER ? node(v)->valuedouble : fallback;
}

int64_t json_int(const struct json *v, int64_t fallback)
{
    double number = json_number(v, NAN);

    return number == floor(number) ? (int64_t)number : fallback;
}

bool json_bool(const struct json *v, bool fallback)
{
    return v && json_kind(v) == JSON_BOOL ? cJSON_IsTrue(node(v)) : fallback;
}

bool json_equal(const struct json *a, const struct json *b)
{
    return cJSON_Compare(node(a), node(b), 1);
}

static void print(const struct json *v, const char *key, struct jsonw *w)
{
    switch (json_kind(v)) {
    case JSON_NULL:
        jsonw_null(w, key);
        break;
    case JSON_BOOL:
        jsonw_bool(w, key, json_bool(v, false));
        break;
    case JSON_NUMBER:
        jsonw_number(w, key, json_number(v, 0));
        break;
    case JSON_TEXT:
        jsonw_text(w, key, json_text(v, ""));
        break;
    case JSON_ARRAY:
        jsonw_array(w, key);
        for (const struct json *c = json_first(v); c; c = json_next(c))
            print(c, NULL, w);
        jsonw_array_end(w);
        break;
    case JSON_OBJECT:
        jsonw_object(w, key);
        for (const struct json *c = json_first(v); c; c = json_next(c))
            print(c, json_key(c), w);
        jsonw_object_end(w);
        break;
    }
}

void json_print(const struct json *v, struct buf *out)
{
    struct jsonw w;

    jsonw_init(&w, out);
    print(v, NULL, &w);
}
