/* The mixers of draw.py. */
#include "loops.h"

PUBLIC ANYWHERE void mix(const uint64_t *words, int64_t count, uint64_t *out) {
    for (int64_t one = 0; one < count; one++) out[one] = mixed_with(words[one], 0);
}

/* `second` is one word for all where its step is 0. */
PUBLIC ANYWHERE void derive(uint64_t low, uint64_t high, const uint64_t *first, const uint64_t *second, int64_t step,
                            int64_t count, uint64_t *out) {
    for (int64_t one = 0; one < count; one++)
        out[one] = mixed_with(first[one] * GOLDEN + second[one * step] * MIX_1 + low, high);
}

/* Words of counters, each `GOLDEN` times a place; those of a row lie `stride` apart from those of the next. */
PUBLIC ANYWHERE void fill(const uint64_t *keys, int64_t rows, const uint64_t *counters, int64_t counter_step,
                          int64_t width, uint64_t *out, int64_t stride) {
    for (int64_t row = 0; row < rows; row++) {
        const uint64_t *counter = counters + row * counter_step;
        uint64_t low = keys[2 * row], high = keys[2 * row + 1];
        for (int64_t one = 0; one < width; one++) out[row * stride + one] = mixed_with(counter[one] + low, high);
    }
}
