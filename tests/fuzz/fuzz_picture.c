/* fuzz_picture.c - any bytes as a file of --source file:DIR: a picture of a
 * size that the ring holds, or refused. */
#include "agent/capture/picture.h"
#include "agent/ring.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t sum; /* the pixels are there to be read */
    struct picture p = {0};

    if (picture_decode(data, size, &p) == WS_OK) {
        size_t bytes = (size_t)p.stride_bytes * p.height_px;

        if (bytes == 0 || bytes > RING_SLOT_PIXEL_BYTES ||
            p.stride_bytes < p.width_px * 4)
            abort();
        for (size_t i = 0; i < bytes; i += 97)
            sum = (uint8_t)(sum + p.pixels[i]);
    }
    free(p.pixels);
    return 0;
}
