/* chunks.c - chunked bodies, one byte at a time but for the data. */
#include "server/http/chunks.h"

enum { SIZE, SIZE_LF, DATA, DATA_CR, DATA_LF, END_CR, END_LF, ENDED };

void chunks_init(struct chunks *c)
{
    *c = (struct chunks){.state = SIZE};
}

static int digit_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static enum err read_size_byte(struct chunks *c, char byte)
{
    int value = digit_value(byte);

    if (byte == '\r' && c->digits) {
        c->state = SIZE_LF;
        return WS_OK;
    }
    if (value < 0 || c->digits == CHUNKS_MAX_SIZE_DIGITS)
        return WS_INVALID;
    c->left = c->left * 16 + (unsigned)value;
    c->digits++;
    return WS_OK;
}

/* One byte of the framing. */
static enum err read_byte(struct chunks *c, char byte)
{
    static const struct {
        char wanted;
        unsigned next;
    } fixed[] = {
        [SIZE_LF] = {'\n', DATA}, [DATA_CR] = {'\r', DATA_LF},
        [DATA_LF] = {'\n', SIZE}, [END_CR] = {'\r', END_LF},
        [END_LF] = {'\n', ENDED},
    };

    if (c->state == SIZE)
        return read_size_byte(c, byte);
    if (byte != fixed[c->state].wanted)
        return WS_INVALID;
    if (c->state == SIZE_LF && c->left == 0)
        c->state = END_CR;
    else
        c->state = fixed[c->state].next;
    c->digits = 0;
    return WS_OK;
}

enum err chunks_read(struct chunks *c, const char *bytes, size_t len,
                     size_t *used, const char **data, size_t *data_len)
{
    size_t i = 0;
    enum err e;

    *data = bytes;
    *data_len = 0;
    while (i < len && c->state != DATA && c->state != ENDED) {
        e = read_byte(c, bytes[i++]);
        if (e)
            return e;
    }
    if (i < len && c->state == DATA) {
        size_t run = len - i < c->left ? len - i : (size_t)c->left;

        *data = bytes + i;
        *data_len = run;
        i += run;
        c->left -= run;
        if (c->left == 0)
            c->state = DATA_CR;
    }
    *used = i;
    return WS_OK;
}

bool chunks_ended(const struct chunks *c)
{
    return c->state == ENDED;
}
