#include "server/store/store_mysql_values.h"

#include <stdlib.h>
#include <string.h>

static void forget_rows(struct store_mysql_values *v)
{
    free(v->cells);
    free(v->lens);
    free(v->nulls);
    v->cells = NULL;
    v->lens = NULL;
    v->nulls = NULL;
    v->room = 0;
}

static enum err grow(struct store_mysql_values *v, size_t rows)
{
    size_t count = rows * v->count + 1;

    forget_rows(v);
    v->cells = calloc(count, sizeof *v->cells);
    v->lens = calloc(count, sizeof *v->lens);
    v->nulls = calloc(count, sizeof *v->nulls);
    if (!v->cells || !v->lens || !v->nulls)
        return WS_NOMEM;
    v->room = rows;
    return WS_OK;
}

enum err store_mysql_values_init(struct store_mysql_values *v, uint16_t *order,
                                 size_t places)
{
    *v = (struct store_mysql_values){.order = order, .places = places};
    for (size_t i = 0; i < places; i++)
        if (order[i] >= v->count)
            v->count = order[i] + 1U;
    v->types = calloc(v->count + 1, sizeof *v->types);
    v->binds = calloc(places + 1, sizeof *v->binds);
    if (!v->types || !v->binds)
        return WS_NOMEM;
    return grow(v, 1);
}

void store_mysql_values_fini(struct store_mysql_values *v)
{
    forget_rows(v);
    free(v->order);
    free(v->types);
    free(v->binds);
    *v = (struct store_mysql_values){0};
}

void store_mysql_values_fresh(struct store_mysql_values *v)
{
    for (size_t i = 0; i < v->count; i++)
        v->types[i] = MYSQL_TYPE_NULL;
    v->rows = v->row = v->at = 0;
    v->wrong = false;
}

enum err store_mysql_values_rows(struct store_mysql_values *v, size_t rows)
{
    store_mysql_values_fresh(v);
    v->rows = rows;
    return rows <= v->room ? WS_OK : grow(v, rows);
}

static size_t stride(const struct store_mysql_values *v)
{
    return v->rows ? v->rows : 1;
}

void store_mysql_values_add(struct store_mysql_values *v,
                            enum enum_field_types type,
                            union store_mysql_cell is, size_t len)
{
    size_t i = v->at * stride(v) + v->row;

    if (v->row >= stride(v) || v->at >= v->count) {
        v->wrong = true; /* one too many */
        return;
    }
    if (v->types[v->at] == MYSQL_TYPE_NULL)
        v->types[v->at] = type;
    else if (type != MYSQL_TYPE_NULL && type != v->types[v->at])
        v->wrong = true;
    v->cells[i] = is;
    v->lens[i] = len;
    v->nulls[i] =
        type == MYSQL_TYPE_NULL ? STMT_INDICATOR_NULL : STMT_INDICATOR_NONE;
    if (++v->at == v->count) {
        v->at = 0;
        v->row++;
    }
}

bool store_mysql_values_whole(const struct store_mysql_values *v)
{
    return !v->wrong && (v->count == 0 || v->row == stride(v));
}

static void bind_array(struct store_mysql_values *v, size_t value,
                       MYSQL_BIND *b)
{
    size_t first = value * v->rows;

    if (b->buffer_type == MYSQL_TYPE_NULL)
        b->buffer_type = MYSQL_TYPE_STRING; /* of which each is NULL */
    b->buffer = &v->cells[first];
    b->length = &v->lens[first];
    b->u.indicator = &v->nulls[first];
}

static void bind_one(struct store_mysql_values *v, size_t value, MYSQL_BIND *b)
{
    if (b->buffer_type == MYSQL_TYPE_STRING ||
        b->buffer_type == MYSQL_TYPE_BLOB)
        memcpy(&b->buffer, &v->cells[value].bytes, sizeof b->buffer);
    else
        b->buffer = &v->cells[value];
    b->buffer_length = v->lens[value];
    b->length = &v->lens[value];
}

MYSQL_BIND *store_mysql_values_binds(struct store_mysql_values *v)
{
    for (size_t i = 0; i < v->places; i++) {
        size_t value = v->order[i];

        v->binds[i].buffer_type = v->types[value]; /* the rest stays 0 */
        if (v->rows)
            bind_array(v, value, &v->binds[i]);
        else
            bind_one(v, value, &v->binds[i]);
    }
    return v->binds;
}
