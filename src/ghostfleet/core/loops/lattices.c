/* One level of the lattices of lattice.py. */
#include "loops.h"

enum { RATIO = 4, NODES = 1024 }; /* made at once */

/* Nodes [low, low + count) of each series: how its neighbouring draws differ, times its factor; where there are nodes
 * `above`, `width` of each series, upon the lines between them from the `skip`-th quarter on. */
PUBLIC ANYWHERE void nodes(const uint64_t *keys, const float *factors, int64_t rows, int64_t low, int64_t count,
                           const float *above, int64_t width, int64_t skip, const float *body, const float *tail,
                           uint64_t part, float *out) {
    float draws[NODES + 1], lines[NODES + 2 * RATIO];
    for (int64_t row = 0; row < rows; row++) {
        for (int64_t start = 0, some; start < count; start += some, out += some) {
            some = count - start < NODES ? count - start : NODES;
            normals(keys + 2 * row, 1, low + start, low + start + some + 1, body, tail, part, draws);
            for (int64_t one = 0; one < some; one++) out[one] = (draws[one] - draws[one + 1]) * factors[row];
            if (!above) continue;
            int64_t offset = (skip + start) % RATIO, lengths = (offset + some + RATIO - 1) / RATIO;
            const float *parents = above + row * width + (skip + start) / RATIO;
            for (int64_t one = 0; one < lengths; one++) {
                float reached = parents[one], step = (parents[one + 1] - reached) * 0.25f;
                for (int64_t quarter = 0; quarter < RATIO; quarter++, reached += step)
                    lines[one * RATIO + quarter] = reached;
            }
            for (int64_t one = 0; one < some; one++) out[one] += lines[offset + one];
        }
    }
}
