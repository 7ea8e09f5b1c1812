/* commands.h - the commands of worksight-server besides serve, a file each.
 *
 * Flow:    main's table -> [commands] -> ask -> the store
 */
#ifndef SERVER_CLI_COMMANDS_H
#define SERVER_CLI_COMMANDS_H

#include "core/cli.h"

extern const struct cli_command cli_apikey;
extern const struct cli_command cli_audit;
extern const struct cli_command cli_blob;
extern const struct cli_command cli_doctor;
extern const struct cli_command cli_enroll;
extern const struct cli_command cli_import;
extern const struct cli_command cli_migrate;
extern const struct cli_command cli_openapi;
extern const struct cli_command cli_retention;
extern const struct cli_command cli_setup;
extern const struct cli_command cli_status;
extern const struct cli_command cli_token;
extern const struct cli_command cli_user;
extern const struct cli_command cli_version;

#endif
