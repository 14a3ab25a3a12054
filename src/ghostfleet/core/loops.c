/* Loops that NumPy cannot fuse. Optional: whoever calls one does the same in NumPy, and tests hold both to the same bits.
 *
 * Plain C99 behind ctypes: no Python header, no library. Arrays are contiguous; what they may hold is checked by the
 * caller, except for what only a look at each value can tell.
 */
#include <float.h>
#include <stdint.h>
#include <string.h>

#define PUBLIC __attribute__((visibility("default")))

/* The compiler makes one for newer processors as well, and the loader chooses; integers and single operations on doubles
 * have the same bits on all of them. */
#if defined(__x86_64__) && defined(__gnu_linux__) && defined(__GNUC__) && !defined(__clang__)
#define ANYWHERE __attribute__((target_clones("default", "avx2")))
#else
#define ANYWHERE
#endif

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "words are read in little-endian order"
#endif

/* Which source this was made from: a library that is older than its source is not used. */
PUBLIC uint32_t source(void) { return SOURCE; }

/* --- rows of text --------------------------------------------------------------------------------------------------
 *
 * A row is fields side by side.
 */
enum kind { CONSTANT, U8 = 1, I8 = -1, U16 = 2, I16 = -2, U32 = 4, I32 = -4, I64 = 8, NUMBER = 16, HEX = 17 };

typedef struct {
    const char *words;   /* entries of one width, with NULs behind shorter ones; of a constant, its bytes and NULs up to a 16th */
    const void *codes;   /* which entry each row shows, `many` of them; of numbers, what they are */
    const uint8_t *gone; /* rows in which numbers are not shown, or NULL */
    int64_t entries;     /* how many there are; a code below 0 counts from their end */
    int32_t width;       /* bytes of an entry or a constant; of numbers, digits at least, led by zeros */
    int32_t many;        /* codes a row; of numbers, digits behind the point; hexadecimal, digits */
    int32_t kind;        /* of field, and of its codes: as many bytes, negative where they have a sign */
    int32_t unused;
} field;

static inline uint64_t load8(const char *at) {
    uint64_t word;
    memcpy(&word, at, 8);
    return word;
}

/* Bytes of a word in front of the NULs at its end. */
static inline int used(uint64_t word) { return word ? 8 - (__builtin_clzll(word) >> 3) : 0; }

static inline int64_t length(const char *entry, int64_t width) {
    while (width >= 8) {
        uint64_t word = load8(entry + width - 8);
        if (word) return width - 8 + used(word);
        width -= 8;
    }
    while (width && !entry[width - 1]) width--;
    return width;
}

/* Copy a multiple of 16 bytes, at least as many as asked for: whatever follows overwrites those too many. */
static inline void copy(char *out, const char *from, int64_t count) {
    for (int64_t done = 0; done < count; done += 16) memcpy(out + done, from + done, 16);
}

/* Rows are built side by side, field by field, each in a lane of its own, and then moved together: within a field nothing
 * has to be decided again, and lanes do not wait for each other. */
enum { LANES = 32, SLACK = 32 };

/* Entries by codes of one type, in all lanes. */
#define SHOW(type)                                                                                                     \
    static int show_##type(const field *f, int64_t first, int64_t lanes, char **at) {                                  \
        const type *codes = (const type *)f->codes + first * f->many;                                                  \
        const int64_t width = f->width, many = f->many, entries = f->entries;                                          \
        for (int64_t lane = 0; lane < lanes; lane++) {                                                                 \
            char *out = at[lane];                                                                                      \
            for (int64_t place = 0; place < many; place++) {                                                           \
                int64_t code = (int64_t)codes[lane * many + place];                                                    \
                code += code < 0 ? entries : 0;                                                                        \
                if ((uint64_t)code >= (uint64_t)entries) return 0;                                                     \
                const char *entry = f->words + code * width;                                                           \
                if (width == 4) {                                                                                      \
                    uint32_t word;                                                                                     \
                    memcpy(&word, entry, 4);                                                                           \
                    memcpy(out, &word, 4);                                                                             \
                    out += used(word);                                                                                 \
                } else if (width == 8) {                                                                               \
                    uint64_t word = load8(entry);                                                                      \
                    memcpy(out, &word, 8);                                                                             \
                    out += used(word);                                                                                 \
                } else if (width == 16) {                                                                              \
                    uint64_t low = load8(entry), high = load8(entry + 8);                                              \
                    memcpy(out, &low, 8);                                                                              \
                    memcpy(out + 8, &high, 8);                                                                         \
                    out += high ? 8 + used(high) : used(low);                                                          \
                } else {                                                                                               \
                    int64_t count = length(entry, width);                                                              \
                    if (code + 16 < entries || width * (entries - code) >= count + 16) copy(out, entry, count);        \
                    else memcpy(out, entry, count);                                                                    \
                    out += count;                                                                                      \
                }                                                                                                      \
            }                                                                                                          \
            at[lane] = out;                                                                                            \
        }                                                                                                              \
        return 1;                                                                                                      \
    }

SHOW(uint8_t)
SHOW(int8_t)
SHOW(uint16_t)
SHOW(int16_t)
SHOW(uint32_t)
SHOW(int32_t)
SHOW(int64_t)

static const char PAIRS[] = "00010203040506070809101112131415161718192021222324252627282930313233343536373839404142434445464748"
                            "49505152535455565758596061626364656667686970717273747576777879808182838485868788899091929394959697"
                            "9899";
static const uint64_t POWERS[] = {1ull, 10ull, 100ull, 1000ull, 10000ull, 100000ull, 1000000ull, 10000000ull, 100000000ull,
                                  1000000000ull, 10000000000ull, 100000000000ull, 1000000000000ull, 10000000000000ull,
                                  100000000000000ull, 1000000000000000ull, 10000000000000000ull, 100000000000000000ull,
                                  1000000000000000000ull};

/* Decimal digits, as many as a number has and `width` at least (up to 24); writes up to 24 bytes. */
static inline char *put_digits(char *out, uint64_t value, int32_t width) {
    char made[48];
    char *at = made + 24;
    for (; value >= 100; value /= 100) memcpy(at -= 2, PAIRS + 2 * (value % 100), 2);
    if (value >= 10) memcpy(at -= 2, PAIRS + 2 * value, 2);
    else *--at = (char)('0' + value);
    while (made + 24 - at < width) *--at = '0';
    memcpy(out, at, 24);
    return out + (made + 24 - at);
}

static void show_numbers(const field *f, int64_t first, int64_t lanes, char **at) {
    const int64_t *values = (const int64_t *)f->codes + first;
    const uint64_t per_one = POWERS[f->many];
    for (int64_t lane = 0; lane < lanes; lane++) {
        if (f->gone && f->gone[first + lane]) continue;
        char *out = at[lane];
        uint64_t size = (uint64_t)values[lane];
        if (values[lane] < 0) {
            *out++ = '-';
            size = 0 - size;
        }
        if (f->many) {
            uint64_t whole = f->many == 2 ? size / 100 : size / per_one;
            out = put_digits(out, whole, f->width);
            *out++ = '.';
            out = put_digits(out, size - whole * per_one, f->many);
        } else {
            out = put_digits(out, size, f->width);
        }
        at[lane] = out;
    }
}

/* Eight hexadecimal digits of half a word. */
static inline uint64_t eight(uint64_t half) {
    half = (half | half << 16) & 0x0000FFFF0000FFFFull;
    half = (half | half << 8) & 0x00FF00FF00FF00FFull;
    half = (half | half << 4) & 0x0F0F0F0F0F0F0F0Full;
    uint64_t letters = ((half + 0x0606060606060606ull) >> 4) & 0x0101010101010101ull;
    return __builtin_bswap64(half + 0x3030303030303030ull + letters * ('a' - '0' - 10));
}

static void show_hex(const field *f, int64_t first, int64_t lanes, char **at) {
    const uint64_t *words = (const uint64_t *)f->codes + first;
    for (int64_t lane = 0; lane < lanes; lane++) {
        if (f->gone && f->gone[first + lane]) continue;
        uint64_t word = words[lane] << (64 - 4 * f->many); /* digits that are shown come first */
        uint64_t high = eight(word >> 32), low = eight(word & 0xFFFFFFFFull);
        memcpy(at[lane], &high, 8);
        memcpy(at[lane] + 8, &low, 8);
        at[lane] += f->many;
    }
}

static int show(const field *f, int64_t first, int64_t lanes, char **at) {
    switch (f->kind) {
    case CONSTANT:
        for (int64_t lane = 0; lane < lanes; lane++) {
            copy(at[lane], f->words, f->width);
            at[lane] += f->width;
        }
        return 1;
    case U8: return show_uint8_t(f, first, lanes, at);
    case I8: return show_int8_t(f, first, lanes, at);
    case U16: return show_uint16_t(f, first, lanes, at);
    case I16: return show_int16_t(f, first, lanes, at);
    case U32: return show_uint32_t(f, first, lanes, at);
    case I32: return show_int32_t(f, first, lanes, at);
    case NUMBER: show_numbers(f, first, lanes, at); return 1;
    case HEX: show_hex(f, first, lanes, at); return 1;
    default: return show_int64_t(f, first, lanes, at);
    }
}

/* Write rows [first, last) one behind the other; how many bytes they take, or -1 - n where field n has a code without an
 * entry. No row takes more than `width` bytes; `out` has room for all, and `lanes` for LANES rows and SLACK bytes more each. */
PUBLIC int64_t rows(const field *fields, int64_t count, int64_t first, int64_t last, int64_t width, char *lane, char *out) {
    char *at[LANES], *end = out;
    for (; first < last; first += LANES) {
        int64_t lanes = last - first < LANES ? last - first : LANES;
        for (int64_t row = 0; row < lanes; row++) at[row] = lane + row * (width + SLACK);
        for (int64_t number = 0; number < count; number++)
            if (!show(fields + number, first, lanes, at)) return -1 - number;
        for (int64_t row = 0; row < lanes; row++) {
            const char *from = lane + row * (width + SLACK);
            memcpy(end, from, at[row] - from);
            end += at[row] - from;
        }
    }
    return end - out;
}

/* --- permutations --------------------------------------------------------------------------------------------------
 *
 * The networks of permutation.py, which says what they are and why; `key` is two words.
 */
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

/* Some cells once through the network in 32-bit words. */
static inline __attribute__((always_inline)) void enciphered(const uint64_t *key, uint32_t rows, uint32_t columns, uint32_t *cells, int inverse) {
    uint32_t left[TOGETHER], right[TOGETHER];
    for (int one = 0; one < TOGETHER; one++) {
        left[one] = (uint32_t)((double)cells[one] / (double)columns);
        right[one] = cells[one] - left[one] * columns;
    }
    for (int count = 0; count < ROUNDS; count++) {
        int round = inverse ? ROUNDS - 1 - count : count;
        uint32_t side = round % 2 ? columns : rows, first = (uint32_t)key[0] + (uint32_t)key[1] * (uint32_t)round;
        uint32_t *half = round % 2 ? right : left, *other = round % 2 ? left : right;
        for (int one = 0; one < TOGETHER; one++) {
            uint32_t drawn = mix_narrow(other[one] * 0x9E3779B9u + first, side);
            uint32_t moved = inverse ? half[one] - drawn : half[one] + drawn;
            uint32_t back = inverse ? moved + side : moved - side;
            half[one] = moved < back ? moved : back;
        }
    }
    for (int one = 0; one < TOGETHER; one++) cells[one] = left[one] * columns + right[one];
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
static inline __attribute__((always_inline)) void moved(const uint64_t *key, uint64_t size, const int64_t *places, int64_t count, int inverse, int64_t *out) {
    uint64_t rows, columns;
    sides(size, &rows, &columns);
    if (size <= SMALL) {
        for (int64_t one = 0; one < count; one++) out[one] = (int64_t)shuffled(key, size, (uint64_t)places[one], inverse);
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
    for (int64_t start = 0; start < count; start += TOGETHER) {
        uint32_t cells[TOGETHER];
        int some = count - start < TOGETHER ? (int)(count - start) : TOGETHER;
        for (int one = 0; one < TOGETHER; one++) cells[one] = one < some ? (uint32_t)places[start + one] : 0;
        enciphered(key, (uint32_t)rows, (uint32_t)columns, cells, inverse);
        for (int one = 0; one < some; one++) {
            while (cells[one] >= size) {
                uint32_t again[TOGETHER] = {cells[one]};
                enciphered(key, (uint32_t)rows, (uint32_t)columns, again, inverse);
                cells[one] = again[0];
            }
            out[start + one] = cells[one];
        }
    }
}

/* Places of as many permutations: `keys` has two words for each. */
PUBLIC ANYWHERE void move(const uint64_t *keys, const int64_t *sizes, const int64_t *places, int64_t count, int64_t inverse, int64_t *out) {
    for (int64_t start = 0, stop; start < count; start = stop) {
        for (stop = start + 1; stop < count && sizes[stop] == sizes[start] && keys[2 * stop] == keys[2 * start] &&
                               keys[2 * stop + 1] == keys[2 * start + 1];)
            stop++;
        moved(keys + 2 * start, (uint64_t)sizes[start], places + start, stop - start, inverse != 0, out + start);
    }
}

/* Whether requests are among those that are picked in their tick, and their ranks on their side: see `Ranks.pick`.
 *
 * `ticks` count from the first one, of which there are `keys`, `sizes`, `counts`. `marks` and `befores` have room for all
 * that is split, `places` for those of one tick. -1 where a request is none of its tick.
 */
PUBLIC ANYWHERE int64_t pick(const uint64_t *keys, const int64_t *sizes, const int64_t *counts, int64_t last, const int64_t *ticks,
                    const int64_t *index, int64_t requests, int64_t *begins, int32_t *marks, int32_t *befores,
                    int64_t *places, uint8_t *taken, int64_t *ranks) {
    int64_t begin = 0;
    for (int64_t tick = 0; tick < last; tick++) {
        int64_t size = sizes[tick], count = counts[tick], rest = size - count;
        int64_t fewer = rest < count ? rest : count, order = rest < count ? count : 0, before = 0;
        int32_t *mark = marks + begin;
        begins[tick] = begin;
        memset(mark, 0, (size_t)size * sizeof *mark);
        for (int64_t one = 0; one < fewer; one++) places[one] = order + one;
        if (fewer) moved(keys + 2 * tick, (uint64_t)size, places, fewer, 1, places);
        for (int64_t one = 0; one < fewer; one++) mark[places[one]] = (int32_t)one + 1;
        for (int64_t one = 0; one < size; one++) {
            befores[begin + one] = (int32_t)before;
            before += mark[one] > 0;
        }
        begin += size;
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

/* --- draws ---------------------------------------------------------------------------------------------------------
 *
 * The mixers of draw.py.
 */
static const uint64_t GOLDEN = 0x9E3779B97F4A7C15ull, MIX_1 = 0xBF58476D1CE4E5B9ull, MIX_2 = 0x94D049BB133111EBull;

static inline uint64_t mixed_with(uint64_t word, uint64_t key) {
    word = (word ^ word >> 30) * MIX_1;
    word = ((word ^ word >> 27) + key) * MIX_2;
    return word ^ word >> 31;
}

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
PUBLIC ANYWHERE void fill(const uint64_t *keys, int64_t rows, const uint64_t *counters, int64_t counter_step, int64_t width,
                          uint64_t *out, int64_t stride) {
    for (int64_t row = 0; row < rows; row++) {
        const uint64_t *counter = counters + row * counter_step;
        uint64_t low = keys[2 * row], high = keys[2 * row + 1];
        for (int64_t one = 0; one < width; one++) out[row * stride + one] = mixed_with(counter[one] + low, high);
    }
}

/* --- mathematics ---------------------------------------------------------------------------------------------------
 *
 * The functions of maths.py, operation by operation; coefficients come from there.
 */
#if FLT_EVAL_METHOD != 0
#error "floats are computed in their own precision"
#endif
enum { BLOCK = 256 };

#define EXP2(name, real, whole_type, fraction)                                                                          \
    PUBLIC ANYWHERE void name(const real *x, int64_t count, const real *coefficients, int64_t degree, real limit,       \
                              real rounder, int64_t negative, real *out) {                                              \
        real rest[BLOCK], whole[BLOCK], sum[BLOCK];                                                                     \
        for (int64_t start = 0; start < count; start += BLOCK) {                                                        \
            int64_t some = count - start < BLOCK ? count - start : BLOCK;                                               \
            for (int64_t one = 0; one < some; one++) {                                                                  \
                real value = x[start + one];                                                                            \
                value = value > -limit ? value : -limit;                                                                \
                value = value < limit ? value : limit;                                                                  \
                whole[one] = negative ? rounder - value : rounder + value;                                              \
                real nearest = whole[one] - rounder;                                                                    \
                rest[one] = negative ? value + nearest : value - nearest;                                               \
                sum[one] = rest[one] * coefficients[degree - 1];                                                        \
            }                                                                                                           \
            for (int64_t power = degree - 2; power > 0; power--)                                                        \
                for (int64_t one = 0; one < some; one++) sum[one] = (sum[one] + coefficients[power]) * rest[one];       \
            for (int64_t one = 0; one < some; one++) {                                                                  \
                real value = (sum[one] + coefficients[0]) * rest[one] + 1;                                              \
                whole_type bits, exponent;                                                                              \
                memcpy(&bits, &value, sizeof bits);                                                                     \
                memcpy(&exponent, whole + one, sizeof exponent);                                                        \
                bits += exponent << fraction;                                                                           \
                memcpy(out + start + one, &bits, sizeof bits);                                                          \
            }                                                                                                           \
        }                                                                                                               \
    }

EXP2(exp2_f64, double, uint64_t, 52)
EXP2(exp2_f32, float, uint32_t, 23)

PUBLIC ANYWHERE void log2_f64(const double *x, int64_t count, const double *coefficients, int64_t degree,
                              uint64_t root_of_half, double *out) {
    double s[BLOCK], square[BLOCK], sum[BLOCK], exponents[BLOCK];
    for (int64_t start = 0; start < count; start += BLOCK) {
        int64_t some = count - start < BLOCK ? count - start : BLOCK;
        for (int64_t one = 0; one < some; one++) {
            uint64_t bits;
            double mantissa;
            memcpy(&bits, x + start + one, sizeof bits);
            int64_t exponent = (int64_t)(bits - root_of_half) >> 52;
            bits -= (uint64_t)exponent << 52;
            memcpy(&mantissa, &bits, sizeof bits);
            exponents[one] = (double)exponent;
            s[one] = (mantissa - 1) / (mantissa + 1);
            square[one] = s[one] * s[one];
            sum[one] = square[one] * coefficients[degree - 1];
        }
        for (int64_t power = degree - 2; power > 0; power--)
            for (int64_t one = 0; one < some; one++) sum[one] = (sum[one] + coefficients[power]) * square[one];
        for (int64_t one = 0; one < some; one++)
            out[start + one] = (sum[one] + coefficients[0]) * s[one] + exponents[one];
    }
}

/* How many probabilities it takes until their sum reaches u: see counts.py. No `a` is 0. */
PUBLIC void sum_until(const double *u, const double *probability, const double *a, const double *b, int64_t count,
                      double highest, double *out) {
    for (int64_t one = 0; one < count; one++) {
        double wanted = u[one] < highest ? u[one] : highest, last = probability[one], reached = last, k = 0;
        while (wanted > reached) {
            double factor = b[one] / ++k;
            if (a) factor += a[one];
            last *= factor;
            reached += last;
        }
        out[one] = k;
    }
}

/* --- statistics ----------------------------------------------------------------------------------------------------- */

/* Count, smallest, largest, sum and sum of squares of whole numbers that are not missing; sums take two words each. */
#define MOMENTS(name, type)                                                                                             \
    PUBLIC void name(const type *values, const uint8_t *missing, int64_t count, int64_t *out) {                         \
        int64_t low = INT64_MAX, high = INT64_MIN, present = 0;                                                         \
        __int128 total = 0, squares = 0;                                                                                \
        for (int64_t one = 0; one < count; one++) {                                                                     \
            if (missing && missing[one]) continue;                                                                      \
            int64_t value = values[one];                                                                                \
            low = value < low ? value : low;                                                                            \
            high = value > high ? value : high;                                                                         \
            total += value;                                                                                             \
            squares += (__int128)value * value;                                                                         \
            present++;                                                                                                  \
        }                                                                                                               \
        out[0] = present;                                                                                               \
        out[1] = low;                                                                                                   \
        out[2] = high;                                                                                                  \
        out[3] = (int64_t)(uint64_t)total;                                                                              \
        out[4] = (int64_t)(total >> 64);                                                                                \
        out[5] = (int64_t)(uint64_t)squares;                                                                            \
        out[6] = (int64_t)(squares >> 64);                                                                              \
    }

MOMENTS(moments_i32, int32_t)
MOMENTS(moments_i64, int64_t)
