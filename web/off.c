/* off.c - the table of pages of a server built without them (-Dweb=off). */
#include "server/http/assets.h"

const struct assets_file assets_table[1];
const size_t assets_count = 0;
