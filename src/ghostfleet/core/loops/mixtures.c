/* Quantiles of mixtures: mixtures.py and latency.py, operation by operation, some mixtures at a time. */
#include "loops.h"

enum { LANES = 64, BLOCK = 256, STEPS = 64 };
enum { USUAL, SLOWER };
static const float ROOT_HALF = 0.7071067811865476, LOG2_E = 1.4426950408889634, LN_2 = 0.6931471805599453;
static const float ERROR[] = {0.254829592, -0.284496736, 1.421413741, -1.453152027, 1.061405429};
static const float DENSITY = 0.3989422804014327, CLOSE = 1e-3, NEAR = 1e-4;
static const double NARROWEST = 1e-6;

/* A class of endings: of rows of some ticks each. */
typedef struct {
    int64_t role;
    const double *share, *location, *scale, *start;
} law;

/* The ticks of mixtures that have a class, by lane; cells count ticks of all lanes. */
typedef struct {
    int64_t count;
    int32_t *lane, *cell;
    float *share, *location, *scale, *start;
} places;

static void power(const series *by, const float *x, int64_t count, float *out) {
    exp2_f32(x, count, by->exp2_f32, by->exp2_f32_degree, 126, 0x3p22, 0, out);
}

static void logarithm(const series *by, const float *x, int64_t count, float *out) {
    double wide[BLOCK];
    for (int64_t one = 0; one < count; one++) wide[one] = x[one];
    log2_f64(wide, count, by->log2, by->log2_degree, by->root_of_half, wide);
    for (int64_t one = 0; one < count; one++) out[one] = (float)wide[one];
}

/* The part of a standard normal above z, and its density there, of that at 0. */
INLINE void normal(const series *by, const float *z, int64_t count, float *upper, float *bell) {
    for (int64_t one = 0; one < count; one++) {
        float x = __builtin_fabsf(z[one]) * ROOT_HALF, t = 1 / (x * 0.3275911f + 1), sum = t * ERROR[4];
        for (int power = 3; power >= 0; power--) sum = (sum + ERROR[power]) * t;
        upper[one] = sum + 0.0f;
        bell[one] = x * x * -LOG2_E;
    }
    power(by, bell, count, bell);
    for (int64_t one = 0; one < count; one++) {
        float above = upper[one] * bell[one] * 0.5f;
        upper[one] = z[one] < 0 ? 1 - above : above;
    }
}

/* Some places of a class: their share above x, their density there, and how fast that falls. */
INLINE void beyond(const series *by, const places *of, int64_t first, int64_t count, int64_t role, const float *x,
                   float *upper, float *dense, float *fall) {
    const float *location = of->location + first, *scale = of->scale + first, *start = of->start + first;
    float z[BLOCK], time[BLOCK], rest[BLOCK], octaves[BLOCK];
    if (role != SLOWER) {
        for (int64_t one = 0; one < count; one++) z[one] = (x[one] - location[one]) / scale[one];
        normal(by, z, count, upper, dense);
        for (int64_t one = 0; one < count; one++) {
            dense[one] = dense[one] * DENSITY / scale[one];
            fall[one] = z[one] / scale[one];
        }
        return;
    }
    power(by, x, count, time);
    for (int64_t one = 0; one < count; one++) {
        float over = time[one] - start[one];
        rest[one] = over <= 0 ? 1 : over;
    }
    logarithm(by, rest, count, octaves);
    for (int64_t one = 0; one < count; one++) z[one] = (octaves[one] - location[one]) / scale[one];
    normal(by, z, count, upper, dense);
    for (int64_t one = 0; one < count; one++) {
        int none = time[one] - start[one] <= 0;
        float slope = time[one] / rest[one], bell = dense[one] * DENSITY / scale[one] * slope;
        float falls = z[one] / scale[one] * slope + LN_2 * start[one] / rest[one];
        upper[one] = none ? 1 : upper[one];
        dense[one] = none ? 0 : bell;
        fall[one] = none ? 0 : falls;
    }
}

INLINE void gather(const law *from, const int64_t *rows, int64_t lanes, int64_t ticks, places *to) {
    int64_t count = 0;
    for (int64_t lane = 0; lane < lanes; lane++) {
        for (int64_t tick = 0; tick < ticks; tick++) {
            int64_t at = rows[lane] * ticks + tick;
            if (!(from->share[at] > 0)) continue;
            to->lane[count] = (int32_t)lane;
            to->cell[count] = (int32_t)(lane * ticks + tick);
            to->share[count] = (float)from->share[at];
            to->location[count] = (float)from->location[at];
            to->scale[count] = (float)(from->scale[at] < NARROWEST ? NARROWEST : from->scale[at]);
            to->start[count++] = (float)from->start[at];
        }
    }
    to->count = count;
}

/* Leave only places of lanes that go on. */
INLINE void close_up(places *of, const int32_t *going) {
    int64_t count = 0;
    for (int64_t one = 0; one < of->count; one++) {
        if (!going[of->lane[one]]) continue;
        of->lane[count] = of->lane[one];
        of->cell[count] = of->cell[one];
        of->share[count] = of->share[one];
        of->location[count] = of->location[one];
        of->scale[count] = of->scale[one];
        of->start[count++] = of->start[one];
    }
    of->count = count;
}

/* Widen brackets by the quantiles of a class; x is that of a class that has most of a mixture. */
INLINE void bracket(const series *by, const places *of, int64_t role, const float *z, float *low, float *high, float *x,
                    int32_t *has_most) {
    float own[BLOCK];
    for (int64_t first = 0; first < of->count; first += BLOCK) {
        int64_t some = of->count - first < BLOCK ? of->count - first : BLOCK;
        const int32_t *lane = of->lane + first;
        for (int64_t one = 0; one < some; one++)
            own[one] = of->location[first + one] + of->scale[first + one] * z[lane[one]];
        if (role == SLOWER) {
            power(by, own, some, own);
            for (int64_t one = 0; one < some; one++) own[one] += of->start[first + one];
            logarithm(by, own, some, own);
        }
        for (int64_t one = 0; one < some; one++) {
            low[lane[one]] = own[one] < low[lane[one]] ? own[one] : low[lane[one]];
            high[lane[one]] = own[one] > high[lane[one]] ? own[one] : high[lane[one]];
            if (of->share[first + one] > 0.5f) {
                x[lane[one]] = own[one];
                has_most[lane[one]] = 1;
            }
        }
    }
}

/* Add a class to what lies above x, to the densities there, and to how fast they fall; `usual` holds these of the first
 * class by cell, whose distribution that of the slower is held below. */
INLINE void add(const series *by, const places *of, int64_t role, const float *x, int64_t cells, float *usual,
                double added[3][LANES]) {
    float mine[BLOCK], upper[BLOCK], dense[BLOCK], fall[BLOCK];
    double sums[3][LANES] = {{0}};
    for (int64_t first = 0; first < of->count; first += BLOCK) {
        int64_t some = of->count - first < BLOCK ? of->count - first : BLOCK;
        const int32_t *lane = of->lane + first, *cell = of->cell + first;
        for (int64_t one = 0; one < some; one++) mine[one] = x[lane[one]];
        beyond(by, of, first, some, role, mine, upper, dense, fall);
        for (int64_t one = 0; one < some; one++) {
            float *known = usual + cell[one];
            if (role == USUAL) {
                known[0] = upper[one], known[cells] = dense[one], known[2 * cells] = fall[one];
            } else if (role == SLOWER && upper[one] < known[0]) {
                upper[one] = known[0], dense[one] = known[cells], fall[one] = known[2 * cells];
            }
            float share = of->share[first + one], density = share * dense[one];
            sums[0][lane[one]] += share * upper[one];
            sums[1][lane[one]] += density;
            sums[2][lane[one]] += density * fall[one];
        }
    }
    for (int which = 0; which < 3; which++)
        for (int64_t lane = 0; lane < LANES; lane++) added[which][lane] += sums[which][lane];
}

/* Where a share `above` of each mixture lies above; see `_invert`. `room` is that of `scratch` for the ticks of as many
 * mixtures as are solved at a time: of six words for each class, and three more. */
PUBLIC ANYWHERE void invert(const law *laws, int64_t classes, int64_t ticks, const int64_t *rows, const float *z,
                   const float *above, const double *starts, int64_t mixtures, const series *by, float *scratch,
                   int64_t room, double *out) {
    int64_t at_once = room / ticks < LANES ? room / ticks : LANES;
    float *usual = scratch + 6 * room * classes;
    places of[classes];
    for (int64_t number = 0; number < classes; number++) {
        float *mine = scratch + 6 * room * number;
        of[number] = (places){0, (int32_t *)mine, (int32_t *)mine + room, mine + 2 * room, mine + 3 * room,
                              mine + 4 * room, mine + 5 * room};
    }
    for (int64_t from = 0; from < mixtures; from += at_once) {
        int64_t lanes = mixtures - from < at_once ? mixtures - from : at_once;
        float low[LANES], high[LANES], x[LANES], moved[LANES];
        int32_t going[LANES] = {0}, has_most[LANES] = {0};
        for (int64_t lane = 0; lane < lanes; lane++) low[lane] = __builtin_inff(), high[lane] = -low[lane];
        for (int64_t number = 0; number < classes; number++) {
            gather(laws + number, rows + from, lanes, ticks, of + number);
            bracket(by, of + number, laws[number].role, z + from, low, high, x, has_most);
        }
        memset(usual, 0, 3 * room * sizeof *usual);
        for (int64_t lane = 0; lane < lanes; lane++) {
            if (starts) {
                float start = (float)starts[from + lane];
                start = start < low[lane] ? low[lane] : start;
                x[lane] = start > high[lane] ? high[lane] : start;
            } else if (!has_most[lane]) {
                x[lane] = (low[lane] + high[lane]) * 0.5f;
            }
            moved[lane] = high[lane] - low[lane];
            going[lane] = 1;
        }
        int64_t left = lanes;
        for (int step = 0; step < STEPS && left; step++) {
            double added[3][LANES] = {{0}};
            for (int64_t lane = 0; lane < LANES; lane++) added[1][lane] = 1e-30;
            for (int64_t number = 0; number < classes; number++)
                add(by, of + number, laws[number].role, x, room, usual, added);
            int64_t still = 0;
            for (int64_t lane = 0; lane < lanes; lane++) {
                if (!going[lane]) continue;
                float over = (float)added[0][lane] - above[from + lane], density = (float)added[1][lane];
                if (over > 0) low[lane] = x[lane];
                else high[lane] = x[lane];
                float stride = over / density, slowed = 1 - stride * (float)added[2][lane] / (2 * density);
                stride /= slowed < 0.5f ? 0.5f : slowed;
                float next = x[lane] + stride;
                int good = next >= low[lane] && next <= high[lane] && __builtin_fabsf(stride) * 2 <= moved[lane];
                next = good ? next : (low[lane] + high[lane]) / 2;
                moved[lane] = __builtin_fabsf(next - x[lane]);
                x[lane] = next;
                going[lane] = good ? moved[lane] > CLOSE : high[lane] - low[lane] > NEAR;
                still += going[lane];
            }
            if (still < left)
                for (int64_t number = 0; number < classes; number++) close_up(of + number, going);
            left = still;
        }
        for (int64_t lane = 0; lane < lanes; lane++) out[from + lane] = x[lane];
    }
}
