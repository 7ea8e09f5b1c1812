/* fuzz_image.c - any bytes as a picture: its header is read or refused, and a
 * size that is told is within the bounds. */
#include "server/ingest/image.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes all = {.data = data, .fd = -1, .len = (int64_t)size};
    struct image i;

    if (image_read(&all, &i) != WS_OK)
        return 0;
    if (i.width_px < 1 || i.width_px > IMAGE_MAX_SIDE_PX || i.height_px < 1 ||
        i.height_px > IMAGE_MAX_SIDE_PX ||
        i.width_px * i.height_px > IMAGE_MAX_PX || i.format > FACT_WEBP)
        abort();
    return 0;
}
