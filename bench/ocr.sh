#!/bin/sh
# bench-ocr: reading a page cold, worksight-ocr's reader against the tesseract
# command line, on pages with known words. Argument: a folder of NAME.png with
# NAME.words.json (default: ../shared/data/ocr).
cd "$(dirname "$0")/.." || exit 2
exec node bench/ocr.mjs "${1:-../shared/data/ocr}"
