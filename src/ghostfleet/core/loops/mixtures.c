/* Quantiles of mixtures: mixtures.py and latency.py, operation by operation, some mixtures at a time. */
#include "loops.h"

enum { LANES = 64, STEPS = 64 };
enum { USUAL, SLOWER };
static const float LN_2 = 0.6931471805599453;
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

/* Some mixtures on their way: quantiles lie between low and high, x is near them, and moved says how far it went last;
 * x is at first that of a class that has most of a mixture. */
typedef struct {
    int64_t lanes;
    float low[LANES], high[LANES], x[LANES], moved[LANES];
    int32_t going[LANES], has_most[LANES];
} group;

/* Widen brackets by the quantiles of a class. */
INLINE void bracket(const series *by, const places *of, int64_t role, const float *z, group *to) {
    float own[BLOCK];
    for (int64_t first = 0; first < of->count; first += BLOCK) {
        int64_t some = of->count - first < BLOCK ? of->count - first : BLOCK;
        for (int64_t one = 0; one < some; one++)
            own[one] = of->location[first + one] + of->scale[first + one] * z[of->lane[first + one]];
        if (role == SLOWER) {
            power(by, own, some, own);
            for (int64_t one = 0; one < some; one++) own[one] += of->start[first + one];
            logarithm(by, own, some, own);
        }
        for (int64_t one = 0; one < some; one++) {
            int32_t lane = of->lane[first + one];
            to->low[lane] = own[one] < to->low[lane] ? own[one] : to->low[lane];
            to->high[lane] = own[one] > to->high[lane] ? own[one] : to->high[lane];
            if (of->share[first + one] > 0.5f) to->x[lane] = own[one], to->has_most[lane] = 1;
        }
    }
}

/* Begin from `starts`, if there are any. */
INLINE void begin(group *of, const double *starts) {
    for (int64_t lane = 0; lane < of->lanes; lane++) {
        float low = of->low[lane], high = of->high[lane];
        if (starts) {
            float start = (float)starts[lane];
            start = start < low ? low : start;
            of->x[lane] = start > high ? high : start;
        } else if (!of->has_most[lane]) {
            of->x[lane] = (low + high) * 0.5f;
        }
        of->moved[lane] = high - low;
        of->going[lane] = 1;
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

/* One step of Halley's, or half of the bracket where it strays; how many mixtures go on. */
INLINE int64_t step(group *of, double added[3][LANES], const float *above) {
    int64_t still = 0;
    for (int64_t lane = 0; lane < of->lanes; lane++) {
        if (!of->going[lane]) continue;
        float x = of->x[lane], over = (float)added[0][lane] - above[lane], density = (float)added[1][lane];
        *(over > 0 ? &of->low[lane] : &of->high[lane]) = x;
        float low = of->low[lane], high = of->high[lane];
        float stride = over / density, slowed = 1 - stride * (float)added[2][lane] / (2 * density);
        stride /= slowed < 0.5f ? 0.5f : slowed;
        float next = x + stride;
        int good = next >= low && next <= high && __builtin_fabsf(stride) * 2 <= of->moved[lane];
        of->x[lane] = next = good ? next : (low + high) / 2;
        of->moved[lane] = __builtin_fabsf(next - x);
        of->going[lane] = good ? of->moved[lane] > CLOSE : high - low > NEAR;
        still += of->going[lane];
    }
    return still;
}

/* Where a share `above` of each mixture lies above; see `_invert`. `room` is that of `scratch` for the ticks of as many
 * mixtures as are solved at a time: of six words for each class, and three more. */
PUBLIC ANYWHERE void invert(const law *laws, int64_t classes, int64_t ticks, const int64_t *rows, const float *z,
                            const float *above, const double *starts, int64_t mixtures, const series *by,
                            float *scratch, int64_t room, double *out) {
    int64_t at_once = room / ticks < LANES ? room / ticks : LANES;
    float *usual = scratch + 6 * room * classes;
    places of[classes];
    for (int64_t number = 0; number < classes; number++) {
        float *mine = scratch + 6 * room * number;
        of[number] = (places){0, (int32_t *)mine, (int32_t *)mine + room, mine + 2 * room, mine + 3 * room,
                              mine + 4 * room, mine + 5 * room};
    }
    for (int64_t from = 0; from < mixtures; from += at_once) {
        group some = {.lanes = mixtures - from < at_once ? mixtures - from : at_once};
        for (int64_t lane = 0; lane < LANES; lane++)
            some.low[lane] = __builtin_inff(), some.high[lane] = -__builtin_inff();
        for (int64_t number = 0; number < classes; number++) {
            gather(laws + number, rows + from, some.lanes, ticks, of + number);
            bracket(by, of + number, laws[number].role, z + from, &some);
        }
        begin(&some, starts ? starts + from : NULL);
        memset(usual, 0, 3 * room * sizeof *usual);
        for (int64_t steps = 0, left = some.lanes, still; steps < STEPS && left; steps++, left = still) {
            double added[3][LANES] = {{0}};
            for (int64_t lane = 0; lane < LANES; lane++) added[1][lane] = 1e-30;
            for (int64_t number = 0; number < classes; number++)
                add(by, of + number, laws[number].role, some.x, room, usual, added);
            still = step(&some, added, above + from);
            for (int64_t number = 0; number < classes && still < left; number++) close_up(of + number, some.going);
        }
        for (int64_t lane = 0; lane < some.lanes; lane++) out[from + lane] = some.x[lane];
    }
}
