/* Rows of text: a row is fields side by side. */
#include "loops.h"

/* Which sources this was made from: a library that is older than they are is not used. */
PUBLIC uint32_t source(void) { return SOURCE; }

enum kind { CONSTANT, U8 = 1, I8 = -1, U16 = 2, I16 = -2, U32 = 4, I32 = -4, I64 = 8, NUMBER = 16, HEX = 17 };

typedef struct {
    const char *words;   /* entries of one width, with NULs behind shorter ones; of a constant, 16, 32 … bytes */
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

/* The same of four words, without a branch: how long an entry is cannot be foretold. */
static inline int64_t used_of_four(const char *entry) {
    uint64_t first = load8(entry), second = load8(entry + 8), third = load8(entry + 16), last = load8(entry + 24);
    uint64_t word = last ? last : third ? third : second ? second : first;
    return (last ? 24 : third ? 16 : second ? 8 : 0) + used(word);
}

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

/* Rows are built side by side, field by field, each in a lane of its own, and then moved together: within a field
 * nothing has to be decided again, and lanes do not wait for each other. */
enum { LANES = 32, SLACK = 32 };

/* Entries by codes of one type, in all lanes. */
#define SHOW(type)                                                                                                   \
    static int show_##type(const field *f, int64_t first, int64_t lanes, char **at) {                                \
        const type *codes = (const type *)f->codes + first * f->many;                                                \
        const int64_t width = f->width, many = f->many, entries = f->entries;                                        \
        for (int64_t lane = 0; lane < lanes; lane++) {                                                               \
            char *out = at[lane];                                                                                    \
            for (int64_t place = 0; place < many; place++) {                                                         \
                int64_t code = (int64_t)codes[lane * many + place];                                                  \
                code += code < 0 ? entries : 0;                                                                      \
                if ((uint64_t)code >= (uint64_t)entries) return 0;                                                   \
                const char *entry = f->words + code * width;                                                         \
                if (width == 4) {                                                                                    \
                    uint32_t word;                                                                                   \
                    memcpy(&word, entry, 4);                                                                         \
                    memcpy(out, &word, 4);                                                                           \
                    out += used(word);                                                                               \
                } else if (width == 8) {                                                                             \
                    uint64_t word = load8(entry);                                                                    \
                    memcpy(out, &word, 8);                                                                           \
                    out += used(word);                                                                               \
                } else if (width == 16) {                                                                            \
                    uint64_t low = load8(entry), high = load8(entry + 8);                                            \
                    memcpy(out, &low, 8);                                                                            \
                    memcpy(out + 8, &high, 8);                                                                       \
                    out += high ? 8 + used(high) : used(low);                                                        \
                } else if (width == 32) {                                                                            \
                    memcpy(out, entry, 32);                                                                          \
                    out += used_of_four(entry);                                                                      \
                } else {                                                                                             \
                    memcpy(out, entry, width); /* all of it: its length would take longer to foretell */             \
                    out += length(entry, width);                                                                     \
                }                                                                                                    \
            }                                                                                                        \
            at[lane] = out;                                                                                          \
        }                                                                                                            \
        return 1;                                                                                                    \
    }

SHOW(uint8_t)
SHOW(int8_t)
SHOW(uint16_t)
SHOW(int16_t)
SHOW(uint32_t)
SHOW(int32_t)
SHOW(int64_t)

static const uint64_t POWERS[] = {
    1ull, 10ull, 100ull, 1000ull, 10000ull, 100000ull, 1000000ull, 10000000ull, 100000000ull, 1000000000ull,
    10000000000ull, 100000000000ull, 1000000000000ull, 10000000000000ull, 100000000000000ull, 1000000000000000ull,
    10000000000000000ull, 100000000000000000ull, 1000000000000000000ull};

enum { AT_ONCE = 100000000 }; /* below it there are eight digits */

/* Eight decimal digits of a number below `AT_ONCE`, one a byte, the first one lowest: all divided side by side. */
static inline uint64_t eight_digits(uint32_t value) {
    uint64_t fours = value / 10000 | (uint64_t)(value % 10000) << 32;
    uint64_t hundreds = (fours * 10486 >> 20) & 0x0000007F0000007Full;
    uint64_t twos = hundreds | (fours - hundreds * 100) << 16;
    uint64_t tens = (twos * 103 >> 10) & 0x000F000F000F000Full;
    return tens | (twos - tens * 10) << 8;
}

/* Decimal digits of a number below `AT_ONCE`, as many as it has and `width` at least (1 to 8); writes 8 bytes. */
static inline char *put_short(char *out, uint64_t value, int32_t width) {
    uint64_t digits = eight_digits((uint32_t)value);
    int zeros = __builtin_ctzll(digits | 1ull << 8 * (8 - width)) >> 3;
    digits = (digits | 0x3030303030303030ull) >> 8 * zeros;
    memcpy(out, &digits, 8);
    return out + 8 - zeros;
}

/* The same of any number, and of a width up to 24; writes up to 24 bytes. */
static char *put_long(char *out, uint64_t value, int32_t width) {
    if (value < AT_ONCE && width <= 8) return put_short(out, value, width);
    out = put_long(out, value / AT_ONCE, width > 8 ? width - 8 : 1);
    return put_short(out, value % AT_ONCE, 8);
}

static inline char *put_digits(char *out, uint64_t value, int32_t width) {
    return value < AT_ONCE && width <= 8 ? put_short(out, value, width) : put_long(out, value, width);
}

static void show_numbers(const field *f, int64_t first, int64_t lanes, char **at) {
    const int64_t *values = (const int64_t *)f->codes + first;
    const uint64_t per_one = POWERS[f->many];
    const int32_t width = f->width > 1 ? f->width : 1;
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
            out = put_digits(out, whole, width);
            *out++ = '.';
            out = put_digits(out, size - whole * per_one, f->many);
        } else {
            out = put_digits(out, size, width);
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

/* Write rows [first, last) one behind the other; how many bytes they take, or -1 - n where field n has a code without
 * an entry. No row takes more than `width` bytes; `out` has room for all, `lane` for LANES rows and SLACK each. */
PUBLIC int64_t rows(const field *fields, int64_t count, int64_t first, int64_t last, int64_t width, char *lane,
                    char *out) {
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
