/* Binomial quantiles of counts.py, operation by operation. */
#include "loops.h"

enum { ATANH = 16 };
static const double SWITCH = 24, HIGHEST = 1 - 0x1p-40, FARTHEST = 8.5;
static const double LARGEST = 1e9, NONE = 1 - 1e-9;
static const double LOG2_E = 1.4426950408889634;

/* Coefficients: of the series of atanh, and of normal quantiles. */
typedef struct {
    double atanh[ATANH];
    ratios normal;
} tables;

/* Some counts to be found: of how many, with the probability of whichever outcome is rarer, and where they stand. */
typedef struct {
    int64_t count, at[BLOCK];
    double n[BLOCK], p[BLOCK], u[BLOCK], found[BLOCK];
    int mirrored[BLOCK];
} asked;

INLINE void by_expansion(const series *by, const tables *with, asked *of) {
    double quantiles[BLOCK];
    normal_quantile(by, &with->normal, of->u, of->count, quantiles);
    for (int64_t one = 0; one < of->count; one++) {
        double n = of->n[one], p = of->p[one], w = of->mirrored[one] ? -quantiles[one] : quantiles[one];
        w = w < -FARTHEST ? -FARTHEST : w;
        w = w > FARTHEST ? FARTHEST : w;
        double mean = n * p, sigma = __builtin_sqrt(n * p * (1 - p));
        double square = w * w, skew = 1 - 2 * p, pq = p * (1 - p);
        double second = w * (14 * pq - 2 - (1 + 2 * pq) * square) / 72;
        double third = skew * (2 + pq) * ((3 * square + 7) * square - 16) / 1620;
        double found = (third / sigma + second) / sigma + (skew * (square - 1) / 6 + 0.5) + sigma * w + mean;
        found = __builtin_floor(found);
        found = found < 0 ? 0 : found;
        of->found[one] = found > n ? n : found;
    }
}

INLINE void by_sums(const series *by, const tables *with, asked *of) {
    double none[BLOCK], a[BLOCK], b[BLOCK];
    for (int64_t one = 0; one < of->count; one++) {
        double n = of->n[one], p = of->p[one], odds = p / (1 - p), s = p / (2 - p);
        none[one] = n * (polynomial(s * s, with->atanh, ATANH) * s * -2) * LOG2_E;
        a[one] = -odds;
        b[one] = (n + 1) * odds;
        of->u[one] = of->mirrored[one] ? 1 - of->u[one] : of->u[one];
    }
    exp2_f64(none, of->count, by->exp2, by->exp2_degree, 1022, 0x3p51, 0, none);
    sum_until(of->u, none, a, b, of->count, HIGHEST, of->found);
    for (int64_t one = 0; one < of->count; one++)
        of->found[one] = of->found[one] < of->n[one] ? of->found[one] : of->n[one];
}

INLINE void give(const asked *of, int64_t *out) {
    for (int64_t one = 0; one < of->count; one++)
        out[of->at[one]] = (int64_t)(of->mirrored[one] ? of->n[one] - of->found[one] : of->found[one]);
}

INLINE void ask(asked *few, asked *many, int64_t at, double n, double p, double u) {
    double rarer = p < 1 - p ? p : 1 - p;
    asked *of = n * rarer < SWITCH ? few : many;
    int64_t place = of->count++;
    of->at[place] = at;
    of->n[place] = n;
    of->p[place] = rarer;
    of->u[place] = u;
    of->mirrored[place] = p > rarer;
}

INLINE void answer(const series *by, const tables *with, asked *few, asked *many, int64_t *out) {
    by_sums(by, with, few);
    by_expansion(by, with, many);
    give(few, out);
    give(many, out);
    few->count = many->count = 0;
}

/* Smallest counts k with P(X <= k) >= u; what is asked was checked. */
PUBLIC ANYWHERE void binomial(const double *n, const double *p, const double *u, int64_t count, const series *by,
                              const tables *with, int64_t *out) {
    asked few, many;
    few.count = many.count = 0;
    for (int64_t start = 0; start < count; start += BLOCK) {
        for (int64_t one = start; one < count && one < start + BLOCK; one++)
            ask(&few, &many, one, n[one], p[one], u[one]);
        answer(by, with, &few, &many, out);
    }
}

/* The same of counts in rows of ticks, by uniforms of each row's key: what outcomes.py splits off. -1 where there are
 * more than counts are made for. */
PUBLIC ANYWHERE int64_t share(const int64_t *totals, const double *p, const uint64_t *keys, int64_t rows, int64_t ticks,
                              int64_t start, const series *by, const tables *with, int64_t *out) {
    asked few, many;
    few.count = many.count = 0;
    for (int64_t row = 0, one = 0; row < rows; row++) {
        for (int64_t tick = start; tick < start + ticks; tick++, one++) {
            double n = (double)totals[one];
            out[one] = 0;
            if (!(n > 0 && p[one] > 0)) continue;
            if (n > LARGEST) return -1;
            uint64_t word = mixed_with((uint64_t)(tick >> 1) * GOLDEN + keys[2 * row], keys[2 * row + 1]);
            double u = ((double)(uint32_t)(word >> 32 * (tick & 1)) + 0.5) * 0x1p-32;
            if (!(u + n * p[one] > NONE)) continue;
            ask(&few, &many, one, n, p[one] < 1 ? p[one] : 1, u);
            if (few.count == BLOCK || many.count == BLOCK) answer(by, with, &few, &many, out);
        }
    }
    answer(by, with, &few, &many, out);
    return 0;
}
