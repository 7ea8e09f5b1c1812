/* exclude.c - see exclude.h.
 *
 * A title is compared by whole words, so "bank" is found in "My bank - Firefox"
 * and not in "databank.c". Bytes above 127 count as letters (UTF-8); their case
 * is not folded, so words with such letters are given as they are written.
 */
#include "agent/capture/exclude.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#define APP(kind, name)                                                        \
    {                                                                          \
        EXCLUDE_##kind, name, NULL                                             \
    }
#define TITLE(kind, words)                                                     \
    {                                                                          \
        EXCLUDE_##kind, NULL, words                                            \
    }

/* clang-format off */
const struct exclude_rule exclude_rules[] = {
    APP(LOCK, "i3lock"), APP(LOCK, "xscreensaver"), APP(LOCK, "xsecurelock"),
    APP(LOCK, "slock"), APP(LOCK, "xtrlock"), APP(LOCK, "light-locker"),
    APP(LOCK, "mate-screensaver"), APP(LOCK, "gnome-screensaver"),
    APP(LOCK, "cinnamon-screensaver"), APP(LOCK, "xfce4-screensaver"),
    APP(LOCK, "kscreenlocker_greet"), APP(LOCK, "kscreenlocker"),
    APP(LOCK, "lightdm-gtk-greeter"), APP(LOCK, "slick-greeter"),
    APP(LOCK, "sddm-greeter"), APP(LOCK, "gdm"), APP(LOCK, "xdm"),

    APP(PASSWORDS, "KeePassXC"), APP(PASSWORDS, "keepassx"),
    APP(PASSWORDS, "KeePass2"), APP(PASSWORDS, "KeePass"),
    APP(PASSWORDS, "org.keepassxc.KeePassXC"), APP(PASSWORDS, "Bitwarden"),
    APP(PASSWORDS, "1Password"), APP(PASSWORDS, "LastPass"),
    APP(PASSWORDS, "Enpass"), APP(PASSWORDS, "Dashlane"),
    APP(PASSWORDS, "Proton Pass"), APP(PASSWORDS, "NordPass"),
    APP(PASSWORDS, "QtPass"), APP(PASSWORDS, "Buttercup"),
    APP(PASSWORDS, "seahorse"), APP(PASSWORDS, "Secrets"),
    APP(PASSWORDS, "org.gnome.World.Secrets"),
    APP(PASSWORDS, "kwalletmanager5"), APP(PASSWORDS, "kwalletmanager"),
    APP(PASSWORDS, "Password Safe"), APP(PASSWORDS, "pwsafe"),
    APP(PASSWORDS, "gnome-authenticator"), APP(PASSWORDS, "Authy Desktop"),
    TITLE(PASSWORDS, "password manager"), TITLE(PASSWORDS, "KeePassXC"),
    TITLE(PASSWORDS, "Bitwarden"), TITLE(PASSWORDS, "1Password"),
    TITLE(PASSWORDS, "LastPass"), TITLE(PASSWORDS, "Dashlane"),
    TITLE(PASSWORDS, "Proton Pass"), TITLE(PASSWORDS, "Passwortmanager"),

    TITLE(PRIVATE_BROWSING, "private browsing"),
    TITLE(PRIVATE_BROWSING, "incognito"), TITLE(PRIVATE_BROWSING, "InPrivate"),
    TITLE(PRIVATE_BROWSING, "private window"),
    TITLE(PRIVATE_BROWSING, "Privater Modus"),
    TITLE(PRIVATE_BROWSING, "Inkognito"),
    TITLE(PRIVATE_BROWSING, "Navigation privée"),
    TITLE(PRIVATE_BROWSING, "Navegación privada"),
    TITLE(PRIVATE_BROWSING, "Navigazione anonima"),
    TITLE(PRIVATE_BROWSING, "Navegação privativa"),
    TITLE(PRIVATE_BROWSING, "Tor Browser"), APP(PRIVATE_BROWSING, "Tor Browser"),

    TITLE(BANKING, "bank"), TITLE(BANKING, "banking"), TITLE(BANKING, "banque"),
    TITLE(BANKING, "banco"), TITLE(BANKING, "banca"), TITLE(BANKING, "Sparkasse"),
    TITLE(BANKING, "Volksbank"), TITLE(BANKING, "PayPal"),
    TITLE(BANKING, "credit union"), TITLE(BANKING, "Onlinebanking"),
    TITLE(BANKING, "net banking"), TITLE(BANKING, "brokerage"),
    APP(BANKING, "hibiscus"), APP(BANKING, "gnucash"), APP(BANKING, "kmymoney"),
    APP(BANKING, "homebank"), APP(BANKING, "moneyplex"),

    TITLE(HEALTH, "patient portal"), TITLE(HEALTH, "my chart"),
    TITLE(HEALTH, "MyChart"), TITLE(HEALTH, "Doctolib"),
    TITLE(HEALTH, "health insurance"), TITLE(HEALTH, "Krankenkasse"),
    TITLE(HEALTH, "medical record"), TITLE(HEALTH, "medical records"),
    TITLE(HEALTH, "therapy"), TITLE(HEALTH, "Arzttermin"),
    TITLE(HEALTH, "assurance maladie"), TITLE(HEALTH, "lab results"),

    TITLE(WORKS_COUNCIL, "works council"), TITLE(WORKS_COUNCIL, "Betriebsrat"),
    TITLE(WORKS_COUNCIL, "Personalrat"), TITLE(WORKS_COUNCIL, "Gewerkschaft"),
    TITLE(WORKS_COUNCIL, "trade union"), TITLE(WORKS_COUNCIL, "labor union"),
    TITLE(WORKS_COUNCIL, "syndicat"), TITLE(WORKS_COUNCIL, "sindicato"),
    TITLE(WORKS_COUNCIL, "comité social et économique"),

    TITLE(WEBMAIL, "Gmail"), TITLE(WEBMAIL, "Yahoo Mail"),
    TITLE(WEBMAIL, "Proton Mail"), TITLE(WEBMAIL, "ProtonMail"),
    TITLE(WEBMAIL, "GMX"), TITLE(WEBMAIL, "WEB.DE"), TITLE(WEBMAIL, "Tuta Mail"),
    TITLE(WEBMAIL, "Tutanota"), TITLE(WEBMAIL, "iCloud Mail"),
    TITLE(WEBMAIL, "AOL Mail"), TITLE(WEBMAIL, "Fastmail"),

    APP(CONSENT, "pinentry"), APP(CONSENT, "pinentry-gtk-2"),
    APP(CONSENT, "pinentry-qt"), APP(CONSENT, "pinentry-gnome3"),
    APP(CONSENT, "gcr-prompter"), APP(CONSENT, "ssh-askpass"),
    APP(CONSENT, "x11-ssh-askpass"), APP(CONSENT, "ksshaskpass"),
    APP(CONSENT, "polkit-gnome-authentication-agent-1"),
    APP(CONSENT, "polkit-kde-authentication-agent-1"),
    APP(CONSENT, "lxpolkit"), APP(CONSENT, "lxqt-policykit-agent"),
    APP(CONSENT, "polkit-mate-authentication-agent-1"), APP(CONSENT, "kwalletd5"),
    APP(CONSENT, "gksu"), APP(CONSENT, "kdesu"),
    TITLE(CONSENT, "authentication required"), TITLE(CONSENT, "Unlock Keyring"),
    TITLE(CONSENT, "Authentifizierung erforderlich"),
    TITLE(CONSENT, "enter password"), TITLE(CONSENT, "enter passphrase"),
};
/* clang-format on */

const size_t exclude_rule_count =
    sizeof exclude_rules / sizeof exclude_rules[0];

static const char *const words[EXCLUDE_KINDS] = {
    [EXCLUDE_NOTHING] = "nothing",
    [EXCLUDE_LOCK] = "lock or login screen",
    [EXCLUDE_PASSWORDS] = "password manager",
    [EXCLUDE_PRIVATE_BROWSING] = "private browsing",
    [EXCLUDE_BANKING] = "banking",
    [EXCLUDE_HEALTH] = "health",
    [EXCLUDE_WORKS_COUNCIL] = "works council or union",
    [EXCLUDE_WEBMAIL] = "personal mail",
    [EXCLUDE_CONSENT] = "password or consent dialog",
};

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') || (c & 0x80);
}

static bool has_words(const char *title, const char *wanted)
{
    size_t len = strlen(wanted);
    const char *at;

    for (at = title; (at = strcasestr(at, wanted)) != NULL; at++) {
        if ((at == title || !is_letter(at[-1])) && !is_letter(at[len]))
            return true;
    }
    return false;
}

enum exclude_kind exclude_match(const char *app, const char *instance,
                                const char *title)
{
    size_t i;

    for (i = 0; i < exclude_rule_count; i++) {
        const struct exclude_rule *r = &exclude_rules[i];

        if (r->app && ((app && strcasecmp(app, r->app) == 0) ||
                       (instance && strcasecmp(instance, r->app) == 0)))
            return r->kind;
        if (r->title && title && has_words(title, r->title))
            return r->kind;
    }
    return EXCLUDE_NOTHING;
}

const char *exclude_word(enum exclude_kind kind)
{
    return kind < EXCLUDE_KINDS ? words[kind] : "unknown";
}
