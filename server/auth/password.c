#include "server/auth/password.h"

#include "core/log.h"

#include <ctype.h>
#include <pthread.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Long ones that lists of leaked passwords open with. */
static const char *const common[] = {
    "000000000000",
    "0123456789ab",
    "0987654321qw",
    "111111111111",
    "121212121212",
    "123123123123",
    "1234567890-=",
    "1234567890ab",
    "1234567890qwerty",
    "123456789101112",
    "123456789123",
    "1234567891011",
    "123456789qwerty",
    "123qweasdzxc",
    "1q2w3e4r5t6y",
    "1q2w3e4r5t6y7u8i",
    "1qaz2wsx3edc",
    "1qaz2wsx3edc4rfv",
    "987654321098",
    "abc123abc123",
    "abcd1234abcd",
    "abcdefghijkl",
    "abcdefghijklm",
    "administrator",
    "adminadminadmin",
    "asdfghjklqwe",
    "changemechangeme",
    "changeme1234",
    "correcthorsebatterystaple",
    "hunter2hunter2",
    "iloveyou1234",
    "iloveyouforever",
    "letmeinletmein",
    "letmeinplease",
    "mypassword123",
    "passw0rd1234",
    "password1234",
    "passwordpassword",
    "q1w2e3r4t5y6",
    "qazwsxedcrfv",
    "qwertyqwerty",
    "qwertyuiop12",
    "qwertyuiop123",
    "qwertyuiopasdf",
    "secretsecret",
    "thisisapassword",
    "trustno1trustno1",
    "welcome12345",
    "welcomewelcome",
    "zxcvbnmasdfghjkl",
};

/* Words that stay weak with digits or signs behind them. */
static const char *const stems[] = {
    "admin",      "administrator", "changeme", "iloveyou", "letmein",
    "login",      "master",        "passw0rd", "password", "qwerty",
    "qwertyuiop", "root",          "secret",   "welcome",  "worksight",
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t freed = PTHREAD_COND_INITIALIZER;
static unsigned working, waiting;

static enum err slot_take(void)
{
    enum err e = WS_OK;

    pthread_mutex_lock(&lock);
    if (working >= PASSWORD_AT_ONCE && waiting >= PASSWORD_WAITING) {
        e = WS_AGAIN;
    } else {
        waiting++;
        while (working >= PASSWORD_AT_ONCE)
            pthread_cond_wait(&freed, &lock);
        waiting--;
        working++;
    }
    pthread_mutex_unlock(&lock);
    return e;
}

static void slot_give(void)
{
    pthread_mutex_lock(&lock);
    working--;
    pthread_cond_signal(&freed);
    pthread_mutex_unlock(&lock);
}

static size_t characters(const char *text)
{
    size_t n = 0;

    for (; *text; text++)
        if (((unsigned char)*text & 0xc0) != 0x80)
            n++;
    return n;
}

/* One character over and over, or each the next of the one before. */
static bool is_run(const char *text)
{
    int step = text[1] - text[0];
    size_t i;

    if (step < -1 || step > 1)
        return false;
    for (i = 1; text[i]; i++)
        if (text[i] - text[i - 1] != step)
            return false;
    return true;
}

static bool is_common(const char *password)
{
    size_t len = strlen(password), i;

    for (i = 0; i < sizeof(common) / sizeof(common[0]); i++)
        if (strcasecmp(password, common[i]) == 0)
            return true;
    while (len > 0 && !isalpha((unsigned char)password[len - 1]))
        len--;
    for (i = 0; i < sizeof(stems) / sizeof(stems[0]); i++)
        if (strlen(stems[i]) == len &&
            strncasecmp(password, stems[i], len) == 0)
            return true;
    return false;
}

enum err password_check(const char *password, const char *account,
                        char why[PASSWORD_WHY_BYTES])
{
    size_t n = characters(password);

    if (n < PASSWORD_MIN_CHARS)
        snprintf(why, PASSWORD_WHY_BYTES,
                 "has %zu characters; use at least %d, for example four words",
                 n, PASSWORD_MIN_CHARS);
    else if (strlen(password) > PASSWORD_MAX_BYTES)
        snprintf(why, PASSWORD_WHY_BYTES, "is longer than %d bytes",
                 PASSWORD_MAX_BYTES);
    else if (*account && strlen(account) > 3 && strcasestr(password, account))
        snprintf(why, PASSWORD_WHY_BYTES,
                 "contains the account's name; choose another one");
    else if (is_run(password) || is_common(password))
        snprintf(why, PASSWORD_WHY_BYTES,
                 "is among the first ones that attackers try; choose another "
                 "one, for example four words");
    else
        return WS_OK;
    return WS_INVALID;
}

enum err password_hash(const char *password, char out[PASSWORD_HASH_BYTES])
{
    enum err e = slot_take();
    int bad;

    if (e)
        return e;
    bad = crypto_pwhash_str_alg(
        out, password, strlen(password), crypto_pwhash_OPSLIMIT_INTERACTIVE,
        crypto_pwhash_MEMLIMIT_INTERACTIVE, crypto_pwhash_ALG_ARGON2ID13);
    slot_give();
    if (bad) {
        log_error("password_hash_failed", "no memory for Argon2id (64 MiB)");
        return WS_NOMEM;
    }
    return WS_OK;
}

enum err password_verify(const char *hash, const char *password)
{
    unsigned char key[32];
    static const unsigned char salt[crypto_pwhash_SALTBYTES] = {1};
    enum err e = slot_take();
    int bad;

    if (e)
        return e;
    if (hash)
        bad = crypto_pwhash_str_verify(hash, password, strlen(password));
    else /* the same work, for nothing */
        bad = crypto_pwhash(key, sizeof(key), password, strlen(password), salt,
                            crypto_pwhash_OPSLIMIT_INTERACTIVE,
                            crypto_pwhash_MEMLIMIT_INTERACTIVE,
                            crypto_pwhash_ALG_ARGON2ID13);
    slot_give();
    return bad || !hash ? WS_DENIED : WS_OK;
}
