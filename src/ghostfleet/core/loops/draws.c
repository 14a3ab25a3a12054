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

enum { WORDS = 256, LANES = 4 * WORDS }; /* of a block, which stays in the first cache */

/* Draws [start, stop) of each key: lanes of its words through a table of quantiles. Those in the end cells are cut once
 * more, by the word of their place under the key of the tails, which `part` leads to. */
PUBLIC ANYWHERE void normals(const uint64_t *keys, int64_t rows, int64_t start, int64_t stop, const float *body,
                            const float *tail, uint64_t part, float *out) {
    union {
        uint64_t words[WORDS];
        uint16_t lanes[LANES];
    } block;
    for (int64_t row = 0; row < rows; row++) {
        uint64_t low = keys[2 * row], high = keys[2 * row + 1];
        for (int64_t place = start, some; place < stop; place += some, out += some) {
            int64_t first = place >> 2, skip = place & 3;
            some = stop - place < LANES - skip ? stop - place : LANES - skip;
            for (int64_t one = 0; one < (skip + some + 3) >> 2; one++)
                block.words[one] = mixed_with((uint64_t)(first + one) * GOLDEN + low, high);
            const uint16_t *lanes = block.lanes + skip;
            int at_end = 0;
            for (int64_t one = 0; one < some; one++) at_end |= (uint16_t)(lanes[one] + 1) < 2;
            for (int64_t one = 0; one < some; one++) out[one] = body[lanes[one]];
            for (int64_t one = 0; at_end && one < some; one++) {
                if ((uint16_t)(lanes[one] + 1) >= 2) continue;
                uint64_t counter = (uint64_t)(place + one) * GOLDEN + mixed_with(low + part, 0);
                uint64_t deep = mixed_with(counter, mixed_with(high ^ part, 0));
                out[one] = __builtin_copysignf(tail[deep >> 48], out[one]);
            }
        }
    }
}
