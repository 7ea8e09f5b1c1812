/* A line is looked at as one text, because a number in groups is one number.
 * OCR takes O for 0 and l for 1, so within a group that is mostly digits such
 * letters count as digits: it is better to fill a box too many. */
#include "agent/ai/redact.h"

#include <ctype.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#define LINE_BYTES 4096
#define LINE_WORDS 512
#define MIN_LONG_NUMBER 9
#define MIN_SECRET 16

struct line {
    char text[LINE_BYTES];
    size_t start[LINE_WORDS], end[LINE_WORDS]; /* of each word in text */
    size_t count, len;
};

static const char *const secret_starts[] = {
    "AKIA",        "ASIA",   "AIza",  "ghp_",     "gho_",     "ghs_",
    "github_pat_", "glpat-", "sk-",   "sk_live_", "sk_test_", "pk_live_",
    "rk_live_",    "xoxb-",  "xoxp-", "xapp-",    "eyJ",      "ya29.",
    "npm_",        "pypi-",  "hvs.",  "dop_v1_",  "SG.",
};
static const char *const labels[] = {
    "password", "passwd", "passphrase", "pwd",     "passwort",   "kennwort",
    "secret",   "token",  "apikey",     "api_key", "api-key",    "access_key",
    "pin",      "cvv",    "cvc",        "ssn",     "contrasena",
};

/* Characters that OCR gives for digits. */
static bool is_digit_like(char c)
{
    return isdigit((unsigned char)c) || strchr("OoIl|SB", c);
}

/* Digits of one group; 0 if it is not one (then it breaks a number). */
static size_t group_digits(const char *s, size_t len, char *out)
{
    size_t real = 0, like = 0;

    for (size_t i = 0; i < len; i++) {
        real += isdigit((unsigned char)s[i]) != 0;
        if (s[i] != '\0' && is_digit_like(s[i])) {
            if (out)
                out[like] = strchr("Oo", s[i])    ? '0'
                            : strchr("Il|", s[i]) ? '1'
                            : s[i] == 'S'         ? '5'
                            : s[i] == 'B'         ? '8'
                                                  : s[i];
            like++;
        } else {
            return 0;
        }
    }
    return real * 5 >= len * 3 ? like : 0;
}

static bool passes_luhn(const char *digits, size_t count)
{
    int sum = 0;

    for (size_t i = 0; i < count; i++) {
        int d = digits[count - 1 - i] - '0';

        if (i % 2 == 1) {
            d *= 2;
            d -= d > 9 ? 9 : 0;
        }
        sum += d;
    }
    return sum % 10 == 0;
}

static void mark(const struct line *l, size_t from, size_t to,
                 enum redact_kind kind, enum redact_kind *kinds)
{
    for (size_t i = 0; i < l->count; i++)
        if (l->start[i] < to && l->end[i] > from && kinds[i] == REDACT_NOTHING)
            kinds[i] = kind;
}

/* A date, a time or a version is no telephone. */
static bool looks_like_date(const char *s, size_t len)
{
    size_t groups[4] = {0}, n = 0;

    for (size_t i = 0; i < len; i++) {
        if (isdigit((unsigned char)s[i]))
            groups[n]++;
        else if (n == 3)
            return false;
        else
            n++;
    }
    return n == 2 && ((groups[0] == 4 && groups[1] <= 2 && groups[2] <= 2) ||
                      (groups[2] == 4 && groups[1] <= 2 && groups[0] <= 2));
}

/* How a run of groups was written. */
struct run {
    char digits[40];
    size_t count, groups, from, to;
    size_t first, last; /* digits of the first and of the last group */
    bool lead;          /* starts with + or 0 or ( : a telephone's way */
};

static void judge_run(const struct line *l, const struct run *r,
                      enum redact_kind *kinds)
{
    if (r->count >= 13 && r->count <= 19 && passes_luhn(r->digits, r->count))
        mark(l, r->from, r->to, REDACT_CARD, kinds);
    else if (r->lead && r->count >= 8 && r->count <= 15 &&
             !looks_like_date(l->text + r->from, r->to - r->from))
        mark(l, r->from, r->to, REDACT_PHONE, kinds);
    else if (r->groups == 3 && r->first == 3 && r->last == 4 &&
             (r->count == 9 || r->count == 10)) /* 3-3-4 and 3-2-4 */
        mark(l, r->from, r->to, REDACT_PHONE, kinds);
}

/* Read groups of digits from `at` on, with one blank, dash, dot or bracket
 * between two of them, and judge every run of them. */
static void read_run(const struct line *l, size_t at, enum redact_kind *kinds)
{
    struct run r = {.from = at};
    size_t i = at;

    if (strchr("+(", l->text[i])) {
        r.lead = true;
        i++;
    } else {
        r.lead = l->text[i] == '0';
    }
    while (i < l->len) {
        size_t end = i, n;

        while (end < l->len && l->text[end] != '\0' &&
               is_digit_like(l->text[end]))
            end++;
        n = group_digits(l->text + i, end - i, NULL);
        if (n == 0 || r.count + n > sizeof(r.digits) ||
            (end < l->len && isalpha((unsigned char)l->text[end])))
            break;
        r.count += group_digits(l->text + i, end - i, r.digits + r.count);
        r.first = r.groups++ ? r.first : n;
        r.last = n;
        r.to = i = end;
        judge_run(l, &r, kinds);
        for (int k = 0; k < 2 && i < l->len && strchr(" -()/.", l->text[i]);
             k++)
            i++;
        if (i == end)
            break;
    }
}

/* In the middle of a word, or behind the point of a number. */
static bool is_inside(const char *text, size_t i)
{
    if (i > 0 && isalnum((unsigned char)text[i - 1]))
        return true;
    return i > 1 && strchr(".-/", text[i - 1]) &&
           isdigit((unsigned char)text[i - 2]);
}

static void find_numbers(const struct line *l, enum redact_kind *kinds)
{
    for (size_t i = 0; i < l->len; i++) {
        bool starts =
            isdigit((unsigned char)l->text[i]) || strchr("+(", l->text[i]);

        if (starts && !is_inside(l->text, i))
            read_run(l, i, kinds);
    }
}

static int entropy_tenths(const char *s, size_t len)
{
    unsigned counts[256] = {0};
    double bits = 0;

    for (size_t i = 0; i < len; i++)
        counts[(unsigned char)s[i]]++;
    for (int i = 0; i < 256; i++)
        if (counts[i])
            bits -= counts[i] * log2((double)counts[i] / (double)len);
    return (int)(bits * 10 / (double)len);
}

/* A random-looking text: letters of both cases and digits mixed, or long hex.
 * Paths, names with underscores and plain words are none. */
static bool looks_random(const char *s, size_t len)
{
    size_t upper = 0, lower = 0, digits = 0, hex = 0, changes = 0;

    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)s[i];

        if (!isalnum(c) && !strchr("+=-_", c))
            return false;
        upper += isupper(c) != 0;
        lower += islower(c) != 0;
        digits += isdigit(c) != 0;
        hex += isxdigit(c) != 0;
        changes += i > 0 &&
                   (isdigit(c) != 0) != (isdigit((unsigned char)s[i - 1]) != 0);
    }
    if (len >= 24 && hex == len && digits >= 4 && upper + lower >= 4)
        return true;
    return len >= MIN_SECRET && upper >= 2 && lower >= 2 && digits >= 2 &&
           changes >= 3 && entropy_tenths(s, len) >= 33;
}

static bool is_secret(const char *s, size_t len)
{
    size_t from = 0;

    for (size_t i = 0; i < sizeof(secret_starts) / sizeof(*secret_starts); i++)
        if (len >= MIN_SECRET &&
            strncmp(s, secret_starts[i], strlen(secret_starts[i])) == 0)
            return true;
    for (size_t i = 0; i <= len; i++) {
        if (i < len && !strchr("\"'`:,;()[]{}<>=/.@", s[i]))
            continue;
        if (looks_random(s + from, i - from))
            return true;
        from = i + 1;
    }
    return false;
}

static bool is_account(const char *s, size_t len)
{
    int rest = 0;
    size_t used = 0;

    if (len < 15 || len > 34 || !isalpha((unsigned char)s[0]) ||
        !isalpha((unsigned char)s[1]) || !isdigit((unsigned char)s[2]) ||
        !isdigit((unsigned char)s[3]))
        return false;
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)s[(i + 4) % len];

        if (!isalnum(c))
            return false;
        if (isdigit(c))
            rest = (rest * 10 + (c - '0')) % 97;
        else
            rest = (rest * 100 + (toupper(c) - 'A' + 10)) % 97;
        used++;
    }
    return used == len && rest == 1;
}

/* An account number may be written in groups: join words from each start. */
static void find_accounts(const struct line *l, enum redact_kind *kinds)
{
    for (size_t i = 0; i < l->count; i++) {
        char joined[64];
        size_t len = 0;

        for (size_t j = i; j < l->count && j < i + 10; j++) {
            size_t n = l->end[j] - l->start[j];

            if (len + n >= sizeof(joined))
                break;
            memcpy(joined + len, l->text + l->start[j], n);
            len += n;
            if (is_account(joined, len))
                mark(l, l->start[i], l->end[j], REDACT_ACCOUNT, kinds);
        }
    }
}

/* "password" in any case, with : or = after it or as a word of its own. */
static bool is_label(const char *s, size_t len, size_t *value_at)
{
    for (size_t i = 0; i < sizeof(labels) / sizeof(*labels); i++) {
        size_t n = strlen(labels[i]);

        if (len < n || strncasecmp(s, labels[i], n) != 0)
            continue;
        if (len == n || s[n] == ':' || s[n] == '=') {
            *value_at = len == n ? n : n + 1;
            return true;
        }
    }
    return false;
}

/* After a label with a colon or an equals sign, the next word is the value. */
static void find_labelled(const struct line *l, enum redact_kind *kinds)
{
    for (size_t i = 0; i < l->count; i++) {
        const char *s = l->text + l->start[i];
        size_t len = l->end[i] - l->start[i], at, j = i + 1;
        bool sign;

        if (!is_label(s, len, &at))
            continue;
        if (at < len) {
            mark(l, l->start[i], l->end[i], REDACT_LABELLED, kinds);
            continue;
        }
        sign = strchr(":=", s[len - 1]) != NULL;
        while (j < l->count && l->end[j] - l->start[j] == 1 &&
               strchr(":=", l->text[l->start[j]])) {
            sign = true;
            j++;
        }
        if (sign && j < l->count)
            mark(l, l->start[j], l->end[j], REDACT_LABELLED, kinds);
    }
}

static bool is_email(const char *s, size_t len)
{
    const char *at = memchr(s, '@', len);

    return at && at > s && at + 2 < s + len;
}

static bool has_long_number(const char *s, size_t len)
{
    size_t run = 0;

    for (size_t i = 0; i < len; i++) {
        run = isdigit((unsigned char)s[i]) ? run + 1 : 0;
        if (run >= MIN_LONG_NUMBER)
            return true;
    }
    return len >= MIN_LONG_NUMBER && group_digits(s, len, NULL) > 0;
}

static void find_in_words(const struct line *l, enum redact_kind *kinds)
{
    for (size_t i = 0; i < l->count; i++) {
        const char *s = l->text + l->start[i];
        size_t len = l->end[i] - l->start[i];

        if (kinds[i] != REDACT_NOTHING)
            continue;
        if (is_email(s, len))
            kinds[i] = REDACT_EMAIL;
        else if (has_long_number(s, len))
            kinds[i] = REDACT_NUMBER;
        else if (is_secret(s, len))
            kinds[i] = REDACT_SECRET;
    }
}

/* Lay out the words from `from` on that share its line; returns the next. */
static size_t take_line(const struct ocr_wire_word *words, size_t count,
                        size_t from, struct line *l)
{
    size_t i = from;

    l->count = l->len = 0;
    for (; i < count && words[i].line == words[from].line; i++) {
        size_t n = strnlen(words[i].text, OCR_WIRE_TEXT_BYTES);

        if (l->count == LINE_WORDS || l->len + n + 1 >= LINE_BYTES)
            break;
        l->start[l->count] = l->len;
        memcpy(l->text + l->len, words[i].text, n);
        l->len += n;
        l->end[l->count++] = l->len;
        l->text[l->len++] = ' ';
    }
    l->text[l->len] = '\0';
    return i;
}

size_t redact_words(const struct ocr_wire_word *words, size_t count,
                    enum redact_kind *kinds)
{
    static struct line l;
    size_t masked = 0, from = 0;

    for (size_t i = 0; i < count; i++)
        kinds[i] = REDACT_NOTHING;
    while (from < count) {
        size_t next = take_line(words, count, from, &l);

        find_accounts(&l, kinds + from);
        find_numbers(&l, kinds + from);
        find_in_words(&l, kinds + from);
        find_labelled(&l, kinds + from);
        from = next;
    }
    explicit_bzero(&l, sizeof(l));
    for (size_t i = 0; i < count; i++)
        masked += kinds[i] != REDACT_NOTHING;
    return masked;
}
