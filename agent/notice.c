#include "agent/notice.h"

#include "core/io.h"
#include "core/own.h"

#include <string.h>
#include <strings.h>

#define REMEMBERED "notice.ack" /* in STATE: the hash, in hex */

struct tier_words {
    const char *name, *collected, *leaves;
};

static const struct tier_words tiers[] = {
    {"L0, heartbeat only",
     "  - nothing of the screen, of programs or of input\n",
     "  - that this agent runs, and how it does\n"},
    {"L1, kinds of program",
     "  - the program in front and its window title, to tell its kind\n",
     "  - at every look: the kind of program in front, and the rule that\n"
     "    told it (a program's or a site's name)\n"},
    {"L2, features and scores",
     "  - the picture of the screen, in memory only: it is read here and\n"
     "    forgotten\n"
     "  - the program in front and its window title, to tell its kind, and\n"
     "    how long since the last input\n",
     "  - what L1 sends\n"
     "  - levels from 0 to 3 of input, changes of the screen, changes of the\n"
     "    window and idle time; whether text is seen and whether a program\n"
     "    is full screen\n"
     "  - scores with their reasons\n"
     "  - no picture, no text, nothing that a text says, no window title\n"},
    {"L3, reduced pictures",
     "  - the picture of the screen; words that look like e-mail addresses,\n"
     "    card numbers, long numbers or secrets are filled in first\n"
     "  - the program in front and its window title, to tell its kind, and\n"
     "    how long since the last input\n",
     "  - what L2 sends, how many words were read, a hash of the text under\n"
     "    a key that stays here, and redacted pictures in reduced size\n"},
    {"L4, pictures",
     "  - the picture of the screen; words that look like e-mail addresses,\n"
     "    card numbers, long numbers or secrets are filled in first\n"
     "  - the program in front and its window title, to tell its kind, and\n"
     "    how long since the last input\n",
     "  - what L3 sends, with the redacted pictures in full size\n"},
};

static void print_duration(struct buf *out, int64_t ms)
{
    if (ms % 1000 == 0)
        buf_printf(out, "%lld s", (long long)(ms / 1000));
    else
        buf_printf(out, "%lld ms", (long long)ms);
}

static void collected(const struct settings *s, struct buf *out)
{
    buf_append_text(out, "\nWhat is looked at, every ");
    print_duration(out, s->every_ms);
    if (*s->hours)
        buf_printf(out, ", %s by this computer's clock", s->hours);
    buf_printf(out, ":\n%s", tiers[s->tier].collected);
    if (s->tier >= 2)
        buf_append_text(out,
                        s->input_counts
                            ? "  - how many keys and buttons were pressed, "
                              "never which\n"
                            : "  - keys and buttons are not counted\n");
    buf_append_text(out, "\nWhat is never looked at: which keys you press, "
                         "the clipboard, microphone,\ncamera, location.\n");
}

static void sent(const struct settings *s, struct buf *out)
{
    buf_printf(out, "\nWhat is sent:\n%s", tiers[s->tier].leaves);
    if (s->tier >= 3) {
        buf_append_text(out, "  - at most one picture every ");
        print_duration(out, s->picture_every_ms);
        buf_printf(out, ", up to and with %s\n", s->until);
    }
    buf_printf(out,
               "\nWhere to:  %s\n"
               "Purpose:   %s\n"
               "Basis:     whoever runs that server declares it; ask them. "
               "It is not consent.\n"
               "Who sees:  you, everything; others as that server's roles "
               "say.\n"
               "Kept:      on this computer until it is delivered; there as "
               "long as its\n"
               "           retention rules say.\n",
               s->server,
               *s->purpose ? s->purpose
                           : "to show you how your work time goes; nothing "
                             "beyond that is stated");
}

void notice_text(const struct settings *s, struct buf *out)
{
    buf_printf(out,
               "WorkSight notice\n\n"
               "This agent watches the screen of this desktop. Tier %s.\n",
               tiers[s->tier].name);
    collected(s, out);
    sent(s, out);
    buf_append_text(
        out, "\nYour rights:  see it all (worksight-agent show-sent, explain); "
             "ask whoever runs\n"
             "that server for a copy, a correction, a restriction or erasure; "
             "object; complain\n"
             "to a supervisory authority. This acknowledgement says that you "
             "were told. Saying\n"
             "no has no consequence here: nothing is captured then.\n"
             "\nWhile it captures, a badge is on the screen. Pause: "
             "worksight-agent pause 15m\n"
             "End: worksight-agent resume; stop: Ctrl-C, or the end of the "
             "session.\n");
}

enum err notice_hash(const struct settings *s, char out[SHA256_HEX_BYTES])
{
    OWN_BUF struct buf text = BUF_EMPTY;
    enum err e;

    notice_text(s, &text);
    e = buf_check(&text);
    if (e)
        return e;
    sha256_hash_hex(text.data, text.len, out);
    return WS_OK;
}

bool notice_is_acknowledged(const struct settings *s)
{
    OWN_FREE char *path = io_path(s->state, REMEMBERED);
    OWN_BUF struct buf text = BUF_EMPTY;
    char hash[SHA256_HEX_BYTES];

    if (!path || notice_hash(s, hash))
        return false;
    if (strcasecmp(s->acknowledge, hash) == 0)
        return true;
    return io_read_file(path, 4096, &text) == WS_OK &&
           strncmp(buf_text(&text), hash, strlen(hash)) == 0;
}

enum err notice_remember(const struct settings *s)
{
    OWN_FREE char *path = io_path(s->state, REMEMBERED);
    char hash[SHA256_HEX_BYTES];
    enum err e;

    if (!path)
        return WS_NOMEM;
    e = notice_hash(s, hash);
    if (e)
        return e;
    return io_write_file(path, hash, strlen(hash), 0600);
}
