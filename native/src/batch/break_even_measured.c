#include "batch/break_even.h"

const struct break_even_table break_even_measured = {
    .count = 0,
};
