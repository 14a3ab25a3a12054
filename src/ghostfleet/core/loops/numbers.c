/* The functions of maths.py and counts.py, operation by operation, moments, and terms of digest.py; coefficients come
 * from there. */
#include "loops.h"

#define EXP2(name, real, whole_type, fraction)                                                                       \
    PUBLIC ANYWHERE void name(const real *x, int64_t count, const real *coefficients, int64_t degree, real limit,    \
                              real rounder, int64_t negative, real *out) {                                           \
        real rest[BLOCK], whole[BLOCK], sum[BLOCK];                                                                  \
        for (int64_t start = 0; start < count; start += BLOCK) {                                                     \
            int64_t some = count - start < BLOCK ? count - start : BLOCK;                                            \
            for (int64_t one = 0; one < some; one++) {                                                               \
                real value = x[start + one];                                                                         \
                value = value < -limit ? -limit : value;                                                             \
                value = value > limit ? limit : value;                                                               \
                whole[one] = negative ? rounder - value : rounder + value;                                           \
                real nearest = whole[one] - rounder;                                                                 \
                rest[one] = negative ? value + nearest : value - nearest;                                            \
                sum[one] = rest[one] * coefficients[degree - 1];                                                     \
            }                                                                                                        \
            for (int64_t power = degree - 2; power > 0; power--)                                                     \
                for (int64_t one = 0; one < some; one++) sum[one] = (sum[one] + coefficients[power]) * rest[one];    \
            for (int64_t one = 0; one < some; one++) {                                                               \
                real value = (sum[one] + coefficients[0]) * rest[one] + 1;                                           \
                whole_type bits, exponent;                                                                           \
                memcpy(&bits, &value, sizeof bits);                                                                  \
                memcpy(&exponent, whole + one, sizeof exponent);                                                     \
                bits += exponent << fraction;                                                                        \
                memcpy(out + start + one, &bits, sizeof bits);                                                       \
            }                                                                                                        \
        }                                                                                                            \
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

/* Count, smallest, largest, sum and sum of squares of whole numbers that are not missing; sums take two words each. */
#define MOMENTS(name, type)                                                                                          \
    PUBLIC void name(const type *values, const uint8_t *missing, int64_t count, int64_t *out) {                      \
        int64_t low = INT64_MAX, high = INT64_MIN, present = 0;                                                      \
        __int128 total = 0;                                                                                          \
        unsigned __int128 squares = 0; /* what does not fit is left to the caller, who sees it by the ends */        \
        for (int64_t one = 0; one < count; one++) {                                                                  \
            if (missing && missing[one]) continue;                                                                   \
            int64_t value = values[one];                                                                             \
            low = value < low ? value : low;                                                                         \
            high = value > high ? value : high;                                                                      \
            total += value;                                                                                          \
            squares += (unsigned __int128)((__int128)value * value);                                                 \
            present++;                                                                                               \
        }                                                                                                            \
        out[0] = present;                                                                                            \
        out[1] = low;                                                                                                \
        out[2] = high;                                                                                               \
        out[3] = (int64_t)(uint64_t)total;                                                                           \
        out[4] = (int64_t)(total >> 64);                                                                             \
        out[5] = (int64_t)(uint64_t)squares;                                                                         \
        out[6] = (int64_t)(squares >> 64);                                                                           \
    }

MOMENTS(moments_i32, int32_t)
MOMENTS(moments_i64, int64_t)

/* What quantised values add to the sums of their rows: the folded bits of their doubles, times a factor. */
PUBLIC ANYWHERE void terms(const int64_t *units, const uint8_t *missing, int64_t count, double per_one, uint64_t factor,
                           uint64_t gone, uint64_t *out) {
    for (int64_t one = 0; one < count; one++) {
        double value = (double)units[one] / per_one + 0.0;
        int64_t bits;
        memcpy(&bits, &value, sizeof bits);
        out[one] = (uint64_t)(bits ^ bits >> 32) * factor;
    }
    if (missing)
        for (int64_t one = 0; one < count; one++)
            if (missing[one]) out[one] = gone;
}
