/* password.h - what a password must be, and its Argon2id hash.
 *
 * Flow:    login, set-up, password change, user add -> [password] -> libsodium
 * Shapes:  hashes are libsodium's texts, "$argon2id$v=19$m=65536,t=2,p=1$..."
 * Errors:  WS_INVALID  the rules say no, with the reason
 *          WS_DENIED   the password is not the one behind the hash
 *          WS_AGAIN    PASSWORD_AT_ONCE are being worked on and
 *                      PASSWORD_WAITING wait: answer 503 and let the client
 *                      come again
 * Process: hashing takes about 0.1 s and 64 MiB: on reader threads, never on
 *          the loop; at most PASSWORD_AT_ONCE run in a process
 * Source:  privacy.md A1; libsodium, "Password hashing"
 */
#ifndef SERVER_AUTH_PASSWORD_H
#define SERVER_AUTH_PASSWORD_H

#include "core/err.h"

#include <stddef.h>

#define PASSWORD_MIN_CHARS 12
#define PASSWORD_MAX_BYTES 1024
#define PASSWORD_HASH_BYTES 128
#define PASSWORD_AT_ONCE 2
#define PASSWORD_WAITING 1
#define PASSWORD_WHY_BYTES 160

/* Judge a new password; why says what to change. */
enum err password_check(const char *password, const char *account,
                        char why[PASSWORD_WHY_BYTES]) WS_MUST_CHECK;

enum err password_hash(const char *password,
                       char out[PASSWORD_HASH_BYTES]) WS_MUST_CHECK;

/* Compare; a NULL hash takes as long and is WS_DENIED, so an unknown account
 * answers like a wrong password. */
enum err password_verify(const char *hash, const char *password) WS_MUST_CHECK;

#endif
