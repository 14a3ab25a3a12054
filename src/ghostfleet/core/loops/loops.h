/* What all loops share. Plain C99 behind ctypes: no Python header, no library. Arrays are contiguous; what they may
 * hold is checked by the caller, except for what only a look at each value can tell. Whoever calls a loop does the same
 * in NumPy where nothing was compiled, and tests hold both to the same bits.
 */
#ifndef LOOPS_H
#define LOOPS_H

#include <float.h>
#include <stdint.h>
#include <string.h>

#define PUBLIC __attribute__((visibility("default")))

/* The compiler makes one for newer processors as well, and the loader chooses; integers and single operations on
 * doubles have the same bits on all of them. */
#if defined(__x86_64__) && defined(__gnu_linux__) && defined(__GNUC__) && !defined(__clang__)
#define ANYWHERE __attribute__((target_clones("default", "avx2")))
#else
#define ANYWHERE
#endif
#define INLINE static inline __attribute__((always_inline))

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "words are read in little-endian order"
#endif
#if FLT_EVAL_METHOD != 0
#error "floats are computed in their own precision"
#endif

enum { BLOCK = 256, TERMS = 8 }; /* values that stay in the cache, and coefficients of half a ratio */

static const uint64_t GOLDEN = 0x9E3779B97F4A7C15ull, MIX_1 = 0xBF58476D1CE4E5B9ull, MIX_2 = 0x94D049BB133111EBull;

INLINE uint64_t mixed_with(uint64_t word, uint64_t key) {
    word = (word ^ word >> 30) * MIX_1;
    word = ((word ^ word >> 27) + key) * MIX_2;
    return word ^ word >> 31;
}

/* Of permutations.c. */
void mark(const uint64_t *key, int64_t size, int64_t count, int32_t *marks, int32_t *befores, int64_t *places);
void move(const uint64_t *keys, const int64_t *sizes, const int64_t *places, int64_t count, int64_t inverse,
          int64_t *out);

/* Of draws.c. */
PUBLIC void normals(const uint64_t *keys, int64_t rows, int64_t start, int64_t stop, const float *body,
                    const float *tail, uint64_t part, float *out);

/* Of numbers.c; x may be out. */
PUBLIC void exp2_f64(const double *x, int64_t count, const double *coefficients, int64_t degree, double limit,
                     double rounder, int64_t negative, double *out);
PUBLIC void exp2_f32(const float *x, int64_t count, const float *coefficients, int64_t degree, float limit,
                     float rounder, int64_t negative, float *out);
PUBLIC void log2_f64(const double *x, int64_t count, const double *coefficients, int64_t degree, uint64_t root_of_half,
                     double *out);
PUBLIC void sum_until(const double *u, const double *probability, const double *a, const double *b, int64_t count,
                      double highest, double *out);

/* What these take: see maths.py. */
typedef struct {
    const double *exp2;
    int64_t exp2_degree;
    const float *exp2_f32;
    int64_t exp2_f32_degree;
    const double *log2;
    int64_t log2_degree;
    uint64_t root_of_half;
} series;

/* Coefficients above and below the line: see quantiles.py. */
typedef struct {
    double central[2][TERMS], near[2][TERMS], far[2][TERMS];
} ratios;

/* Of normal.c. */
void normal(const series *by, const float *z, int64_t count, float *upper, float *bell);
void normal_quantile(const series *by, const ratios *with, const double *u, int64_t count, double *out);

INLINE double polynomial(double x, const double *coefficients, int degree) {
    double sum = x * coefficients[degree - 1];
    for (int power = degree - 2; power > 0; power--) sum = (sum + coefficients[power]) * x;
    return sum + coefficients[0];
}

#endif
