/* The permutations of permutation.py, which says what they are and why; a `key` is two words. */
#include "loops.h"

enum { SMALL = 16, ROUNDS = 10, TOGETHER = 16 };
static const uint64_t NARROW_ROOM = 1u << 24;

static inline uint32_t mix_narrow(uint32_t word, uint32_t side) {
    word ^= word >> 16;
    word *= 0x85EBCA6Bu;
    return (word >> 16) * side >> 16;
}

static inline uint64_t mix_wide(uint64_t word, uint64_t side) {
    word ^= word >> 32;
    word *= 0xBF58476D1CE4E5B9ull;
    return (word >> 32) * side >> 32;
}

static inline uint64_t shuffled(const uint64_t *key, uint64_t size, uint64_t place, int inverse) {
    uint32_t at = (uint32_t)place, last = (uint32_t)size - 1;
    for (uint32_t count = 1; count <= last; count++) {
        uint32_t step = inverse ? count : last + 1 - count;
        uint32_t drawn = mix_narrow((uint32_t)key[1] * step + (uint32_t)key[0], step + 1);
        if (at == step) at = drawn;
        else if (at == drawn) at = step;
    }
    return at;
}

static inline void sides(uint64_t size, uint64_t *rows, uint64_t *columns) {
    double root = __builtin_ceil(__builtin_sqrt((double)size));
    *rows = (uint64_t)root;
    *columns = (uint64_t)__builtin_ceil((double)size / root);
}

/* Some cells once through the network in 32-bit words; how many is known when this is compiled. */
INLINE void enciphered(const uint64_t *key, uint32_t rows, uint32_t columns, uint32_t *cells, int lanes, int inverse) {
    uint32_t left[TOGETHER], right[TOGETHER];
    for (int one = 0; one < lanes; one++) {
        left[one] = (uint32_t)((double)cells[one] / (double)columns);
        right[one] = cells[one] - left[one] * columns;
    }
    for (int count = 0; count < ROUNDS; count++) {
        int round = inverse ? ROUNDS - 1 - count : count;
        uint32_t side = round % 2 ? columns : rows, first = (uint32_t)key[0] + (uint32_t)key[1] * (uint32_t)round;
        uint32_t *half = round % 2 ? right : left, *other = round % 2 ? left : right;
        for (int one = 0; one < lanes; one++) {
            uint32_t drawn = mix_narrow(other[one] * 0x9E3779B9u + first, side);
            uint32_t moved = inverse ? half[one] - drawn : half[one] + drawn;
            uint32_t back = inverse ? moved + side : moved - side;
            half[one] = moved < back ? moved : back;
        }
    }
    for (int one = 0; one < lanes; one++) cells[one] = left[one] * columns + right[one];
}

static uint64_t enciphered_wide(const uint64_t *key, uint64_t rows, uint64_t columns, uint64_t cell, int inverse) {
    uint64_t left = (uint64_t)((double)cell / (double)columns), right = cell - left * columns;
    for (int count = 0; count < ROUNDS; count++) {
        int round = inverse ? ROUNDS - 1 - count : count;
        uint64_t side = round % 2 ? columns : rows, other = round % 2 ? left : right;
        uint64_t *half = round % 2 ? &right : &left;
        uint64_t drawn = other * 0x9E3779B97F4A7C15ull + key[1] * (uint64_t)round + key[0];
        drawn = mix_wide(drawn, side);
        uint64_t moved = inverse ? *half - drawn : *half + drawn, back = inverse ? moved + side : moved - side;
        *half = moved < back ? moved : back;
    }
    return left * columns + right;
}

/* Where places of one permutation go, or come from. */
INLINE void moved(const uint64_t *key, uint64_t size, const int64_t *places, int64_t count, int inverse, int64_t *out) {
    uint64_t rows, columns;
    sides(size, &rows, &columns);
    if (size <= SMALL) {
        for (int64_t one = 0; one < count; one++)
            out[one] = (int64_t)shuffled(key, size, (uint64_t)places[one], inverse);
        return;
    }
    if (size > NARROW_ROOM) {
        for (int64_t one = 0; one < count; one++) {
            uint64_t cell = (uint64_t)places[one];
            do cell = enciphered_wide(key, rows, columns, cell, inverse);
            while (cell >= size);
            out[one] = (int64_t)cell;
        }
        return;
    }
    int64_t start = 0;
    for (; start + TOGETHER / 4 <= count; start += TOGETHER) {
        uint32_t cells[TOGETHER];
        int some = count - start < TOGETHER ? (int)(count - start) : TOGETHER;
        for (int one = 0; one < TOGETHER; one++) cells[one] = one < some ? (uint32_t)places[start + one] : 0;
        enciphered(key, (uint32_t)rows, (uint32_t)columns, cells, TOGETHER, inverse);
        for (int one = 0; one < some; one++) {
            while (cells[one] >= size) enciphered(key, (uint32_t)rows, (uint32_t)columns, cells + one, 1, inverse);
            out[start + one] = cells[one];
        }
    }
    for (; start < count; start++) {
        uint32_t cell = (uint32_t)places[start];
        do enciphered(key, (uint32_t)rows, (uint32_t)columns, &cell, 1, inverse);
        while (cell >= size);
        out[start] = cell;
    }
}

/* Places of as many permutations: `keys` has two words for each. */
PUBLIC ANYWHERE void move(const uint64_t *keys, const int64_t *sizes, const int64_t *places, int64_t count,
                          int64_t inverse, int64_t *out) {
    for (int64_t start = 0, stop; start < count; start = stop) {
        for (stop = start + 1; stop < count && sizes[stop] == sizes[start] && keys[2 * stop] == keys[2 * start] &&
                               keys[2 * stop + 1] == keys[2 * start + 1];)
            stop++;
        moved(keys + 2 * start, (uint64_t)sizes[start], places + start, stop - start, inverse != 0, out + start);
    }
}

/* Of each place of a split of one tick, its rank on the smaller side, counted from 1, or 0 where it is on the other; and
 * how many of the smaller side come before it. Those picked have the first ranks; `places` has room for a tick. */
ANYWHERE void mark(const uint64_t *key, int64_t size, int64_t count, int32_t *marks, int32_t *befores,
                   int64_t *places) {
    int64_t rest = size - count, fewer = rest < count ? rest : count, order = rest < count ? count : 0;
    int32_t before = 0;
    memset(marks, 0, (size_t)size * sizeof *marks);
    for (int64_t one = 0; one < fewer; one++) places[one] = order + one;
    if (fewer) moved(key, (uint64_t)size, places, fewer, 1, places);
    for (int64_t one = 0; one < fewer; one++) marks[places[one]] = (int32_t)one + 1;
    for (int64_t one = 0; one < size; one++) {
        befores[one] = before;
        before += marks[one] > 0;
    }
}

/* Whether requests are among those that are picked in their tick, and their ranks on their side: see `Ranks.pick`.
 *
 * `ticks` count from the first one, of which there are `keys`, `sizes`, `counts`. `marks` and `befores` have room for
 * all that is split, `places` for those of one tick. -1 where a request is none of its tick.
 */
PUBLIC ANYWHERE int64_t pick(const uint64_t *keys, const int64_t *sizes, const int64_t *counts, int64_t last,
                             const int64_t *ticks, const int64_t *index, int64_t requests, int64_t *begins,
                             int32_t *marks, int32_t *befores, int64_t *places, uint8_t *taken, int64_t *ranks) {
    int64_t begin = 0;
    for (int64_t tick = 0; tick < last; tick++) {
        begins[tick] = begin;
        mark(keys + 2 * tick, sizes[tick], counts[tick], marks + begin, befores + begin, places);
        begin += sizes[tick];
    }
    for (int64_t one = 0; one < requests; one++) {
        int64_t tick = ticks[one], at = begins[tick] + index[one];
        if (index[one] < 0 || index[one] >= sizes[tick]) return -1;
        int turned = sizes[tick] - counts[tick] < counts[tick], hit = marks[at] > 0;
        taken[one] = (uint8_t)(hit != turned);
        ranks[one] = hit ? marks[at] - 1 : index[one] - befores[at];
    }
    return 0;
}
