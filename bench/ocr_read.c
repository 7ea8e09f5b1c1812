/* ocr_read.c - read pictures with the reader of worksight-ocr, for bench-ocr.
 *
 * Flow:    FILE.png ... -> [ocr_read] -> one JSON line a picture:
 *          {"file","words":[[text,x,y,w,h,conf]],"cpu_s","lines",...}
 * Shapes:  --again reads each picture twice, so that the second shows the cache
 */
#include "agent/ocr/reader.h"
#include "core/jsonw.h"
#include "core/log.h"

#include <png.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

static double cpu_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int read_one(struct reader *r, const char *file)
{
    png_image image = {.version = PNG_IMAGE_VERSION};
    OWN_FREE uint8_t *px = NULL;
    OWN_BUF struct buf out = BUF_EMPTY;
    struct reader_page page;
    struct jsonw w;
    double start;

    if (!png_image_begin_read_from_file(&image, file)) {
        fprintf(stderr, "ocr_read: %s: %s\n", file, image.message);
        return 1;
    }
    image.format = PNG_FORMAT_BGRA;
    px = malloc(PNG_IMAGE_SIZE(image));
    if (!px || !png_image_finish_read(&image, NULL, px, 0, NULL)) {
        fprintf(stderr, "ocr_read: %s: %s\n", file, image.message);
        return 1;
    }
    start = cpu_s();
    if (reader_read(r,
                    &(struct reader_picture){px, (int)image.width,
                                             (int)image.height,
                                             (int)image.width * 4},
                    NULL, &page) != WS_OK)
        return 1;
    start = cpu_s() - start;
    jsonw_init(&w, &out);
    jsonw_object(&w, NULL);
    jsonw_text(&w, "file", file);
    jsonw_number(&w, "cpu_s", start);
    jsonw_int(&w, "lines", page.lines);
    jsonw_int(&w, "cached", page.lines_cached);
    jsonw_int(&w, "reread", page.lines_reread);
    jsonw_array(&w, "words");
    for (size_t i = 0; i < page.count; i++) {
        const struct reader_word *word = &page.words[i];

        jsonw_array(&w, NULL);
        jsonw_text(&w, NULL, word->text);
        jsonw_int(&w, NULL, word->box.x_px);
        jsonw_int(&w, NULL, word->box.y_px);
        jsonw_int(&w, NULL, word->box.width_px);
        jsonw_int(&w, NULL, word->box.height_px);
        jsonw_number(&w, NULL, word->confidence);
        jsonw_array_end(&w);
    }
    jsonw_array_end(&w);
    jsonw_object_end(&w);
    puts(buf_text(&out));
    return 0;
}

int main(int argc, char **argv)
{
    OWN(reader_close)
    struct reader *r = NULL;
    int failed = 0;

    log_init("ocr_read", LOG_LEVEL_WARN);
    if (!getenv("OMP_THREAD_LIMIT")) {
        fprintf(stderr, "ocr_read: set OMP_THREAD_LIMIT=1\n");
        return 2;
    }
    if (reader_open(&r, &engine_tesseract) != WS_OK)
        return 1;
    for (int i = 1; i < argc; i++)
        failed |= read_one(r, argv[i]);
    return failed;
}
