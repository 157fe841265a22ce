/** Finds, by measuring, how a token of a configuration is used best, and writes it there. */
@NullMarked
package dev.cardinal.bench.tune;

import org.jspecify.annotations.NullMarked;
