/* Requests on their way down an estate, one after the other: what state/estate/walk.py and calling.py do, and why.
 *
 * The tables come from descent.py, which has the structs in the same order. Messages, for which nobody waits, are not
 * followed.
 */
#include "loops.h"

enum { SERVED, LATE, FAILED };
enum { NOTHING, OWN, TIMED_OUT, REFUSED };
enum { STORE = 1, PARTNER };
enum { AGAIN = 3 };
static const double FAR = 1e300, WIDEST = 1e-12, LEAST_LEFT_MS = 1e-6, NARROWEST = 1e-6, LEAST_DONE = 0.02;

/* Which of a tick's requests are picked; `known` is the tick of which marks are made. */
typedef struct {
    const uint64_t *keys;
    const int64_t *totals, *counts;
    int32_t *marks, *befores;
    int64_t known;
} Split;

typedef struct {
    const int64_t *served, *late, *failed, *own_failed;
    const double *location, *telling;
    double scale;
    const uint64_t *keys; /* of the permutations of its failures */
    int64_t role, first, last; /* slots */
} Node;

typedef struct {
    const int64_t *lost, *first_served, *first_late, *first_failed, *failed_before[AGAIN + 1];
    const double *wire;
    int64_t wire_step; /* 0 where one length serves all ticks */
    const uint8_t *near; /* whether its limit may be too short for somebody */
    double limit_ms;
    uint64_t low, high; /* key of the ids of its calls */
    int64_t child, tries, is_last; /* of a turn: slots of which a request takes one at most */
    int64_t made, refused, again, late; /* splits; those of attempts follow each other */
} Slot;

typedef struct {
    const Node *nodes;
    const Slot *slots;
    Split *splits;
    int64_t *places; /* room for the requests of a tick */
    const float *body; /* quantiles of the normal distribution */
    const series *by;
    const ratios *with;
    double limit, rounder; /* of 2^x */
    double lead, refusal_ms;
    /* Of the request that is followed. */
    int64_t tick, is_broken, asked;
    double stores_ms, partners_ms;
} Walk;

typedef struct {
    double ms;
    int64_t blame, cause, callee;
} Answer;

static int picked(Walk *walk, int64_t number, int64_t *rank) {
    Split *split = walk->splits + number;
    int64_t size = split->totals[walk->tick], count = split->counts[walk->tick], rest = size - count;
    int turned = rest < count;
    if (*rank < 0 || *rank >= size) {
        walk->is_broken = 1;
        return 0;
    }
    if (!(turned ? rest : count)) return turned;
    if (split->known != walk->tick) {
        mark(split->keys + 2 * walk->tick, size, count, split->marks, split->befores, walk->places);
        split->known = walk->tick;
    }
    int32_t hit = split->marks[*rank];
    *rank = hit ? hit - 1 : *rank - split->befores[*rank];
    return (hit > 0) != turned;
}

/* 2^x, as in numbers.c. */
static double exp2_of(const Walk *walk, double x) {
    x = x < -walk->limit ? -walk->limit : x;
    x = x > walk->limit ? walk->limit : x;
    double whole = walk->rounder + x, rest = x - (whole - walk->rounder);
    double value = polynomial(rest, walk->by->exp2, (int)walk->by->exp2_degree) * rest + 1;
    uint64_t bits, exponent;
    memcpy(&bits, &value, sizeof bits);
    memcpy(&exponent, &whole, sizeof exponent);
    bits += exponent << 52;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* Time of a request's own work, given that it is done within what is left of a limit, or is too late: `Node.held`. */
static double held_ms(const Walk *walk, const Node *node, int is_late, uint64_t id, double left_ms) {
    const series *by = walk->by;
    double u = ((double)(id >> 11) + 0.5) * 0x1p-53, location = node->location[walk->tick], below = 0, z, p;
    if (left_ms > 0) {
        float size, above, bell;
        z = left_ms > LEAST_LEFT_MS ? left_ms : LEAST_LEFT_MS;
        log2_f64(&z, 1, by->log2, by->log2_degree, by->root_of_half, &z);
        z = (z - location) / (node->scale > NARROWEST ? node->scale : NARROWEST);
        size = (float)__builtin_fabs(z);
        normal(by, &size, 1, &above, &bell);
        below = 1 - (double)(z < 0 ? 1 - above : above);
    }
    p = is_late ? below + u * (1 - below) : u * below;
    p = p < WIDEST ? WIDEST : p > 1 - WIDEST ? 1 - WIDEST : p;
    normal_quantile(by, walk->with, &p, 1, &z);
    double own_ms = exp2_of(walk, location + node->scale * z), least_ms = LEAST_DONE * own_ms;
    if (is_late) return own_ms > left_ms ? own_ms : left_ms;
    least_ms = left_ms > least_ms ? left_ms : least_ms;
    return own_ms < least_ms ? own_ms : least_ms;
}

/* Rank of a failed request by cause: below 0 where it is of the node's own doing. */
static int64_t cause_of(Walk *walk, const Node *node, int64_t index) {
    int64_t own = node->own_failed[walk->tick], failed = node->failed[walk->tick], rank;
    if (index < 0 || index >= failed) walk->is_broken = 1;
    if (walk->is_broken || node->first == node->last) return -1;
    move(node->keys + 2 * walk->tick, &failed, &index, 1, 0, &rank);
    return rank - own;
}

static Answer visited(Walk *walk, int64_t number, int64_t ending, int64_t index, uint64_t id, double start_ms,
                      double limit_ms);

/* One attempt of a call; how long its caller waits. */
static double attempted(Walk *walk, const Slot *slot, int64_t number, int64_t failed, int64_t place, uint64_t caller,
                        double now_ms, Answer *answer) {
    int64_t ending = SERVED, index = place;
    if (failed) {
        ending = picked(walk, slot->late, &index) ? LATE : FAILED;
        index += (ending == LATE ? slot->first_late : slot->first_failed)[walk->tick];
    } else {
        index += slot->first_served[walk->tick];
    }
    double wire_ms = slot->wire[slot->wire_step * walk->tick];
    uint64_t id = mixed_with(caller * GOLDEN + (uint64_t)number * MIX_1 + slot->low, slot->high);
    double left_ms = slot->near[walk->tick] ? slot->limit_ms - wire_ms : FAR;
    Answer called = visited(walk, slot->child, ending, index, id, now_ms + wire_ms / 2, left_ms);
    double waited_ms = called.ms + wire_ms;
    if (ending == LATE || waited_ms > slot->limit_ms) waited_ms = slot->limit_ms;
    if (walk->nodes[slot->child].role == PARTNER) {
        walk->partners_ms += waited_ms;
        walk->asked = slot->child;
    } else if (walk->nodes[slot->child].role == STORE) {
        walk->stores_ms += waited_ms;
    }
    answer->blame = ending == SERVED ? -1 : ending == LATE ? slot->child : called.blame;
    answer->cause = ending == SERVED ? NOTHING : ending == LATE ? TIMED_OUT : called.cause;
    return waited_ms;
}

/* All attempts of a call; when its caller goes on. */
static double called(Walk *walk, const Slot *slot, int64_t is_lost, int64_t rank, uint64_t caller, double now_ms,
                     Answer *answer) {
    int64_t tick = walk->tick, going = rank;
    if (is_lost) {
        answer->callee = slot->child;
        if (picked(walk, slot->refused, &rank)) {
            answer->blame = slot->child;
            answer->cause = REFUSED;
            return now_ms + walk->refusal_ms;
        }
        int64_t first = slot->failed_before[slot->tries - 1][tick] + rank * slot->tries;
        for (int64_t number = 0; number < slot->tries; number++)
            now_ms += attempted(walk, slot, number, 1, first + number, caller, now_ms, answer);
        return now_ms;
    }
    int64_t number = 0;
    for (; number < slot->tries - 1 && picked(walk, slot->again + number, &going); number++)
        now_ms += attempted(walk, slot, number, 1, slot->failed_before[number][tick] + going, caller, now_ms, answer);
    return now_ms + attempted(walk, slot, number, 0, rank, caller, now_ms, answer);
}

/* One request at a node; its caller waits for `limit_ms`, or for as long as it takes. */
static Answer visited(Walk *walk, int64_t number, int64_t ending, int64_t index, uint64_t id, double start_ms,
                      double limit_ms) {
    const Node *node = walk->nodes + number;
    int64_t tick = walk->tick, past = node->served[tick] + node->late[tick], rank = index, is_stuck = 0;
    Answer answer = {0, -1, NOTHING, -1};
    double z = (double)walk->body[id >> 48] * node->scale + node->location[tick], own_ms = exp2_of(walk, z);
    const Slot *slot = walk->slots + node->first, *last = walk->slots + node->last;
    if (ending == FAILED) {
        rank = cause_of(walk, node, index);
        is_stuck = rank >= 0;
        own_ms *= is_stuck ? walk->lead : node->telling[tick];
        if (!is_stuck) {
            answer.blame = number;
            answer.cause = OWN;
            slot = last;
        }
    } else if (ending == LATE) {
        rank += node->served[tick];
    }
    double lead_ms = limit_ms < FAR ? 0 : is_stuck ? own_ms : walk->lead * own_ms, now_ms = start_ms + lead_ms;
    while (slot < last && !walk->is_broken) {
        const Slot *begin = slot, *chosen = 0;
        while (!slot->is_last) slot++;
        slot++;
        int64_t is_lost = 0, place = rank;
        if (is_stuck) {
            for (const Slot *one = begin; one < slot && !chosen; one++) {
                if (rank < one->lost[tick]) chosen = one;
                else rank -= one->lost[tick];
            }
            is_lost = chosen != 0;
            place = is_lost ? rank : past + rank;
        }
        for (const Slot *one = begin; one < slot && !chosen; one++)
            if (picked(walk, one->made, &place)) chosen = one;
        if (chosen) now_ms = called(walk, chosen, is_lost, place, id, now_ms, &answer);
        if (is_lost) break;
    }
    double called_ms = now_ms - start_ms - lead_ms;
    if (limit_ms < FAR && ending != FAILED) own_ms = held_ms(walk, node, ending == LATE, id, limit_ms - called_ms);
    answer.ms = called_ms + own_ms;
    return answer;
}

/* Requests that enter at a node, in an order of their ticks: how they are answered, and what for they wait, if somebody
 * asks (`stores_ms` is not 0). -1 where one is none of its tick. */
PUBLIC int64_t descend(Walk *walk, int64_t node, const int64_t *order, int64_t count, const int64_t *tick,
                       const uint8_t *ending, const int64_t *index, const uint64_t *id, const double *start_ms,
                       double *ms, int64_t *blame, uint8_t *cause, int64_t *callee, const int64_t *root,
                       double *stores_ms, double *partners_ms, int64_t *asked) {
    walk->is_broken = 0;
    for (int64_t number = 0; number < count && !walk->is_broken; number++) {
        int64_t one = order[number];
        walk->tick = tick[one];
        walk->asked = -1;
        walk->stores_ms = walk->partners_ms = 0;
        Answer answer = visited(walk, node, ending[one], index[one], id[one], start_ms[one], FAR);
        ms[one] = answer.ms;
        blame[one] = answer.blame;
        cause[one] = (uint8_t)answer.cause;
        callee[one] = answer.callee;
        if (stores_ms) {
            stores_ms[root[one]] = walk->stores_ms;
            partners_ms[root[one]] = walk->partners_ms;
            asked[root[one]] = walk->asked;
        }
    }
    return walk->is_broken ? -1 : 0;
}
