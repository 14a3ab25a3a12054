/* The normal distribution, as in latency.py, and its quantiles, as in quantiles.py, operation by operation. */
#include "loops.h"

static const float ROOT_HALF = 0.7071067811865476, LOG2_E = 1.4426950408889634;
static const float ERROR[] = {0.254829592, -0.284496736, 1.421413741, -1.453152027, 1.061405429};
static const double LN_2 = 0.6931471805599453, SMALLEST = 0x1p-1022;
static const double CENTRAL_HALF = 0.425, CENTRAL_SQUARE = 0.180625, NEAR_TAIL_END = 5, NEAR_TAIL_MIDDLE = 1.6;

/* The part of a standard normal above z, and its density there, of that at 0. */
ANYWHERE void normal(const series *by, const float *z, int64_t count, float *upper, float *bell) {
    for (int64_t one = 0; one < count; one++) {
        float x = __builtin_fabsf(z[one]) * ROOT_HALF, t = 1 / (x * 0.3275911f + 1), sum = t * ERROR[4];
        for (int power = 3; power >= 0; power--) sum = (sum + ERROR[power]) * t;
        upper[one] = sum + 0.0f;
        bell[one] = x * x * -LOG2_E;
    }
    exp2_f32(bell, count, by->exp2_f32, by->exp2_f32_degree, 126, 0x3p22, 0, bell);
    for (int64_t one = 0; one < count; one++) {
        float above = upper[one] * bell[one] * 0.5f;
        upper[one] = z[one] < 0 ? 1 - above : above;
    }
}

INLINE double ratio(double x, const double of[2][TERMS]) {
    return polynomial(x, of[0], TERMS) / polynomial(x, of[1], TERMS);
}

/* Quantiles of u in (0, 1), `BLOCK` of them at most. */
ANYWHERE void normal_quantile(const series *by, const ratios *with, const double *u, int64_t count, double *out) {
    double tail[BLOCK];
    int64_t outer[BLOCK], found = 0;
    for (int64_t one = 0; one < count; one++) {
        double centred = u[one] - 0.5;
        out[one] = ratio(CENTRAL_SQUARE - centred * centred, with->central) * centred;
    }
    for (int64_t one = 0; one < count; one++) {
        if (!(__builtin_fabs(u[one] - 0.5) > CENTRAL_HALF)) continue;
        double rarer = u[one] < 1 - u[one] ? u[one] : 1 - u[one];
        tail[found] = rarer > SMALLEST ? rarer : SMALLEST;
        outer[found++] = one;
    }
    if (!found) return;
    log2_f64(tail, found, by->log2, by->log2_degree, by->root_of_half, tail);
    for (int64_t one = 0; one < found; one++) {
        double root = __builtin_sqrt(tail[one] * -LN_2);
        double size = root > NEAR_TAIL_END ? ratio(root - NEAR_TAIL_END, with->far)
                                           : ratio(root - NEAR_TAIL_MIDDLE, with->near);
        out[outer[one]] = __builtin_copysign(size, u[outer[one]] - 0.5);
    }
}

